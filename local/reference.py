"""The API's reference page on loopback: docs/openapi.json, shown by Swagger UI.

Swagger UI's files are in the environment `reference`. The browser is told to load nothing from
anywhere else. `python -m local.reference PORT` serves until it is stopped.
"""

import os
import sys
import urllib.request
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local import listeners, processes
from local.environments import ENVIRONMENTS
from local.isolation import isolated
from local.places import ROOT, Places, tool
from local.waiting import wait_until

HOST = "127.0.0.1"
NAME = "reference"
PAGE = ROOT / "docs" / "reference"
DOCUMENT = ROOT / "docs" / "openapi.json"
HTML, SCRIPT, STYLE = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/css"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@cache
def _swagger_ui() -> Path:
    packages = ENVIRONMENTS / NAME / "lib"
    (folder,) = packages.glob(
        "python3.*/site-packages/drf_spectacular_sidecar/static/*/swagger-ui*"
    )
    return folder


def file_of(path: str) -> tuple[Path, str] | None:
    """What is at `path`, and its content type; nothing else of the disk can be named."""
    found = {
        "/": (PAGE / "index.html", HTML),
        "/page.js": (PAGE / "page.js", SCRIPT),
        "/page.css": (PAGE / "page.css", STYLE),
        "/openapi.json": (DOCUMENT, "application/json"),
        "/swagger-ui-bundle.js": (_swagger_ui() / "swagger-ui-bundle.js", SCRIPT),
        "/swagger-ui.css": (_swagger_ui() / "swagger-ui.css", STYLE),
    }
    return found.get(path.partition("?")[0])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        found = file_of(self.path)
        status, kind, body = 404, "text/plain", b"There is no such page.\n"
        if found is not None:
            status, kind, body = 200, found[1], found[0].read_bytes()
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def start(places: Places, beside: int) -> str:
    """In the background, on the port after `beside` if nobody has it; returns the page's address.

    Raises AssertionError: it does not answer.
    """
    port = beside + 1 if listeners.is_free(beside + 1) else listeners.any_free_port()
    url = f"http://{HOST}:{port}/"
    command: list[str | Path] = [tool("dev", "python"), "-m", "local.reference", str(port)]
    environment = isolated(os.environ) | {"PYTHONPATH": str(ROOT)}
    log = places.logs / f"{NAME}.log"
    processes.start(NAME, command, environment, log, places.processes)
    wait_until(lambda: _answers(url), f"the reference page answers at {url}", every=0.02)
    return url


def _answers(url: str) -> bool:
    # Not through a proxy of the user's.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> None:
    ThreadingHTTPServer((HOST, int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()

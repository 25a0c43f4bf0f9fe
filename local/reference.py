"""The pages of a local stack, on loopback: the API's reference, and the operators' console.

The reference is docs/openapi.json, shown by Swagger UI, whose files are in the environment
`reference`; of the console local.console_pages tells. The browser is told to load nothing from
anywhere else. `python -m local.reference PORT CONSOLE_JSON` serves until it is stopped.
"""

import os
import sys
import urllib.request
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local import console_pages, listeners, processes
from local.console_policy import POLICY
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
        if console_pages.is_passed_on(self.path):
            return self._pass_on()
        if self.path.partition("?")[0] == console_pages.CONFIG:
            config = console_pages.config(Path(sys.argv[2]))
            return self._answer(200, {"Content-Type": "application/json"}, config)
        if found := file_of(self.path):
            return self._answer(200, {"Content-Type": found[1]}, found[0].read_bytes())
        if found := console_pages.file_of(self.path):
            headers = {"Content-Type": found[1], "Content-Security-Policy": POLICY}
            return self._answer(200, headers, found[0].read_bytes())
        return self._answer(404, {"Content-Type": "text/plain"}, b"There is no such page.\n")

    def do_POST(self) -> None:
        if console_pages.is_passed_on(self.path):
            return self._pass_on()
        self.close_connection = True  # its body is not read
        return self._answer(405, {"Content-Type": "text/plain"}, b"Pages are read.\n")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Without the query: one has the code that a sign-in ends with."""
        self.log_message("%s %s %s %s", self.command, self.path.partition("?")[0], code, size)

    def _pass_on(self) -> None:
        self._answer(*console_pages.pass_on(self, Path(sys.argv[2])))

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def start(places: Places, beside: int) -> str:
    """In the background, on the port after `beside` if nobody has it; returns the page's address.

    Raises AssertionError: it does not answer.
    """
    port = beside + 1 if listeners.is_free(beside + 1) else listeners.any_free_port()
    url = f"http://{HOST}:{port}/"
    command: list[str | Path] = [
        tool("dev", "python"), "-m", "local.reference", str(port),
        str(console_pages.description(places)),
    ]  # fmt: skip
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

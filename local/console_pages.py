"""The operators' console of a local stack: its files, and what its page asks under its own address.

Where the stack is stands in a file, written once it is deployed: the server is there before.
"""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import urllib3

from local.places import ROOT, Places
from local.stack import Stack

FOLDER = "console"
FILES = ROOT / FOLDER
CONFIG = f"/{FOLDER}/config.json"
SCOPE = "checkout-operations/read checkout-operations/cancel"
API, TOKEN = "/v1/operations/", "/oauth2/token"  # a path
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
}
SENT = ("Authorization", "Content-Type", "Accept")
ANSWERED = (
    "Content-Type", "Retry-After", "Cache-Control", "WWW-Authenticate", "x-request-id",
    "x-refused-by",
)  # fmt: skip
# Bytes: a reason of 500 characters, each of them escaped, is some six thousand.
MAX_BODY = 65_536
Answer = tuple[int, dict[str, str], bytes]

_pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=40))


def description(places: Places) -> Path:
    return places.home / "console.json"


def describe(places: Places, stack: Stack) -> None:
    config = sign_in_config(stack, TOKEN)
    described = {"api": stack.base_url, "token": f"{stack.operators_url}{TOKEN}", "config": config}
    half = description(places).with_suffix(".new")
    half.write_text(json.dumps(described))
    half.replace(description(places))


def sign_in_config(stack: Stack, token_url: str) -> dict[str, str]:
    """What the page's config.json says. No part of it is a secret."""
    return {
        "authorizeUrl": f"{stack.operators_url}/oauth2/authorize",
        "tokenUrl": token_url,
        "logoutUrl": f"{stack.operators_url}/logout",
        "clientId": stack.console_client_id,
        "redirectUri": stack.console_url,
        "scope": SCOPE,
    }


def config(described: Path) -> bytes:
    return json.dumps(_read(described)["config"], indent=2).encode()


def file_of(path: str) -> tuple[Path, str] | None:
    """What is at `path`, and its content type; nothing outside of the folder can be named."""
    name = path.partition("?")[0]
    if name == f"/{FOLDER}/":
        name += "index.html"
    there = {
        f"/{FOLDER}/{each.relative_to(FILES).as_posix()}": each
        for each in FILES.rglob("*")
        if each.is_file() and each.suffix in TYPES
    }
    found = there.get(name)
    return (found, TYPES[found.suffix]) if found else None


def is_passed_on(path: str) -> bool:
    return path.startswith(API) or path == TOKEN


def pass_on(asked: BaseHTTPRequestHandler, described: Path) -> Answer:
    """What the API, or the pool, answers: just as CloudFront does it on AWS."""
    length = asked.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > MAX_BODY:
        asked.close_connection = True
        return 413, {"Content-Type": "text/plain"}, b"Send less.\n"
    body = asked.rfile.read(int(length)) or None
    stack = _read(described)
    url = stack["token"] if asked.path == TOKEN else stack["api"] + asked.path
    headers = {name: asked.headers[name] for name in SENT if name in asked.headers}
    answer = _pool.request(asked.command, url, body=body, headers=headers, redirect=False)
    told = {name: answer.headers[name] for name in ANSWERED if name in answer.headers}
    return answer.status, told, answer.data


def _read(described: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(described.read_text())
    return found

"""What the console talks to, on loopback: its own files, a sign-in page, the operators' API.

The API is that of docs/console.md's contract. It gives what a test puts into `lists` and
`sessions`, and whatever `instead` says first. The sign-in page asks nothing: it sends back at once.
"""

import base64
import hashlib
import json
import mimetypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from local.console_policy import POLICY

FILES = Path(__file__).parents[2] / "console"
HOST = "127.0.0.1"
SCOPE = "openid checkout-operations/read checkout-operations/cancel"
Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: dict[str, str]
    authorization: str
    body: str


@dataclass(frozen=True)
class Reply:
    status: int
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def error(status: int, message: str = "It was refused.", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"message": message, "error": "Error", "statusCode": status}
    return Reply(status, body, {"x-request-id": "req-1", **named})


@dataclass
class Service:
    """`lists` are by status, merchant and cursor; `sessions` by merchant and session."""

    url: str
    lists: dict[tuple[str, str, str], Document] = field(default_factory=dict)
    sessions: dict[tuple[str, str], Document] = field(default_factory=dict)
    instead: Callable[[Call], Reply | None] = lambda _: None
    calls: list[Call] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    signed_out: list[dict[str, str]] = field(default_factory=list)
    state_sent_back: str | None = None

    @property
    def config(self) -> Document:
        return {
            "authorizeUrl": f"{self.url}/oauth2/authorize",
            "tokenUrl": f"{self.url}/oauth2/token",
            "logoutUrl": f"{self.url}/logout",
            "clientId": "console-client",
            "redirectUri": f"{self.url}/",
            "scope": SCOPE,
        }

    def api_calls(self, method: str = "GET") -> list[Call]:
        return [
            each for each in self.calls if each.method == method and "/operations/" in each.path
        ]

    def respond(self, call: Call) -> Reply:
        self.calls.append(call)
        match call.path:
            case "/config.json":
                return self.instead(call) or Reply(200, self.config)
            case "/oauth2/authorize":
                return self._authorize(call)
            case "/oauth2/token":
                return self.instead(call) or self._token(call)
            case "/logout":
                self.signed_out.append(call.query)
                return Reply(302, None, {"Location": call.query["logout_uri"]})
        if not self.tokens or call.authorization != f"Bearer {self.tokens[-1]}":
            return error(401, "The token is not valid.")
        return self.instead(call) or self._api(call)

    def expire(self) -> None:
        """The token that is out there is good for nothing from now on."""
        self.tokens.append("nobody has this one")

    def _authorize(self, call: Call) -> Reply:
        self.asked.append(call.query)
        state = self.state_sent_back or call.query["state"]
        back = urlencode({"code": f"code-{len(self.asked)}", "state": state})
        return Reply(302, None, {"Location": f"{call.query['redirect_uri']}?{back}"})

    def _token(self, call: Call) -> Reply:
        given = dict(parse_qsl(call.body))
        asked = self.asked[-1]
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        same = all(given[each] == asked[each] for each in ("client_id", "redirect_uri"))
        if challenge != asked["code_challenge"] or not same:
            return Reply(400, {"error": "invalid_grant"})
        self.tokens.append(f"token-{len(self.tokens) + 1}")
        return Reply(200, {"access_token": self.tokens[-1], "expires_in": 3600})

    def _api(self, call: Call) -> Reply:
        parts = call.path.removeprefix("/v1/operations/").split("/")
        if parts == ["sessions"]:
            asked = (call.query["status"], call.query.get("merchantId", ""))
            found = self.lists.get((*asked, call.query.get("cursor", "")))
            return Reply(200, found or {"sessions": [], "nextCursor": None, "hasMore": False})
        session = self.sessions.get((parts[1], parts[3]))
        if session is None:
            return error(404, "There is no such session.")
        return Reply(200, session)


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        file = FILES / (parts.path.lstrip("/") or "index.html")
        if file.is_file() and file.name != "config.json":
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            return self._send(200, {"Content-Type": kind}, file.read_bytes())
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        token = self.headers.get("Authorization", "")
        call = Call(self.command, parts.path, query, token, body.decode())
        reply = self.server.service.respond(call)
        if reply.status == 0:  # the network broke
            self.close_connection = True
            return None
        headers = {"Content-Type": "application/json", **reply.headers}
        return self._send(reply.status, headers, json.dumps(reply.document).encode())

    do_POST = do_GET  # noqa: N815

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        more = {"Content-Security-Policy": POLICY, "Content-Length": str(len(body))}
        for name, value in {**headers, **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.service = Service(f"http://{HOST}:{self.server_address[1]}")


@contextmanager
def serving() -> Iterator[Service]:
    with _Server() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server.service
        finally:
            server.shutdown()

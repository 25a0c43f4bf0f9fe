"""Doubles of payment providers: their HTTP interface on 127.0.0.1, with payments that remember."""

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"
# Seconds after which a thread that is to stay silent gives up by itself.
LONG = 30.0


@dataclass(frozen=True)
class Call:
    """One request; the names of `headers` are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body) if self.body else {}
        return document


@dataclass(frozen=True)
class Reply:
    """`body` is sent as JSON, bytes as they are; None is no body at all."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class BrokenError(Exception):
    """The connection is reset instead of an answer."""


REPLIES = {
    "401": Reply(401, {"error": {"message": "a secret"}}),
    "429": Reply(429, {"error": {"message": "a secret"}}, {"Retry-After": "7"}),
    "500": Reply(500, {"error": {"message": "a secret"}}),
    "503": Reply(503, {"status": "canceled"}),
    "not JSON": Reply(200, b"<html>a secret</html>"),
    "redirect": Reply(302, {}, {"Location": "/elsewhere"}),
}
# And how a call may end that is not answered at all. "lost" is carried out before.
SILENT = ("reset", "slow", "lost")
TROUBLES = [*REPLIES, "reset", "slow"]


@dataclass
class Double:
    """`respond` is the provider. `trouble` befalls every call but those for a token, `spares`.

    `gate` is closed while calls are to wait for each other. `busy` is how many are being served.
    """

    respond: Callable[[Call], Reply]
    spares: Callable[[Call], bool] = lambda call: False
    trouble: str | None = None
    gate: Event = field(default_factory=Event)
    calls: list[Call] = field(default_factory=list)
    busy: int = 0
    most_busy: int = 0
    lock: Lock = field(default_factory=Lock)
    over: Event = field(default_factory=Event)
    base_url: str = ""

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def asked(self) -> list[Call]:
        """The calls that are about payments."""
        return [call for call in self.calls if not self.spares(call)]

    @contextmanager
    def listening(self) -> Iterator[str]:
        """The base URL."""
        double = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                # The client may leave at any moment: that is what it is tested for.
                with suppress(OSError):
                    super().handle_one_request()

            def do_GET(self) -> None:
                double.serve(self)

            do_POST = do_DELETE = do_PUT = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing: it would be in the output of the tests."""

        with _Server((HOST, 0), Handler) as server:
            Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            self.base_url = f"http://{HOST}:{server.server_address[1]}"
            try:
                yield self.base_url
            finally:
                self.over.set()
                self.gate.set()
                server.shutdown()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        call = _call(handler)
        with self.lock:
            self.calls.append(call)
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        try:
            if not self.spares(call):
                self.gate.wait(LONG)
            _send(handler, self._reply(call))
        except BrokenError:
            _reset(handler)
        finally:
            with self.lock:
                self.busy -= 1

    def _reply(self, call: Call) -> Reply:
        trouble = None if self.spares(call) else self.trouble
        if trouble in REPLIES:
            return REPLIES[trouble]
        if trouble == "slow":
            self.over.wait(LONG)
        if trouble in ("reset", "slow"):
            raise BrokenError
        with self.lock:
            reply = self.respond(call)
        if trouble == "lost":
            raise BrokenError
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # As many as may call at once, so that none is turned away.
    request_queue_size = 128


def _call(handler: BaseHTTPRequestHandler) -> Call:
    url = urlsplit(handler.path)
    body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    headers = {name.lower(): value for name, value in handler.headers.items()}
    return Call(handler.command, url.path, dict(parse_qsl(url.query)), headers, body)


def _send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    body = b"" if reply.body is None else reply.body
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(reply.status)
    for name, value in reply.headers.items():
        handler.send_header(name, value)
    if reply.status != 204:
        handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()

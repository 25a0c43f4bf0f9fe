"""A provider on 127.0.0.1 that answers as badly as a test wants, and an adapter for it."""

import contextlib
import ssl
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET, create_server, socket
from threading import Event, Thread

from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.http import HttpExchange, Request
from checkout.transactions import Transaction
from local.waiting import wait_until

HOST = "127.0.0.1"
# Seconds after which a thread of this double gives up by itself.
LONG = 30.0
# Between two bytes of one who drips: far less than any time-out of a single read.
DRIP = 0.02

Script = Callable[["Connection"], None]


@dataclass
class Connection:
    """One connection that the double has accepted, its request read."""

    sock: socket
    request: bytes
    over: Event

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes) -> None:
        for number in range(len(data)):
            self.say(data[number : number + 1])
            if self.over.wait(DRIP):
                return

    def say_nothing(self) -> None:
        """Until the other side leaves, or the double is shut."""
        self.sock.settimeout(LONG)
        while self.sock.recv(1024):
            pass

    def reset(self) -> None:
        self.sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


@dataclass
class Double:
    """`scripts` are by path. A connection counts in `open` until the client has closed it."""

    scripts: dict[str, Script]
    tls: ssl.SSLContext | None = None
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[bytes] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    over: Event = field(default_factory=Event)

    @contextmanager
    def listening(self) -> Iterator[int]:
        """The port."""
        with create_server((HOST, 0), backlog=64) as server:
            Thread(target=self._accept, args=(server,), daemon=True).start()
            yield server.getsockname()[1]
            self.over.set()

    def wait_until_left(self) -> None:
        """Until every client has closed its connection."""
        wait_until(lambda: not self.open, "the client has left", LONG, every=0.01)

    def _accept(self, server: socket) -> None:
        while True:
            try:
                sock, _ = server.accept()
            except OSError:
                return
            self.open.add(id(sock))
            Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket) -> None:
        key = id(sock)
        # The client may leave at any moment: that is what it is tested for.
        with contextlib.suppress(OSError), closing(self._encrypted(sock)) as conversation:
            conversation.settimeout(LONG)
            request = _read_request(conversation)
            path = request.split(b" ")[1].decode()
            self.asked[path] += 1
            self.requests.append(request)
            self.scripts[path](Connection(conversation, request, self.over))
            while conversation.recv(1024):
                pass
        self.open.discard(key)

    def _encrypted(self, sock: socket) -> socket:
        if self.tls is None:
            return sock
        with closing(sock):
            return self.tls.wrap_socket(sock, server_side=True)


def _read_request(sock: socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += sock.recv(1024) or b"\r\n\r\n"
    head, _, body = request.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            missing = int(line.split(b":")[1]) - len(body)
            request += sock.recv(missing) if missing else b""
    return request


def http(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """An answer; `length` is what is announced, if it is not the truth."""
    announced = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {announced}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def says(answer: bytes) -> Script:
    return lambda connection: connection.say(answer)


@dataclass(frozen=True)
class LoopbackProvider:
    """An adapter as the guide for them tells: it only translates."""

    exchange: HttpExchange
    base_url: str
    name: str = "loopback"
    supports_cancel: bool = True
    supports_retrieve: bool = False

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        url = f"{self.base_url}/{transaction.provider_reference}"
        request = Request("POST", url, {"Idempotency-Key": idempotency_key}, b"{}")
        answer = self.exchange.send(request, timeout)
        said = answer.json if isinstance(answer.json, dict) else {}
        outcomes = {"cancelled": CancelOutcome.CANCELLED, "refused": CancelOutcome.REFUSED}
        return ProviderAnswer(outcomes.get(str(said.get("status")), CancelOutcome.UNKNOWN))

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        return ProviderStatus(None)


def exchange() -> HttpExchange:
    return HttpExchange(ssl.create_default_context(), time.monotonic)

"""One HTTP exchange, bounded in time and size, whoever is called: a provider, or a merchant.

On http.client and not on urllib3, which bounds each read and not the whole, and which logs the
headers that it cannot read.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from ssl import SSLError
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import SplitResult, urlunsplit

from checkout.providers.bounded_socket import (
    AddressRefusedError,
    BoundedSocket,
    connect,
    countdown,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse
    from socket import socket
    from ssl import SSLContext

# Seconds until there is a connection, with its encryption agreed on.
CONNECT_LIMIT = 2.0
DEFAULT_PORTS = {"http": 80, "https": 443}

Heard = TypeVar("Heard")


class NoConnectionError(OSError):
    """Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Call:
    """Goes out as it is, but for the headers that HTTP itself needs. The scheme of `url` is one of
    DEFAULT_PORTS.
    """

    method: str
    url: SplitResult
    headers: Mapping[str, str]
    body: bytes | None = None


class BoundedExchange:
    """Each exchange has a connection of its own: none waits for another, or is broken by one.

    A kept connection would be dead after its environment was frozen for a while, and to learn that
    costs the request that is sent on it. `limit` is in bytes of an answer, its head included;
    `may_call` is asked for the address that is connected to; `monotonic` is in seconds.
    """

    def __init__(
        self,
        tls: SSLContext,
        monotonic: Callable[[], float],
        limit: int,
        may_call: Callable[[str], bool] | None = None,
    ) -> None:
        self._tls = tls
        self._monotonic = monotonic
        self._limit = limit
        self._may_call = may_call

    def run(self, call: Call, seconds: float, read: Callable[[HTTPResponse], Heard]) -> Heard:
        """One request, within `seconds`, and what `read` makes of its answer.

        It is not repeated or redirected: of each answer `read` says what it counts as, and how much
        of it is read. Raises TimeoutError; AddressRefusedError, NoConnectionError, SSLError and
        any other OSError; HTTPException; UnicodeError for what no header may hold;
        UnreadableAnswerError past the limit; and what `read` raises. The text of any of them may
        hold what the other side sent.
        """
        left = countdown(seconds, self._monotonic)
        with closing(self._connect(call.url, min(seconds, CONNECT_LIMIT))) as sock:
            connection = HTTPConnection(call.url.hostname or "", _port(call.url))
            # That of http otherwise: the header Host would name a port too many, or too few.
            connection.default_port = DEFAULT_PORTS[call.url.scheme]
            connection.sock = cast(Any, BoundedSocket(sock, left, self._limit))
            target = urlunsplit(("", "", call.url.path or "/", call.url.query, ""))
            headers = {**call.headers, "Connection": "close"}
            connection.request(call.method, target, call.body, headers)
            with closing(connection.getresponse()) as response:
                return read(response)

    def _connect(self, url: SplitResult, limit: float) -> socket:
        left = countdown(limit, self._monotonic)
        tls = self._tls if url.scheme == "https" else None
        try:
            return connect(url.hostname or "", _port(url), tls, left, self._may_call)
        except (TimeoutError, SSLError, AddressRefusedError):
            raise
        except (OSError, UnicodeError):
            # The second one of a name that no server can have.
            raise NoConnectionError from None


def retry_after(response: HTTPResponse) -> int | None:
    """In seconds; None for a date, which would need their clock."""
    text = response.getheader("Retry-After", "")
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _port(url: SplitResult) -> int:
    return url.port or DEFAULT_PORTS[url.scheme]

"""A connection that ends in time and gives a limited number of bytes, whatever its peer does.

The time-out of a plain socket is for each operation and begins anew with each byte. Here all of
them share one countdown.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from socket import SOCK_STREAM, create_connection, getaddrinfo
from typing import TYPE_CHECKING, Any

from checkout.errors import ProviderTrouble, UnreadableAnswerError

if TYPE_CHECKING:
    from socket import socket
    from ssl import SSLContext

    from _typeshed import ReadableBuffer, WriteableBuffer

Countdown = Callable[[], float]


def countdown(seconds: float, monotonic: Callable[[], float]) -> Countdown:
    """Tells the seconds that are left, and raises TimeoutError when there are none."""
    until = monotonic() + seconds

    def left() -> float:
        remaining = until - monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    return left


class AddressRefusedError(OSError):
    """The name leads to where nobody may call."""


def connect(
    host: str,
    port: int,
    tls: SSLContext | None,
    left: Countdown,
    may_call: Callable[[str], bool] | None = None,
) -> socket:
    """A connection, encrypted if there is a `tls`. Raises OSError.

    `may_call` is asked for each address that the name has, and no name is looked up again after it.
    Looking it up is not bounded: no thread can be called back from it.
    """
    addresses = [each[4] for each in getaddrinfo(host, port, type=SOCK_STREAM)]
    if may_call and not all(may_call(str(each[0])) for each in addresses):
        raise AddressRefusedError
    sock = _first_to_answer(addresses, left)
    if tls is None:
        return sock
    try:
        # The one operation whose time-out is for the whole of it (CPython, _ssl.c).
        sock.settimeout(left())
        return tls.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def _first_to_answer(addresses: list[Any], left: Countdown) -> socket:
    *others, last = addresses
    for number, address in enumerate(others):
        try:
            # Its share of the time, so that one which is silent leaves some to the next.
            return create_connection(address[:2], left() / (len(addresses) - number))
        except OSError:
            continue
    return create_connection(last[:2], left())


class BoundedSocket:
    """As much of a socket as http.client needs. It is for who opened the socket to close it."""

    def __init__(self, sock: socket, left: Countdown, limit: int) -> None:
        self._sock = sock
        self._left = left
        self._limit = limit

    def sendall(self, data: ReadableBuffer) -> None:
        self._sock.settimeout(self._left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - it is always "rb"
        return io.BufferedReader(_Received(self._sock, self._left, self._limit))

    def close(self) -> None:
        """http.client closes before the answer is read."""


class _Received(io.RawIOBase):
    """Raises TimeoutError when nothing is left, UnreadableAnswerError past `limit` bytes."""

    def __init__(self, sock: socket, left: Countdown, limit: int) -> None:
        self._sock = sock
        self._left = left
        self._limit = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._sock.settimeout(self._left())
        number = self._sock.recv_into(buffer)
        self._limit -= number
        if self._limit < 0:
            raise UnreadableAnswerError(ProviderTrouble.TOO_LARGE)
        return number

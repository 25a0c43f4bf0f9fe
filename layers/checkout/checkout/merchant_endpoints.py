"""The call of a merchant's endpoint: over HTTPS, to a public address, bounded in time and size.

Of the answer only its head is read. Nothing is redirected, and nothing of it is kept or logged.
"""

from __future__ import annotations

import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit, urlunsplit

from checkout.errors import UnreadableAnswerError
from checkout.merchant_webhooks import Attempt, Outcome, answered
from checkout.providers.bounded_socket import (
    AddressRefusedError,
    BoundedSocket,
    connect,
    countdown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse
    from socket import socket

# Seconds until there is a connection, with its encryption agreed on; and for all of it.
CONNECT_LIMIT = 2.0
SEND_LIMIT = 10.0
# Bytes of an answer's head.
ANSWER_LIMIT = 64_000
USER_AGENT = "cancel-a-session"

# Of which every address leads to one of IPv4, as their names say: NAT64.
_TRANSLATED = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether it is one of the open Internet's, and leads to no network that is hidden in it."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        tunnelled = found.ipv4_mapped or found.sixtofour or found.teredo or found in _TRANSLATED
        if tunnelled:
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


class MerchantEndpoints:
    """`may_call` is asked for the address that is connected to. `monotonic` is in seconds.

    Each call has a connection of its own: none waits for another, or is broken by one.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        monotonic: Callable[[], float],
        may_call: Callable[[str], bool] = is_public,
        limit: float = SEND_LIMIT,
    ) -> None:
        self._tls = tls
        self._monotonic = monotonic
        self._may_call = may_call
        self._limit = limit

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempt:
        """One request, and what its answer means. It is not repeated or redirected."""
        parts, left = urlsplit(url), countdown(self._limit, self._monotonic)
        try:
            with closing(self._connect(parts)) as sock:
                response = _converse(BoundedSocket(sock, left, ANSWER_LIMIT), parts, headers, body)
                return answered(response.status, _retry_after(response))
        except AddressRefusedError:
            return Attempt(Outcome.UNREADABLE)
        except (OSError, HTTPException, UnicodeError, UnreadableAnswerError):
            # The third one of a name that no server can have. What was caught may hold what the
            # endpoint sent: it goes nowhere.
            return Attempt(Outcome.UNREACHABLE)

    def _connect(self, url: SplitResult) -> socket:
        encrypted = url.scheme == "https"
        port = url.port or (443 if encrypted else 80)
        left = countdown(min(CONNECT_LIMIT, self._limit), self._monotonic)
        tls = self._tls if encrypted else None
        return connect(url.hostname or "", port, tls, left, self._may_call)


def trusting_context() -> ssl.SSLContext:
    """Certificates and names are verified, against those that the machine trusts."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _converse(
    sock: BoundedSocket, url: SplitResult, headers: Mapping[str, str], body: bytes
) -> HTTPResponse:
    connection = HTTPConnection(url.hostname or "", url.port)
    connection.sock = cast(Any, sock)
    target = urlunsplit(("", "", url.path or "/", url.query, ""))
    own = {"User-Agent": USER_AGENT, "Connection": "close"}
    connection.request("POST", target, body, {**headers, **own})
    with closing(connection.getresponse()) as response:
        return response


def _retry_after(response: HTTPResponse) -> int | None:
    """In seconds; None for a date, which would need their clock."""
    text = response.getheader("Retry-After", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None

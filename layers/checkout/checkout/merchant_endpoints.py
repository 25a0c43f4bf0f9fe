"""The call of a merchant's endpoint: over HTTPS, to a public address, bounded in time and size.

Of the answer only its head is read. Nothing is redirected, and nothing of it is kept or logged.
"""

from __future__ import annotations

import ssl
from http.client import HTTPException
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from checkout.errors import UnreadableAnswerError
from checkout.merchant_webhooks import Attempt, Outcome, answered
from checkout.providers.bounded_socket import AddressRefusedError
from checkout.providers.exchange import BoundedExchange, Call, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse

# Seconds for all of it.
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
    """`may_call` is asked for the address that is connected to. `monotonic` is in seconds."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        monotonic: Callable[[], float],
        may_call: Callable[[str], bool] = is_public,
        limit: float = SEND_LIMIT,
    ) -> None:
        self._exchange = BoundedExchange(tls, monotonic, ANSWER_LIMIT, may_call)
        self._limit = limit

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempt:
        """One request, and what its answer means. It is not repeated or redirected."""
        call = Call("POST", urlsplit(url), {**headers, "User-Agent": USER_AGENT}, body)
        try:
            return self._exchange.run(call, self._limit, _attempt)
        except AddressRefusedError:
            return Attempt(Outcome.UNREADABLE)
        except (OSError, HTTPException, UnicodeError, UnreadableAnswerError):
            # What was caught may hold what the endpoint sent: it goes nowhere.
            return Attempt(Outcome.UNREACHABLE)


def trusting_context() -> ssl.SSLContext:
    """Certificates and names are verified, against those that the machine trusts."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _attempt(response: HTTPResponse) -> Attempt:
    """By its head alone: a body is neither read nor waited for."""
    return answered(response.status, retry_after(response))

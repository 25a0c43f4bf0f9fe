"""An OpenID issuer's signing keys: found by discovery, kept for a while, looked up by their id.

OpenID Connect Discovery 1.0, section 4, and RFC 7517. Who knows no token server's keys can verify
none of its tokens: so what was read before serves on while the issuer cannot be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from checkout.errors import CheckoutError, MisconfiguredError, ProviderTroubleError
from checkout.observability import log_failure
from checkout.providers.documents import part, text
from checkout.providers.http import Answer, Request

# After which keys are read anew: a key that was withdrawn is trusted for no longer than this.
FRESH = timedelta(minutes=15)
# How long they serve while the issuer does not answer.
KEPT = timedelta(hours=24)
# Between two reads because of keys that nobody knows: a stranger can make up as many as he likes.
COOL_DOWN = timedelta(minutes=1)
# Between two tries to read what could not be read.
PAUSE = timedelta(seconds=5)
# Seconds for each of the two documents: API Gateway waits for 10 s.
TIMEOUT = 3.0
# Characters of an RSA key's modulus in base64: 2,048 bits (RFC 7518, section 3.3).
SHORTEST_MODULUS = 342
DISCOVERY = "/.well-known/openid-configuration"

Jwk = Mapping[str, Any]


class IssuerUnavailableError(CheckoutError):
    """No key of the issuer is known, and it does not give them now. Repeat it."""


class Exchange(Protocol):
    def send(self, request: Request, timeout: float) -> Answer:
        """Raises ProviderTroubleError; MisconfiguredError for a URL in clear text."""


class SigningKeys:
    """Of one issuer, in one execution environment. Not for several threads."""

    def __init__(self, issuer: str, exchange: Exchange, clock: Callable[[], datetime]) -> None:
        self._issuer = issuer
        self._exchange = exchange
        self._clock = clock
        self._keys: Sequence[Jwk] = ()
        self._read_at: datetime | None = None
        self._tried_at: datetime | None = None

    def find(self, key_id: str | None, key_type: str) -> Jwk | None:
        """The key; None if the issuer has no such one. Without an id, its only one of that type.

        Raises IssuerUnavailableError.
        """
        now = self._clock()
        if self._older_than(FRESH, now):
            self._read(now)
        found = self._known(key_id, key_type)
        if found is None and self._older_than(COOL_DOWN, now):
            # It may have been added since.
            self._read(now)
            found = self._known(key_id, key_type)
        return found

    def _known(self, key_id: str | None, key_type: str) -> Jwk | None:
        of_type = [key for key in self._keys if key["kty"] == key_type]
        if key_id is None:
            return of_type[0] if len(of_type) == 1 else None
        return next((key for key in of_type if key.get("kid") == key_id), None)

    def _older_than(self, age: timedelta, now: datetime) -> bool:
        return self._read_at is None or now - self._read_at >= age

    def _read(self, now: datetime) -> None:
        waiting = self._tried_at is not None and now - self._tried_at < PAUSE
        if not waiting:
            self._tried_at = now
            try:
                self._keys = self._fetched()
                self._read_at = now
            except (ProviderTroubleError, MisconfiguredError) as error:
                log_failure("signing keys could not be read", error)
        if self._older_than(KEPT, now):
            raise IssuerUnavailableError

    def _fetched(self) -> list[Jwk]:
        discovered = self._document(self._issuer.rstrip("/") + DISCOVERY)
        if text(discovered, "issuer") != self._issuer:
            # Section 4.3: or somebody else's document would do.
            raise MisconfiguredError("the issuer's own document names another issuer")
        found = part(self._document(text(discovered, "jwks_uri")), "keys")
        keys = [key for key in found if _is_usable(key)] if isinstance(found, list) else []
        if not keys:
            raise MisconfiguredError("the issuer has no key that signs")
        return keys

    def _document(self, url: str) -> object:
        return self._exchange.send(
            Request("GET", url, {"Accept": "application/json"}), TIMEOUT
        ).json


def _is_usable(key: object) -> bool:
    """A public key for signatures. A shared secret ("oct") never is: RFC 8725, section 2.1."""
    if part(key, "use") not in (None, "sig"):
        return False
    operations = part(key, "key_ops")
    if isinstance(operations, list) and "verify" not in operations:
        return False
    if part(key, "kty") == "RSA":
        return len(text(key, "n")) >= SHORTEST_MODULUS
    return part(key, "kty") in ("EC", "OKP")

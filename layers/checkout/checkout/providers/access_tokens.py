"""OAuth 2 access tokens by client credentials: one an account, kept until it is about to end."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from checkout.errors import (
    CredentialsError,
    ProviderTrouble,
    ProviderUnreachableError,
)
from checkout.providers.documents import part, text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from checkout.providers.http import Answer, Budget, HttpExchange

# Seconds before its end in which a token is not used any more: clocks and networks take time.
MARGIN = 60.0

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`lifetime` is in seconds from now."""

    text: str
    lifetime: float


def token_in(answer: Answer, exchange: HttpExchange) -> AccessToken:
    """As OAuth 2 has it. Raises ProviderTroubleError, counted, if there is none."""
    token, lifetime = text(answer.json, "access_token"), part(answer.json, "expires_in")
    if not token or not str(lifetime).isdecimal():
        raise exchange.trouble(ProviderTrouble.SERVER_ERROR, answer)
    return AccessToken(token, float(lifetime))


@dataclass(slots=True)
class _Owner:
    """`lock` is held by whoever fetches its token, which is used `until` then."""

    lock: Lock = field(default_factory=Lock)
    token: str = ""
    until: float = 0.0


class AccessTokens:
    """`monotonic` is in seconds. Safe to use from many threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._owners: dict[Hashable, _Owner] = {}

    def call(
        self,
        owner: Hashable,
        fetch: Callable[[], AccessToken],
        call: Callable[[str], Given],
        left: Budget,
    ) -> Given:
        """Calls with the token of `owner`, and once more with a new one if it is refused.

        `fetch` gets a new one from the provider. `left` is for all of it. Raises
        ProviderTroubleError.
        """
        token = self._token(owner, "", fetch, left)
        try:
            return call(token)
        except CredentialsError as error:
            if error.code is not ProviderTrouble.UNAUTHORIZED:
                raise
        return call(self._token(owner, token, fetch, left))

    def _token(
        self, name: Hashable, refused: str, fetch: Callable[[], AccessToken], left: Budget
    ) -> str:
        """One that is not the `refused` one."""
        with self._lock:
            owner = self._owners.setdefault(name, _Owner())
        # One thread fetches for all, and none waits for it longer than its own time.
        if not owner.lock.acquire(timeout=left()):
            raise ProviderUnreachableError(ProviderTrouble.TIMED_OUT)
        try:
            if not owner.token or owner.token == refused or self._monotonic() >= owner.until:
                owner.token = ""
                made = fetch()
                owner.token, owner.until = made.text, self._monotonic() + made.lifetime - MARGIN
            return owner.token
        finally:
            owner.lock.release()

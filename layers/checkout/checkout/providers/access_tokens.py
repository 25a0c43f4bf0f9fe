"""OAuth 2 access tokens by client credentials: one an account, kept until it is about to end."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from checkout.errors import (
    CredentialsError,
    ProviderTrouble,
    ProviderUnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from checkout.providers.http import Budget

# Seconds before its end in which a token is not used any more: clocks and networks take time.
MARGIN = 60.0

Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`lifetime` is in seconds from now."""

    text: str
    lifetime: float


class AccessTokens:
    """`monotonic` is in seconds. Safe to use from many threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = Lock()
        self._kept: dict[Hashable, tuple[str, float]] = {}

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
        token = self._token(owner, fetch, left)
        try:
            return call(token)
        except CredentialsError as error:
            if error.code is not ProviderTrouble.UNAUTHORIZED:
                raise
            self._forget(owner, token)
        return call(self._token(owner, fetch, left))

    def _token(self, owner: Hashable, fetch: Callable[[], AccessToken], left: Budget) -> str:
        # One thread fetches for all, and none waits for it longer than its own time.
        if not self._lock.acquire(timeout=left()):
            raise ProviderUnreachableError(ProviderTrouble.TIMED_OUT)
        try:
            text, until = self._kept.get(owner, ("", 0.0))
            if text and self._monotonic() < until:
                return text
            token = fetch()
            self._kept[owner] = (token.text, self._monotonic() + token.lifetime - MARGIN)
            return token.text
        finally:
            self._lock.release()

    def _forget(self, owner: Hashable, refused: str) -> None:
        with self._lock:
            # Not one that another thread has fetched since.
            if self._kept.get(owner, ("", 0.0))[0] == refused:
                del self._kept[owner]

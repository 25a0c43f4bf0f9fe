"""What an adapter knows of its accounts: one secret each, a JSON object, read by name and kept.

A secret is named `<prefix><provider>/<account>`. Its fields are documented in docs/providers/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from threading import Lock
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from checkout.errors import CredentialsError, ProviderTrouble
from checkout.observability import count

# Seconds until a secret is read anew: how long a changed one takes to be seen.
KEPT_FOR = 300.0
# And until a secret that could not be read is looked for again, so that a flood of calls is not a
# flood of look-ups.
FAILURE_KEPT_FOR = 5.0
# More than any platform has of one provider. Strangers may name accounts that do not exist.
MOST_KEPT = 1000

_PREFIX = re.compile(r"[A-Za-z0-9-]{1,63}")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class SecretStore(Protocol):
    def read(self, name: str) -> str:
        """The text of a secret. Raises CredentialsError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSecret:
    """The fields that every provider's secret has; each adapter adds its own.

    A field is named in the secret as here, in camel case. `environment` says which of the
    provider's hosts the credentials are for, and `prefix` is the account's own part of its name,
    where it has one. `base_url` replaces it, for a double of the provider.
    """

    HOSTS: ClassVar[Mapping[str, str]] = {}

    environment: str = ""
    prefix: str = ""
    base_url: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError, which names the field and never what is in it."""
        found = _object(text)
        values = {each.name: _field(each, found) for each in fields(cls)}
        secret = cls(**{name: value for name, value in values.items() if value is not None})
        if secret.base_url:
            return secret
        if secret.environment not in cls.HOSTS:
            raise ValueError(f"environment must be one of {', '.join(cls.HOSTS)}")
        if "{prefix}" in cls.HOSTS[secret.environment] and not _PREFIX.fullmatch(secret.prefix):
            raise ValueError("prefix must be the account's own part of the host's name")
        return secret

    @property
    def host(self) -> str:
        """Scheme and host, without a slash at the end."""
        host = self.base_url or self.HOSTS[self.environment].format(prefix=self.prefix)
        return host.rstrip("/")


Secret = TypeVar("Secret", bound=AccountSecret)
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Secret]):
    read_at: float
    secret: Secret | None = None
    trouble: ProviderTrouble = ProviderTrouble.CREDENTIALS_UNREADABLE


class Accounts(Generic[Secret]):
    """The secrets of one provider. `monotonic` is in seconds. Safe to use from many threads."""

    def __init__(
        self,
        store: SecretStore,
        prefix: str,
        form: type[Secret],
        monotonic: Callable[[], float],
    ) -> None:
        self._store = store
        self._prefix = prefix
        self._form = form
        self._monotonic = monotonic
        self._lock = Lock()
        self._kept: dict[str, _Kept[Secret]] = {}

    def secret_of(self, account: str) -> Secret:
        """Raises CredentialsError; its code is NO_CREDENTIALS where there is no such account."""
        if not _ACCOUNT.fullmatch(account):
            raise CredentialsError(ProviderTrouble.NO_CREDENTIALS)
        with self._lock:  # one look-up for all threads that want it
            kept = self._kept.get(account)
            good_for = KEPT_FOR if kept and kept.secret else FAILURE_KEPT_FOR
            if kept is None or self._monotonic() >= kept.read_at + good_for:
                kept = self._read(account)
        if kept.secret is None:
            raise CredentialsError(kept.trouble)
        return kept.secret

    def call(self, account: str, call: Callable[[Secret], Given]) -> Given:
        """Calls with the account's secret, once more if it is refused and has changed meanwhile.

        Raises what `call` raises, and CredentialsError.
        """
        secret = self.secret_of(account)
        try:
            return call(secret)
        except CredentialsError as error:
            if error.code is not ProviderTrouble.UNAUTHORIZED:
                raise
            fresh = self._changed(account, secret)
            if fresh is None:
                raise
        return call(fresh)

    def _changed(self, account: str, refused: Secret) -> Secret | None:
        """What the secret is now, if it is another one than what the provider has refused."""
        with self._lock:
            kept = self._kept.get(account) or self._read(account)
            if kept.secret == refused and self._monotonic() >= kept.read_at + FAILURE_KEPT_FOR:
                kept = self._read(account)
        return kept.secret if kept.secret != refused else None

    def _read(self, account: str) -> _Kept[Secret]:
        kept = self._look_up(account)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[account] = kept
        return kept

    def _look_up(self, account: str) -> _Kept[Secret]:
        trouble = ProviderTrouble.CREDENTIALS_UNREADABLE
        try:
            secret = self._form.parse(self._store.read(f"{self._prefix}{account}"))
        except CredentialsError as error:
            trouble = error.code
        except ValueError:
            pass
        else:
            return _Kept(self._monotonic(), secret)
        if trouble is not ProviderTrouble.NO_CREDENTIALS:
            count("ProviderTroubles", kind=trouble.value)
        return _Kept(self._monotonic(), None, trouble)


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        # Outside of the handler: the error that says so holds the text.
        found = None
    if not isinstance(found, dict):
        raise ValueError("the secret must be a JSON object")
    return found


def _field(wanted: Field[Any], found: Mapping[str, Any]) -> Any:
    first, *others = wanted.name.split("_")
    name = first + "".join(each.capitalize() for each in others)
    value = found.get(name)
    if value is None:
        if wanted.default is MISSING:
            raise ValueError(f"{name} is missing")
        return None
    if "tuple" in str(wanted.type):
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise ValueError(f"{name} must be a list of strings")
        return tuple(value)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a string")
    return value

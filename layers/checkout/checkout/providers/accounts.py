"""What an adapter knows of its accounts: one secret each, a JSON object, read by name and kept.

A secret is named `<prefix><provider>/<account>`. Its fields are documented in docs/providers/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from threading import Lock
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from checkout.errors import CredentialsError, ProviderTrouble, SignatureError
from checkout.observability import count

# Seconds until a secret is read anew: how long a changed one takes to be seen.
KEPT_FOR = 300.0
# And until a secret that could not be read is looked for again, so that a flood of calls is not a
# flood of look-ups.
FAILURE_KEPT_FOR = 5.0
# Seconds that one thread waits for another's look-up, which takes no longer (SECRETS_CONFIG).
LOOK_UP_LIMIT = 2.5
# More than any platform has of one provider. Strangers may name accounts that do not exist.
MOST_KEPT = 1000

# A label of a host's name, and nothing else: the key goes to nobody else's host.
_PREFIX = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
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


@dataclass(slots=True)
class _Account(Generic[Secret]):
    """`lock` is held by whoever reads its secret."""

    lock: Lock = field(default_factory=Lock)
    kept: _Kept[Secret] | None = None


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
        self._accounts: dict[str, _Account[Secret]] = {}

    def secret_of(self, account: str) -> Secret:
        """Raises CredentialsError; its code is NO_CREDENTIALS where there is no such account."""
        return self._secret(account, None)

    def call(self, account: str, call: Callable[[Secret], Given]) -> Given:
        """Calls with the account's secret, once more if it does not fit and has changed meanwhile.

        It does not fit if the provider refuses it, or if a webhook's signature is not by it. Raises
        what `call` raises, and CredentialsError.
        """
        secret = self._secret(account, None)
        try:
            return call(secret)
        except (CredentialsError, SignatureError) as error:
            if getattr(error, "code", ProviderTrouble.UNAUTHORIZED) != ProviderTrouble.UNAUTHORIZED:
                raise
            fresh = self._secret(account, secret)
            if fresh == secret:
                raise
        return call(fresh)

    def _secret(self, name: str, misfit: Secret | None) -> Secret:
        """As it is kept, or read anew: if it is old, and sooner if it is the one that misfits."""
        if not _ACCOUNT.fullmatch(name):
            raise CredentialsError(ProviderTrouble.NO_CREDENTIALS)
        account = self._account(name)
        # One look-up for all threads that want it, and none waits for longer than one takes.
        if not account.lock.acquire(timeout=LOOK_UP_LIMIT):
            raise CredentialsError(ProviderTrouble.CREDENTIALS_UNREADABLE)
        try:
            kept = account.kept
            trusted = kept and kept.secret and kept.secret != misfit
            good_for = KEPT_FOR if trusted else FAILURE_KEPT_FOR
            if kept is None or self._monotonic() >= kept.read_at + good_for:
                kept = account.kept = self._renewed(name, kept)
        finally:
            account.lock.release()
        if kept.secret is None:
            raise CredentialsError(kept.trouble)
        return kept.secret

    def _account(self, name: str) -> _Account[Secret]:
        with self._lock:
            if name not in self._accounts and len(self._accounts) >= MOST_KEPT:
                self._accounts.clear()
            return self._accounts.setdefault(name, _Account())

    def _renewed(self, name: str, before: _Kept[Secret] | None) -> _Kept[Secret]:
        found = self._look_up(name)
        settled = found.secret or found.trouble is ProviderTrouble.NO_CREDENTIALS
        if settled or before is None or before.secret is None:
            return found
        # Unreadable just now: what has worked goes on, and is looked for again in a moment.
        return _Kept(self._monotonic() - KEPT_FOR + FAILURE_KEPT_FOR, before.secret)

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
            count("CredentialTroubles")
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
        if not isinstance(value, list) or not all(map(_is_text, value)):
            raise ValueError(f"{name} must be a list of texts, without control characters")
        return tuple(value)
    if not _is_text(value):
        raise ValueError(f"{name} must be a text, without control characters")
    return value


def _is_text(value: object) -> bool:
    """Fit for a header: a line's end from a paste would be taken for a bug of the adapter."""
    return isinstance(value, str) and value.isprintable() and bool(value.strip())

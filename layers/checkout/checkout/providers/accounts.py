"""What an adapter knows of its accounts: one secret each, a JSON object, read by name and kept.

A secret is named `<prefix><provider>/<account>`. Its fields are documented in docs/providers/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from threading import Lock
from typing import ClassVar, Generic, Protocol, Self, TypeVar

from checkout.errors import CredentialsError, ProviderTrouble, SignatureError
from checkout.observability import count
from checkout.providers.secret_fields import field_of, json_object_of

# Seconds until a secret is read anew: how long a changed one takes to be seen.
KEPT_FOR = 300.0
# And until a secret that could not be read is looked for again, so that a flood of calls is not a
# flood of look-ups.
FAILURE_KEPT_FOR = 5.0
# And for how long one that was read is used while the store does not say what it is now.
LONGEST_UNREAD = 3600.0
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
        found = json_object_of(text)
        values = {each.name: field_of(each, found) for each in fields(cls)}
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


class SecretForm(Protocol):
    """What a kind of secrets has to look like."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError, which names the field and never what is in it."""


Secret = TypeVar("Secret", bound=SecretForm)
Given = TypeVar("Given")


def count_unreadable(trouble: ProviderTrouble) -> None:
    count("ProviderTroubles", kind=trouble.value)
    count("CredentialTroubles")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Which names there can be, and for how many seconds it is known what they name, or nothing.

    `unreadable` is told of a secret that is malformed, or that could not be read.
    """

    names: re.Pattern[str] = _ACCOUNT
    kept_for: float = KEPT_FOR
    absent_for: float = FAILURE_KEPT_FOR
    unreadable: Callable[[ProviderTrouble], None] = count_unreadable


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Secret]):
    """`looked_at` is when it was looked for last, `read_at` when the secret was read.

    `silent`: the store has not said whether there is one, and of which form.
    """

    looked_at: float
    secret: Secret | None = None
    read_at: float = 0.0
    trouble: ProviderTrouble = ProviderTrouble.CREDENTIALS_UNREADABLE
    silent: bool = False


@dataclass(slots=True)
class _Account(Generic[Secret]):
    """`lock` is held by whoever reads its secret."""

    lock: Lock = field(default_factory=Lock)
    kept: _Kept[Secret] | None = None

    @property
    def is_known(self) -> bool:
        return self.kept is not None and self.kept.secret is not None


class Accounts(Generic[Secret]):
    """The secrets of one provider. `monotonic` is in seconds. Safe to use from many threads."""

    def __init__(
        self,
        store: SecretStore,
        prefix: str,
        form: type[Secret],
        monotonic: Callable[[], float],
        keeping: Keeping = Keeping(),
    ) -> None:
        self._store = store
        self._keeping = keeping
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
        if not self._keeping.names.fullmatch(name):
            raise CredentialsError(ProviderTrouble.NO_CREDENTIALS)
        account = self._account(name)
        # One look-up for all threads that want it, and none waits for longer than one takes.
        if not account.lock.acquire(timeout=LOOK_UP_LIMIT):
            return self._usable(account.kept, misfit)
        try:
            kept = account.kept
            if kept is None or self._monotonic() >= kept.looked_at + self._good_for(kept, misfit):
                kept = account.kept = self._renewed(name, kept)
        finally:
            account.lock.release()
        return self._usable(kept, None)

    def _good_for(self, kept: _Kept[Secret], misfit: Secret | None) -> float:
        if kept.secret and kept.secret != misfit and not kept.silent:
            return self._keeping.kept_for
        absent = kept.secret is None and kept.trouble is ProviderTrouble.NO_CREDENTIALS
        return self._keeping.absent_for if absent else FAILURE_KEPT_FOR

    def _usable(self, kept: _Kept[Secret] | None, misfit: Secret | None) -> Secret:
        if kept is None:
            raise CredentialsError(ProviderTrouble.CREDENTIALS_UNREADABLE)
        if kept.secret is None or kept.secret == misfit:
            raise CredentialsError(kept.trouble)
        return kept.secret

    def _account(self, name: str) -> _Account[Secret]:
        with self._lock:
            if name not in self._accounts and len(self._accounts) >= MOST_KEPT:
                known = [(each, found) for each, found in self._accounts.items() if found.is_known]
                self._accounts = dict(known[: MOST_KEPT // 2])
            return self._accounts.setdefault(name, _Account())

    def _renewed(self, name: str, before: _Kept[Secret] | None) -> _Kept[Secret]:
        found = self._look_up(name)
        if not found.silent or before is None or before.secret is None:
            return found
        if found.looked_at > before.read_at + LONGEST_UNREAD:
            return found
        # The store is silent just now: what has worked goes on, and is looked for in a moment.
        return replace(found, secret=before.secret, read_at=before.read_at)

    def _look_up(self, account: str) -> _Kept[Secret]:
        trouble, silent = ProviderTrouble.CREDENTIALS_UNREADABLE, False
        try:
            secret = self._form.parse(self._store.read(f"{self._prefix}{account}"))
        except CredentialsError as error:
            trouble, silent = error.code, error.code is ProviderTrouble.CREDENTIALS_UNREADABLE
        except ValueError:
            pass
        else:
            now = self._monotonic()
            return _Kept(now, secret, now)
        if trouble is not ProviderTrouble.NO_CREDENTIALS:
            self._keeping.unreadable(trouble)
        return _Kept(self._monotonic(), trouble=trouble, silent=silent)

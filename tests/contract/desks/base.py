"""What the shared suite needs of an adapter: its double, and payments in every state."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any, cast

from botocore.exceptions import ClientError

from checkout.providers.base import CancelOutcome, Provider
from checkout.providers.circuit_breaker import CircuitBreaker, GuardedProvider
from checkout.providers.parts import Parts
from checkout.providers.registry import provider_of, webhook_reader_of
from checkout.providers.webhook import WebhookReader
from checkout.transactions import PendingReason, Transaction, TransactionStatus
from tests.doubles.server import Double
from tests.unit.clock import Clock
from tests.unit.samples import a_transaction

PREFIX = "checkout/"
ACCOUNT = "account-1"
_numbers = count(1)


class State(StrEnum):
    """How a payment stands at its provider before it is to be cancelled."""

    CANCELLABLE = "CANCELLABLE"
    CANCELLED = "CANCELLED"
    SETTLED = "SETTLED"
    PROCESSING = "PROCESSING"  # under way, and not to be stopped any more
    MISSING = "MISSING"  # no such payment


@dataclass(frozen=True)
class Expected:
    """Of a payment in one state: what the adapter answers, and what the worker makes of it.

    `status` and `reason` are stored in the end; a `status` of None is in flight, as it was.
    """

    outcome: CancelOutcome
    retrieved: TransactionStatus | None
    status: TransactionStatus | None = None
    reason: PendingReason | None = None
    found: bool = True


class Secrets:
    """As much of Secrets Manager as is used: secrets by name, and each time that one was read."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.reads: list[str] = []

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        self.reads.append(SecretId)
        if SecretId not in self.texts:
            missing = {"Error": {"Code": "ResourceNotFoundException", "Message": ""}}
            raise ClientError(cast(Any, missing), "GetSecretValue")
        return {"SecretString": self.texts[SecretId]}


class Ticks:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@dataclass
class Desk:
    """One adapter, as it is wired, before the double of its provider.

    `make` puts a payment in a state into the double, under a reference; `cancels` and `voids` tell
    how many cancellations of it reached the double, and how many it carried out. `credentials`
    are the fields of the secret without which it refuses a call.
    """

    name: str
    double: Double
    secret: Mapping[str, Any]
    expected: Mapping[State, Expected]
    make: Callable[[str, State], None]
    cancels: Callable[[str], int]
    voids: Callable[[str], int]
    credentials: tuple[str, ...]
    reference: str = "ref_{}"
    fetches_tokens: bool = False
    secrets: Secrets = field(default_factory=Secrets)
    clock: Clock = field(default_factory=Clock)
    ticks: Ticks = field(default_factory=Ticks)
    opened: list[str] = field(default_factory=list)

    def put_secret(self, account: str = ACCOUNT, **changes: Any) -> None:
        text = json.dumps({**self.secret, "baseUrl": self.double.base_url, **changes})
        self.secrets.texts[f"{PREFIX}{self.name}/{account}"] = text

    @property
    def parts(self) -> Parts:
        environment = {"SECRETS_PREFIX": PREFIX}
        return Parts(
            self.name,
            environment,
            self.clock,
            cast(Any, None),
            lambda: cast(Any, self.secrets),
            self.ticks,
        )

    def provider(self) -> Provider:
        breaker = CircuitBreaker(self.clock, self.opened.append)
        return GuardedProvider(provider_of(self.parts), breaker)

    def reader(self) -> WebhookReader:
        return webhook_reader_of(self.parts)

    def payment(self, state: State, **facts: Any) -> Transaction:
        number = next(_numbers)
        reference = self.reference.format(number)
        self.make(reference, state)
        named = {"provider": self.name, "provider_account": ACCOUNT}
        return a_transaction(number, **{"provider_reference": reference, **named, **facts})

    @contextmanager
    def open(self) -> Iterator["Desk"]:
        with self.double.listening():
            self.put_secret()
            yield self

"""What the sandbox's suite needs: its adapter, and payments in every situation."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, cast

from checkout.providers.base import Provider
from checkout.providers.parts import Parts
from checkout.providers.registry import provider_of
from checkout.providers.sandbox.cancel import SandboxProvider
from checkout.transactions import Transaction
from tests.unit.clock import Clock
from tests.unit.samples import a_transaction

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEDGER_TABLE = "SandboxLedgerTable"
_numbers = count(1)


class Situation(StrEnum):
    """What the provider makes of a payment when it is asked to cancel it."""

    CANCELLABLE = "CANCELLABLE"  # cancels it at once
    SLOW = "SLOW"  # cancels it, and answers after SLOW_SECONDS
    ASYNC = "ASYNC"  # accepts, and confirms after ASYNC_SECONDS
    UNSTOPPABLE = "UNSTOPPABLE"  # cannot cancel it; settled by itself after UNSTOPPABLE_SECONDS
    SETTLED = "SETTLED"  # had settled it
    REFUSED = "REFUSED"  # refuses, and it stays in flight
    DOWN = "DOWN"  # answers with a 5xx
    HANG = "HANG"  # never answers
    FLAKY = "FLAKY"  # fails FAILURES times, then cancels it
    UNKNOWN = "UNKNOWN"  # knows no such payment


SLOW_SECONDS = 5.0
ASYNC_SECONDS = 5
UNSTOPPABLE_SECONDS = 5
FAILURES = 2


class Bench(Protocol):
    clock: Clock
    slept: list[float]

    @property
    def provider(self) -> Provider: ...

    def payment(self, situation: Situation) -> Transaction: ...

    def requests(self, payment: Transaction) -> int:
        """How many cancellations of the payment reached the provider."""

    def voids(self, payment: Transaction) -> int:
        """How many of them it carried out."""

    def trouble(self, kind: str) -> AbstractContextManager[None]:
        """While it lasts every call of the adapter fails in this way."""


@dataclass
class SandboxBench:
    """The sandbox's provider is its ledger, on a table in memory."""

    sandbox: SandboxProvider
    client: "DynamoDBClient"
    clock: Clock
    slept: list[float] = field(default_factory=list)

    @property
    def provider(self) -> Provider:
        return replace(self.sandbox, clock=self.clock, sleep=self._sleep)

    def payment(self, situation: Situation) -> Transaction:
        reference = REFERENCES[situation]
        return a_transaction(
            next(_numbers),
            provider=self.sandbox.name,
            provider_reference=reference,
            created_at=self.clock(),
        )

    def requests(self, payment: Transaction) -> int:
        return self.sandbox.ledger.read(self.sandbox.name, payment.transaction_id).void_requests

    def voids(self, payment: Transaction) -> int:
        return self.sandbox.ledger.read(self.sandbox.name, payment.transaction_id).voids

    @contextmanager
    def trouble(self, kind: str) -> Iterator[None]:
        """`kind` is an error code of DynamoDB, or the name of an exception of botocore."""
        events = self.client.meta.events
        handler = _failing(kind)
        events.register_first("before-call.dynamodb.*", handler)
        try:
            yield
        finally:
            events.unregister("before-call.dynamodb.*", handler)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.sleep(seconds)


REFERENCES: dict[Situation, str | None] = {
    Situation.CANCELLABLE: "ok_1",
    Situation.SLOW: f"slow_{SLOW_SECONDS * 1000:.0f}_1",
    Situation.ASYNC: f"async_{ASYNC_SECONDS}_1",
    Situation.UNSTOPPABLE: f"unstoppable_{UNSTOPPABLE_SECONDS}_SETTLED_1",
    Situation.SETTLED: "settled_1",
    Situation.REFUSED: "refused_1",
    Situation.DOWN: "down_1",
    Situation.HANG: "hang_1",
    Situation.FLAKY: f"flaky_{FAILURES}_1",
    Situation.UNKNOWN: None,
}


def _failing(kind: str) -> Callable[..., Any]:
    import botocore.exceptions

    broken = getattr(botocore.exceptions, kind, None)

    def handler(**_: Any) -> Any:
        if broken:
            raise broken(endpoint_url="https://dynamodb", error="broken")
        status = 500 if kind == "InternalServerError" else 400
        response = type("Response", (), {"status_code": status})()
        return response, {
            "Error": {"Code": kind, "Message": ""},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }

    return handler


def _sandbox(name: str, client: "DynamoDBClient") -> Bench:
    clock = Clock()
    environment = {"SANDBOX_LEDGER_TABLE_NAME": LEDGER_TABLE}
    parts = Parts(name, environment, clock, lambda: client, no_secrets)
    return SandboxBench(cast(SandboxProvider, provider_of(parts)), client, clock)


def no_secrets() -> Any:
    raise AssertionError("the sandbox has none")


BENCHES: dict[str, Callable[[str, "DynamoDBClient"], Bench]] = {
    "sandbox": _sandbox,
    "sandbox-b": _sandbox,
    "sandbox-c": _sandbox,
}

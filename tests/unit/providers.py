"""Providers that answer by a script, and a fan-out that runs the real worker in process."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from checkout.fan_out import (
    FanOutResult,
    TransactionOutcome,
    WorkOrder,
    order_from_message,
    order_to_message,
    outcomes_from_message,
    outcomes_to_message,
)
from checkout.provider_cancellation import cancel_transactions
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.transactions import Transaction, TransactionStatus
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore

CANCELLED = ProviderAnswer(CancelOutcome.CANCELLED)
REQUESTED = ProviderAnswer(CancelOutcome.REQUESTED)
UNSUPPORTED = ProviderAnswer(CancelOutcome.UNSUPPORTED)
REFUSED = ProviderAnswer(CancelOutcome.REFUSED)
NOT_FOUND = ProviderAnswer(CancelOutcome.NOT_FOUND)
UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)
IN_FLIGHT = ProviderStatus(TransactionStatus.PROCESSING)
SILENT = ProviderStatus(None)
NO_SUCH_PAYMENT = ProviderStatus(None, found=False)


@dataclass
class Troubles:
    """What operators were told of."""

    told: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, message: str, error: Exception) -> None:
        self.told.append((message, type(error).__name__))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the provider saw it: `ends_by` is when its caller stops waiting."""

    verb: str
    transaction_id: str
    key: str | None
    timeout: float
    ends_by: datetime


@dataclass
class ScriptedProvider:
    """Answers `answer` and `state`, after `cancel_takes` and `retrieve_takes` seconds.

    `before_answer` is given the verb and the transaction: it may wait, or raise as a bug would.
    """

    clock: Clock
    answer: ProviderAnswer = CANCELLED
    state: ProviderStatus = IN_FLIGHT
    name: str = "bank"
    supports_cancel: bool = True
    supports_retrieve: bool = True
    cancel_takes: float = 0
    retrieve_takes: float = 0
    before_answer: Callable[[str, Transaction], None] | None = None
    asked: list[Asked] = field(default_factory=list)

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        self._note("cancel", transaction, idempotency_key, timeout)
        self.clock.sleep(min(self.cancel_takes, timeout))
        return UNKNOWN if self.cancel_takes > timeout else self.answer

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        self._note("retrieve", transaction, None, timeout)
        self.clock.sleep(min(self.retrieve_takes, timeout))
        return SILENT if self.retrieve_takes > timeout else self.state

    @property
    def verbs(self) -> list[str]:
        return [each.verb for each in self.asked]

    @property
    def keys(self) -> list[str | None]:
        return [each.key for each in self.asked if each.verb == "cancel"]

    def _note(self, verb: str, of: Transaction, key: str | None, timeout: float) -> None:
        ends_by = self.clock() + timedelta(seconds=timeout)
        self.asked.append(Asked(verb, of.transaction_id, key, timeout, ends_by))
        if self.before_answer:
            self.before_answer(verb, of)


@dataclass
class InProcessFanOut:
    """The machine, with the real worker and real JSON, one provider after the other.

    `mute` providers do their work and their answer is lost; `dead` ones do nothing at all. After
    either, or with `finished` false, workers may be running still. `afterwards` happens last.
    """

    store: MemoryStore
    clock: Clock
    providers: dict[str, ScriptedProvider]
    mute: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    finished: bool = True
    worker_time: timedelta = timedelta(seconds=12)
    afterwards: Callable[[], None] | None = None
    orders: list[WorkOrder] = field(default_factory=list)
    troubles: Troubles = field(default_factory=Troubles)

    def cancel(self, order: WorkOrder) -> FanOutResult:
        self.orders.append(order)
        message = json.loads(json.dumps(order_to_message(order)))
        heard: list[TransactionOutcome] = []
        for group in message.pop("groups"):
            heard += self._work(order_from_message(message | group), group["provider"])
        if self.afterwards:
            self.afterwards()
        running = any(each.running for each in heard)
        unheard = (self.mute | self.dead) & self.providers.keys()
        return FanOutResult(tuple(heard), self.finished and not (unheard or running))

    def _work(self, order: WorkOrder, name: str) -> list[TransactionOutcome]:
        if name in self.dead:
            return []
        deadline = self.clock() + self.worker_time
        provider = self.providers[name]
        outcomes = cancel_transactions(
            provider, self.store, order, deadline, self.clock, self.troubles
        )
        message = json.loads(json.dumps(outcomes_to_message(outcomes)))
        return [] if name in self.mute else outcomes_from_message(message)

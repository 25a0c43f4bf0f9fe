"""A service in memory: one store, three providers, and everything that drives a session."""

from dataclasses import dataclass, replace
from datetime import timedelta

from checkout.cancellation import Cancellation, Ports, drive
from checkout.completion import complete_if_drained
from checkout.lease import CancelRequest
from checkout.payments import record_status
from checkout.sessions import Session
from checkout.timestamps import from_millis
from checkout.transactions import Transaction, TransactionStatus
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import InProcessFanOut, ScriptedProvider
from tests.unit.samples import KEY, open_with, transaction_key

REQUEST = CancelRequest("merchant-1", "changed my mind")
ANSWER_WITHIN = timedelta(seconds=26.5)
NAMES = ("bank", "card", "wallet")


@dataclass
class World:
    store: MemoryStore
    clock: Clock
    fan_out: InProcessFanOut
    providers: dict[str, ScriptedProvider]

    @property
    def ports(self) -> Ports:
        return Ports(self.store, self.fan_out, self.clock, lambda: 0.5, self.fan_out.troubles)

    @property
    def troubles(self) -> list[tuple[str, str]]:
        return self.fan_out.troubles.told

    @property
    def session(self) -> Session:
        return self.store.sessions[KEY]

    @property
    def due_in(self) -> timedelta:
        return from_millis(self.store.due[KEY]) - self.clock()

    def transaction(self, number: int = 1) -> Transaction:
        return self.store.transactions[transaction_key(number)]

    def marked(self, number: int = 1) -> bool:
        return self.transaction(number).awaited

    def open_with(self, *providers: str) -> list[str]:
        return open_with(self.store, *providers, now=self.clock())

    def drive(
        self, driver: str = "driver-1", request: CancelRequest | None = REQUEST
    ) -> Cancellation:
        """What the caller is told; the rest is for the recovery, and tested there."""
        answer_by = self.clock() + ANSWER_WITHIN
        answer = drive(self.ports, KEY, driver, request, answer_by)
        return replace(answer, waits_for=(), requested_at=None, completed_after=None)

    def report(self, number: int, status: TransactionStatus) -> None:
        """A webhook: the provider tells how one of its payments ended."""
        record_status(self.store, transaction_key(number), status, self.clock())

    def deliver_stream(self) -> None:
        """Everything that the table's stream has for the completion."""
        while self.store.wakes:
            complete_if_drained(self.store, self.store.wakes.pop(0), self.clock())


def a_world() -> World:
    """Every provider cancels at once, until a test says otherwise."""
    store, clock = MemoryStore(), Clock()
    providers = {name: ScriptedProvider(clock, name=name) for name in NAMES}
    return World(store, clock, InProcessFanOut(store, clock, providers), providers)

"""Sessions that wait, in a store that lists them, and the queue of what was given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from checkout.errors import StoreUnavailableError
from checkout.lease import CancelRequest, DuePage, new_lock
from checkout.payments import begin_transaction, open_session, record_status
from checkout.sessions import SessionKey, SessionStatus
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus
from tests.unit.clock import NOON, Clock
from tests.unit.memory_store import MemoryStore

REQUEST = CancelRequest("merchant-1", None)


class ListingStore(MemoryStore):
    """Lists what is due in pages of two.

    `broken` shards cannot be listed; `strange` is how many items of a shard name no session.
    """

    def __init__(self) -> None:
        super().__init__()
        self.page_size = 2
        self.broken: set[int] = set()
        self.strange: dict[int, int] = {}

    def due_sessions(
        self,
        shard: int,
        due_by: datetime | None,
        cursor: Mapping[str, Any] | None,
        count: int | None = None,
    ) -> DuePage:
        if shard in self.broken:
            raise StoreUnavailableError("ThrottlingException")
        page = super().due_sessions(shard, due_by, cursor, count)
        return replace(page, unreadable=0 if cursor else self.strange.get(shard, 0))


@dataclass
class MemoryQueue:
    """`visible` are the receipts of what can be received."""

    visible: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def receive(self, limit: int) -> Sequence[str]:
        received, self.visible = self.visible[:limit], self.visible[limit:]
        self.hidden += received
        return received

    def delete(self, receipts: Sequence[str]) -> None:
        self.hidden = [each for each in self.hidden if each not in receipts]

    def give_back(self, receipts: Sequence[str]) -> None:
        self.delete(receipts)
        self.visible += receipts


def wait_for_payment(store: MemoryStore, number: int) -> SessionKey:
    """A cancelled session, with one payment that is still in flight."""
    key = SessionKey("merchant-1", f"018f0000-0000-7000-8000-{number:012d}")
    open_session(store, key, NOON)
    attempt = Attempt(TransactionKey(key, "t-1"), "bank", "account-1", Money(1999, "EUR"))
    begin_transaction(store, attempt, Clock())
    store.lock_for_cancellation(key, new_lock("driver", NOON, 0.5, REQUEST))
    store.release_lease(key, "driver", NOON)
    return key


def end_payment(store: MemoryStore, key: SessionKey) -> None:
    record_status(store, TransactionKey(key, "t-1"), TransactionStatus.SETTLED, NOON)


def drained(store: MemoryStore, count: int) -> list[SessionKey]:
    """Cancelled sessions whose payment has ended, which nobody was woken for."""
    keys = [wait_for_payment(store, number) for number in range(1, count + 1)]
    for each in keys:
        end_payment(store, each)
    return keys


def remove(store: MemoryStore, key: SessionKey) -> None:
    """The session's item; what lists it lags behind."""
    del store.sessions[key]


def damage(store: MemoryStore, key: SessionKey) -> None:
    """The session's item cannot be read any more."""
    store.sessions[key] = replace(store.sessions[key], attempts=None)  # type: ignore[arg-type]


def statuses(store: MemoryStore, keys: Sequence[SessionKey]) -> list[SessionStatus]:
    return [store.sessions[each].status for each in keys]

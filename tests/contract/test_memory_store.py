"""The store in memory and the real one are told the same stories, and answer the same.

So that what the unit tier proves on the one holds on the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from checkout.cancelled_sessions import LISTED, Listed, Listing, list_cancelled
from checkout.errors import CheckoutError
from checkout.lease import CancelRequest, DueSession, new_lock
from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.session_requests import due_shard
from checkout.transactions import (
    TERMINAL,
    Attempt,
    Money,
    TransactionKey,
    TransactionStatus,
)
from tests.integration.stack import TABLE
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Store = CheckoutStore | MemoryStore
Call = Callable[[Store], object]

STORIES = 30
STEPS = 40
# Seconds between two steps: none, the lease to the millisecond, and more than the lease.
PAUSES = [0, 0, 0.001, 60, 61]
DRIVERS = ["driver-1", "driver-2"]
REQUESTS = [None, CancelRequest("merchant-1", None), CancelRequest("merchant-1", "why")]
REPORTS = sorted(TransactionStatus)
ANSWERS = [
    *(ProviderAnswer(each) for each in CancelOutcome if each is not CancelOutcome.TERMINAL),
    *(ProviderAnswer(CancelOutcome.TERMINAL, each) for each in sorted(TERMINAL)),
]
GIVEN_UP = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.FAILED)


def due(store: Store, key: SessionKey, due_by: datetime | None) -> list[DueSession]:
    """Of one session."""
    page = store.due_sessions(int(due_shard(key.session_id)), due_by, None)
    return [each for each in page.sessions if each.key == key]


def listed(store: Store, key: SessionKey) -> list[Listed]:
    """Its merchant's, by status. Each story has a merchant of its own, and one session."""
    return [list_cancelled(store, Listing(key.merchant_id, status)) for status in LISTED]


def postpone(store: Store, key: SessionKey, driver: str, now: datetime) -> list[DueSession]:
    """By an hour, as seen; then as seen before, which only its driver may."""
    for each in due(store, key, None):
        for hours in (1, 2):
            store.postpone(each, driver, now + timedelta(hours=hours))
    return due(store, key, None)


@dataclass
class Teller:
    """Makes up what happens next to one session; the same again for the same `dice`."""

    dice: Random
    key: SessionKey
    clock: Clock

    def next_step(self) -> tuple[str, Call]:
        self.clock.sleep(self.dice.choice(PAUSES))
        kinds = [self._session, self._end, self._lock, self._payment, self._attach, self._report]
        return self.dice.choice([*kinds, self._outcome, self._outcome, self._give_up])()

    def begin(self) -> list[tuple[str, Call]]:
        """Most stories are about a session with payments."""
        now = self.clock()
        steps: list[tuple[str, Call]] = [("open", lambda store: store.open_session(self.key, now))]
        for number in (1, 2):
            steps += [self._put(number), self._attach(number)]
        return steps if self.dice.random() < 0.9 else []

    def _transaction(self) -> TransactionKey:
        return TransactionKey(self.key, f"t-{self.dice.choice([1, 1, 2, 3])}")

    def _session(self) -> tuple[str, Call]:
        now, driver = self.clock(), self.dice.choice(DRIVERS)
        calls: list[tuple[str, Call]] = [
            ("open", lambda store: store.open_session(self.key, now)),
            ("read", lambda store: store.read_session(self.key)),
            ("complete", lambda store: store.complete_cancellation(self.key, now)),
            (f"release {driver}", lambda store: store.release_lease(self.key, driver, now)),
            ("due", lambda store: due(store, self.key, now)),
            ("list", lambda store: listed(store, self.key)),
            ("postpone", lambda store: postpone(store, self.key, driver, now)),
        ]
        return self.dice.choice(calls)

    def _end(self) -> tuple[str, Call]:
        now, seldom = self.clock(), self.dice.random() < 0.1
        end = self.dice.choice([SessionStatus.COMPLETED, SessionStatus.EXPIRED])
        if not seldom:
            return "read", lambda store: store.read_session(self.key)
        return f"end {end}", lambda store: store.end_session(self.key, end, now)

    def _lock(self) -> tuple[str, Call]:
        driver, request = self.dice.choice(DRIVERS), self.dice.choice(REQUESTS)
        lock = new_lock(driver, self.clock(), 0.5, request)
        return f"lock {driver}", lambda store: store.lock_for_cancellation(self.key, lock)

    def _payment(self) -> tuple[str, Call]:
        key, now = self._transaction(), self.clock()
        reference = self.dice.choice(["ref-1", "ref-1", "ref-2"])
        calls: list[tuple[str, Call]] = [
            self._put(self.dice.choice([1, 2, 3])),
            ("mark", lambda store: store.mark_pending(key)),
            ("late", lambda store: store.record_late_settlement(key, now)),
            (reference, lambda store: store.record_reference(key, "bank", reference)),
        ]
        return self.dice.choice(calls)

    def _put(self, number: int) -> tuple[str, Call]:
        key, now = TransactionKey(self.key, f"t-{number}"), self.clock()
        attempt = Attempt(key, "bank", "account-1", Money(1999, "EUR"))
        return f"put {number}", lambda store: store.put_attempt(attempt, now)

    def _attach(self, number: int = 3) -> tuple[str, Call]:
        key = TransactionKey(self.key, f"t-{number}")
        return f"attach {number}", lambda store: store.attach_attempt(key)

    def _report(self) -> tuple[str, Call]:
        key, now, status = self._transaction(), self.clock(), self.dice.choice(REPORTS)
        return f"report {status}", lambda store: store.record_status(key, status, now)

    def _outcome(self) -> tuple[str, Call]:
        key, answer = self._transaction(), self.dice.choice(ANSWERS)
        attempt = self.dice.choice([None, None, 1, 2])
        record = OutcomeRecord(self.dice.choice(DRIVERS), answer, self.clock(), attempt)
        return f"outcome {answer}", lambda store: store.record_outcome(key, record)

    def _give_up(self) -> tuple[str, Call]:
        key, driver = self._transaction(), self.dice.choice(DRIVERS)
        record = OutcomeRecord(driver, GIVEN_UP, self.clock(), never_sent=True)
        return "give up", lambda store: store.record_outcome(key, record)


def _answer(call: Call, store: Store) -> Any:
    try:
        return call(store)
    except CheckoutError as error:
        return type(error)


@pytest.mark.parametrize("seed", range(STORIES))
def test_both_stores_answer_every_story_alike(dynamodb: "DynamoDBClient", seed: int) -> None:
    real, memory = CheckoutStore(dynamodb, TABLE), MemoryStore()
    key = SessionKey(f"merchant-{seed}", f"session-{seed}")
    teller = Teller(Random(seed), key, Clock())
    told: list[str] = []
    steps = teller.begin()
    for number in range(STEPS):
        name, call = steps[number] if number < len(steps) else teller.next_step()
        told.append(name)
        assert _answer(call, memory) == _answer(call, real), told
        read: Call = lambda store: store.read_session(key)  # noqa: E731
        assert _answer(read, memory) == _answer(read, real), told

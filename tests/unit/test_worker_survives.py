"""An adapter that raises or does not come back: what its worker makes of it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from threading import Event
from threading import enumerate as threads
from typing import Any

import pytest

from checkout.cancellation import Cancellation
from checkout.fan_out import TransactionOutcome, WorkOrder
from checkout.lease import LEASE
from checkout.provider_cancellation import (
    MAX_PARALLEL_CALLS,
    SHORTEST_CALL,
    STORE_RESERVE,
    cancel_transactions,
)
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.sessions import SessionStatus
from checkout.timestamps import to_millis
from checkout.transactions import PendingReason, Transaction, TransactionStatus
from local.waiting import wait_until
from tests.unit.clock import NOON, Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import CANCELLED, IN_FLIGHT, REFUSED, ScriptedProvider, Troubles
from tests.unit.samples import KEY, a_transaction, transaction_id, transaction_key
from tests.unit.world import a_world

LONG = 30.0
# Hardly any time for a provider, so that a test need not wait for one that hangs.
HURRY = STORE_RESERVE + timedelta(seconds=1.1 * SHORTEST_CALL)
OVERRUN = TransactionOutcome(
    transaction_id(1), CancelOutcome.UNKNOWN, None, running=True, failed=True
)
SETTLED = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.SETTLED)


class Desk:
    def __init__(self) -> None:
        self.clock = Clock()
        self.bank = ScriptedProvider(self.clock)
        self.store = MemoryStore()
        self.troubles = Troubles()

    def work_on(
        self, *transactions: Transaction, within: timedelta = timedelta(seconds=12)
    ) -> list[TransactionOutcome]:
        self.store.transactions |= {each.key: each for each in transactions}
        order = WorkOrder(KEY, "driver-1", to_millis(NOON + LEASE), transactions)
        return cancel_transactions(
            self.bank, self.store, order, NOON + within, self.clock, self.troubles
        )

    def stored(self, number: int = 1) -> Transaction:
        return self.store.transactions[transaction_key(number)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def released() -> Iterator[Event]:
    """Lets who hangs go on; set at the end in any case, so that no thread is left behind."""
    event = Event()
    yield event
    event.set()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which nobody has to be in time."""
    monkeypatch.setattr("checkout.provider_cancellation.OVERRUN_LIMIT", 0.0)


def only(number: int, act: Callable[[], Any], wanted: str | None = None) -> Callable[..., None]:
    """`act` for one transaction, and one verb if given; nothing for the others."""

    def before_answer(verb: str, transaction: Transaction) -> None:
        if transaction.transaction_id == transaction_id(number) and wanted in (None, verb):
            act()

    return before_answer


def crash() -> None:
    raise KeyError("status")


def test_an_adapter_that_raises_for_one_is_unknown_for_that_one_only(desk: Desk) -> None:
    desk.bank.before_answer = only(2, crash)
    outcomes = desk.work_on(*(a_transaction(number) for number in (1, 2, 3)))
    assert [each.outcome for each in outcomes] == ["CANCELLED", "UNKNOWN", "CANCELLED"]
    assert [each.failed for each in outcomes] == [False, True, False]
    assert not any(each.running for each in outcomes)
    assert desk.stored(1).status is desk.stored(3).status is TransactionStatus.CANCELLED
    assert desk.stored(2).pending_reason is PendingReason.UNKNOWN
    assert desk.stored(2).awaited is True
    assert desk.troubles.told == [("provider adapter failed", "KeyError")]


def test_an_adapter_that_raises_is_asked_again_with_the_same_key(desk: Desk) -> None:
    desk.bank.before_answer = only(1, crash, "cancel")
    desk.work_on(a_transaction())
    assert desk.stored().cancel_attempt == 0


def test_a_status_that_cannot_be_asked_for_does_not_keep_from_cancelling(desk: Desk) -> None:
    desk.bank.before_answer = only(1, crash, "retrieve")
    (outcome,) = desk.work_on(a_transaction(pending_reason=PendingReason.UNKNOWN))
    assert (outcome.cancelled, outcome.failed) == (True, True)


def test_a_status_that_cannot_be_asked_for_does_not_hide_the_refusal(desk: Desk) -> None:
    desk.bank.answer, desk.bank.before_answer = REFUSED, only(1, crash, "retrieve")
    (outcome,) = desk.work_on(a_transaction())
    assert outcome.outcome is CancelOutcome.REFUSED
    assert desk.stored().cancel_attempt == 1


def test_one_that_overruns_is_unknown_and_the_others_are_stored_in_time(
    desk: Desk, released: Event
) -> None:
    desk.bank.before_answer = only(1, partial(released.wait, LONG))
    outcomes = desk.work_on(a_transaction(1), a_transaction(2), a_transaction(3), within=HURRY)
    assert outcomes[0] == OVERRUN
    assert [each.cancelled for each in outcomes] == [False, True, True]
    assert desk.stored(2).status is desk.stored(3).status is TransactionStatus.CANCELLED
    assert desk.troubles.told == [("provider adapter overran its time-out", "TimeoutError")]


@pytest.mark.parametrize("late", [CANCELLED, SETTLED, REFUSED])
def test_what_one_that_overran_answers_later_is_not_stored(
    desk: Desk, released: Event, impatient: None, late: ProviderAnswer
) -> None:
    desk.bank.answer, desk.bank.state = late, IN_FLIGHT
    done = Event()
    desk.bank.before_answer = only(1, partial(_hang, released, done))
    assert desk.work_on(a_transaction(), within=HURRY) == [OVERRUN]
    calls = list(desk.store.calls)
    released.set()
    assert done.wait(LONG)
    _wait_for_threads()
    assert desk.stored() == a_transaction()
    assert desk.store.calls == calls


def test_one_that_overran_asks_its_provider_nothing_more(
    desk: Desk, released: Event, impatient: None
) -> None:
    done = Event()
    desk.bank.before_answer = only(1, partial(_hang, released, done), "retrieve")
    desk.work_on(a_transaction(pending_reason=PendingReason.UNKNOWN), within=HURRY)
    # As the time goes by in which the thread hangs, or its environment is frozen.
    desk.clock.now += timedelta(minutes=5)
    released.set()
    assert done.wait(LONG)
    _wait_for_threads()
    assert desk.bank.verbs == ["retrieve"]


def test_those_behind_more_that_hang_than_there_are_threads_are_unknown_and_not_asked(
    desk: Desk, released: Event, impatient: None
) -> None:
    def hang(verb: str, transaction: Transaction) -> None:
        released.wait(LONG)

    desk.bank.before_answer = hang
    number = MAX_PARALLEL_CALLS + 2
    outcomes = desk.work_on(*(a_transaction(n) for n in range(1, number + 1)), within=HURRY)
    assert [each.running for each in outcomes] == [True] * MAX_PARALLEL_CALLS + [False] * 2
    assert {each.outcome for each in outcomes} == {CancelOutcome.UNKNOWN}
    assert len(desk.bank.asked) == MAX_PARALLEL_CALLS


def test_a_session_whose_call_may_be_running_is_pending_marked_and_stays_locked(
    released: Event,
) -> None:
    world = a_world()
    ids = world.open_with("bank", "card")
    world.fan_out.worker_time = HURRY
    world.providers["bank"].before_answer = only(1, partial(released.wait, LONG))
    assert world.drive() == Cancellation(
        SessionStatus.PENDING_CANCELLATION, cancelled=(ids[1],), pending=(ids[0],)
    )
    assert world.marked(1)
    assert world.transaction(1).pending_reason is PendingReason.UNKNOWN
    assert world.session.lease_until == to_millis(NOON + LEASE)


def _hang(released: Event, done: Event) -> None:
    released.wait(LONG)
    done.set()


def _wait_for_threads() -> None:
    """Until no thread of a pool is left: what it does after its call is done then."""

    def gone() -> bool:
        return not [each for each in threads() if "ThreadPool" in each.name]

    wait_until(gone, "no thread of a pool is left", LONG, every=0.01)

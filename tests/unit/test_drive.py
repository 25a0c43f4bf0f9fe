"""What a drive answers, by what the session is and what the providers say."""

from dataclasses import replace

import pytest

from checkout.cancellation import Cancellation
from checkout.errors import CancellationInProgressError, SessionEndedError, SessionNotFoundError
from checkout.lease import LEASE, CancelRequest, new_lock
from checkout.payments import complete_session, expire_session
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.sessions import SessionStatus
from checkout.transactions import PendingReason, TransactionStatus
from tests.unit.clock import NOON
from tests.unit.providers import NOT_FOUND, REFUSED, REQUESTED, UNKNOWN, UNSUPPORTED
from tests.unit.samples import KEY, open_with, transaction_key
from tests.unit.world import REQUEST, World, a_world


@pytest.fixture
def world() -> World:
    return a_world()


def test_a_session_without_attempts_is_cancelled_with_two_store_calls(world: World) -> None:
    world.open_with()
    world.store.calls.clear()
    assert world.drive() == Cancellation(SessionStatus.CANCELLED)
    assert world.store.calls == ["lock_for_cancellation", "complete_cancellation"]
    assert world.fan_out.orders == []


def test_a_session_with_only_ended_transactions_is_cancelled_and_they_stay_untouched(
    world: World,
) -> None:
    world.open_with("bank", "card")
    world.report(1, TransactionStatus.SETTLED)
    world.report(2, TransactionStatus.FAILED)
    before = dict(world.store.transactions)
    assert world.drive() == Cancellation(SessionStatus.CANCELLED)
    assert world.store.transactions == before
    assert world.fan_out.orders == []


def test_every_transaction_of_every_provider_is_cancelled(world: World) -> None:
    ids = world.open_with("bank", "card", "wallet", "bank")
    assert world.drive() == Cancellation(SessionStatus.CANCELLED, cancelled=tuple(ids))
    assert world.session.status is SessionStatus.CANCELLED
    assert [len(each.asked) for each in world.providers.values()] == [2, 1, 1]


def test_a_drive_that_cancels_everything_takes_no_second_read(world: World) -> None:
    world.open_with("bank")
    world.store.calls.clear()
    world.drive()
    assert world.store.calls == [
        "lock_for_cancellation",
        "read_session",
        "record_outcome",
        "complete_cancellation",
    ]


def test_a_drive_that_leaves_something_takes_one_more_read(world: World) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = UNSUPPORTED
    world.store.calls.clear()
    world.drive()
    assert world.store.calls == [
        "lock_for_cancellation",
        "read_session",
        "record_outcome",
        "read_session",
        "release_lease",
    ]


def test_nothing_is_asked_of_a_provider_before_the_lock(world: World) -> None:
    world.open_with("bank")
    seen: list[int] = []
    hook = ("lock_for_cancellation", 1)
    world.store.before[hook] = lambda: seen.append(len(world.providers["bank"].asked))
    world.drive()
    assert seen == [0]


def test_the_first_cancellation_is_the_one_that_is_recorded(world: World) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = UNKNOWN
    world.drive()
    world.clock.sleep(1)
    world.drive("driver-2", CancelRequest("somebody else", "another reason"))
    assert world.session.reason == "changed my mind"
    assert world.session.cancel_requested_by == "merchant-1"
    assert world.session.cancel_requested_at == NOON
    assert world.session.drives == 2


def test_an_attempt_that_was_put_and_never_attached_does_not_count(world: World) -> None:
    open_with(world.store, "bank")
    world.store.sessions[KEY] = replace(world.session, attempts=frozenset())
    assert world.drive() == Cancellation(SessionStatus.CANCELLED)
    assert world.providers["bank"].asked == []


def test_an_attempt_that_cannot_be_read_counts_as_in_flight(world: World) -> None:
    ids = world.open_with("bank", "card")
    del world.store.transactions[transaction_key(1)]
    pending = Cancellation(SessionStatus.PENDING_CANCELLATION, (ids[1],), (ids[0],))
    assert world.drive() == pending
    assert world.session.status is SessionStatus.PENDING_CANCELLATION


def test_a_session_that_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(SessionNotFoundError):
        world.drive()


def test_a_completed_session_is_not_cancelled(world: World) -> None:
    world.open_with("bank")
    complete_session(world.store, KEY, NOON)
    with pytest.raises(SessionEndedError) as caught:
        world.drive()
    assert caught.value.status == "COMPLETED"
    assert world.providers["bank"].asked == []


def test_an_expired_session_is_not_cancelled(world: World) -> None:
    world.open_with("bank")
    expire_session(world.store, KEY, NOON)
    with pytest.raises(SessionEndedError) as caught:
        world.drive()
    assert caught.value.status == "EXPIRED"


def test_a_cancelled_session_is_cancelled_again_with_nothing_to_tell(world: World) -> None:
    world.open_with("bank")
    world.drive()
    assert world.drive("driver-2") == Cancellation(SessionStatus.CANCELLED)
    assert len(world.providers["bank"].asked) == 1


def test_a_session_that_somebody_drives_is_refused_until_the_lease_is_over(world: World) -> None:
    ids = world.open_with("bank")
    world.fan_out.dead = {"bank"}
    world.drive()
    world.clock.sleep(LEASE.total_seconds())
    with pytest.raises(CancellationInProgressError):
        world.drive("driver-2")
    world.clock.sleep(0.001)
    world.fan_out.dead = set()
    assert world.drive("driver-2").cancelled == tuple(ids)


@pytest.mark.parametrize(("passed", "wait"), [(0, 5), (54, 5), (57.5, 3), (59.9, 1), (60, 1)])
def test_a_refused_caller_waits_for_the_lease_but_no_longer_than_a_drive_takes(
    world: World, passed: float, wait: int
) -> None:
    world.open_with("bank")
    world.fan_out.dead = {"bank"}
    world.drive()
    world.clock.sleep(passed)
    with pytest.raises(CancellationInProgressError) as caught:
        world.drive("driver-2")
    assert caught.value.retry_after == wait


def test_a_call_during_a_drive_is_refused_and_asks_no_provider(world: World) -> None:
    world.open_with("bank")
    refused: list[bool] = []

    def call_again() -> None:
        with pytest.raises(CancellationInProgressError):
            world.drive("driver-2")
        refused.append(True)

    world.fan_out.afterwards = call_again
    world.drive()
    assert refused == [True]
    assert len(world.providers["bank"].asked) == 1


def test_a_repeat_drives_only_what_is_still_in_flight(world: World) -> None:
    ids = world.open_with("bank", "card")
    world.providers["card"].answer = UNKNOWN
    first = world.drive()
    assert (first.cancelled, first.pending) == ((ids[0],), (ids[1],))
    world.clock.sleep(1)
    world.providers["card"].answer = ProviderAnswer(CancelOutcome.CANCELLED)
    assert world.drive("driver-2") == Cancellation(SessionStatus.CANCELLED, (ids[1],))
    assert len(world.providers["bank"].asked) == 1


def test_a_lock_whose_answer_was_lost_and_was_repeated_is_held(world: World) -> None:
    ids = world.open_with("bank")

    first_try = new_lock("driver-1", NOON, 0.5, REQUEST)
    hook = ("lock_for_cancellation", 1)
    world.store.before[hook] = lambda: world.store.lock_for_cancellation(KEY, first_try)
    assert world.drive("driver-1") == Cancellation(SessionStatus.CANCELLED, tuple(ids))


def test_a_recovery_goes_on_with_a_cancellation_and_begins_none(world: World) -> None:
    ids = world.open_with("bank")
    with pytest.raises(SessionEndedError):
        world.drive("recovery", request=None)
    assert world.session.status is SessionStatus.OPEN
    world.fan_out.dead = {"bank"}
    world.drive()
    world.clock.sleep(LEASE.total_seconds() + 1)
    world.fan_out.dead = set()
    assert world.drive("recovery", request=None).cancelled == tuple(ids)


PENDING_ROWS = [
    (REQUESTED, PendingReason.REQUESTED),
    (UNSUPPORTED, PendingReason.UNSUPPORTED),
    (REFUSED, PendingReason.REFUSED),
    (NOT_FOUND, PendingReason.NOT_FOUND),
    (UNKNOWN, PendingReason.UNKNOWN),
]


@pytest.mark.parametrize(("answer", "reason"), PENDING_ROWS)
def test_what_no_provider_confirms_is_pending_marked_and_free_to_be_driven_again(
    world: World, answer: ProviderAnswer, reason: PendingReason
) -> None:
    ids = world.open_with("bank")
    world.providers["bank"].answer = answer
    pending = Cancellation(SessionStatus.PENDING_CANCELLATION, pending=tuple(ids))
    assert world.drive() == pending
    assert world.marked()
    assert world.transaction().pending_reason is reason
    assert world.session.lease_until == 0
    assert 48 <= world.due_in.total_seconds() <= 60


ENDS = ["SETTLED", "FAILED", "REFUNDED", "EXPIRED"]


@pytest.mark.parametrize("end", ENDS)
def test_what_had_ended_at_its_provider_is_in_neither_list(world: World, end: str) -> None:
    world.open_with("bank")
    status = TransactionStatus(end)
    world.providers["bank"].answer = ProviderAnswer(CancelOutcome.TERMINAL, status)
    assert world.drive() == Cancellation(SessionStatus.CANCELLED)
    assert world.transaction().status is status


@pytest.mark.parametrize("end", ENDS)
def test_what_was_refused_because_it_had_ended_is_in_neither_list(world: World, end: str) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = REFUSED
    world.providers["bank"].state = ProviderStatus(TransactionStatus(end))
    cancellation = world.drive()
    assert (cancellation.cancelled, cancellation.pending) == ((), ())
    assert world.transaction().status is TransactionStatus(end)


def test_a_settlement_in_the_middle_of_the_cancellation_wins(world: World) -> None:
    world.open_with("bank")
    settles = ("record_outcome", 1)
    world.store.before[settles] = lambda: world.report(1, TransactionStatus.SETTLED)
    assert world.drive() == Cancellation(SessionStatus.CANCELLED)
    assert world.transaction().status is TransactionStatus.SETTLED


def test_a_settlement_between_the_lock_and_the_first_look_is_told_by_the_first_drive(
    world: World,
) -> None:
    ids = world.open_with("bank", "card")
    world.providers["card"].answer = UNSUPPORTED

    def settle() -> None:
        world.clock.sleep(0.001)
        world.report(1, TransactionStatus.SETTLED)

    world.store.before["read_session", 1] = settle
    assert world.drive().settled == (ids[0],)
    assert world.drive().settled == ()


def test_outcomes_of_all_kinds_in_one_session_are_told_apart_in_id_order(world: World) -> None:
    ids = world.open_with("wallet", "bank", "card", "wallet", "bank")
    world.providers["bank"].answer = UNSUPPORTED
    settled = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.SETTLED)
    world.providers["card"].answer = settled
    assert world.drive() == Cancellation(
        SessionStatus.PENDING_CANCELLATION,
        cancelled=(ids[0], ids[3]),
        pending=(ids[1], ids[4]),
    )


def test_a_hundred_transactions_are_cancelled_in_one_drive(world: World) -> None:
    ids = world.open_with(*["bank", "card"] * 50)
    assert world.drive() == Cancellation(SessionStatus.CANCELLED, cancelled=tuple(ids))

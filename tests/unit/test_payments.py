"""The payment side: beginning a transaction, its reference, and the end of its session."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from checkout.errors import (
    AttachTooLateError,
    PaymentGivenUpError,
    ReferenceConflictError,
    SessionExistsError,
    SessionLockedError,
    SessionNotFoundError,
    StoreUnavailableError,
    TooManyTransactionsError,
    TransactionExistsError,
    TransactionNotFoundError,
)
from checkout.payments import (
    PaymentStore,
    begin_transaction,
    complete_session,
    expire_session,
    open_session,
    record_reference,
)
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.sessions import SessionKey, SessionStatus
from checkout.transactions import (
    ATTACH_LIMIT,
    MAX_TRANSACTIONS,
    NEVER_SENT_AFTER,
    SEND_DEADLINE,
    TransactionStatus,
)
from tests.unit.clock import NOON
from tests.unit.memory_store import unavailable
from tests.unit.providers import NOT_FOUND, UNSUPPORTED
from tests.unit.samples import KEY, MONEY, an_attempt, transaction_id, transaction_key
from tests.unit.world import World, a_world

Finish = Callable[[PaymentStore, SessionKey, datetime], None]


@pytest.fixture
def world() -> World:
    return a_world()


def _begin(world: World, number: int = 1) -> float:
    """Seconds for which the provider may be called."""
    until = begin_transaction(world.store, an_attempt(number), world.clock)
    return (until - world.clock()).total_seconds()


def test_a_new_session_is_open_and_empty(world: World) -> None:
    open_session(world.store, KEY, NOON)
    assert world.session.status is SessionStatus.OPEN
    assert world.session.attempts == frozenset()


def test_a_session_is_opened_once(world: World) -> None:
    open_session(world.store, KEY, NOON)
    with pytest.raises(SessionExistsError):
        open_session(world.store, KEY, NOON + timedelta(seconds=1))


def test_an_attempt_on_an_open_session_may_be_sent_for_a_minute(world: World) -> None:
    world.open_with()
    assert _begin(world) == SEND_DEADLINE.total_seconds()
    assert world.session.attempts == {transaction_id(1)}
    begun = world.transaction()
    assert (begun.status, begun.attached_at) == (TransactionStatus.PENDING, NOON)
    assert (begun.provider, begun.provider_account, begun.money) == ("bank", "account-1", MONEY)


def test_the_time_for_sending_counts_from_before_the_attach(world: World) -> None:
    world.open_with()
    slow = ATTACH_LIMIT.total_seconds()
    world.store.after["attach_attempt", 1] = lambda: world.clock.sleep(slow)
    assert _begin(world) == SEND_DEADLINE.total_seconds() - slow


def test_an_attempt_that_was_attached_too_slowly_is_failed_and_not_sent(world: World) -> None:
    world.open_with()
    slow = ATTACH_LIMIT.total_seconds() + 0.001
    world.store.after["attach_attempt", 1] = lambda: world.clock.sleep(slow)
    with pytest.raises(AttachTooLateError):
        _begin(world)
    assert world.transaction().status is TransactionStatus.FAILED
    assert world.drive().status is SessionStatus.CANCELLED


@pytest.mark.parametrize("end", [SessionStatus.COMPLETED, SessionStatus.EXPIRED])
def test_an_attempt_on_an_ended_session_is_refused_with_the_sessions_status(
    world: World, end: SessionStatus
) -> None:
    world.open_with()
    world.store.end_session(KEY, end, NOON)
    with pytest.raises(SessionLockedError) as caught:
        _begin(world)
    assert caught.value.status == end
    assert world.transaction().status is TransactionStatus.FAILED


def test_an_attempt_on_a_session_being_cancelled_is_refused_and_not_waited_for(
    world: World,
) -> None:
    ids = world.open_with("bank")
    world.providers["bank"].answer = UNSUPPORTED
    world.drive()
    with pytest.raises(SessionLockedError) as caught:
        _begin(world, 2)
    assert caught.value.status == "PENDING_CANCELLATION"
    assert world.session.attempts == set(ids)
    assert world.transaction(2).status is TransactionStatus.FAILED


def test_an_attempt_on_a_cancelled_session_is_refused(world: World) -> None:
    world.open_with()
    world.drive()
    with pytest.raises(SessionLockedError) as caught:
        _begin(world)
    assert caught.value.status == "CANCELLED"


def test_an_attempt_that_lost_the_race_after_its_put_is_refused(world: World) -> None:
    world.open_with()
    world.store.after["put_attempt", 1] = world.drive
    with pytest.raises(SessionLockedError):
        _begin(world)
    assert world.session.status is SessionStatus.CANCELLED
    assert world.transaction().status is TransactionStatus.FAILED


def test_an_attempt_that_won_the_race_is_cancelled_with_the_rest(world: World) -> None:
    world.open_with()
    _begin(world)
    record_reference(world.store, transaction_key(), "bank", "ref_1")
    assert world.drive().cancelled == (transaction_id(1),)


def test_an_attach_that_was_repeated_after_its_answer_was_lost_is_attached_once(
    world: World,
) -> None:
    world.open_with()
    again = ("attach_attempt", 1)
    world.store.before[again] = lambda: world.store.attach_attempt(transaction_key())
    assert _begin(world) == SEND_DEADLINE.total_seconds()
    assert world.session.attempts == {transaction_id(1)}


def test_an_attach_whose_repeat_finds_the_lock_is_refused_since_nothing_was_sent(
    world: World,
) -> None:
    world.open_with()

    def attached_and_then_locked() -> None:
        world.store.before.clear()
        world.store.attach_attempt(transaction_key())
        world.fan_out.dead = {"bank"}
        world.drive()

    world.store.before["attach_attempt", 1] = attached_and_then_locked
    with pytest.raises(SessionLockedError):
        _begin(world)
    assert world.transaction().status is TransactionStatus.FAILED
    world.deliver_stream()
    assert world.session.status is SessionStatus.CANCELLED


@pytest.mark.parametrize("port", ["put_attempt", "attach_attempt"])
@pytest.mark.parametrize("made", [False, True])
def test_a_store_that_fails_lets_nothing_be_sent_and_nothing_be_stuck(
    world: World, port: str, made: bool
) -> None:
    world.open_with()
    (world.store.after if made else world.store.before)[port, 1] = unavailable
    with pytest.raises(StoreUnavailableError):
        _begin(world)
    world.clock.sleep(600)
    world.providers["bank"].answer = UNSUPPORTED
    world.providers["bank"].supports_retrieve = False
    attached = bool(world.session.attempts)
    assert attached is (port == "attach_attempt" and made)
    assert (world.drive().status is SessionStatus.CANCELLED) is not attached


def test_a_session_that_does_not_exist_takes_no_attempt(world: World) -> None:
    with pytest.raises(SessionNotFoundError):
        _begin(world)


def test_a_session_takes_a_hundred_attempts_and_no_more(world: World) -> None:
    world.open_with(*["bank"] * MAX_TRANSACTIONS)
    with pytest.raises(TooManyTransactionsError) as caught:
        _begin(world, MAX_TRANSACTIONS + 1)
    assert caught.value.limit == MAX_TRANSACTIONS
    assert len(world.session.attempts) == MAX_TRANSACTIONS
    assert world.transaction(MAX_TRANSACTIONS + 1).status is TransactionStatus.FAILED


def test_an_id_is_used_for_one_attempt(world: World) -> None:
    world.open_with("bank")
    world.clock.sleep(1)
    with pytest.raises(TransactionExistsError):
        _begin(world, 1)
    assert world.transaction().provider_reference == "ref_1"


def test_the_same_reference_again_is_fine(world: World) -> None:
    world.open_with("bank")
    record_reference(world.store, transaction_key(), "bank", "ref_1")
    assert world.transaction().provider_reference == "ref_1"


def test_another_reference_is_refused(world: World) -> None:
    world.open_with("bank")
    with pytest.raises(ReferenceConflictError):
        record_reference(world.store, transaction_key(), "bank", "ref_2")
    assert world.transaction().provider_reference == "ref_1"


def test_a_reference_of_no_transaction_is_refused(world: World) -> None:
    with pytest.raises(TransactionNotFoundError):
        record_reference(world.store, transaction_key(), "bank", "ref_1")


def test_a_payment_that_was_given_up_and_exists_after_all_has_to_be_voided(
    world: World,
) -> None:
    world.open_with()
    _begin(world)
    world.providers["bank"].answer = NOT_FOUND
    world.clock.sleep(NEVER_SENT_AFTER.total_seconds() + 1)
    assert world.drive().status is SessionStatus.CANCELLED
    with pytest.raises(PaymentGivenUpError):
        record_reference(world.store, transaction_key(), "bank", "ref_1")
    given_up = world.transaction()
    assert (given_up.status, given_up.provider_reference) == (TransactionStatus.FAILED, "ref_1")


def test_a_payment_that_failed_by_itself_was_not_given_up(world: World) -> None:
    world.open_with()
    _begin(world)
    world.report(1, TransactionStatus.FAILED)
    record_reference(world.store, transaction_key(), "bank", "ref_1")
    assert world.transaction().provider_reference == "ref_1"


def test_a_payment_whose_provider_says_that_it_failed_was_not_given_up(world: World) -> None:
    world.open_with()
    _begin(world)
    world.providers["bank"].answer = ProviderAnswer(
        CancelOutcome.TERMINAL, TransactionStatus.FAILED
    )
    assert world.drive().status is SessionStatus.CANCELLED
    record_reference(world.store, transaction_key(), "bank", "ref_1")
    assert world.transaction().driver


def test_an_open_session_is_completed_or_expired(world: World) -> None:
    world.open_with("bank")
    complete_session(world.store, KEY, NOON)
    assert world.session.status is SessionStatus.COMPLETED
    complete_session(world.store, KEY, NOON)
    with pytest.raises(SessionLockedError):
        expire_session(world.store, KEY, NOON)
    assert world.session.status is SessionStatus.COMPLETED


@pytest.mark.parametrize("finish", [complete_session, expire_session])
def test_a_locked_session_is_neither_completed_nor_expired(world: World, finish: Finish) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = UNSUPPORTED
    world.drive()
    with pytest.raises(SessionLockedError) as caught:
        finish(world.store, KEY, NOON)
    assert caught.value.status == "PENDING_CANCELLATION"
    assert world.session.status is SessionStatus.PENDING_CANCELLATION


@pytest.mark.parametrize("finish", [complete_session, expire_session])
def test_a_session_that_does_not_exist_has_no_end(world: World, finish: Finish) -> None:
    with pytest.raises(SessionNotFoundError):
        finish(world.store, KEY, NOON)

"""A transaction's status moves forward only, whatever is reported, and money is never hidden."""

from datetime import datetime, timedelta
from itertools import product

import pytest

from checkout.errors import StoreUnavailableError, TransactionNotFoundError
from checkout.payments import StatusChange, record_status
from checkout.sessions import Session, SessionStatus
from checkout.transactions import (
    IN_FLIGHT,
    MAY_BECOME,
    TERMINAL,
    TransactionStatus,
    may_come_from,
)
from tests.unit.clock import NOON
from tests.unit.memory_store import MemoryStore, unavailable
from tests.unit.samples import KEY, a_transaction, transaction_key

S = TransactionStatus
LATER = NOON + timedelta(minutes=5)
MOVES = list(product(S, S))
# Written out once more, so that a change of the rule has to be made twice.
ALLOWED = {
    (S.PENDING, S.PROCESSING),
    (S.PENDING, S.AUTHORIZED),
    (S.PROCESSING, S.AUTHORIZED),
    *product(IN_FLIGHT, TERMINAL),
    (S.SETTLED, S.REFUNDED),
}


def _store(
    status: TransactionStatus, driver: str | None = None, awaited: bool = False
) -> MemoryStore:
    store = MemoryStore()
    transaction = a_transaction(status=status, driver=driver, awaited=awaited)
    store.transactions[transaction.key] = transaction
    return store


def _session(cancel_requested_at: datetime | None) -> Session:
    return Session(KEY, SessionStatus.OPEN, NOON, cancel_requested_at=cancel_requested_at)


def test_every_status_is_in_flight_or_terminal() -> None:
    assert set(S) == IN_FLIGHT | TERMINAL
    assert not IN_FLIGHT & TERMINAL
    assert set(MAY_BECOME) == set(S)


@pytest.mark.parametrize(("before", "after"), MOVES)
def test_the_table_allows_the_moves_of_the_contract_and_no_other(
    before: TransactionStatus, after: TransactionStatus
) -> None:
    assert (after in MAY_BECOME[before]) == ((before, after) in ALLOWED)
    assert (before in may_come_from(after)) == ((before, after) in ALLOWED)


@pytest.mark.parametrize(("before", "after"), MOVES)
def test_a_report_changes_the_status_exactly_if_the_move_is_allowed(
    before: TransactionStatus, after: TransactionStatus
) -> None:
    store = _store(before)
    change = record_status(store, transaction_key(), after, LATER)
    allowed = (before, after) in ALLOWED
    assert (change.status, change.changed) == (after if allowed else before, allowed)
    assert store.transactions[transaction_key()].status is change.status


@pytest.mark.parametrize("before", sorted(IN_FLIGHT))
def test_a_settlement_has_its_moment(before: TransactionStatus) -> None:
    store = _store(before)
    change = record_status(store, transaction_key(), S.SETTLED, LATER)
    assert change == StatusChange(S.SETTLED, changed=True)
    settled = store.transactions[transaction_key()]
    assert (settled.settled_at, settled.settled_after_cancel) == (LATER, False)


def test_a_refund_keeps_the_moment_of_the_settlement() -> None:
    store = _store(S.PROCESSING)
    record_status(store, transaction_key(), S.SETTLED, NOON)
    record_status(store, transaction_key(), S.REFUNDED, LATER)
    assert store.transactions[transaction_key()].settled_at == NOON


@pytest.mark.parametrize("status", [S.CANCELLED, S.FAILED, S.EXPIRED])
@pytest.mark.parametrize("driver", [None, "driver-1"])
def test_money_that_arrives_for_what_had_ended_is_told_once_and_changes_no_status(
    status: TransactionStatus, driver: str | None
) -> None:
    store = _store(status, driver)
    store.sessions[KEY] = _session(NOON)
    first = record_status(store, transaction_key(), S.SETTLED, LATER)
    again = record_status(store, transaction_key(), S.SETTLED, LATER + timedelta(days=1))
    assert first == StatusChange(status, changed=False, late_settlement=True, after_cancel=True)
    assert again == StatusChange(status, changed=False)
    kept = store.transactions[transaction_key()]
    assert (kept.status, kept.settled_at, kept.settled_after_cancel) == (status, LATER, True)


@pytest.mark.parametrize("requested", [None, NOON])
@pytest.mark.parametrize("status", [S.CANCELLED, S.FAILED, S.EXPIRED])
def test_money_is_late_if_its_session_is_cancelled_or_it_was_itself(
    status: TransactionStatus, requested: datetime | None
) -> None:
    store = _store(status)
    store.sessions[KEY] = _session(requested)
    change = record_status(store, transaction_key(), S.SETTLED, LATER)
    assert change.late_settlement
    assert change.after_cancel == (status is S.CANCELLED or requested is not None)
    # A later request changes nothing about it.
    store.sessions[KEY] = _session(NOON)
    assert not record_status(store, transaction_key(), S.SETTLED, LATER).late_settlement
    kept = store.transactions[transaction_key()]
    assert kept.settled_after_cancel == change.after_cancel
    assert kept.settled_at == LATER


def test_a_refund_does_not_hide_that_a_cancelled_session_waited_for_it() -> None:
    store = _store(S.PROCESSING, awaited=True)
    store.before["record_late_settlement", 1] = unavailable
    with pytest.raises(StoreUnavailableError):
        record_status(store, transaction_key(), S.SETTLED, NOON)
    record_status(store, transaction_key(), S.REFUNDED, LATER)
    again = record_status(store, transaction_key(), S.SETTLED, LATER)
    assert again == StatusChange(S.REFUNDED, changed=False, late_settlement=True, after_cancel=True)
    assert store.transactions[transaction_key()].settled_after_cancel


@pytest.mark.parametrize("status", [S.REFUNDED, S.SETTLED])
def test_a_settlement_that_is_told_again_is_no_late_one(status: TransactionStatus) -> None:
    store = _store(status)
    change = record_status(store, transaction_key(), S.SETTLED, LATER)
    assert change == StatusChange(status, changed=False)
    assert not store.transactions[transaction_key()].settled_after_cancel


@pytest.mark.parametrize("before", sorted(IN_FLIGHT))
def test_money_that_a_cancelled_session_waited_for_is_told_as_late(
    before: TransactionStatus,
) -> None:
    store = _store(before, awaited=True)
    change = record_status(store, transaction_key(), S.SETTLED, LATER)
    assert change == StatusChange(S.SETTLED, changed=True, late_settlement=True, after_cancel=True)
    settled = store.transactions[transaction_key()]
    assert (settled.settled_after_cancel, settled.settled_at) == (True, LATER)
    assert not settled.awaited
    assert len(store.wakes) == 1


def test_late_money_is_not_forgotten_if_the_store_fails_in_between() -> None:
    store = _store(S.PROCESSING, awaited=True)
    store.before["record_late_settlement", 1] = unavailable
    with pytest.raises(StoreUnavailableError):
        record_status(store, transaction_key(), S.SETTLED, NOON)
    again = record_status(store, transaction_key(), S.SETTLED, LATER)
    assert again == StatusChange(S.SETTLED, changed=False, late_settlement=True, after_cancel=True)
    settled = store.transactions[transaction_key()]
    assert (settled.settled_after_cancel, settled.settled_at) == (True, NOON)


@pytest.mark.parametrize("end", sorted(TERMINAL - {S.SETTLED}))
def test_another_end_of_what_a_session_waited_for_wakes_its_completion(
    end: TransactionStatus,
) -> None:
    store = _store(S.PROCESSING, awaited=True)
    record_status(store, transaction_key(), end, LATER)
    assert len(store.wakes) == 1
    assert store.transactions[transaction_key()].awaited is (end is S.REFUNDED)


@pytest.mark.parametrize("status", sorted(set(S) - {S.SETTLED}))
def test_no_other_report_is_money(status: TransactionStatus) -> None:
    store = _store(S.CANCELLED)
    change = record_status(store, transaction_key(), status, LATER)
    assert change == StatusChange(S.CANCELLED, changed=False)
    assert store.transactions[transaction_key()].settled_at is None


def test_an_end_that_is_reported_is_nobodys_write() -> None:
    store = _store(S.PROCESSING, driver="driver-1")
    record_status(store, transaction_key(), S.CANCELLED, LATER)
    assert store.transactions[transaction_key()].driver is None


def test_a_report_of_no_transaction_is_refused() -> None:
    with pytest.raises(TransactionNotFoundError):
        record_status(MemoryStore(), transaction_key(), S.SETTLED, NOON)

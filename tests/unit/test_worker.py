"""What a worker asks of its provider, and what it makes of the answer."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from checkout.errors import TransactionNotFoundError
from checkout.fan_out import TransactionOutcome, WorkOrder
from checkout.lease import LEASE
from checkout.provider_cancellation import cancel_transactions
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.timestamps import to_millis
from checkout.transactions import (
    IN_FLIGHT,
    TERMINAL,
    PendingReason,
    Transaction,
    TransactionStatus,
)
from tests.unit.clock import NOON, Clock
from tests.unit.memory_store import MemoryStore, unavailable
from tests.unit.providers import (
    CANCELLED,
    NO_SUCH_PAYMENT,
    NOT_FOUND,
    REFUSED,
    REQUESTED,
    SILENT,
    UNKNOWN,
    UNSUPPORTED,
    ScriptedProvider,
    Troubles,
)
from tests.unit.samples import KEY, a_transaction, transaction_id, transaction_key

ENDED_OTHERWISE = sorted(TERMINAL - {TransactionStatus.CANCELLED})


@dataclass
class Desk:
    """One worker's desk: its provider, the store, and what is to be cancelled."""

    store: MemoryStore
    clock: Clock
    provider: ScriptedProvider
    troubles: Troubles

    def work_on(self, *transactions: Transaction) -> list[TransactionOutcome]:
        self.store.transactions |= {each.key: each for each in transactions}
        return self.work()

    def work(self, driver: str = "driver-1") -> list[TransactionOutcome]:
        stored = tuple(each for each in self.store.transactions.values() if each.in_flight)
        order = WorkOrder(KEY, driver, to_millis(NOON + LEASE), stored)
        deadline = self.clock() + timedelta(seconds=12)
        return cancel_transactions(
            self.provider, self.store, order, deadline, self.clock, self.troubles
        )

    @property
    def stored(self) -> Transaction:
        return self.store.transactions[transaction_key()]


@pytest.fixture
def desk() -> Desk:
    clock = Clock()
    return Desk(MemoryStore(), clock, ScriptedProvider(clock), Troubles())


def _outcome(outcome: CancelOutcome, status: TransactionStatus | None) -> TransactionOutcome:
    """A settlement is told as late money, unless a test says otherwise."""
    late = status is TransactionStatus.SETTLED
    return TransactionOutcome(transaction_id(1), outcome, status, late_settlement=late)


def _ended(status: TransactionStatus) -> ProviderAnswer:
    return ProviderAnswer(CancelOutcome.TERMINAL, status)


@pytest.mark.parametrize("before", sorted(IN_FLIGHT))
def test_a_confirmed_cancellation_is_stored_in_the_drivers_name(
    desk: Desk, before: TransactionStatus
) -> None:
    outcomes = desk.work_on(a_transaction(status=before))
    assert outcomes == [_outcome(CancelOutcome.CANCELLED, TransactionStatus.CANCELLED)]
    assert (desk.stored.status, desk.stored.driver) == (TransactionStatus.CANCELLED, "driver-1")
    assert desk.provider.verbs == ["cancel"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (REQUESTED, PendingReason.REQUESTED),
        (UNSUPPORTED, PendingReason.UNSUPPORTED),
        (REFUSED, PendingReason.REFUSED),
        (UNKNOWN, PendingReason.UNKNOWN),
        (NOT_FOUND, PendingReason.NOT_FOUND),
    ],
)
def test_an_answer_that_confirms_nothing_leaves_it_in_flight_and_marked(
    desk: Desk, answer: ProviderAnswer, reason: PendingReason
) -> None:
    desk.provider.answer = answer
    outcomes = desk.work_on(a_transaction())
    assert outcomes == [_outcome(answer.outcome, TransactionStatus.PROCESSING)]
    assert desk.stored.pending_reason is reason
    assert desk.stored.awaited is True


@pytest.mark.parametrize("end", ENDED_OTHERWISE)
def test_what_had_ended_otherwise_is_stored_as_it_had_ended(
    desk: Desk, end: TransactionStatus
) -> None:
    desk.provider.answer = _ended(end)
    assert desk.work_on(a_transaction()) == [_outcome(CancelOutcome.TERMINAL, end)]
    assert desk.stored.status is end
    settled = end is TransactionStatus.SETTLED
    assert desk.stored.settled_after_cancel is settled
    assert desk.stored.settled_at == (NOON if settled else None)


@pytest.mark.parametrize("status", [*sorted(IN_FLIGHT), None])
def test_an_end_that_is_none_is_not_believed(desk: Desk, status: TransactionStatus | None) -> None:
    desk.provider.answer = ProviderAnswer(CancelOutcome.TERMINAL, status)
    (outcome,) = desk.work_on(a_transaction())
    assert not outcome.ended
    assert desk.stored.status is TransactionStatus.PROCESSING
    assert desk.stored.pending_reason is PendingReason.UNKNOWN


@pytest.mark.parametrize("refusal", [REFUSED, UNSUPPORTED])
@pytest.mark.parametrize("end", ENDED_OTHERWISE)
def test_after_a_refusal_the_status_decides(
    desk: Desk, refusal: ProviderAnswer, end: TransactionStatus
) -> None:
    desk.provider.answer, desk.provider.state = refusal, ProviderStatus(end)
    assert desk.work_on(a_transaction()) == [_outcome(CancelOutcome.TERMINAL, end)]
    assert desk.provider.verbs == ["cancel", "retrieve"]


@pytest.mark.parametrize("refusal", [REFUSED, UNSUPPORTED])
def test_a_refusal_because_it_was_cancelled_already_is_a_cancellation(
    desk: Desk, refusal: ProviderAnswer
) -> None:
    desk.provider.answer = refusal
    desk.provider.state = ProviderStatus(TransactionStatus.CANCELLED)
    outcomes = desk.work_on(a_transaction())
    assert outcomes == [_outcome(CancelOutcome.CANCELLED, TransactionStatus.CANCELLED)]


@pytest.mark.parametrize("status", sorted(IN_FLIGHT))
def test_a_refusal_of_what_is_in_flight_stays_a_refusal(
    desk: Desk, status: TransactionStatus
) -> None:
    desk.provider.answer, desk.provider.state = REFUSED, ProviderStatus(status)
    (outcome,) = desk.work_on(a_transaction())
    assert outcome.outcome is CancelOutcome.REFUSED


def test_a_refusal_whose_reason_cannot_be_asked_for_stays_a_refusal(desk: Desk) -> None:
    desk.provider.answer, desk.provider.state = REFUSED, SILENT
    (outcome,) = desk.work_on(a_transaction())
    assert outcome.outcome is CancelOutcome.REFUSED
    assert desk.stored.in_flight
    assert desk.stored.cancel_attempt == 1


@pytest.mark.parametrize("answer", [CANCELLED, REQUESTED, UNKNOWN, NOT_FOUND])
def test_what_was_not_refused_is_not_asked_about(desk: Desk, answer: ProviderAnswer) -> None:
    desk.provider.answer = answer
    desk.work_on(a_transaction())
    assert desk.provider.verbs == ["cancel"]


def test_a_provider_without_cancel_is_asked_for_the_status_only(desk: Desk) -> None:
    desk.provider.supports_cancel = False
    desk.work_on(a_transaction())
    assert desk.provider.verbs == ["retrieve"]
    assert desk.stored.pending_reason is PendingReason.UNSUPPORTED
    assert desk.stored.cancel_attempt == 0


def test_a_provider_without_cancel_may_have_ended_it_by_itself(desk: Desk) -> None:
    desk.provider.supports_cancel = False
    desk.provider.state = ProviderStatus(TransactionStatus.EXPIRED)
    outcomes = desk.work_on(a_transaction())
    assert outcomes == [_outcome(CancelOutcome.TERMINAL, TransactionStatus.EXPIRED)]


def test_a_refusal_of_a_provider_without_retrieve_stands_and_leaves_it_in_flight(
    desk: Desk,
) -> None:
    desk.provider.supports_retrieve, desk.provider.answer = False, REFUSED
    (outcome,) = desk.work_on(a_transaction())
    assert outcome.outcome is CancelOutcome.REFUSED
    assert desk.stored.in_flight


def test_a_provider_that_can_do_nothing_leaves_it_in_flight(desk: Desk) -> None:
    desk.provider.supports_cancel = desk.provider.supports_retrieve = False
    (outcome,) = desk.work_on(a_transaction())
    assert outcome == _outcome(CancelOutcome.UNSUPPORTED, TransactionStatus.PROCESSING)
    assert desk.provider.asked == []


@pytest.mark.parametrize("reason", PendingReason)
def test_what_a_drive_before_asked_about_may_have_ended_since(
    desk: Desk, reason: PendingReason
) -> None:
    desk.provider.state = ProviderStatus(TransactionStatus.SETTLED)
    outcomes = desk.work_on(a_transaction(pending_reason=reason))
    assert outcomes == [_outcome(CancelOutcome.TERMINAL, TransactionStatus.SETTLED)]
    assert desk.provider.verbs == ["retrieve"]


@pytest.mark.parametrize("reason", PendingReason)
def test_what_a_drive_before_had_cancelled_is_not_cancelled_again(
    desk: Desk, reason: PendingReason
) -> None:
    desk.provider.state = ProviderStatus(TransactionStatus.CANCELLED)
    (outcome,) = desk.work_on(a_transaction(pending_reason=reason))
    assert outcome.cancelled
    assert desk.provider.verbs == ["retrieve"]


@pytest.mark.parametrize("reason", PendingReason)
@pytest.mark.parametrize(
    "state", [ProviderStatus(TransactionStatus.AUTHORIZED), SILENT, NO_SUCH_PAYMENT]
)
def test_what_is_still_in_flight_is_cancelled_once_more_with_the_same_key(
    desk: Desk, reason: PendingReason, state: ProviderStatus
) -> None:
    desk.provider.state = state
    (outcome,) = desk.work_on(a_transaction(pending_reason=reason, cancel_attempt=2))
    assert outcome.cancelled
    assert desk.provider.verbs == ["retrieve", "cancel"]
    assert desk.provider.keys == [f"{transaction_id(1)}-2"]


@pytest.mark.parametrize("reason", PendingReason)
def test_a_provider_without_retrieve_is_asked_to_cancel_again(
    desk: Desk, reason: PendingReason
) -> None:
    desk.provider.supports_retrieve = False
    desk.work_on(a_transaction(pending_reason=reason))
    assert desk.provider.verbs == ["cancel"]


SPOKEN = [PendingReason.REQUESTED, PendingReason.UNSUPPORTED, PendingReason.REFUSED]


@pytest.mark.parametrize("reason", SPOKEN)
@pytest.mark.parametrize("answer", [UNKNOWN, NOT_FOUND])
def test_not_knowing_does_not_hide_what_the_provider_said(
    desk: Desk, reason: PendingReason, answer: ProviderAnswer
) -> None:
    desk.provider.answer = answer
    desk.work_on(a_transaction(pending_reason=reason))
    assert desk.stored.pending_reason is reason


def test_a_repeat_after_no_answer_carries_the_same_key(desk: Desk) -> None:
    desk.provider.answer = UNKNOWN
    desk.work_on(a_transaction())
    desk.work("driver-2")
    assert desk.provider.keys == [f"{transaction_id(1)}-0"] * 2


def test_a_repeat_after_an_answer_that_was_not_stored_carries_the_same_key(desk: Desk) -> None:
    desk.store.before["record_outcome", 1] = unavailable
    desk.work_on(a_transaction())
    desk.work("driver-2")
    assert len(set(desk.provider.keys)) == 1


@pytest.mark.parametrize("answer", [REQUESTED, UNSUPPORTED, NOT_FOUND, UNKNOWN])
def test_only_an_answered_refusal_raises_the_key(desk: Desk, answer: ProviderAnswer) -> None:
    desk.provider.answer = answer
    desk.work_on(a_transaction(cancel_attempt=3))
    assert desk.stored.cancel_attempt == 3


@pytest.mark.parametrize("answer", [UNSUPPORTED, NOT_FOUND, UNKNOWN])
def test_an_answer_that_is_kept_under_its_key_raises_it_too(
    desk: Desk, answer: ProviderAnswer
) -> None:
    desk.provider.answer = replace(answer, new_key=True)
    desk.work_on(a_transaction(cancel_attempt=3))
    assert desk.stored.cancel_attempt == 4


def test_a_repeat_after_a_refusal_carries_a_new_key(desk: Desk) -> None:
    desk.provider.answer = REFUSED
    desk.work_on(a_transaction())
    desk.work("driver-2")
    assert desk.provider.keys == [f"{transaction_id(1)}-0", f"{transaction_id(1)}-1"]


def test_keys_differ_from_transaction_to_transaction(desk: Desk) -> None:
    desk.work_on(*(a_transaction(number) for number in range(1, 60)))
    assert len(set(desk.provider.keys)) == 59


def test_outcomes_come_in_the_order_of_the_transactions(desk: Desk) -> None:
    outcomes = desk.work_on(*(a_transaction(number) for number in range(1, 60)))
    assert [each.transaction_id for each in outcomes] == [transaction_id(n) for n in range(1, 60)]


def test_an_order_without_transactions_has_no_outcome(desk: Desk) -> None:
    assert desk.work() == []


@pytest.mark.parametrize("made", [False, True])
def test_an_outcome_whose_storing_failed_is_told_without_a_status(desk: Desk, made: bool) -> None:
    (desk.store.after if made else desk.store.before)["record_outcome", 1] = unavailable
    outcomes = desk.work_on(a_transaction())
    assert outcomes == [_outcome(CancelOutcome.CANCELLED, None)]
    assert not outcomes[0].cancelled
    assert not outcomes[0].ended
    assert desk.troubles.told == [("storing an outcome failed", "StoreUnavailableError")]


def test_a_store_that_fails_for_one_does_not_fail_the_others(desk: Desk) -> None:
    desk.store.before["record_outcome", 2] = unavailable
    outcomes = desk.work_on(*(a_transaction(number) for number in range(1, 4)))
    assert sorted(each.status or "" for each in outcomes) == ["", "CANCELLED", "CANCELLED"]


def test_a_transaction_that_is_not_in_the_table_is_a_bug_and_raised(desk: Desk) -> None:
    order = WorkOrder(KEY, "driver-1", to_millis(NOON + LEASE), (a_transaction(),))
    deadline = NOON + timedelta(seconds=12)
    with pytest.raises(TransactionNotFoundError):
        cancel_transactions(desk.provider, desk.store, order, deadline, desk.clock, desk.troubles)


def test_a_write_that_was_repeated_after_its_answer_was_lost_is_still_ours(desk: Desk) -> None:
    _meanwhile(desk, status=TransactionStatus.CANCELLED, driver="driver-1")
    (outcome,) = desk.work_on(a_transaction())
    assert outcome.cancelled


@pytest.mark.parametrize("driver", ["driver-2", None])
def test_a_confirmation_that_a_webhook_or_another_worker_stored_first_is_one_all_the_same(
    desk: Desk, driver: str | None
) -> None:
    _meanwhile(desk, status=TransactionStatus.CANCELLED, driver=driver)
    (outcome,) = desk.work_on(a_transaction())
    assert outcome.cancelled


@pytest.mark.parametrize("answer", [REQUESTED, UNSUPPORTED, UNKNOWN])
def test_a_cancellation_that_somebody_else_stored_and_we_did_not_hear_of_is_not_ours(
    desk: Desk, answer: ProviderAnswer
) -> None:
    desk.provider.answer = answer
    _meanwhile(desk, status=TransactionStatus.CANCELLED)
    (outcome,) = desk.work_on(a_transaction())
    assert outcome == _outcome(CancelOutcome.TERMINAL, TransactionStatus.CANCELLED)


def test_a_settlement_that_was_stored_first_is_kept_and_told_as_late_money(desk: Desk) -> None:
    _meanwhile(desk, status=TransactionStatus.SETTLED, settled_at=NOON)
    (outcome,) = desk.work_on(a_transaction())
    assert outcome == _outcome(CancelOutcome.TERMINAL, TransactionStatus.SETTLED)
    assert desk.stored.settled_after_cancel
    assert desk.stored.settled_at == NOON


def test_a_settlement_that_the_stream_tells_of_is_not_told_by_the_worker_too(desk: Desk) -> None:
    _meanwhile(desk, status=TransactionStatus.SETTLED, settled_at=NOON, awaited=True)
    (outcome,) = desk.work_on(a_transaction(awaited=True))
    assert outcome.status is TransactionStatus.SETTLED
    assert not outcome.late_settlement
    assert desk.stored.settled_after_cancel


@pytest.mark.parametrize("end", ["FAILED", "REFUNDED", "EXPIRED"])
def test_another_end_that_was_stored_first_is_kept_as_it_is(desk: Desk, end: str) -> None:
    ended = _meanwhile(desk, status=TransactionStatus(end))
    (outcome,) = desk.work_on(a_transaction())
    assert outcome == _outcome(CancelOutcome.TERMINAL, TransactionStatus(end))
    assert desk.stored == ended


def _meanwhile(desk: Desk, **facts: Any) -> Transaction:
    """Somebody else stores the end just before the worker does."""
    ended = a_transaction(**facts)
    hook = ("record_outcome", 1)
    desk.store.before[hook] = lambda: desk.store.transactions.update({ended.key: ended})
    return ended

"""What becomes of a provider's reports: recorded, kept for later, or sent again; never dropped."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from threading import Event

import pytest

from checkout.errors import (
    CredentialsError,
    InvalidRequestError,
    NoSuchWebhookError,
    ProviderTrouble,
    ProviderUnreachableError,
    ReportsLostError,
    SignatureError,
    UnmatchedReportError,
)
from checkout.providers.base import ProviderStatus
from checkout.providers.webhook import Report
from checkout.reports import ProviderReport, Recorded
from checkout.sessions import Session, SessionStatus
from checkout.transactions import PendingReason, Transaction, TransactionStatus
from checkout.webhooks import MAX_REFERENCE
from tests.unit.clock import NOON
from tests.unit.memory_store import unavailable
from tests.unit.providers import NO_SUCH_PAYMENT, SILENT
from tests.unit.reporting import Desk, a_desk, settled, told
from tests.unit.samples import KEY, a_transaction, transaction_id, transaction_key

S = TransactionStatus
ASK = Report("ref_1", S.SETTLED, ask=True)
TELLS_NOTHING = Report("ref_1")


PART, WHOLE, MORE = (Report("ref_1", S.REFUNDED, amount=n) for n in (1998, 1999, 2000))


@pytest.fixture
def desk() -> Desk:
    return a_desk()


def test_what_a_reader_has_read_is_told_with_whose_it_is(desk: Desk) -> None:
    assert desk.read([settled()]) == [ProviderReport("bank", "account-1", settled(), NOON)]


def test_an_account_that_does_not_exist_is_like_a_provider_that_does_not(desk: Desk) -> None:
    with pytest.raises(NoSuchWebhookError):
        desk.read(CredentialsError(ProviderTrouble.NO_CREDENTIALS))
    assert desk.troubles.told == []


@pytest.mark.parametrize(
    "trouble",
    [
        CredentialsError(ProviderTrouble.CREDENTIALS_UNREADABLE),
        ProviderUnreachableError(ProviderTrouble.TIMED_OUT),
    ],
)
def test_what_cannot_be_verified_now_has_to_come_again(desk: Desk, trouble: Exception) -> None:
    assert isinstance(trouble, CredentialsError | ProviderUnreachableError)
    with pytest.raises(ReportsLostError):
        desk.read(trouble)
    assert desk.troubles.told == [("webhook cannot be verified", type(trouble).__name__)]


@pytest.mark.parametrize("error", [SignatureError(), InvalidRequestError("body", "is bad")])
def test_what_is_not_the_providers_or_not_readable_is_refused(
    desk: Desk, error: SignatureError | InvalidRequestError
) -> None:
    with pytest.raises(type(error)):
        desk.read(error)


def test_a_reference_that_no_index_holds_is_refused(desk: Desk) -> None:
    assert desk.read([Report("r" * MAX_REFERENCE, S.SETTLED)])
    with pytest.raises(InvalidRequestError):
        desk.read([settled(), Report("r" * (MAX_REFERENCE + 1))])


def test_a_report_ends_its_transaction_and_is_told(desk: Desk) -> None:
    assert desk.take(settled()) == 0
    assert desk.transaction().status is S.SETTLED
    assert desk.told == [Recorded(transaction_key(), S.SETTLED, S.SETTLED)]


def test_a_replay_changes_nothing(desk: Desk) -> None:
    desk.take(settled())
    before = desk.transaction()
    desk.clock.sleep(3600)
    assert desk.take(settled()) == 0
    assert desk.transaction() == before


@pytest.mark.parametrize("order", [*permutations([S.PROCESSING, S.SETTLED, S.REFUNDED])])
def test_in_whatever_order_reports_come_the_end_is_the_same(
    desk: Desk, order: tuple[TransactionStatus, ...]
) -> None:
    for status in order:
        desk.take(Report("ref_1", status))
    assert desk.transaction().status is S.REFUNDED


def test_a_report_that_contradicts_an_end_is_told_and_changes_no_status() -> None:
    desk = a_desk(a_transaction(status=S.SETTLED))
    desk.take(Report("ref_1", S.FAILED))
    assert desk.transaction().status is S.SETTLED
    assert [each.contradicts for each in desk.told] == [True]


def test_money_for_what_had_ended_is_told_once() -> None:
    desk = a_desk(a_transaction(status=S.CANCELLED))
    desk.take(settled())
    desk.take(settled())
    assert [each.uncounted_money for each in desk.told] == [True, False]


def test_money_for_what_had_failed_in_an_open_session_is_no_late_money() -> None:
    """It contradicts what was told before, which is told; no cancellation has to do with it."""
    desk = a_desk(a_transaction(status=S.FAILED))
    desk.store.sessions[KEY] = Session(KEY, SessionStatus.OPEN, NOON)
    desk.take(settled())
    (recorded,) = desk.told
    assert (recorded.contradicts, recorded.late_settlement) == (True, False)


def test_each_report_of_a_batch_is_recorded() -> None:
    desk = a_desk(*(a_transaction(number) for number in range(1, 251)))
    assert desk.take(*(settled(number) for number in range(1, 251))) == 0
    assert {each.status for each in desk.store.transactions.values()} == {S.SETTLED}


def test_no_report_at_all_is_nothing_to_do(desk: Desk) -> None:
    assert desk.take() == 0
    assert (desk.store.calls, desk.queue.kept) == ([], [])


def test_what_matches_no_transaction_is_kept_and_the_others_are_recorded(desk: Desk) -> None:
    assert desk.take(settled(2), settled(1), settled(3)) == 2
    assert desk.queue.kept == told(settled(2), settled(3))
    assert desk.transaction().status is S.SETTLED


def test_another_accounts_transaction_is_not_touched() -> None:
    desk = a_desk(a_transaction(provider_account="account-2"))
    assert desk.take(settled()) == 1
    assert desk.transaction().status is S.PROCESSING


def test_of_two_accounts_with_one_reference_only_that_of_the_signer_is_touched() -> None:
    other = a_transaction(2, provider_account="account-2", provider_reference="ref_1")
    desk = a_desk(a_transaction(), other)
    assert desk.take(settled()) == 0
    assert (desk.transaction(1).status, desk.transaction(2).status) == (S.SETTLED, S.PROCESSING)


def test_what_the_index_names_and_nobody_has_any_more_is_unmatched(desk: Desk) -> None:
    desk.store.after["transactions_of", 1] = desk.store.transactions.clear
    assert desk.take(settled()) == 1


def test_a_queue_that_takes_nothing_makes_the_provider_send_it_again(desk: Desk) -> None:
    desk.queue.down = True
    with pytest.raises(ReportsLostError):
        desk.take(settled(1), settled(2))
    assert desk.transaction().status is S.SETTLED


@pytest.mark.parametrize("call", ["transactions_of", "read_transaction", "record_status"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_store_that_fails_for_one_fails_for_no_other(call: str, moment: str) -> None:
    desk = a_desk(a_transaction(1), a_transaction(2))
    hooks = getattr(desk.store, moment)
    hooks[call, 1] = unavailable
    reports = (settled(1), settled(2), settled(3))
    with pytest.raises(ReportsLostError):
        desk.take(*reports)
    assert len(desk.troubles.told) == 1
    assert {each.reported for each in desk.told} <= {S.SETTLED}
    assert desk.take(*reports) == 1
    assert (desk.transaction(1).status, desk.transaction(2).status) == (S.SETTLED, S.SETTLED)


def test_what_the_store_did_not_take_comes_again_and_is_not_kept_as_well(desk: Desk) -> None:
    desk.store.before["record_status", 1] = unavailable
    with pytest.raises(ReportsLostError):
        desk.take(settled())
    assert desk.queue.kept == []


def test_a_bug_that_one_report_meets_keeps_that_one_and_records_the_others() -> None:
    desk = a_desk(a_transaction(1), a_transaction(2))

    def bug(verb: str, transaction: Transaction) -> None:
        raise KeyError(verb)

    desk.bank.before_answer = bug
    assert desk.take(ASK, settled(2)) == 1
    assert desk.queue.kept == told(ASK)
    assert desk.transaction(2).status is S.SETTLED
    assert desk.troubles.told == [("report failed", "KeyError")]


@pytest.mark.parametrize("report", [ASK, TELLS_NOTHING])
@pytest.mark.parametrize("status", [S.SETTLED, S.CANCELLED, S.AUTHORIZED])
def test_a_report_that_proves_nothing_is_asked_about_and_never_believed(
    desk: Desk, report: Report, status: TransactionStatus
) -> None:
    desk.bank.state = ProviderStatus(status)
    assert desk.take(report) == 0
    assert desk.transaction().status is status


@pytest.mark.parametrize("answer", [SILENT, NO_SUCH_PAYMENT, ProviderStatus(S.FAILED, found=False)])
def test_what_the_provider_does_not_confirm_is_kept(desk: Desk, answer: ProviderStatus) -> None:
    desk.bank.state = answer
    assert desk.take(ASK) == 1
    assert desk.transaction().status is S.PROCESSING


def test_of_two_payments_with_one_reference_both_have_to_be_confirmed() -> None:
    desk = a_desk(a_transaction(1), a_transaction(2, provider_reference="ref_1"))

    def knows_one(verb: str, transaction: Transaction) -> None:
        first = transaction.key == transaction_key(1)
        desk.bank.state = ProviderStatus(S.SETTLED) if first else SILENT

    desk.bank.before_answer = knows_one
    assert desk.take(ASK) == 1
    assert (desk.transaction(1).status, desk.transaction(2).status) == (S.SETTLED, S.PROCESSING)


def test_an_unsigned_refusal_is_asked_about_too() -> None:
    desk = a_desk(a_transaction(pending_reason=PendingReason.REQUESTED))
    desk.take(Report("ref_1", cancel_refused=True, ask=True))
    assert desk.bank.verbs == ["retrieve"]
    assert desk.transaction().cancel_attempt == 0


def test_the_provider_is_not_asked_about_what_is_signed(desk: Desk) -> None:
    desk.take(settled())
    assert desk.bank.asked == []


def test_the_provider_is_not_asked_for_longer_than_there_is_time(desk: Desk) -> None:
    desk.bank.state = SILENT
    desk.take(ASK, until=NOON + timedelta(seconds=1))
    desk.take(ASK, until=NOON + timedelta(seconds=60))
    desk.take(ASK, until=NOON + timedelta(seconds=0.1))
    assert [each.timeout for each in desk.bank.asked] == [1, 3]


def test_with_no_time_left_nothing_is_begun_and_everything_is_kept(desk: Desk) -> None:
    assert desk.take(settled(), until=NOON) == 1
    assert desk.store.calls == []


def test_what_was_found_too_late_is_not_recorded(desk: Desk) -> None:
    assert not desk.take_too_late(settled())
    assert desk.transaction().status is S.PROCESSING


def test_what_hangs_is_kept_and_holds_up_no_other() -> None:
    desk = a_desk(a_transaction(1), a_transaction(2))
    gate = Event()

    def hang(verb: str, transaction: Transaction) -> None:
        gate.wait(10)

    desk.bank.before_answer = hang
    try:
        assert desk.take(ASK, settled(2), until=NOON + timedelta(seconds=0.25)) == 1
    finally:
        gate.set()
    assert desk.queue.kept == told(ASK)
    assert desk.transaction(2).status is S.SETTLED


def test_a_kept_report_is_recorded_once_its_transaction_is_known() -> None:
    desk = a_desk(a_transaction(provider_reference=None))
    with pytest.raises(UnmatchedReportError):
        desk.match(settled())
    desk.store.record_reference(transaction_key(), "bank", "ref_1")
    desk.match(settled())
    desk.match(settled())
    assert desk.transaction().status is S.SETTLED


def test_a_kept_report_that_nobody_confirms_stays(desk: Desk) -> None:
    desk.bank.state = SILENT
    with pytest.raises(UnmatchedReportError):
        desk.match(ASK)
    desk.bank.state = ProviderStatus(S.EXPIRED)
    desk.match(ASK)
    assert desk.transaction().status is S.EXPIRED


def test_reports_of_one_payment_that_waited_leave_it_as_the_last_would() -> None:
    desk = a_desk(a_transaction(provider_reference=None))
    assert desk.take(Report("ref_1", S.REFUNDED), settled()) == 2
    desk.has(replace(desk.transaction(), provider_reference="ref_1"))
    for each in desk.queue.kept:
        desk.match(each.report)
    assert desk.transaction().status is S.REFUNDED


def test_what_a_merchant_has_named_otherwise_is_not_kept(desk: Desk) -> None:
    named = Report("ref_1", S.SETTLED, own_reference="order of a payer")
    (told_of,) = desk.read([named])
    assert told_of.report == Report("ref_1", S.SETTLED)
    assert desk.read([Report("", S.SETTLED, own_reference="order of a payer")]) == []


BY_OUR_OWN = Report("ref_9", S.SETTLED, own_reference=transaction_id(1))


def test_before_its_reference_is_recorded_a_payment_is_found_by_our_own() -> None:
    desk = a_desk(a_transaction(provider_reference=None))
    assert desk.take(BY_OUR_OWN) == 0
    assert desk.transaction().status is S.SETTLED


def test_afterwards_its_reference_counts_and_no_other() -> None:
    desk = a_desk()
    assert desk.take(BY_OUR_OWN) == 1
    assert desk.transaction().in_flight
    assert desk.take(replace(BY_OUR_OWN, reference="ref_1")) == 0
    assert desk.transaction().status is S.SETTLED


@pytest.mark.parametrize("status", [S.PROCESSING, S.AUTHORIZED, S.SETTLED])
def test_a_refund_of_a_part_tells_that_it_was_paid(status: S) -> None:
    desk = a_desk(a_transaction(status=status))
    assert desk.take(PART) == 0
    assert desk.transaction().status is S.SETTLED


def test_what_says_that_it_has_ended_is_asked_about_until_it_has() -> None:
    desk, report = a_desk(), Report("ref_1", ask=True, ends=True)
    desk.bank.state = ProviderStatus(S.PROCESSING)
    assert desk.take(report) == 1
    with pytest.raises(UnmatchedReportError):
        desk.match(report)
    desk.bank.state = ProviderStatus(S.SETTLED)
    desk.match(report)
    assert desk.transaction().status is S.SETTLED


def test_a_payment_of_another_provider_is_not_touched() -> None:
    desk = a_desk(a_transaction(provider="other bank"))
    desk.store.transactions_of = lambda provider, reference: [transaction_key()]  # type: ignore[method-assign]
    assert desk.take(settled()) == 1
    assert desk.transaction().in_flight


@pytest.mark.parametrize(("report", "status"), [(PART, S.SETTLED), (WHOLE, S.REFUNDED)])
def test_a_refund_of_a_part_leaves_it_settled(report: Report, status: S) -> None:
    desk = a_desk(a_transaction(status=S.SETTLED))
    assert desk.take(report) == 0
    assert desk.transaction().status is status


def test_a_refund_that_says_more_or_nothing_of_its_amount_is_one() -> None:
    for report in (MORE, replace(MORE, amount=None)):
        desk = a_desk(a_transaction(status=S.SETTLED))
        desk.take(report)
        assert desk.transaction().status is S.REFUNDED

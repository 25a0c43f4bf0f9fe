"""A cancellation that a provider had accepted, and that came to nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checkout.providers.webhook import Report
from checkout.reports import Recorded
from checkout.transactions import TERMINAL, PendingReason, TransactionStatus
from checkout.webhooks import REFUSAL_WAIT
from tests.unit.reporting import Desk, a_desk
from tests.unit.samples import a_transaction, transaction_key

S = TransactionStatus
REFUSED = Report("ref_1", cancel_refused=True)
OTHER_REASONS = [None, *sorted(set(PendingReason) - {PendingReason.REQUESTED})]


def a_desk_that_waits(**facts: Any) -> Desk:
    accepted: dict[str, Any] = {"pending_reason": PendingReason.REQUESTED, "awaited": True}
    return a_desk(a_transaction(**{**accepted, **facts}))


def test_the_next_cancellation_has_a_new_key() -> None:
    desk = a_desk_that_waits()
    assert desk.take(REFUSED) == 0
    after = desk.transaction()
    assert (after.pending_reason, after.cancel_attempt) == (PendingReason.REFUSED, 1)
    assert (after.status, after.awaited) == (S.PROCESSING, True)
    assert desk.told == [Recorded(transaction_key(), None, S.PROCESSING)]


def test_a_replay_uses_up_no_other_key_and_waits_for_the_record_that_it_may_be_about() -> None:
    desk = a_desk_that_waits()
    desk.take(REFUSED)
    assert desk.take(REFUSED) == 1
    assert desk.transaction().cancel_attempt == 1


def test_a_second_refusal_that_is_faster_than_our_record_is_not_lost() -> None:
    desk = a_desk_that_waits()
    desk.take(REFUSED)
    # The next drive's cancellation is accepted, and refused before its worker has stored that.
    assert desk.take(REFUSED) == 1
    accepted = replace(desk.transaction(), pending_reason=PendingReason.REQUESTED)
    desk.has(accepted)
    desk.match(REFUSED)
    assert desk.transaction().pending_reason is PendingReason.REFUSED
    assert desk.transaction().cancel_attempt == 2


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_of_what_has_ended_nothing_is_refused_any_more(status: TransactionStatus) -> None:
    desk = a_desk_that_waits(status=status)
    before = desk.transaction()
    assert desk.take(REFUSED) == 0
    assert desk.transaction() == before


def test_a_refusal_with_a_status_records_both() -> None:
    desk = a_desk_that_waits(status=S.PENDING)
    desk.take(Report("ref_1", S.AUTHORIZED, cancel_refused=True))
    after = desk.transaction()
    assert (after.status, after.cancel_attempt) == (S.AUTHORIZED, 1)


@pytest.mark.parametrize("reason", [None, PendingReason.UNKNOWN])
def test_a_refusal_that_is_faster_than_our_own_record_waits_for_it(
    reason: PendingReason | None,
) -> None:
    desk = a_desk_that_waits(pending_reason=reason)
    assert desk.take(REFUSED) == 1
    desk.has(a_transaction(pending_reason=PendingReason.REQUESTED))
    desk.match(REFUSED)
    assert desk.transaction().cancel_attempt == 1


@pytest.mark.parametrize("reason", OTHER_REASONS)
def test_a_refusal_of_what_nobody_has_asked_for_is_done_with_in_the_end(
    reason: PendingReason | None,
) -> None:
    desk = a_desk_that_waits(pending_reason=reason)
    desk.clock.sleep(REFUSAL_WAIT.total_seconds())
    before = desk.transaction()
    desk.match(REFUSED)
    assert desk.transaction() == before


def test_a_refusal_is_not_waited_for_longer_than_the_queue_holds_it() -> None:
    assert REFUSAL_WAIT < timedelta(minutes=15)

"""What the contract promises, demanded when everything is over."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from checkout.events import event_of, events_so_far
from checkout.sessions import SessionStatus
from checkout.storage.stream_records import change_of
from checkout.transactions import TransactionStatus
from tests.integration.changes import demand
from tests.integration.stack import stream_records
from tests.template.filter_pattern import passes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from checkout.cancellation import Cancellation
    from checkout.storage.dynamodb import CheckoutStore
    from checkout.transactions import SessionSnapshot
    from tests.integration.bank import Bank
    from tests.integration.changes import Changes
    from tests.integration.play import Play


def check(play: Play) -> None:
    """Perform it, and raise a BrokenPromiseError for any promise that was broken."""
    play.perform()
    _nobody_waits_for_a_wake_up_that_was_lost(play)
    if play.history.session["status"] in ("OPEN", "PENDING_CANCELLATION"):
        play.recover()
    told_is_what_happened(play.store, play.store.read_session(play.key))
    if play.history.session["status"] == "COMPLETED":
        nothing_was_asked(play.bank)
        return
    demand(play.history.session["status"] == "CANCELLED", "stuck: one more drive did not help")
    provider_agrees(play.bank, play.history)
    one_driver_at_a_time(play.bank)
    for transaction_id, payment in play.bank.payments.items():
        drivers = [driver for driver, _ in payment.asked]
        demand(len(drivers) == len(set(drivers)), f"{transaction_id} voided twice by one drive")
    for answer in play.answers:
        answer_is_true(answer, play.bank, play.history)
    nothing_is_claimed_twice(play.answers)
    late_money_is_shown(play.store.read_session(play.key), play.captured_at)


def _nobody_waits_for_a_wake_up_that_was_lost(play: Play) -> None:
    pending = play.history.session["status"] == "PENDING_CANCELLATION"
    if pending and play.faultless:
        demand(play.history.in_flight, "drained, and nobody will complete it")


def nothing_was_asked(bank: Bank) -> None:
    asked = [each for payment in bank.payments.values() for each in payment.asked]
    demand(not asked, "a session that was not cancelled was cancelled at the provider")


def provider_agrees(bank: Bank, history: Changes) -> None:
    for transaction_id, payment in bank.payments.items():
        demand(not payment.alive, f"{transaction_id} lives on at the provider")
        if payment.sent:
            demand(transaction_id in history.attached, f"{transaction_id} sent, not attached")
            same = history.status(transaction_id) is payment.status
            demand(same, f"{transaction_id}: {history.status(transaction_id)}, {payment.status}")
        else:
            known = history.transactions.get(transaction_id)
            ended = known is None or known["status"] == "FAILED"
            refused = transaction_id not in history.attached
            demand(ended or refused, f"{transaction_id} was never sent, and is not FAILED")


def one_driver_at_a_time(bank: Bank) -> None:
    turns = [driver for driver, _ in groupby(bank.drivers)]
    demand(len(turns) == len(set(turns)), f"drivers took turns at the provider: {turns}")


def answer_is_true(answer: Cancellation, bank: Bank, history: Changes) -> None:
    cancelled, pending = answer.cancelled, answer.pending
    demand(not set(cancelled) & set(pending), "the lists are not disjoint")
    demand(list(cancelled) == sorted(cancelled), "cancelled ids are out of order")
    demand(list(pending) == sorted(pending), "pending ids are out of order")
    if answer.status is SessionStatus.CANCELLED:
        demand(not pending, "CANCELLED with something pending")
    for transaction_id in cancelled:
        stored = history.status(transaction_id) is TransactionStatus.CANCELLED
        demand(stored, f"{transaction_id} is told as cancelled and was not")
        demand(bank.payments[transaction_id].voids == 1, f"{transaction_id} was not voided")


def told_is_what_happened(store: CheckoutStore, snapshot: SessionSnapshot) -> None:
    """Of each change of state there is one event, and without a change there is none."""
    records = [each for each in stream_records() if passes(each, "PublishEventsFunction")]
    events = [event_of(change_of(each), store.read_session) for each in records]
    told = sorted((each.type, each.event_id) for each in events if each)
    happened = sorted((each.type, each.event_id) for each in events_so_far(snapshot))
    demand(told == happened, f"told {told}, and what happened is {happened}")


def nothing_is_claimed_twice(answers: Iterable[Cancellation]) -> None:
    told = [each for answer in answers for each in answer.cancelled]
    demand(len(told) == len(set(told)), "two calls claim to have cancelled the same")


def late_money_is_shown(snapshot: SessionSnapshot, captured_at: Mapping[str, datetime]) -> None:
    requested = snapshot.session.cancel_requested_at
    for transaction in snapshot.transactions:
        captured = captured_at.get(transaction.transaction_id)
        if requested and captured and captured > requested:
            shown = snapshot.settled_after_cancel(transaction)
            demand(shown, f"{transaction.transaction_id}: late money is hidden")
        if snapshot.settled_after_cancel(transaction):
            # Whatever is shown has gone out as an event.
            told = transaction.settled_after_cancel or transaction.awaited
            demand(told, f"{transaction.transaction_id}: no event tells of late money")

"""What the contract promises, demanded of a play when it is over."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from checkout.sessions import SessionStatus
from checkout.transactions import TransactionStatus
from tests.integration.history import demand

if TYPE_CHECKING:
    from checkout.cancellation import Cancellation
    from tests.integration.play import Play


def check(play: Play) -> None:
    """Perform it, and raise a BrokenPromiseError for any promise that was broken."""
    play.perform()
    _nobody_waits_for_a_wake_up_that_was_lost(play)
    if play.history.session["status"] in ("OPEN", "PENDING_CANCELLATION"):
        play.recover()
    if play.history.session["status"] == "COMPLETED":
        demand(not _void_requests(play), "a completed session was cancelled at the provider")
        return
    demand(play.history.session["status"] == "CANCELLED", "stuck: one more drive did not help")
    _provider_agrees(play)
    _one_driver_at_a_time(play)
    for answer in play.answers:
        _answer_is_true(play, answer)
    _late_money_is_shown(play)


def _nobody_waits_for_a_wake_up_that_was_lost(play: Play) -> None:
    pending = play.history.session["status"] == "PENDING_CANCELLATION"
    if pending and play.faultless:
        demand(play.history.in_flight, "drained, and nobody will complete it")


def _provider_agrees(play: Play) -> None:
    history = play.history
    for transaction_id, payment in play.bank.payments.items():
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


def _void_requests(play: Play) -> list[tuple[str, str]]:
    return [asked for each in play.bank.payments.values() for asked in each.asked]


def _one_driver_at_a_time(play: Play) -> None:
    turns = [driver for driver, _ in groupby(play.bank.drivers)]
    demand(len(turns) == len(set(turns)), f"drivers took turns at the provider: {turns}")
    for transaction_id, payment in play.bank.payments.items():
        drivers = [driver for driver, _ in payment.asked]
        demand(len(drivers) == len(set(drivers)), f"{transaction_id} voided twice by one drive")


def _answer_is_true(play: Play, answer: Cancellation) -> None:
    cancelled, pending = answer.cancelled, answer.pending
    demand(not set(cancelled) & set(pending), "the lists are not disjoint")
    demand(list(cancelled) == sorted(cancelled), "cancelled ids are out of order")
    demand(list(pending) == sorted(pending), "pending ids are out of order")
    if answer.status is SessionStatus.CANCELLED:
        demand(not pending, "CANCELLED with something pending")
    for transaction_id in cancelled:
        stored = play.history.status(transaction_id) is TransactionStatus.CANCELLED
        demand(stored, f"{transaction_id} is told as cancelled and was not")
        demand(play.bank.payments[transaction_id].voids == 1, f"{transaction_id} was not voided")
    told = [each for other in play.answers for each in other.cancelled]
    demand(len(told) == len(set(told)), "two calls claim to have cancelled the same")


def _late_money_is_shown(play: Play) -> None:
    snapshot = play.store.read_session(play.key)
    requested = snapshot.session.cancel_requested_at
    for transaction in snapshot.transactions:
        captured = play.captured_at.get(transaction.transaction_id)
        if requested and captured and captured > requested:
            shown = snapshot.settled_after_cancel(transaction)
            demand(shown, f"{transaction.transaction_id}: late money is hidden")

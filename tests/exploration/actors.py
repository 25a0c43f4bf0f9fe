"""Everybody who may touch a session at the same time: the real use cases, in an actor's hands."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from checkout import payments, provider_cancellation
from checkout.cancellation import Cancellation, Ports, drive
from checkout.completion import complete_if_drained
from checkout.errors import (
    CancellationInProgressError,
    ReferenceConflictError,
    SessionEndedError,
    SessionExistsError,
    SessionLockedError,
    StoreError,
    TooManyTransactionsError,
    TransactionExistsError,
    TransactionNotFoundError,
)
from checkout.fan_out import order_from_message, outcomes_to_message
from checkout.lease import CancelRequest
from checkout.provider_cancellation import cancel_transactions
from checkout.sessions import SessionKey, SessionStatus
from checkout.state_machine import StateMachineFanOut
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus
from tests.exploration.replay import AskedProvider, Hands, MachineClient, Program

KEY = SessionKey("merchant", "session")
ANSWER_TIME = timedelta(seconds=26)
WORKER_TIME = timedelta(seconds=12)
BY_CALL = CancelRequest("merchant", None, "request")


class HiddenTroubleError(Exception):
    """What our code hides from its caller. Where the store is sound there is none."""


def key_of(transaction_id: str) -> TransactionKey:
    return TransactionKey(KEY, transaction_id)


def attempt_at(provider: str, transaction_id: str) -> Attempt:
    return Attempt(key_of(transaction_id), provider, "main", Money(1999, "EUR"))


def driver(token: str, request: CancelRequest | None) -> Program:
    """A call of the API, or without a `request` the reconciler."""

    def run(hands: Hands) -> dict[str, Any]:
        hands.ask("arrive", {})  # reads the clock, and may be overtaken before it locks
        fan_out = StateMachineFanOut(MachineClient(hands), "machine")  # type: ignore[arg-type]
        ports = Ports(hands.store, fan_out, hands.now, lambda: 0.5, _report(hands))
        try:
            answer = drive(ports, KEY, token, request, hands.now() + ANSWER_TIME)
        except (CancellationInProgressError, SessionEndedError, StoreError) as error:
            return {"refused": type(error).__name__}
        return _told(answer)

    return run


def _told(answer: Cancellation) -> dict[str, Any]:
    return {
        "status": answer.status.value,
        "cancelled": list(answer.cancelled),
        "pending": list(answer.pending),
        "settled": list(answer.settled),
    }


def answer_of(told: dict[str, Any]) -> Cancellation:
    return Cancellation(
        SessionStatus(told["status"]),
        tuple(told["cancelled"]),
        tuple(told["pending"]),
        tuple(told["settled"]),
    )


def worker(message: dict[str, Any]) -> Program:
    """One thread of a provider's function: its one transaction of the order."""

    def run(hands: Hands) -> list[dict[str, Any]]:
        order = order_from_message(message)
        provider = AskedProvider(hands, message["provider"], order.driver)
        deadline = hands.now() + WORKER_TIME
        outcomes = cancel_transactions(
            provider, hands.store, order, deadline, hands.now, _report(hands)
        )
        return outcomes_to_message(outcomes)

    return run


def payment(provider: str, transaction_id: str, *, mistaken: bool) -> Program:
    attempt = attempt_at(provider, transaction_id)

    def run(hands: Hands) -> str:
        if mistaken:
            _make_mistakes(hands)
        try:
            until = payments.begin_transaction(hands.store, attempt, hands.now)
        except (SessionLockedError, TooManyTransactionsError):
            return "refused"
        sent = hands.ask("send", {"id": transaction_id, "until": until.isoformat()})
        if sent["sent"]:
            reference = f"ref-{transaction_id}"
            payments.record_reference(hands.store, attempt.key, provider, reference)
        return "sent" if sent["sent"] else "too late"

    return _unless_the_store_fails(run)


def _make_mistakes(hands: Hands) -> None:
    """What is there already is put once more, and what is not there gets a reference."""
    store, there = hands.store, attempt_at("b", "t1")
    mistakes: tuple[Callable[[], object], ...] = (
        lambda: payments.open_session(store, KEY, hands.now()),
        lambda: payments.begin_transaction(store, there, hands.now),
        lambda: payments.record_reference(store, there.key, "b", "another"),
        lambda: payments.record_reference(store, key_of("t0"), "b", "another"),
    )
    for mistake in mistakes:
        with suppress(
            SessionExistsError,
            TransactionExistsError,
            ReferenceConflictError,
            TransactionNotFoundError,
        ):
            mistake()


def webhook(
    reported: Sequence[str], older: TransactionStatus, *, refunds: bool, completes: bool
) -> Program:
    """The provider goes on by itself and tells of it, with an `older` message behind the news.

    `reported` are transactions, one after the other.
    """

    def run(hands: Hands) -> dict[str, list[str]]:
        return {"late": [each for name in reported for each in report(hands, name)]}

    def report(hands: Hands, name: str) -> list[str]:
        status = hands.ask("act", {"id": name})["status"]
        if status is None:
            return []
        told = [TransactionStatus(status)]
        settled = told == [TransactionStatus.SETTLED]
        if refunds and settled:
            hands.ask("refund", {"id": name})
            told.insert(0, TransactionStatus.REFUNDED)
        changes = [
            payments.record_status(hands.store, key_of(name), each, hands.now())
            for each in [*told, older]
        ]
        if completes and settled:
            _complete(hands)
        return [name for each in changes if each.late_settlement]

    return _unless_the_store_fails(run)


def _complete(hands: Hands) -> None:
    with suppress(SessionLockedError):
        payments.complete_session(hands.store, KEY, hands.now())


def refund_report(transaction_id: str) -> Program:
    def run(hands: Hands) -> str:
        key = key_of(transaction_id)
        payments.record_status(hands.store, key, TransactionStatus.REFUNDED, hands.now())
        return "reported"

    return run


def delivery() -> Program:
    """One record of the stream; it tells of the one session that there is."""

    def run(hands: Hands) -> dict[str, list[str]]:
        late: list[str] = []
        complete_if_drained(hands.store, KEY, hands.now(), late.append)
        return {"late": late}

    return _unless_the_store_fails(run)


def _unless_the_store_fails(program: Program) -> Program:
    """What a function that failed has come to is nothing."""

    def run(hands: Hands) -> Any:
        try:
            return program(hands)
        except StoreError:
            return {}

    return run


def _report(hands: Hands) -> Callable[[str, Exception], None]:
    def report(message: str, error: Exception) -> None:
        if not hands.store_failed:
            raise HiddenTroubleError(f"{message}: {error!r}") from error

    return report


def _only(
    work: Callable[[Any, Callable[[], bool]], Any], items: Sequence[Any], *limits: float
) -> list[Any]:
    """Stands for threads where only one thing is to be done, and nothing overruns."""
    (only,) = items
    return [work(only, lambda: True)]


def without_threads() -> AbstractContextManager[object]:
    return patch.object(provider_cancellation, "do_all", _only)

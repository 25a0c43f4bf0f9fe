"""The protocol with one of its rules left out."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import PropertyMock, patch

from checkout import payments, provider_cancellation
from checkout.cancellation import Cancellation, _Drive
from checkout.fan_out import FanOutResult
from checkout.lease import Lock, LockAttempt
from checkout.provider_cancellation import OutcomeRecord, _Worker
from checkout.providers.base import ProviderAnswer
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage import session_requests, transaction_requests
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import (
    SEND_DEADLINE,
    Attempt,
    SessionSnapshot,
    Transaction,
    TransactionKey,
    TransactionStatus,
)
from tests.exploration import actors

Weakness = Callable[[], AbstractContextManager[object]]


def _mark(drive: _Drive, result: FanOutResult) -> None:
    heard = {each.transaction_id for each in result.outcomes if each.status}
    for transaction_id in sorted(drive._in_flight - heard):
        drive._store.mark_pending(TransactionKey(drive._session.key, transaction_id))


def no_second_query() -> AbstractContextManager[object]:
    def settle_up(self: _Drive, result: FanOutResult) -> Cancellation:
        _mark(self, result)
        if not result.finished:
            return self._result(SessionStatus.PENDING_CANCELLATION)
        return self._release()

    return patch.object(_Drive, "_settle_up", settle_up)


def marked_after_the_query() -> AbstractContextManager[object]:
    def settle_up(self: _Drive, result: FanOutResult) -> Cancellation:
        if self._read().drained:
            return self._complete()
        _mark(self, result)
        if not result.finished:
            return self._result(SessionStatus.PENDING_CANCELLATION)
        return self._release()

    return patch.object(_Drive, "_settle_up", settle_up)


def nothing_is_marked() -> AbstractContextManager[object]:
    return patch.object(CheckoutStore, "mark_pending", lambda self, key: None)


def released_while_workers_run() -> AbstractContextManager[object]:
    settle_up = _Drive._settle_up

    def settled(self: _Drive, result: FanOutResult) -> Cancellation:
        return settle_up(self, FanOutResult(result.outcomes, finished=True))

    return patch.object(_Drive, "_settle_up", settled)


def a_key_of_the_drive() -> AbstractContextManager[object]:
    """As good as a random one: it differs from drive to drive."""

    def cancel(self: _Worker, transaction: Transaction) -> ProviderAnswer:
        key = f"{transaction.transaction_id}-{self.driver}"
        return self.provider.cancel(transaction, key, 1)

    return patch.object(_Worker, "_cancel", cancel)


def the_same_key_after_a_refusal() -> AbstractContextManager[object]:
    def cancel(self: _Worker, transaction: Transaction) -> ProviderAnswer:
        return self.provider.cancel(transaction, transaction.transaction_id, 1)

    return patch.object(_Worker, "_cancel", cancel)


def the_stream_does_not_look() -> AbstractContextManager[object]:
    def complete(store: CheckoutStore, key: SessionKey, now: datetime) -> bool:
        store.complete_cancellation(key, now)
        return True

    return patch.object(actors, "complete_if_drained", complete)


def nobody_looks_what_is_in_flight() -> AbstractContextManager[object]:
    return patch.object(SessionSnapshot, "drained", PropertyMock(return_value=True))


def an_own_outcome_is_not_known() -> AbstractContextManager[object]:
    def record_outcome(
        self: CheckoutStore, key: TransactionKey, record: OutcomeRecord
    ) -> tuple[TransactionStatus, bool]:
        item, changed = self._table.change(transaction_requests.record_outcome(key, record))
        assert item
        return TransactionStatus(item["status"]["S"]), changed

    return patch.object(CheckoutStore, "record_outcome", record_outcome)


def an_own_lock_is_not_known() -> AbstractContextManager[object]:
    def lock(self: CheckoutStore, key: SessionKey, lock: Lock) -> LockAttempt:
        request = session_requests.lock_for_cancellation(key, lock)
        session, changed = self._change_session(key, request)
        return LockAttempt(held=changed, session=session)

    return patch.object(CheckoutStore, "lock_for_cancellation", lock)


def a_report_keeps_the_drivers_token() -> AbstractContextManager[object]:
    build = transaction_requests.record_status

    def record_status(*arguments: Any) -> dict[str, Any]:
        request = build(*arguments)
        update = request["UpdateExpression"].replace(", driver", "")
        return {**request, "UpdateExpression": update}

    return patch.object(transaction_requests, "record_status", record_status)


def sent_before_it_is_attached() -> AbstractContextManager[object]:
    def begin(store: CheckoutStore, attempt: Attempt, clock: Callable[[], datetime]) -> datetime:
        store.put_attempt(attempt, clock())
        return clock() + SEND_DEADLINE

    return patch.object(payments, "begin_transaction", begin)


def sent_although_refused() -> AbstractContextManager[object]:
    def begin(store: CheckoutStore, attempt: Attempt, clock: Callable[[], datetime]) -> datetime:
        store.put_attempt(attempt, clock())
        store.attach_attempt(attempt.key)
        return clock() + SEND_DEADLINE

    return patch.object(payments, "begin_transaction", begin)


def given_up_while_it_may_be_sent() -> AbstractContextManager[object]:
    return patch.object(provider_cancellation, "NEVER_SENT_AFTER", timedelta(seconds=-1))


WEAKNESSES: dict[str, Weakness] = {
    each.__name__.replace("_", " "): each
    for each in (
        no_second_query,
        marked_after_the_query,
        nothing_is_marked,
        released_while_workers_run,
        a_key_of_the_drive,
        the_same_key_after_a_refusal,
        the_stream_does_not_look,
        nobody_looks_what_is_in_flight,
        an_own_outcome_is_not_known,
        an_own_lock_is_not_known,
        a_report_keeps_the_drivers_token,
        sent_before_it_is_attached,
        sent_although_refused,
        given_up_while_it_may_be_sent,
    )
}

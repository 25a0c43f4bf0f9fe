"""The store of sessions and transactions: which request makes which change, and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from checkout.cancelled_sessions import CancelledPage, Listing
from checkout.errors import (
    ReferenceConflictError,
    SessionEndedError,
    SessionExistsError,
    SessionNotFoundError,
    TransactionExistsError,
    TransactionNotFoundError,
)
from checkout.lease import DuePage, DueSession, Lock, LockAttempt
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.storage import report_requests, session_requests, transaction_requests
from checkout.storage.items import (
    SESSION,
    TRANSACTION_PREFIX,
    cancelled_sessions_from,
    due_sessions_from,
    session_from,
    transaction_from,
    transaction_keys_from,
)
from checkout.storage.table import Table
from checkout.transactions import (
    Attempt,
    SessionSnapshot,
    Transaction,
    TransactionKey,
    TransactionStatus,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.provider_cancellation import OutcomeRecord
    from checkout.storage.expressions import Request

Cursor: TypeAlias = "Mapping[str, Any] | None"


class CheckoutStore:
    """Sessions and transactions, for the payment side, the cancellation and its workers."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._table = Table(client, table)

    def read_session(self, key: SessionKey) -> SessionSnapshot:
        """Raises SessionNotFoundError, StoreError."""
        items = self._table.query(session_requests.read_session(key))
        of_session = [item for item in items if item["SK"]["S"] == SESSION]
        if not of_session:
            raise SessionNotFoundError(key.session_id)
        session = session_from(key, of_session[0])
        transactions = (
            transaction_from(key, item)
            for item in items
            if item["SK"]["S"].startswith(TRANSACTION_PREFIX)
        )
        # A transaction that was put and never attached was never sent: it does not count.
        attached = (each for each in transactions if each.transaction_id in session.attempts)
        return SessionSnapshot(session, tuple(attached))

    def open_session(self, key: SessionKey, now: datetime) -> None:
        if not self._table.put(session_requests.open_session(key, now)):
            raise SessionExistsError(key.session_id)

    def end_session(self, key: SessionKey, status: SessionStatus, now: datetime) -> Session:
        return self._change_session(key, session_requests.end_session(key, status, now))[0]

    def lock_for_cancellation(self, key: SessionKey, lock: Lock) -> LockAttempt:
        request = session_requests.lock_for_cancellation(key, lock)
        session, changed = self._change_session(key, request)
        # Our token on a lock that we did not get: we did, and the answer to it was lost.
        return LockAttempt(held=changed or session.driver == lock.driver, session=session)

    def complete_cancellation(self, key: SessionKey, now: datetime) -> bool:
        request = session_requests.complete_cancellation(key, now)
        session, changed = self._change_session(key, request)
        if not changed and session.status is not SessionStatus.CANCELLED:
            raise SessionEndedError(session.status.value)
        return changed

    def release_lease(self, key: SessionKey, driver: str, due_at: datetime) -> SessionStatus:
        request = session_requests.release_lease(key, driver, due_at)
        return self._change_session(key, request)[0].status

    def postpone(self, seen: DueSession, driver: str, due_at: datetime) -> None:
        self._table.change(session_requests.postpone(seen, driver, due_at))

    def due_sessions(
        self, shard: int, due_by: datetime | None, cursor: Cursor, count: int | None = None
    ) -> DuePage:
        request = _from(cursor, session_requests.due_sessions(shard, due_by, count))
        answer = self._table.page(request)
        sessions = due_sessions_from(answer["Items"])
        unreadable = len(answer["Items"]) - len(sessions)
        return DuePage(sessions, answer.get("LastEvaluatedKey"), unreadable)

    def cancelled_sessions(self, listing: Listing, count: int, cursor: Cursor) -> CancelledPage:
        request = _from(cursor, session_requests.cancelled_sessions(listing, count))
        answer = self._table.page(request)
        sessions = cancelled_sessions_from(answer["Items"], listing.status)
        unreadable = len(answer["Items"]) - len(sessions)
        return CancelledPage(sessions, answer.get("LastEvaluatedKey"), unreadable)

    def attach_attempt(self, key: TransactionKey) -> Session:
        return self._change_session(key.session, session_requests.attach_attempt(key))[0]

    def put_attempt(self, attempt: Attempt, now: datetime) -> None:
        if not self._table.put(transaction_requests.put_attempt(attempt, now)):
            raise TransactionExistsError(attempt.key.transaction_id)

    def record_reference(self, key: TransactionKey, provider: str, reference: str) -> Transaction:
        request = transaction_requests.record_reference(key, provider, reference)
        item, changed = self._table.change(request)
        if item is None:
            raise TransactionNotFoundError(key.transaction_id)
        if not changed:
            raise ReferenceConflictError(key.transaction_id)
        return transaction_from(key.session, item)

    def record_status(
        self, key: TransactionKey, status: TransactionStatus, now: datetime
    ) -> tuple[Transaction | None, bool]:
        item, changed = self._table.change(transaction_requests.record_status(key, status, now))
        return transaction_from(key.session, item) if item else None, changed

    def record_late_settlement(
        self, key: TransactionKey, now: datetime, *, after_cancel: bool = True
    ) -> bool:
        request = transaction_requests.record_late_settlement(key, now, after_cancel)
        return self._table.change(request)[1]

    def mark_pending(self, key: TransactionKey) -> None:
        self._table.change(transaction_requests.mark_pending(key))

    def record_outcome(
        self, key: TransactionKey, record: OutcomeRecord
    ) -> tuple[TransactionStatus, bool]:
        item, changed = self._table.change(transaction_requests.record_outcome(key, record))
        if item is None:
            raise TransactionNotFoundError(key.transaction_id)
        transaction = transaction_from(key.session, item)
        # A failed condition on our own token: the write was repeated after its answer was lost.
        wanted = transaction_requests.outcome_status(record)
        ours = transaction.driver == record.driver and transaction.status is wanted
        return transaction.status, changed or ours

    def transactions_of(self, provider: str, reference: str) -> list[TransactionKey]:
        items = self._table.query(report_requests.transactions_of(provider, reference))
        return transaction_keys_from(items)

    def read_transaction(self, key: TransactionKey) -> Transaction | None:
        item = self._table.get(report_requests.read_transaction(key))
        return transaction_from(key.session, item) if item else None

    def cancel_requested_at(self, key: SessionKey) -> datetime | None:
        item = self._table.get(session_requests.read_alone(key))
        return session_from(key, item).cancel_requested_at if item else None

    def record_cancel_refusal(self, key: TransactionKey) -> bool:
        return self._table.change(report_requests.record_cancel_refusal(key))[1]

    def _change_session(self, key: SessionKey, request: Request) -> tuple[Session, bool]:
        item, changed = self._table.change(request)
        if item is None:
            raise SessionNotFoundError(key.session_id)
        return session_from(key, item), changed


def _from(cursor: Cursor, request: Request) -> Request:
    return request if cursor is None else {**request, "ExclusiveStartKey": cursor}

"""The table in memory, under the rules of the real one.

tests/contract/test_memory_store.py holds the two against each other, so that what is proved on
this one holds on the other.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import wraps
from threading import RLock
from typing import Any, Concatenate, ParamSpec, TypeVar

from checkout.cancelled_sessions import CancelledPage, CancelledSession, Listing
from checkout.errors import (
    ReferenceConflictError,
    SessionEndedError,
    SessionExistsError,
    SessionNotFoundError,
    StoreUnavailableError,
    TransactionExistsError,
    TransactionNotFoundError,
)
from checkout.lease import DuePage, DueSession, Lock, LockAttempt
from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.storage.session_requests import due_shard
from checkout.timestamps import from_text, to_millis, to_text
from checkout.transactions import (
    IN_FLIGHT,
    MAX_TRANSACTIONS,
    MAY_BECOME,
    PAID,
    TERMINAL,
    Attempt,
    PendingReason,
    SessionSnapshot,
    Transaction,
    TransactionKey,
    TransactionStatus,
)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Hook = Callable[[], object]


def port(
    method: Callable[Concatenate["MemoryStore", Arguments], Result],
) -> Callable[Concatenate["MemoryStore", Arguments], Result]:
    """A call that a test can interrupt before and after its change is made."""

    @wraps(method)
    def call(self: "MemoryStore", /, *args: Arguments.args, **named: Arguments.kwargs) -> Result:
        with self.lock:
            self.calls.append(method.__name__)
            self.counts[method.__name__] += 1
            step = (method.__name__, self.counts[method.__name__])
        self.before.get(step, _nothing)()
        with self.lock:
            result = method(self, *args, **named)
        self.after.get(step, _nothing)()
        return result

    return call


class MemoryStore:
    """`before` and `after` hold what happens around the n-th call of a port, from 1 on.

    `decided` are transactions of which is recorded whether their money came late.
    `wakes` are the sessions that the table's stream would wake the completion for, `due` is when a
    session is to be driven again (epoch ms).
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.sessions: dict[SessionKey, Session] = {}
        self.transactions: dict[TransactionKey, Transaction] = {}
        self.decided: set[TransactionKey] = set()
        self.wakes: list[SessionKey] = []
        self.due: dict[SessionKey, int] = {}
        self.page_size = 100
        self.calls: list[str] = []
        self.counts: Counter[str] = Counter()
        self.before: dict[tuple[str, int], Hook] = {}
        self.after: dict[tuple[str, int], Hook] = {}

    @port
    def open_session(self, key: SessionKey, now: datetime) -> None:
        new = Session(key, SessionStatus.OPEN, _stored(now))
        there = self.sessions.setdefault(key, new)
        if (there.status, there.created_at) != (new.status, new.created_at):
            raise SessionExistsError(key.session_id)

    @port
    def end_session(self, key: SessionKey, status: SessionStatus, now: datetime) -> Session:
        session = self._session(key)
        if session.status is SessionStatus.OPEN:
            self.sessions[key] = replace(session, status=status, ended_at=_stored(now))
        return self.sessions[key]

    @port
    def put_attempt(self, attempt: Attempt, now: datetime) -> None:
        new = Transaction(
            key=attempt.key,
            provider=attempt.provider,
            provider_account=attempt.provider_account,
            money=attempt.money,
            status=TransactionStatus.PENDING,
            created_at=_stored(now),
            attached_at=_stored(now),
        )
        there = self.transactions.setdefault(attempt.key, new)
        as_put = replace(
            there, provider_reference=None, cancel_attempt=0, pending_reason=None, awaited=False
        )
        if replace(as_put, driver=None) != new:
            raise TransactionExistsError(attempt.key.transaction_id)

    @port
    def attach_attempt(self, key: TransactionKey) -> Session:
        session = self._session(key.session)
        attached = key.transaction_id in session.attempts
        room = len(session.attempts) < MAX_TRANSACTIONS
        if session.status is SessionStatus.OPEN and (attached or room):
            attempts = session.attempts | {key.transaction_id}
            self.sessions[key.session] = replace(session, attempts=attempts)
        return self.sessions[key.session]

    @port
    def record_reference(self, key: TransactionKey, provider: str, reference: str) -> Transaction:
        transaction = self.transactions.get(key)
        if transaction is None:
            raise TransactionNotFoundError(key.transaction_id)
        if transaction.provider_reference not in (None, reference):
            raise ReferenceConflictError(key.transaction_id)
        self.transactions[key] = replace(transaction, provider_reference=reference)
        return self.transactions[key]

    @port
    def record_status(
        self, key: TransactionKey, status: TransactionStatus, now: datetime
    ) -> tuple[Transaction | None, bool]:
        transaction = self.transactions.get(key)
        if transaction is None or status not in MAY_BECOME[transaction.status]:
            return transaction, False
        changed = replace(transaction, status=status, status_at=_stored(now))
        if status in TERMINAL:
            changed = replace(changed, pending_reason=None, driver=None)
        if status is TransactionStatus.SETTLED:
            changed = replace(changed, settled_at=_stored(now))
        if status in TERMINAL - PAID:
            changed = replace(changed, awaited=False)
        self._change(changed)
        return changed, True

    @port
    def record_late_settlement(
        self, key: TransactionKey, now: datetime, *, after_cancel: bool = True
    ) -> bool:
        found = self.transactions.get(key)
        decided = key in self.decided
        if found is None or found.in_flight or found.settled_after_cancel or decided:
            return False
        if found.status is TransactionStatus.REFUNDED and not found.settled_at:
            return False
        self.decided.add(key)
        settled_at = found.settled_at or _stored(now)
        self._change(
            replace(found, settled_after_cancel=after_cancel, settled_at=settled_at, awaited=False)
        )
        return True

    @port
    def transactions_of(self, provider: str, reference: str) -> list[TransactionKey]:
        def named(each: Transaction) -> str:
            return each.provider_reference or each.transaction_id

        found = self.transactions.values()
        return [each.key for each in found if (each.provider, named(each)) == (provider, reference)]

    @port
    def read_transaction(self, key: TransactionKey) -> Transaction | None:
        return self.transactions.get(key)

    @port
    def cancel_requested_at(self, key: SessionKey) -> datetime | None:
        found = self.sessions.get(key)
        return found.cancel_requested_at if found else None

    @port
    def record_cancel_refusal(self, key: TransactionKey) -> bool:
        found = self.transactions.get(key)
        accepted = found and found.in_flight and found.pending_reason is PendingReason.REQUESTED
        if not (found and accepted):
            return False
        refused, attempt = PendingReason.REFUSED, found.cancel_attempt + 1
        self._change(replace(found, pending_reason=refused, cancel_attempt=attempt))
        return True

    @port
    def lock_for_cancellation(self, key: SessionKey, lock: Lock) -> LockAttempt:
        session = self._session(key)
        first = session.status is SessionStatus.OPEN and lock.request is not None
        pending = session.status is SessionStatus.PENDING_CANCELLATION
        if not (first or (pending and session.lease_until < to_millis(lock.now))):
            return LockAttempt(session.driver == lock.driver, session)
        if first and lock.request:
            session = replace(
                session,
                reason=lock.request.reason,
                cancel_requested_at=_stored(lock.now),
                cancel_requested_by=lock.request.requested_by,
            )
        self.due[key] = to_millis(lock.due_at)
        self.sessions[key] = replace(
            session,
            status=SessionStatus.PENDING_CANCELLATION,
            driver=lock.driver,
            recoveries=session.recoveries + (lock.request is None),
            lease_until=to_millis(lock.lease_until),
            due_at=to_millis(lock.due_at),
            drives=session.drives + 1,
            correlation_id=session.correlation_id or lock.correlation_id,
        )
        return LockAttempt(True, self.sessions[key])

    @port
    def read_session(self, key: SessionKey) -> SessionSnapshot:
        session = self._session(key)
        attached = (TransactionKey(key, each) for each in sorted(session.attempts))
        found = (self.transactions.get(each) for each in attached)
        return SessionSnapshot(session, tuple(each for each in found if each))

    @port
    def mark_pending(self, key: TransactionKey) -> None:
        self._mark(key, PendingReason.UNKNOWN)

    @port
    def complete_cancellation(self, key: SessionKey, now: datetime) -> bool:
        session = self._session(key)
        if session.status is SessionStatus.PENDING_CANCELLATION:
            cancelled = SessionStatus.CANCELLED
            self.due.pop(key, None)
            self.sessions[key] = replace(
                session,
                status=cancelled,
                cancelled_at=_stored(now),
                lease_until=0,
                due_at=None,
            )
            return True
        if session.status is not SessionStatus.CANCELLED:
            raise SessionEndedError(session.status.value)
        return False

    @port
    def release_lease(self, key: SessionKey, driver: str, due_at: datetime) -> SessionStatus:
        session = self._session(key)
        pending = session.status is SessionStatus.PENDING_CANCELLATION
        if pending and session.driver == driver:
            self.sessions[key] = replace(session, lease_until=0, due_at=to_millis(due_at))
            self.due[key] = to_millis(due_at)
        return session.status

    @port
    def postpone(self, seen: DueSession, driver: str, due_at: datetime) -> None:
        due = self.due.get(seen.key)
        if due is not None and (due == seen.due_at or self.sessions[seen.key].driver == driver):
            self.due[seen.key] = to_millis(due_at)
            self.sessions[seen.key] = replace(self.sessions[seen.key], due_at=to_millis(due_at))

    @port
    def due_sessions(
        self,
        shard: int,
        due_by: datetime | None,
        cursor: Mapping[str, Any] | None,
        count: int | None = None,
    ) -> DuePage:
        until = math.inf if due_by is None else to_millis(due_by)
        behind = cursor["behind"] if cursor else (-1, "")
        listed = sorted(
            (due_at, key.session_id, key)
            for key, due_at in self.due.items()
            if due_shard(key.session_id) == str(shard)
        )
        left = [each for each in listed if behind < each[:2] and each[0] <= until]
        size = min(count or self.page_size, self.page_size)
        page, more = left[:size], len(left) > size
        sessions = tuple(DueSession(key, due_at) for due_at, _, key in page)
        return DuePage(sessions, {"behind": page[-1][:2]} if more else None)

    @port
    def cancelled_sessions(
        self, listing: Listing, count: int, cursor: Mapping[str, Any] | None
    ) -> CancelledPage:
        """Those of one moment in the order of their making, which is none of their ids."""
        until = None if listing.after is None else listing.after.cancel_requested_at
        found = [
            CancelledSession(key, each.status, each.created_at, at, each.cancelled_at, each.reason)
            for key, each in self.sessions.items()
            if (key.merchant_id, each.status) == (listing.merchant_id, listing.status)
            and (at := each.cancel_requested_at) is not None
            and (until is None or at <= until)
        ]
        found.sort(key=lambda each: each.cancel_requested_at, reverse=True)
        begin = cursor["behind"] if cursor else 0
        end = begin + min(count, self.page_size)
        return CancelledPage(tuple(found[begin:end]), {"behind": end} if end < len(found) else None)

    @port
    def record_outcome(
        self, key: TransactionKey, record: OutcomeRecord
    ) -> tuple[TransactionStatus, bool]:
        before = self.transactions.get(key)
        if before is None:
            raise TransactionNotFoundError(key.transaction_id)
        wanted = _outcome_status(record)
        told = (before.provider_reference, before.cancel_attempt)
        sent = before.status is not TransactionStatus.PENDING or any(told)
        if before.status not in IN_FLIGHT or (record.never_sent and sent):
            return before.status, before.driver == record.driver and before.status is wanted
        tried_at = _stored(record.now)
        first = before.first_tried_at or tried_at
        after = replace(before, driver=record.driver, first_tried_at=first, last_tried_at=tried_at)
        if wanted is None:
            self._change(after)
            self._mark(key, _reason(record.answer.outcome), record.next_attempt)
            return after.status, True
        after = replace(after, status=wanted, status_at=tried_at)
        after = replace(after, pending_reason=None, awaited=False, never_sent=record.never_sent)
        if wanted is TransactionStatus.SETTLED:
            after = replace(after, settled_at=tried_at, settled_after_cancel=True)
        self._change(after)
        return wanted, True

    def _session(self, key: SessionKey) -> Session:
        if key not in self.sessions:
            raise SessionNotFoundError(key.session_id)
        return self.sessions[key]

    def _mark(self, key: TransactionKey, reason: PendingReason, attempt: int | None = None) -> None:
        found = self.transactions.get(key)
        if found is None or not found.in_flight:
            return
        news = reason not in (PendingReason.UNKNOWN, PendingReason.NOT_FOUND)
        told = reason if news else found.pending_reason or reason
        count = found.cancel_attempt if attempt is None else attempt
        self._change(replace(found, pending_reason=told, cancel_attempt=count, awaited=True))

    def _change(self, after: Transaction) -> None:
        """Store it, and wake whom the stream's filter would wake."""
        before = self.transactions[after.key]
        self.transactions[after.key] = after
        if before.in_flight and before.awaited and not after.in_flight:
            self.wakes.append(after.key.session)


def unavailable() -> None:
    """A hook: before a call it is not made, after it its answer is lost."""
    raise StoreUnavailableError("InternalServerError")


def _nothing() -> None:
    return None


def _stored(moment: datetime) -> datetime:
    return from_text(to_text(moment))


def _outcome_status(record: OutcomeRecord) -> TransactionStatus | None:
    if record.answer.outcome is CancelOutcome.CANCELLED:
        return TransactionStatus.CANCELLED
    terminal = record.answer.outcome is CancelOutcome.TERMINAL
    return record.answer.status if terminal and record.answer.status in TERMINAL else None


def _reason(outcome: CancelOutcome) -> PendingReason:
    return {
        CancelOutcome.REQUESTED: PendingReason.REQUESTED,
        CancelOutcome.UNSUPPORTED: PendingReason.UNSUPPORTED,
        CancelOutcome.REFUSED: PendingReason.REFUSED,
        CancelOutcome.NOT_FOUND: PendingReason.NOT_FOUND,
    }.get(outcome, PendingReason.UNKNOWN)

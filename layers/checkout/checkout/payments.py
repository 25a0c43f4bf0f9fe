"""The payment side: what the service that takes payments does to sessions and transactions.

It shares the table with the cancellation. `begin_transaction` is the other half of the lock: an
attempt is attached to an `OPEN` session or it is never sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from checkout.errors import (
    AttachTooLateError,
    PaymentGivenUpError,
    SessionLockedError,
    TooManyTransactionsError,
    TransactionNotFoundError,
)
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.transactions import (
    ATTACH_LIMIT,
    MAX_TRANSACTIONS,
    PAID,
    SEND_DEADLINE,
    Attempt,
    Transaction,
    TransactionKey,
    TransactionStatus,
)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What became of a reported status.

    `status` is the transaction's status now. `late_settlement` is true when this report is the
    first to tell of money that arrived although the transaction had ended otherwise, or although
    its cancelled session waited for it: somebody has to decide about a refund. `after_cancel` says
    whether the session, or the transaction itself, was cancelled; else a payment that had failed or
    expired in an open session was paid all the same.
    """

    status: TransactionStatus
    changed: bool
    late_settlement: bool = False
    after_cancel: bool = False


class PaymentStore(Protocol):
    """All raise StoreError, after which it is not known whether the change was made."""

    def open_session(self, key: SessionKey, now: datetime) -> None:
        """Raises SessionExistsError."""

    def put_attempt(self, attempt: Attempt, now: datetime) -> None: ...

    def attach_attempt(self, key: TransactionKey) -> Session:
        """The session afterwards; without the attempt if it was refused.

        Raises SessionNotFoundError.
        """

    def record_reference(self, key: TransactionKey, provider: str, reference: str) -> Transaction:
        """Raises TransactionNotFoundError, ReferenceConflictError."""

    def record_status(
        self, key: TransactionKey, status: TransactionStatus, now: datetime
    ) -> tuple[Transaction | None, bool]:
        """The transaction, and whether this call changed it; None if there is no such one."""

    def record_late_settlement(
        self, key: TransactionKey, now: datetime, *, after_cancel: bool = True
    ) -> bool:
        """Money for what had ended otherwise, or for a session that is cancelled (`after_cancel`).

        Whether it was the first one of this transaction.
        """

    def cancel_requested_at(self, key: SessionKey) -> datetime | None:
        """None if nobody has cancelled it, or if it is unknown."""

    def end_session(self, key: SessionKey, status: SessionStatus, now: datetime) -> Session:
        """The session afterwards. Raises SessionNotFoundError."""


def open_session(store: PaymentStore, key: SessionKey, now: datetime) -> None:
    """A new `OPEN` session. Raises SessionExistsError."""
    store.open_session(key, now)


def begin_transaction(
    store: PaymentStore, attempt: Attempt, clock: Callable[[], datetime]
) -> datetime:
    """Attach the attempt to its session, the last step before the provider is called.

    Returns the moment until which the provider may be called; after it, never. Raises
    SessionLockedError (the session is not `OPEN`), SessionNotFoundError,
    TooManyTransactionsError, AttachTooLateError, StoreError: then the provider must not be called
    at all. Another try is another attempt, with a new transaction id.
    """
    now = clock()
    store.put_attempt(attempt, now)
    session = store.attach_attempt(attempt.key)
    attached = attempt.key.transaction_id in session.attempts
    # Attached and locked: the lock came first to be seen, by a retry whose first answer was lost.
    # Nothing was sent, so refusing is still possible, and better than a payment to be cancelled.
    if attached and session.status is SessionStatus.OPEN and clock() - now <= ATTACH_LIMIT:
        return now + SEND_DEADLINE
    store.record_status(attempt.key, TransactionStatus.FAILED, clock())
    if session.status is not SessionStatus.OPEN:
        raise SessionLockedError(session.status.value)
    if attached:
        raise AttachTooLateError(f"attaching took more than {ATTACH_LIMIT.seconds} s")
    raise TooManyTransactionsError(MAX_TRANSACTIONS)


def record_reference(
    store: PaymentStore, key: TransactionKey, provider: str, reference: str
) -> None:
    """The provider's own id of the payment, once the provider has answered.

    The same one again is fine. Raises TransactionNotFoundError, ReferenceConflictError, and
    PaymentGivenUpError, with the reference stored, where a cancellation took the payment for
    never sent: it exists after all, and has to be voided.
    """
    transaction = store.record_reference(key, provider, reference)
    if transaction.never_sent:
        raise PaymentGivenUpError(key.transaction_id)


def record_status(
    store: PaymentStore, key: TransactionKey, status: TransactionStatus, now: datetime
) -> StatusChange:
    """A transaction's new status, from whatever source, in whatever order reports come.

    A terminal status is kept, but for `SETTLED`, which may become `REFUNDED`. Raises
    TransactionNotFoundError.
    """
    transaction, changed = store.record_status(key, status, now)
    if transaction is None:
        raise TransactionNotFoundError(key.transaction_id)
    if status is TransactionStatus.SETTLED:
        if transaction.awaited or transaction.status is TransactionStatus.CANCELLED:
            first = store.record_late_settlement(key, now)
            return StatusChange(transaction.status, changed, first, after_cancel=first)
        if transaction.status not in PAID:
            return _record_unexpected(store, transaction, now)
    return StatusChange(transaction.status, changed)


def _record_unexpected(
    store: PaymentStore, transaction: Transaction, now: datetime
) -> StatusChange:
    """Money for what had failed or expired: if its session was open, no cancellation's matter."""
    # Asked after `now` was read: a lock that is missed here came later.
    requested = store.cancel_requested_at(transaction.key.session)
    late = requested is not None
    # Nor may another's clock make it look as if it had come before the lock.
    at = max(now, requested) if requested else now
    first = store.record_late_settlement(transaction.key, at, after_cancel=late)
    return StatusChange(transaction.status, False, first, after_cancel=first and late)


def complete_session(store: PaymentStore, key: SessionKey, now: datetime) -> None:
    """The checkout succeeded. Raises SessionLockedError once it has ended otherwise."""
    _end_session(store, key, SessionStatus.COMPLETED, now)


def expire_session(store: PaymentStore, key: SessionKey, now: datetime) -> None:
    """The checkout was abandoned. Raises SessionLockedError once it has ended otherwise."""
    _end_session(store, key, SessionStatus.EXPIRED, now)


def _end_session(
    store: PaymentStore, key: SessionKey, status: SessionStatus, now: datetime
) -> None:
    session = store.end_session(key, status, now)
    if session.status is not status:
        raise SessionLockedError(session.status.value)

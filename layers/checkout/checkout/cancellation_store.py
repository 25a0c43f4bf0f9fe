"""What a drive asks of the table."""

from datetime import datetime
from typing import Protocol

from checkout.completion import CompletionStore
from checkout.lease import DueSession, Lock, LockAttempt
from checkout.sessions import SessionKey, SessionStatus
from checkout.transactions import TransactionKey


class CancellationStore(CompletionStore, Protocol):
    """All raise StoreError, after which it is not known whether the change was made."""

    def lock_for_cancellation(self, key: SessionKey, lock: Lock) -> LockAttempt:
        """Raises SessionNotFoundError."""

    def mark_pending(self, key: TransactionKey) -> None:
        """Lets the stream wake the completion when this transaction ends; no-op once it has."""

    def release_lease(self, key: SessionKey, driver: str, due_at: datetime) -> SessionStatus:
        """The session's status, which somebody else may have completed meanwhile."""

    def postpone(self, seen: DueSession, driver: str, due_at: datetime) -> None:
        """Be due at `due_at`, unless somebody but `driver` has changed it since it was seen."""

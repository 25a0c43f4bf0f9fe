"""Completing a pending cancellation whose transactions have all ended, whoever saw the last end.

It needs no lock: once a session is locked, its in-flight transactions can only become fewer.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from checkout.correlation import not_correlated
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.transactions import SessionSnapshot, TransactionKey

# Whose late money is told of, by a transaction's id.
Tell = Callable[[str], None]


def not_told(_: str) -> None:
    """For whoever tells nobody."""


class CompletionStore(Protocol):
    """All raise StoreError."""

    def read_session(self, key: SessionKey) -> SessionSnapshot:
        """Raises SessionNotFoundError."""

    def record_late_settlement(self, key: TransactionKey, now: datetime) -> bool:
        """Whether it was the first one of this transaction."""

    def complete_cancellation(self, key: SessionKey, now: datetime) -> bool:
        """Whether it was this call that completed it.

        Raises SessionEndedError for a session that is not being cancelled.
        """


def complete_if_drained(
    store: CompletionStore,
    key: SessionKey,
    now: datetime,
    tell_settled: Tell = not_told,
    correlate: Callable[[str], None] = not_correlated,
) -> Session | None:
    """Complete a pending cancellation that nothing is in flight of any more.

    The session as it was found, if this call completed it. `tell_settled` is given whatever settled
    after the lock, behind a worker and a driver that died: nobody else tells of it. `correlate` is
    given the cancellation's id. Raises SessionNotFoundError, StoreError.
    """
    snapshot = store.read_session(key)
    session = snapshot.session
    if session.correlation_id:
        correlate(session.correlation_id)
    pending = session.status is SessionStatus.PENDING_CANCELLATION
    if not (pending and snapshot.drained):
        return None
    # First: of a session that is done nobody reads any more what settled when.
    for each in snapshot.untold_settlements(frozenset()):
        if store.record_late_settlement(each.key, now):
            tell_settled(each.transaction_id)
    return session if store.complete_cancellation(key, now) else None


def age(session: Session, now: datetime) -> timedelta:
    """Of its cancellation."""
    return now - (session.cancel_requested_at or now)

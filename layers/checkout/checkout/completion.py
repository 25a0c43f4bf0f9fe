"""Completing a pending cancellation whose transactions have all ended, whoever saw the last end.

It needs no lock: once a session is locked, its in-flight transactions can only become fewer.
"""

from datetime import datetime
from typing import Protocol

from checkout.sessions import SessionKey, SessionStatus
from checkout.transactions import SessionSnapshot


class CompletionStore(Protocol):
    """Both raise StoreError."""

    def read_session(self, key: SessionKey) -> SessionSnapshot:
        """Raises SessionNotFoundError."""

    def complete_cancellation(self, key: SessionKey, now: datetime) -> None:
        """Raises SessionEndedError for a session that is not being cancelled."""


def complete_if_drained(store: CompletionStore, key: SessionKey, now: datetime) -> bool:
    """Complete a pending cancellation that nothing is in flight of any more; whether it was.

    Raises SessionNotFoundError, StoreError.
    """
    snapshot = store.read_session(key)
    pending = snapshot.session.status is SessionStatus.PENDING_CANCELLATION
    if not (pending and snapshot.drained):
        return False
    store.complete_cancellation(key, now)
    return True

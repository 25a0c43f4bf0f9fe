"""A merchant's cancelled sessions, page by page, the newest cancellation first.

The list lags a little behind the sessions: it tells what to look at, the session what is so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from checkout.sessions import SessionKey, SessionStatus

# What a session that somebody has begun to cancel can be.
LISTED = (SessionStatus.PENDING_CANCELLATION, SessionStatus.CANCELLED)
DEFAULT_LIMIT = 20
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Of a session in the order of the list. It never changes, so that pages stay apart."""

    cancel_requested_at: datetime
    session_id: str


@dataclass(frozen=True, slots=True)
class CancelledSession:
    """What the list knows of a session."""

    key: SessionKey
    status: SessionStatus
    created_at: datetime
    cancel_requested_at: datetime
    cancelled_at: datetime | None = None
    reason: str | None = None

    @property
    def position(self) -> Position:
        return Position(self.cancel_requested_at, self.key.session_id)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked for: at most `limit` of one merchant's, behind `after` or from the newest on.

    `status` is one of LISTED.
    """

    merchant_id: str
    status: SessionStatus
    limit: int = DEFAULT_LIMIT
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """`next` is the position of the last one, if more follow it.

    `unreadable` counts what was met on the way to them and could not be read.
    """

    sessions: tuple[CancelledSession, ...]
    next: Position | None = None
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class CancelledPage:
    """`cursor` means something to the store only, and is None after the last page.

    `unreadable` counts items of the list that no release of ours wrote so.
    """

    sessions: tuple[CancelledSession, ...]
    cursor: Mapping[str, Any] | None = None
    unreadable: int = 0


class CancelledSessionsStore(Protocol):
    def cancelled_sessions(
        self, listing: Listing, count: int, cursor: Mapping[str, Any] | None
    ) -> CancelledPage:
        """At most `count`, not newer than `listing.after`, the newest first.

        Those of the same moment come in any order. Raises StoreError.
        """


def list_cancelled(store: CancelledSessionsStore, listing: Listing) -> Listed:
    """Of sessions with the same moment, the greater id is first. Raises StoreError.

    A session that keeps its status while the pages are read is on exactly one of them.
    """
    found: list[CancelledSession] = []
    # One more tells whether more follow. The one that the last page ended with comes again.
    count = listing.limit + (1 if listing.after is None else 2)
    page = store.cancelled_sessions(listing, count, None)
    found += _behind(listing.after, page.sessions)
    unreadable = page.unreadable
    while page.cursor is not None and not _settled(found, listing.limit):
        page = store.cancelled_sessions(listing, count, page.cursor)
        found += _behind(listing.after, page.sessions)
        unreadable += page.unreadable
    found.sort(key=lambda each: each.position, reverse=True)
    shown = tuple(found[: listing.limit])
    behind = shown[-1].position if len(found) > len(shown) else None
    return Listed(shown, behind, unreadable)


def _behind(
    position: Position | None, sessions: Sequence[CancelledSession]
) -> list[CancelledSession]:
    return [each for each in sessions if position is None or each.position < position]


def _settled(found: Sequence[CancelledSession], limit: int) -> bool:
    """Whether nothing that is still to come can belong on the page."""
    # One of the same moment as the page's last one could, by its id.
    return len(found) > limit and (
        found[-1].cancel_requested_at < found[limit - 1].cancel_requested_at
    )

"""What operators look at: the cancelled sessions of every merchant, and those that wait, entirely.

The lists lag a little behind the sessions: they tell where to look. Each session that waits is read
by itself, so what is told of it is so.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from checkout.cancelled_sessions import (
    CancelledSession,
    CancelledSessionsStore,
    Listing,
    Position,
    list_cancelled,
)
from checkout.errors import SessionNotFoundError
from checkout.lease import DUE_SHARDS, DuePage
from checkout.recovery import GiveUpAges
from checkout.sessions import SessionKey, SessionStatus
from checkout.timestamps import from_millis
from checkout.transactions import SessionSnapshot
from checkout.waiting_sessions import Waiting, waiting_of

# Each is a query of some milliseconds, most of which is the way there and back.
READ_AT_ONCE = 16
Cursor: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """In the list of all that wait: behind `cursor` in this shard, or at the shard's beginning."""

    shard: int = 0
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Everybody:
    """All merchants' sessions that wait, from a place on."""

    limit: int
    begin: Place


@dataclass(frozen=True, slots=True)
class Page:
    """The oldest cancellation first. `unreadable` counts those that no release of ours wrote so."""

    waiting: tuple[Waiting, ...] = ()
    cancelled: tuple[CancelledSession, ...] = ()
    next: Place | Position | None = None
    unreadable: int = 0


class OperationsStore(CancelledSessionsStore, Protocol):
    def due_sessions(
        self, shard: int, due_by: datetime | None, cursor: Cursor | None, count: int | None = None
    ) -> DuePage:
        """As `DueStore.due_sessions`, at most `count`. Raises StoreError."""

    def read_session(self, key: SessionKey) -> SessionSnapshot:
        """Raises SessionNotFoundError, StoreError, and anything for an item that it cannot read."""


def list_for_operators(
    store: OperationsStore, ages: GiveUpAges, asked: Everybody | Listing, now: datetime
) -> Page:
    """Raises StoreError.

    A page may have fewer than asked for although more follow: what has ended since is left out. Of
    everybody's list a page that is full may be followed by an empty one.
    """
    if isinstance(asked, Everybody):
        return _of_everybody(store, ages, asked, now)
    listed = list_cancelled(store, asked)
    if asked.status is SessionStatus.CANCELLED:
        return Page(cancelled=listed.sessions, next=listed.next, unreadable=listed.unreadable)
    waiting, broken = _read(store, ages, [each.key for each in listed.sessions], now)
    return Page(tuple(waiting), next=listed.next, unreadable=listed.unreadable + broken)


def _of_everybody(
    store: OperationsStore, ages: GiveUpAges, asked: Everybody, now: datetime
) -> Page:
    # In the order of their finding, and once: one that is driven meanwhile may move and come again.
    keys: dict[SessionKey, None] = {}
    unreadable = 0
    place: Place | None = asked.begin
    while place is not None and len(keys) < asked.limit:
        page = store.due_sessions(place.shard, None, place.cursor, asked.limit - len(keys))
        keys |= dict.fromkeys(each.key for each in page.sessions)
        unreadable += page.unreadable
        place = _behind(place, page.cursor)
    waiting, broken = _read(store, ages, keys, now)
    waiting.sort(key=lambda each: each.age, reverse=True)
    return Page(tuple(waiting), next=place, unreadable=unreadable + broken)


def _behind(place: Place, cursor: Cursor | None) -> Place | None:
    if cursor is not None:
        return Place(place.shard, cursor)
    return Place(place.shard + 1) if place.shard + 1 < DUE_SHARDS else None


def _read(
    store: OperationsStore, ages: GiveUpAges, keys: Iterable[SessionKey], now: datetime
) -> tuple[list[Waiting], int]:
    """Those that still wait, in the order of their keys, and how many cannot be read."""

    def look(key: SessionKey) -> Waiting | Exception | None:
        try:
            snapshot = store.read_session(key)
            due_at = snapshot.session.due_at
            return waiting_of(snapshot, from_millis(due_at) if due_at else None, ages, now)
        except SessionNotFoundError:
            return None
        # One that somebody has written by hand must not hide all others.
        except (KeyError, OSError, OverflowError, TypeError, ValueError) as error:
            return error

    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        futures = [pool.submit(copy_context().run, look, each) for each in keys]
        found = [each.result() for each in futures]
    broken = sum(isinstance(each, Exception) for each in found)
    return [each for each in found if isinstance(each, Waiting)], broken

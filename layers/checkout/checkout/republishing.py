"""Telling once more what has happened to many sessions, after an outage of the bus.

Under the ids that the events had then: whoever has heard one can see that. No index says which
sessions had a change at which time, so the whole table is looked through.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from checkout.errors import SessionNotFoundError, StoreError
from checkout.events import Event, Told, events_so_far
from checkout.sessions import SessionKey
from checkout.transactions import SessionSnapshot

# Each is a query of some milliseconds, most of which is the way there and back.
READ_AT_ONCE = 16
# Seconds before an event that was not taken is told again. The bus throttles who tells very many.
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
# Given how many items there are, about, how many were read, and how many sessions were told of.
Progress = Callable[[int, int, int], None]


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to `until`, both of which belong to it; of one merchant, or of all."""

    since: datetime
    until: datetime
    merchant_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """Each session of it once, if something was told of it that happened within the span.

    `cursor` means something to the store only, and is None after the last page. `read` counts items
    of any kind. `unreadable` are the partition keys of those that name no session.
    """

    sessions: tuple[SessionKey, ...]
    unreadable: tuple[str, ...]
    read: int
    cursor: Mapping[str, Any] | None = None


class ChangesStore(Protocol):
    def items_about(self) -> int:
        """How many items the table has, as it was counted some hours ago. Raises StoreError."""

    def changed_sessions(self, span: Span, cursor: Mapping[str, Any] | None) -> ChangedPage:
        """Raises StoreError."""

    def read_session(self, key: SessionKey) -> SessionSnapshot:
        """Raises SessionNotFoundError, StoreError, and anything for an item that it cannot read."""


class Bus(Protocol):
    def publish(self, events: Sequence[Event]) -> list[Told]: ...


@dataclass(slots=True)
class Republished:
    """`untold` counts events that the bus did not take, `unread` sessions that cannot be read.

    `stopped`: the bus took nothing more, and what follows was not looked at.
    """

    sessions: int = 0
    events: int = 0
    untold: int = 0
    unread: int = 0
    stopped: bool = False

    @property
    def is_all(self) -> bool:
        return not (self.untold or self.unread or self.stopped)


def republish(
    store: ChangesStore,
    bus: Bus,
    span: Span,
    sleep: Callable[[float], None],
    report: Callable[[str], None],
    progress: Progress,
) -> Republished:
    """Tell all that has happened to each session of the span. Raises StoreError.

    `sleep` takes seconds. `report` is given a line about whatever is not told. Safe to repeat.
    """
    done, items, read = Republished(), store.items_about(), 0
    progress(items, 0, 0)
    for page in _pages(store, span):
        for each in page.unreadable:
            done.unread += 1
            report(f"an item that names no session: {each}")
        events = list(_events(store, page.sessions, done, report))
        _tell(bus, events, done, sleep, report)
        read += page.read
        progress(max(items, read), read, done.sessions)
        if done.stopped:
            break
    return done


def _pages(store: ChangesStore, span: Span) -> Iterator[ChangedPage]:
    page = store.changed_sessions(span, None)
    yield page
    while page.cursor is not None:
        page = store.changed_sessions(span, page.cursor)
        yield page


def _events(
    store: ChangesStore,
    keys: Sequence[SessionKey],
    done: Republished,
    report: Callable[[str], None],
) -> Iterator[Event]:
    def look(key: SessionKey) -> list[Event] | None:
        try:
            return events_so_far(store.read_session(key))
        except SessionNotFoundError:
            # Deleted by hand: there is nobody to tell of.
            return []
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - one that cannot be read must not hide the others
            return None

    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        for key, events in zip(keys, pool.map(look, keys), strict=True):
            if events is None:
                done.unread += 1
                report(f"session {key.session_id} of merchant {key.merchant_id} cannot be read")
            elif events:
                done.sessions += 1
                yield from events


def _tell(
    bus: Bus,
    events: Sequence[Event],
    done: Republished,
    sleep: Callable[[float], None],
    report: Callable[[str], None],
) -> None:
    left = _told_once(bus, events, done, report)
    waits = iter(WAITS)
    while left and (wait := next(waits, None)) is not None:
        sleep(wait)
        before, left = left, _told_once(bus, left, done, report)
        if len(left) < len(before):
            # It takes some: only one that takes nothing more is given up.
            waits = iter(WAITS)
    done.untold += len(left)
    done.stopped = bool(left)


def _told_once(
    bus: Bus, events: Sequence[Event], done: Republished, report: Callable[[str], None]
) -> list[Event]:
    """What has to be told again."""
    left: list[Event] = []
    for event, told in zip(events, bus.publish(events), strict=True):
        match told:
            case Told.TAKEN:
                done.events += 1
            case Told.LATER:
                left.append(event)
            case Told.REFUSED:
                done.untold += 1
                report(f"the bus refuses {event.type.value} of session {event.key.session_id}")
    return left

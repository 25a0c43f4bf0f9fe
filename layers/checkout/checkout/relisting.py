"""Mending the lists of cancelled sessions, where a session's item and its list disagree.

Two releases at work at once may leave it so (docs/adr/0022-a-list-of-cancellations.md). No index
says where: the whole table is looked through, once, from one end to the other.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from checkout.sessions import SessionKey, SessionStatus

# Given how many items there are, about, how many were read, and how many sessions were seen.
Progress = Callable[[int, int, int], None]


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A session in no list, or in another one than that of its status, when it was read."""

    key: SessionKey
    status: SessionStatus


@dataclass(frozen=True, slots=True)
class MisplacedPage:
    """`cursor` means something to the store only, and is None after the last page.

    `read` counts items of any kind, `seen` the sessions among them that somebody has cancelled.
    `unreadable` are the partition keys of those that no list can show.
    """

    sessions: tuple[Misplaced, ...]
    unreadable: tuple[str, ...]
    read: int
    seen: int
    cursor: Mapping[str, Any] | None = None


class ListsStore(Protocol):
    def items_about(self) -> int:
        """How many items the table has, as it was counted some hours ago. Raises StoreError."""

    def misplaced(self, merchant_id: str | None, cursor: Mapping[str, Any] | None) -> MisplacedPage:
        """Of one merchant, or of all. Raises StoreError."""

    def relist(self, found: Misplaced) -> bool:
        """Into the list of its status, if it still has that and is in another. Raises StoreError.

        Whether this has changed anything.
        """


@dataclass(frozen=True, slots=True)
class Relisted:
    """`seen` are the sessions that somebody has cancelled; `unreadable` those no list can show."""

    seen: int
    mended: int
    unreadable: int


def relist(
    store: ListsStore,
    merchant_id: str | None,
    report: Callable[[str], None],
    progress: Progress,
) -> Relisted:
    """Put every session into the list of its status. Raises StoreError; a repeat goes on.

    `report` is given a line about each item that cannot be read. Safe at any time, and twice at
    once: a session that has gone on since it was read is left alone.
    """
    items, read, seen, mended, unreadable = store.items_about(), 0, 0, 0, 0
    progress(items, 0, 0)
    for page in _pages(store, merchant_id):
        mended += sum(store.relist(each) for each in page.sessions)
        for each in page.unreadable:
            report(f"an item that no list can show: {each}")
        read, seen = read + page.read, seen + page.seen
        unreadable += len(page.unreadable)
        progress(max(items, read), read, seen)
    return Relisted(seen, mended, unreadable)


def _pages(store: ListsStore, merchant_id: str | None) -> Iterator[MisplacedPage]:
    page = store.misplaced(merchant_id, None)
    yield page
    while page.cursor is not None:
        page = store.misplaced(merchant_id, page.cursor)
        yield page

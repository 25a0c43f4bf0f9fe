"""Stories of a merchant's list: sessions of few moments, and what happens between its pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from hypothesis import strategies as st

from checkout.lease import CancelRequest, new_lock
from checkout.sessions import SessionKey
from tests.unit.clock import NOON

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from checkout.lease import Lock, LockAttempt

IDS = 40
# Of which page after page is read; sessions of the same millisecond are the rule.
MOMENTS = 4


class Store(Protocol):
    def open_session(self, key: SessionKey, now: datetime) -> None: ...

    def lock_for_cancellation(self, key: SessionKey, lock: Lock) -> LockAttempt: ...

    def complete_cancellation(self, key: SessionKey, now: datetime) -> bool: ...


@dataclass(frozen=True)
class Begun:
    """A cancellation that begins: at which moment, and of the session of which id."""

    moment: int
    number: int

    def key(self, merchant: str) -> SessionKey:
        return SessionKey(merchant, f"018f0000-0000-7000-8000-{self.number:012d}")

    @property
    def at(self) -> datetime:
        return NOON + timedelta(milliseconds=self.moment)

    def happen(self, store: Store, merchant: str) -> None:
        key = self.key(merchant)
        store.open_session(key, self.at)
        lock = new_lock("driver", self.at, 0, CancelRequest(merchant, None))
        assert store.lock_for_cancellation(key, lock).held


@dataclass(frozen=True)
class Story:
    """`begun` are there at first. Before each later page one `added` begins, one of `ended` ends.

    The numbers of `ended` count in `begun`.
    """

    limit: int
    begun: list[Begun]
    added: list[Begun]
    ended: list[int]


@dataclass
class Told:
    """The ids that each page had, and those that kept their status from the first to the last."""

    pages: list[list[str]] = field(default_factory=list)
    lasting: list[Begun] = field(default_factory=list)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    numbers = draw(st.permutations(range(IDS)))
    moments = draw(st.lists(st.integers(0, MOMENTS), max_size=IDS // 2))
    later = draw(st.lists(st.integers(0, MOMENTS + 1), max_size=IDS // 2))
    begun = [Begun(*each) for each in zip(moments, numbers, strict=False)]
    added = [Begun(*each) for each in zip(later, numbers[len(begun) :], strict=False)]
    ends = st.lists(st.integers(0, max(len(begun) - 1, 0)), unique=True, max_size=len(begun))
    return Story(draw(st.integers(1, 5)), begun, added, draw(ends))


def tell(
    story: Story, store: Store, merchant: str, page: Callable[[Any], tuple[list[str], Any]]
) -> Told:
    """`page` reads the one behind a cursor, None for the first: its ids, and the next cursor."""
    for each in story.begun:
        each.happen(store, merchant)
    added, ended = iter(story.added), iter(story.ended)
    told, gone = Told(), set()
    ids, cursor = page(None)
    told.pages.append(ids)
    while cursor is not None:
        if (new := next(added, None)) is not None:
            new.happen(store, merchant)
        if (number := next(ended, None)) is not None:
            assert store.complete_cancellation(story.begun[number].key(merchant), NOON)
            gone.add(number)
        ids, cursor = page(cursor)
        told.pages.append(ids)
        # No page is empty but the last one, so there cannot be more of them than sessions.
        assert len(told.pages) <= IDS + 1, "the pages never end"
    told.lasting = [each for number, each in enumerate(story.begun) if number not in gone]
    return told


def check(story: Story, told: Told, merchant: str) -> None:
    moments = {each.key(merchant).session_id: each.moment for each in story.begun + story.added}
    seen = [each for ids in told.pages for each in ids]
    assert len(set(seen)) == len(seen)
    assert {each.key(merchant).session_id for each in told.lasting} <= set(seen)
    order = [(moments[each], each) for each in seen]
    assert order == sorted(order, reverse=True)
    # Only the last one may have fewer, and none of several is empty for nothing.
    assert all(len(ids) == story.limit for ids in told.pages[:-1])
    assert len(told.pages[-1]) <= story.limit

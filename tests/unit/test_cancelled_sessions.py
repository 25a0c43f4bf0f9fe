"""The list of a merchant's cancelled sessions: its order, and that its pages leave nothing out."""

import pytest
from hypothesis import given

from checkout.cancelled_sessions import Listed, Listing, Position, list_cancelled
from checkout.sessions import SessionKey, SessionStatus
from tests.unit.clock import NOON
from tests.unit.listed_story import Begun, Story, check, stories, tell
from tests.unit.memory_store import MemoryStore

MERCHANT = "merchant-1"
PENDING = SessionStatus.PENDING_CANCELLATION


def page(store: MemoryStore, limit: int, after: Position | None = None) -> Listed:
    return list_cancelled(store, Listing(MERCHANT, PENDING, limit, after))


def numbers(listed: Listed) -> list[int]:
    return [int(each.key.session_id[-12:]) for each in listed.sessions]


def with_sessions(*begun: Begun) -> MemoryStore:
    store = MemoryStore()
    for each in begun:
        each.happen(store, MERCHANT)
    return store


@given(story=stories())
def test_pages_show_what_was_there_all_the_time_exactly_once_whatever_comes_and_goes(
    story: Story,
) -> None:
    store = MemoryStore()

    def read(after: Position | None) -> tuple[list[str], Position | None]:
        found = page(store, story.limit, after)
        return [each.key.session_id for each in found.sessions], found.next

    check(story, tell(story, store, MERCHANT, read), MERCHANT)


def test_the_newest_cancellation_is_first_and_of_equals_the_greater_id() -> None:
    store = with_sessions(Begun(1, 1), Begun(2, 2), Begun(1, 3), Begun(0, 4))
    assert numbers(page(store, 20)) == [2, 3, 1, 4]


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_more_of_one_moment_than_a_page_holds_are_cut_by_their_ids(page_size: int) -> None:
    store = with_sessions(*(Begun(0, number) for number in (5, 2, 9, 1, 7)))
    store.page_size = page_size
    first = page(store, 2)
    second = page(store, 2, first.next)
    third = page(store, 2, second.next)
    assert [numbers(each) for each in (first, second, third)] == [[9, 7], [5, 2], [1]]
    assert third.next is None


def test_a_page_that_is_just_full_is_the_last_one() -> None:
    store = with_sessions(Begun(1, 1), Begun(2, 2))
    assert page(store, 2).next is None
    assert page(store, 1).next == Position(Begun(2, 2).at, Begun(2, 2).key(MERCHANT).session_id)


def test_where_the_last_page_ended_the_next_begins_although_that_session_is_gone() -> None:
    begun = [Begun(moment, moment) for moment in range(5)]
    store = with_sessions(*begun)
    first = page(store, 2)
    store.complete_cancellation(begun[3].key(MERCHANT), NOON)
    assert numbers(page(store, 2, first.next)) == [2, 1]


def test_a_page_takes_one_question_where_no_moments_are_equal() -> None:
    store = with_sessions(*(Begun(moment, moment) for moment in range(9)))
    first = page(store, 3)
    page(store, 3, first.next)
    assert store.counts["cancelled_sessions"] == 2


def test_a_list_is_of_one_merchant_and_one_status() -> None:
    store = with_sessions(Begun(1, 1), Begun(2, 2))
    Begun(3, 3).happen(store, "merchant-2")
    store.open_session(SessionKey(MERCHANT, "open"), NOON)
    store.complete_cancellation(Begun(1, 1).key(MERCHANT), NOON)
    assert numbers(page(store, 20)) == [2]
    cancelled = list_cancelled(store, Listing(MERCHANT, SessionStatus.CANCELLED))
    assert numbers(cancelled) == [1]
    (shown,) = cancelled.sessions
    assert (shown.status, shown.cancelled_at) == (SessionStatus.CANCELLED, NOON)


def test_there_may_be_none() -> None:
    assert page(MemoryStore(), 20) == Listed(())

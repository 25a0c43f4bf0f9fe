"""`make stuck`: what waits past its age, for whom, and why."""

from datetime import timedelta

import pytest

from checkout.recovery import GiveUpAges
from local import stuck
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import REFUSED, UNKNOWN
from tests.unit.samples import KEY
from tests.unit.waiting import ListingStore
from tests.unit.world import World, a_world


@pytest.fixture
def world() -> World:
    """A cancelled session that waits for two of three payments."""
    world = a_world()
    world.open_with("bank", "card", "wallet")
    world.providers["bank"].answer = UNKNOWN
    world.providers["card"].answer = REFUSED
    world.drive()
    return world


def rows(world: World, hours: float, ages: str = "24") -> list[list[str]]:
    return list(stuck.rows(world.store, GiveUpAges.parse(ages), later(world.clock, hours)()))


def later(clock: Clock, hours: float) -> Clock:
    return Clock(clock() + timedelta(hours=hours))


def test_the_stuck_sessions_are_listed_with_what_they_wait_for(world: World) -> None:
    ((merchant, session, hours, drives, waits_for),) = rows(world, 25.5)
    assert (merchant, session, hours, drives) == (KEY.merchant_id, KEY.session_id, "25.5", "1")
    assert waits_for == "bank PENDING (UNKNOWN), card PENDING (REFUSED)"


def test_what_is_not_old_enough_is_not_listed_but_on_request(world: World) -> None:
    assert rows(world, 23.9) == []
    assert len(rows(world, 0, ages="0")) == 1
    assert rows(world, 25, ages="48") == []
    assert len(rows(world, 25, ages="48 card=12")) == 1


def test_a_session_that_has_ended_since_it_was_listed_is_left_out(world: World) -> None:
    due = dict(world.store.due)
    world.store.complete_cancellation(KEY, world.clock())
    world.store.due.update(due)
    assert rows(world, 25) == []


def test_a_session_that_cannot_be_read_is_listed_too(world: World) -> None:
    world.store.before["read_session", world.store.counts["read_session"] + 1] = _unreadable
    ((_, session, hours, _, why),) = rows(world, 1)
    assert (session, hours, why) == (KEY.session_id, "?", "an item of it cannot be read")


def _unreadable() -> None:
    raise ValueError("yesterday")


def test_what_the_list_has_and_cannot_be_read_is_listed_too() -> None:
    store = ListingStore()
    store.strange[3] = 2
    unreadable = ["?", "?", "?", "?", "an item that names no session"]
    assert list(stuck.rows(store, GiveUpAges.parse("24"), Clock()())) == [unreadable] * 2


def test_nothing_waits_in_an_empty_table() -> None:
    assert list(stuck.rows(MemoryStore(), GiveUpAges.parse("0"), Clock()())) == []


def test_what_a_session_waits_for_is_told_to_its_end() -> None:
    reasons = ", ".join(["provider PENDING (UNKNOWN)"] * 5)
    row = ["merchant" * 3, KEY.session_id, "25.5", "1", reasons]
    assert stuck.drawn([row]).splitlines()[-1].endswith(reasons)

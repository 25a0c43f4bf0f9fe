"""`checkout-admin pending`: what waits, for how long, and whether that is too long."""

from datetime import timedelta

import pytest

from admin.waiting import Unreadable, Waiting, waiting
from checkout.lease import DUE_SHARDS
from checkout.recovery import GiveUpAges
from checkout.timestamps import from_millis
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import REFUSED, UNKNOWN
from tests.unit.samples import KEY
from tests.unit.waiting import ListingStore, wait_for_payment
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


def found(world: World, hours: float, ages: str = "24") -> list[Waiting | Unreadable]:
    now = later(world.clock, hours)()
    return list(waiting(world.store, GiveUpAges.parse(ages), now, lambda *_: None))


def one(world: World, hours: float, ages: str = "24") -> Waiting:
    (only,) = found(world, hours, ages)
    assert isinstance(only, Waiting)
    return only


def later(clock: Clock, hours: float) -> Clock:
    return Clock(clock() + timedelta(hours=hours))


def test_what_waits_is_found_with_its_age_and_when_it_is_driven_next(world: World) -> None:
    each = one(world, 25.5)
    assert each.snapshot == world.store.read_session(KEY)
    assert (each.age, each.due_at) == (timedelta(hours=25.5), from_millis(world.store.due[KEY]))
    assert (each.give_up, each.stuck) == (timedelta(hours=24), True)


@pytest.mark.parametrize(
    ("hours", "ages", "stuck"),
    [(23.9, "24", False), (24, "24", True), (25, "48", False), (25, "48 card=12", True)],
)
def test_it_is_stuck_from_the_shortest_age_of_its_providers_on(
    world: World, hours: float, ages: str, stuck: bool
) -> None:
    assert one(world, hours, ages).stuck is stuck


def test_a_session_that_has_ended_since_it_was_listed_is_left_out(world: World) -> None:
    due = dict(world.store.due)
    world.store.complete_cancellation(KEY, world.clock())
    world.store.due.update(due)
    assert found(world, 25) == []


def test_a_session_that_cannot_be_read_is_found_too(world: World) -> None:
    world.store.before["read_session", world.store.counts["read_session"] + 1] = _unreadable
    assert found(world, 1) == [Unreadable(KEY, "an item of it cannot be read")]


def _unreadable() -> None:
    raise ValueError("yesterday")


def test_what_the_list_has_and_names_no_session_is_found_too() -> None:
    store = ListingStore()
    store.strange[3] = 2
    nameless = Unreadable(None, "an item that names no session")
    assert (
        list(waiting(store, GiveUpAges.parse("24"), Clock()(), lambda *_: None)) == [nameless] * 2
    )


def test_nothing_waits_in_an_empty_table() -> None:
    store = MemoryStore()
    assert list(waiting(store, GiveUpAges.parse("0"), Clock()(), lambda *_: None)) == []


def test_every_session_of_every_shard_and_page_is_found_and_counted() -> None:
    store = ListingStore()
    keys = {wait_for_payment(store, number) for number in range(1, 101)}
    told: list[tuple[int, int, int]] = []
    all_found = list(
        waiting(store, GiveUpAges.parse("24"), Clock()(), lambda *each: told.append(each))
    )
    assert {each.snapshot.session.key for each in all_found if isinstance(each, Waiting)} == keys
    assert (told[0], told[-1]) == ((DUE_SHARDS, 0, 0), (DUE_SHARDS, DUE_SHARDS, 100))
    assert told == sorted(told)

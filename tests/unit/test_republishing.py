"""Many sessions' events told once more: none is lost, and none stops the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from checkout.errors import StoreUnavailableError
from checkout.events import Event, Told, events_so_far
from checkout.republishing import WAITS, ChangedPage, Republished, Span, republish
from checkout.sessions import SessionKey
from tests.unit.clock import NOON
from tests.unit.memory_store import MemoryStore, unavailable
from tests.unit.waiting import damage, drained, remove

SPAN = Span(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
TAKEN, LATER, REFUSED = Told.TAKEN, Told.LATER, Told.REFUSED


class Changes(MemoryStore):
    """Finds the sessions that it has, two on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.strange: tuple[str, ...] = ()
        self.found: list[SessionKey] = []

    def items_about(self) -> int:
        return 3

    def changed_sessions(self, span: Span, cursor: Mapping[str, Any] | None) -> ChangedPage:
        assert span == SPAN
        at = cursor["at"] if cursor else 0
        following = {"at": at + 2} if at + 2 < len(self.found) else None
        strange = self.strange if at == 0 else ()
        return ChangedPage(tuple(self.found[at : at + 2]), strange, read=2, cursor=following)


@dataclass
class Bus:
    """`says` is asked about each event, with how often it was told before."""

    says: Callable[[Event, int], Told] = lambda *_: TAKEN
    told: list[Event] = field(default_factory=list)

    def publish(self, events: Sequence[Event]) -> list[Told]:
        outcomes = [self.says(each, self.told.count(each)) for each in events]
        self.told += events
        return outcomes


@pytest.fixture
def store() -> Changes:
    made = Changes()
    made.found = drained(made, 5)
    for each in made.found:
        made.complete_cancellation(each, NOON)
    return made


Run = Callable[[Bus], Republished]


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def run(store: Changes, waits: list[float], said: list[str]) -> Run:
    return lambda bus: republish(store, bus, SPAN, waits.append, said.append, lambda *_: None)


def events_of(store: Changes, keys: Sequence[SessionKey]) -> list[Event]:
    return [event for key in keys for event in events_so_far(store.read_session(key))]


def test_all_of_every_session_of_every_page_is_told_in_its_order(
    store: Changes, run: Run, waits: list[float], said: list[str]
) -> None:
    bus = Bus()
    events = events_of(store, store.found)
    assert run(bus) == Republished(sessions=5, events=len(events))
    assert bus.told == events
    assert len({each.event_id for each in events}) == len(events) >= 10
    assert (waits, said) == ([], [])


def test_what_is_told_twice_has_the_same_ids(run: Run) -> None:
    first, second = Bus(), Bus()
    run(first)
    run(second)
    assert [each.event_id for each in first.told] == [each.event_id for each in second.told]


def test_what_the_bus_throttles_is_told_again_alone(
    store: Changes, run: Run, waits: list[float]
) -> None:
    events = events_of(store, store.found)
    bus = Bus(lambda each, before: LATER if each == events[1] and before < 2 else TAKEN)
    done = run(bus)
    assert (done.events, done.untold, done.stopped, done.is_all) == (len(events), 0, False, True)
    assert waits == list(WAITS[:2])
    assert len(bus.told) == len(events) + 2


def test_a_bus_that_is_down_ends_the_run_after_the_last_wait(
    store: Changes, run: Run, waits: list[float]
) -> None:
    events = events_of(store, store.found[:2])
    done = run(Bus(lambda *_: LATER))
    assert done == Republished(sessions=2, events=0, untold=len(events), stopped=True)
    assert not done.is_all
    assert waits == list(WAITS)


class Slow(Bus):
    """Takes one event of every other call."""

    calls = 0

    def publish(self, events: Sequence[Event]) -> list[Told]:
        self.calls += 1
        taken = self.calls % 2 == 0
        return [TAKEN if taken and number == 0 else LATER for number in range(len(events))]


def test_a_bus_that_takes_a_few_at_a_time_is_waited_for_until_it_has_all(
    store: Changes, run: Run, waits: list[float]
) -> None:
    events = events_of(store, store.found)
    done = run(Slow())
    assert (done.events, done.untold, done.stopped) == (len(events), 0, False)
    assert len(waits) > len(WAITS)
    assert set(waits) == set(WAITS[:2]), "each that was taken begins the waits anew"


@pytest.mark.parametrize("error", [OverflowError, AttributeError, RecursionError])
def test_whatever_a_session_cannot_be_read_for_stops_no_other(
    store: Changes, run: Run, error: type[Exception]
) -> None:
    def fail() -> None:
        raise error

    store.before["read_session", 1] = fail
    done = run(Bus())
    assert (done.sessions, done.unread, done.stopped) == (4, 1, False)


def test_a_table_that_cannot_be_read_ends_the_run(store: Changes, run: Run) -> None:
    store.before["read_session", 1] = unavailable
    with pytest.raises(StoreUnavailableError):
        run(Bus())


def test_an_event_that_is_refused_is_named_and_stops_no_other(
    store: Changes, run: Run, waits: list[float], said: list[str]
) -> None:
    events = events_of(store, store.found)
    done = run(Bus(lambda each, _: REFUSED if each == events[0] else TAKEN))
    assert (done.events, done.untold, done.stopped) == (len(events) - 1, 1, False)
    assert not done.is_all
    assert waits == []
    assert said == [f"the bus refuses {events[0].type.value} of session {events[0].key.session_id}"]


def test_a_session_that_cannot_be_read_is_named_and_stops_no_other(
    store: Changes, run: Run, said: list[str]
) -> None:
    damage(store, store.found[0])
    store.strange = ("nonsense",)
    done = run(Bus())
    assert (done.sessions, done.unread, done.is_all) == (4, 2, False)
    assert said[0] == "an item that names no session: nonsense"
    assert store.found[0].session_id in said[1]


def test_one_that_has_been_deleted_is_no_trouble(store: Changes, run: Run) -> None:
    remove(store, store.found[3])
    done = run(Bus())
    assert (done.sessions, done.unread, done.is_all) == (4, 0, True)


def test_how_far_it_is_goes_up_to_the_end(store: Changes) -> None:
    seen: list[tuple[int, int, int]] = []
    republish(store, Bus(), SPAN, _unwanted, pytest.fail, lambda *each: seen.append(each))
    assert seen == [(3, 0, 0), (3, 2, 2), (4, 4, 4), (6, 6, 5)]


def _unwanted(seconds: float) -> None:
    pytest.fail(f"waited for {seconds} s")

"""The recovery with many due sessions: pages, pace, places and time."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

import pytest

from checkout.lease import DuePage, DueSession, new_lock
from checkout.payments import open_session
from checkout.recovery import RUN, reconcile
from checkout.sessions import SessionKey
from checkout.timestamps import from_millis
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import ScriptedProvider
from tests.unit.recovery import ONE_AT_A_TIME, REQUEST, Recovery


@pytest.fixture
def recovery() -> Recovery:
    return Recovery()


def test_every_page_is_driven(recovery: Recovery) -> None:
    recovery.store.page_size = 7
    for number in range(50):
        recovery.abandoned(number)
    assert recovery.run().recovered == 50


def test_no_more_drives_begin_in_a_second_than_are_allowed(recovery: Recovery) -> None:
    recovery.limits = replace(ONE_AT_A_TIME, starts_per_second=4)
    for number in range(21):
        recovery.abandoned(number)
    began = recovery.clock()
    recovery.run(minutes_later=0)
    recovery.clock.sleep(120)
    began = recovery.clock()
    assert recovery.run(minutes_later=0).driven == 21
    assert recovery.clock() - began == timedelta(seconds=5)


def test_a_run_ends_in_time_and_says_that_it_is_behind(recovery: Recovery) -> None:
    recovery.limits = replace(ONE_AT_A_TIME, starts_per_second=1)
    for number in range(100):
        recovery.abandoned(number)
    tally = recovery.run()
    assert tally.behind
    assert tally.driven == RUN.total_seconds() + 1
    assert recovery.run().driven == 100 - tally.driven, "the next run goes on where it ended"


def test_the_oldest_tells_how_long_it_had_been_due(recovery: Recovery) -> None:
    key = recovery.abandoned(1)
    due_at = from_millis(recovery.store.due[key])
    recovery.clock.now = due_at + timedelta(seconds=40)
    tally = recovery.run(minutes_later=0)
    assert tally.oldest == timedelta(seconds=40)
    assert tally.numbers()["oldest"] == 40


def test_only_so_many_are_driven_at_the_same_time(recovery: Recovery) -> None:
    counting = Counting(recovery.clock)
    recovery.world.providers["bank"] = counting
    recovery.limits = replace(ONE_AT_A_TIME, at_once=5)
    for number in range(40):
        recovery.abandoned(number)
    assert recovery.run().recovered == 40
    assert 1 <= counting.most <= 5


@dataclass
class Counting(ScriptedProvider):
    """How many are being cancelled at the same time, at most."""

    here: int = 0
    most: int = 0
    lock: Lock = field(default_factory=Lock)

    def _note(self, *about: object) -> None:
        with self.lock:
            self.here += 1
            self.most = max(self.most, self.here)
        with self.lock:
            self.here -= 1


@dataclass
class LongList:
    """Knows how many sessions were listed and not completed yet, at most."""

    store: MemoryStore
    listed: int = 0
    most_waiting: int = 0

    def due_sessions(self, shard: int, due_by: datetime | None, cursor: Any) -> DuePage:
        page = self.store.due_sessions(shard, due_by, cursor)
        self.listed += len(page.sessions)
        waiting = self.listed - self.store.counts["complete_cancellation"]
        self.most_waiting = max(self.most_waiting, waiting)
        return page

    def postpone(self, seen: DueSession, driver: str, due_at: datetime) -> None:
        raise AssertionError("each of them can be driven")


def test_ten_thousand_due_sessions_are_driven_within_minutes_and_never_all_in_memory(
    recovery: Recovery,
) -> None:
    store, clock, listed = recovery.store, recovery.clock, LongList(recovery.store)
    for number in range(10_000):
        key = SessionKey("merchant-1", f"session-{number:05d}")
        open_session(store, key, clock())
        store.lock_for_cancellation(key, new_lock("dead", clock(), 0.5, REQUEST))
    clock.sleep(120)
    began, runs = clock(), 0
    while store.due:
        listed.listed = store.counts["complete_cancellation"]
        ports = replace(recovery.ports, store=listed)
        reconcile(ports, recovery.limits, clock() + timedelta(seconds=89))
        runs += 1
    assert runs == 4
    assert clock() - began < timedelta(minutes=4)
    assert listed.most_waiting <= store.page_size + recovery.limits.at_once

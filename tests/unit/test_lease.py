"""When a session is driven again, and when it is complete."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.cancellation import FAN_OUT_TIME, LONGEST_DRIVE, STORE_TIME
from checkout.completion import complete_if_drained
from checkout.errors import SessionNotFoundError, StoreUnavailableError
from checkout.lease import (
    FIRST_RETRY,
    LAST_RETRY,
    LEASE,
    USUAL_DRIVE,
    new_lock,
    next_due,
    seconds_to_wait,
)
from checkout.sessions import SessionStatus
from checkout.timestamps import to_millis
from checkout.transactions import TransactionStatus
from tests.unit.clock import NOON
from tests.unit.memory_store import MemoryStore, unavailable
from tests.unit.providers import UNSUPPORTED
from tests.unit.samples import KEY
from tests.unit.world import World, a_world

JITTER = st.floats(0, 1)
DRIVES = st.integers(0, 10_000)


@pytest.fixture
def world() -> World:
    return a_world()


@given(drives=DRIVES, jitter=JITTER)
def test_the_next_drive_is_a_minute_to_an_hour_away_give_or_take_a_fifth(
    drives: int, jitter: float
) -> None:
    wait = next_due(NOON, drives, jitter) - NOON
    assert 0.8 * FIRST_RETRY <= wait <= LAST_RETRY


@given(drives=DRIVES, more=st.integers(0, 20), jitter=JITTER)
def test_more_drives_never_make_the_next_one_come_sooner(
    drives: int, more: int, jitter: float
) -> None:
    assert next_due(NOON, drives, jitter) <= next_due(NOON, drives + more, jitter)


@given(drives=DRIVES, one=JITTER, other=JITTER)
def test_jitter_moves_the_next_drive_by_a_fifth_at_most(
    drives: int, one: float, other: float
) -> None:
    waits = sorted(next_due(NOON, drives, each) - NOON for each in (one, other))
    assert waits[0] >= 0.8 * waits[1] - timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("drives", "minutes"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (999, 60)]
)
def test_the_wait_doubles_with_every_drive(drives: int, minutes: int) -> None:
    assert next_due(NOON, drives, 1) == NOON + timedelta(minutes=minutes)


@given(jitter=JITTER)
def test_a_lock_is_due_soon_after_its_lease_and_within_four_minutes(jitter: float) -> None:
    lock = new_lock("driver", NOON, jitter, None)
    assert lock.lease_until == NOON + LEASE
    assert lock.lease_until <= lock.due_at <= NOON + timedelta(minutes=4)


def test_the_lease_outlives_everything_that_a_driver_can_have_started() -> None:
    machine, worker, skew = (timedelta(seconds=each) for each in (20, 12, 5))
    starts_last = LONGEST_DRIVE - FAN_OUT_TIME - STORE_TIME
    assert starts_last + machine + worker + skew < LEASE


@given(left=st.integers(-100_000, 100_000))
def test_a_caller_is_told_to_wait_a_second_at_least_and_a_usual_drive_at_most(left: int) -> None:
    lease_until = to_millis(NOON) + left
    wait = seconds_to_wait(lease_until, NOON)
    assert 1 <= wait <= USUAL_DRIVE.total_seconds()
    assert wait * 1000 >= min(left, 5000)


def test_a_drained_session_is_completed(world: World) -> None:
    world.open_with("bank", "card")
    world.providers["bank"].answer = UNSUPPORTED
    world.drive()
    world.report(1, TransactionStatus.SETTLED)
    assert complete_if_drained(world.store, KEY, world.clock())
    assert world.session.status is SessionStatus.CANCELLED
    assert world.session.cancelled_at == NOON


def test_a_session_with_something_in_flight_is_not_completed(world: World) -> None:
    world.open_with("bank", "card")
    world.providers["bank"].answer = UNSUPPORTED
    world.providers["card"].answer = UNSUPPORTED
    world.drive()
    world.report(1, TransactionStatus.SETTLED)
    assert not complete_if_drained(world.store, KEY, NOON)
    assert world.session.status is SessionStatus.PENDING_CANCELLATION


def test_an_attempt_that_cannot_be_read_counts_as_in_flight(world: World) -> None:
    world.open_with("bank")
    world.fan_out.dead = {"bank"}
    world.drive()
    world.store.transactions.clear()
    assert not complete_if_drained(world.store, KEY, NOON)


@pytest.mark.parametrize("end", [SessionStatus.COMPLETED, SessionStatus.EXPIRED])
def test_a_session_that_ended_otherwise_is_not_completed(world: World, end: SessionStatus) -> None:
    world.open_with()
    world.store.end_session(KEY, end, NOON)
    assert not complete_if_drained(world.store, KEY, NOON)
    assert world.session.status is end


def test_an_open_session_is_not_completed(world: World) -> None:
    world.open_with()
    assert not complete_if_drained(world.store, KEY, NOON)
    assert world.session.status is SessionStatus.OPEN


def test_a_cancelled_session_is_not_completed_again(world: World) -> None:
    world.open_with("bank")
    world.drive()
    world.clock.sleep(9)
    assert not complete_if_drained(world.store, KEY, world.clock())
    assert world.session.cancelled_at == NOON


def test_a_session_that_is_gone_is_said() -> None:
    with pytest.raises(SessionNotFoundError):
        complete_if_drained(MemoryStore(), KEY, NOON)


def test_a_store_that_fails_is_raised_so_that_the_record_comes_again(world: World) -> None:
    world.open_with()
    world.store.before["read_session", 1] = unavailable
    with pytest.raises(StoreUnavailableError):
        complete_if_drained(world.store, KEY, NOON)

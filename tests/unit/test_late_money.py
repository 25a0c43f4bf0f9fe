"""Money that arrives after the lock is told exactly once, whoever dies before telling."""

import pytest

from checkout.lease import new_lock
from checkout.sessions import SessionStatus
from checkout.transactions import TransactionStatus
from tests.unit.samples import KEY
from tests.unit.world import REQUEST, World, a_world


@pytest.fixture
def world() -> World:
    return a_world()


def test_money_that_a_report_brings_behind_a_dead_worker_is_told_once(world: World) -> None:
    """Before the mark the stream looks away, and the worker is not there to tell."""
    (only,) = world.open_with("bank")
    world.fan_out.dead = {"bank"}
    world.fan_out.afterwards = lambda: world.report(1, TransactionStatus.SETTLED)
    answer = world.drive()
    assert (answer.status, answer.settled) == (SessionStatus.CANCELLED, (only,))
    assert world.transaction().settled_after_cancel
    assert not world.store.wakes


def test_money_that_came_before_a_driver_died_is_told_by_the_next_one(world: World) -> None:
    (only,) = world.open_with("bank")
    lock = new_lock("dead", world.clock(), 0.5, REQUEST)
    world.store.lock_for_cancellation(KEY, lock)
    world.clock.sleep(1)
    world.report(1, TransactionStatus.SETTLED)
    world.clock.sleep(61)
    assert world.drive("next", None).settled == (only,)
    assert world.transaction().settled_after_cancel

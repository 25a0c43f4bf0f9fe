"""Money that arrives after the lock is told exactly once, whoever dies before telling."""

import pytest

from checkout.completion import complete_if_drained
from checkout.errors import StoreUnavailableError
from checkout.lease import new_lock
from checkout.sessions import SessionStatus
from checkout.transactions import TransactionStatus
from tests.unit.memory_store import unavailable
from tests.unit.samples import KEY, transaction_key
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


def _left_by_the_dead(world: World) -> None:
    """Locked; of two payments the first is unmarked, its worker dead, and the second waited for."""
    world.open_with("bank", "card")
    lock = new_lock("dead", world.clock(), 0.5, REQUEST)
    world.store.lock_for_cancellation(KEY, lock)
    world.store.mark_pending(transaction_key(2))
    world.clock.sleep(1)


def _complete(world: World) -> list[str]:
    late: list[str] = []
    while world.store.wakes:
        complete_if_drained(world.store, world.store.wakes.pop(0), world.clock(), late.append)
    return late


@pytest.mark.parametrize("refunded", [False, True])
def test_money_behind_a_dead_worker_and_a_dead_driver_is_told_by_who_completes(
    world: World, refunded: bool
) -> None:
    _left_by_the_dead(world)
    world.report(1, TransactionStatus.SETTLED)
    if refunded:
        world.report(1, TransactionStatus.REFUNDED)
    settled_at = world.transaction().settled_at
    world.clock.sleep(1)
    world.report(2, TransactionStatus.FAILED)
    assert _complete(world) == [world.transaction().transaction_id]
    assert world.session.status is SessionStatus.CANCELLED
    assert world.transaction().settled_after_cancel
    assert world.transaction().settled_at == settled_at


def test_who_completes_tells_neither_of_money_that_came_in_time_nor_of_what_is_told(
    world: World,
) -> None:
    world.open_with("bank", "card", "wallet")
    world.report(1, TransactionStatus.SETTLED)
    world.clock.sleep(1)
    world.store.lock_for_cancellation(KEY, new_lock("dead", world.clock(), 0.5, REQUEST))
    for number in (2, 3):
        world.store.mark_pending(transaction_key(number))
        world.clock.sleep(1)
        world.report(number, TransactionStatus.SETTLED)
    assert _complete(world) == []
    assert world.session.status is SessionStatus.CANCELLED
    told = [world.transaction(number).settled_after_cancel for number in (1, 2, 3)]
    assert told == [False, True, True]


def test_late_money_is_recorded_before_its_session_is_done(world: World) -> None:
    """Whoever dies in between is followed by another try, for as long as the session waits."""
    _left_by_the_dead(world)
    world.report(1, TransactionStatus.SETTLED)
    world.report(2, TransactionStatus.FAILED)
    world.store.before["complete_cancellation", 1] = unavailable
    late: list[str] = []
    with pytest.raises(StoreUnavailableError):
        complete_if_drained(world.store, KEY, world.clock(), late.append)
    assert late == [world.transaction().transaction_id]
    assert complete_if_drained(world.store, KEY, world.clock(), late.append)
    assert late == [world.transaction().transaction_id]


def test_who_completes_leaves_what_was_waited_for_to_the_stream(world: World) -> None:
    """Its report died before it was recorded as late: it was told when it settled."""
    _left_by_the_dead(world)
    world.report(1, TransactionStatus.FAILED)
    world.store.before["record_late_settlement", 1] = unavailable
    with pytest.raises(StoreUnavailableError):
        world.report(2, TransactionStatus.SETTLED)
    assert _complete(world) == []
    assert world.session.status is SessionStatus.CANCELLED
    assert world.marked(2)


def test_what_ended_without_money_behind_a_dead_worker_is_not_late(world: World) -> None:
    world.open_with("bank")
    world.fan_out.dead = {"bank"}
    world.fan_out.afterwards = lambda: world.report(1, TransactionStatus.CANCELLED)
    answer = world.drive()
    assert (answer.status, answer.settled) == (SessionStatus.CANCELLED, ())
    assert not world.transaction().settled_after_cancel

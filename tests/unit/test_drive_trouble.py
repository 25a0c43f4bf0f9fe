"""What a drive does when its workers, its store or its time give out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from checkout.cancellation import FAN_OUT_TIME, STORE_TIME, Cancellation, drive
from checkout.errors import CancellationInProgressError, StoreUnavailableError
from checkout.lease import LEASE, new_lock
from checkout.sessions import SessionStatus
from checkout.timestamps import to_millis
from checkout.transactions import PendingReason, TransactionStatus
from tests.unit.clock import NOON
from tests.unit.memory_store import unavailable
from tests.unit.providers import CANCELLED, REQUESTED, UNSUPPORTED
from tests.unit.samples import KEY
from tests.unit.world import ANSWER_WITHIN, REQUEST, World, a_world

PENDING = SessionStatus.PENDING_CANCELLATION
LEASE_END = to_millis(NOON + LEASE)
# The last moments at which a fan-out, and a call of the store, may begin.
LAST_FAN_OUT = (ANSWER_WITHIN - FAN_OUT_TIME - STORE_TIME).total_seconds()
LAST_CALL = (ANSWER_WITHIN - STORE_TIME).total_seconds()


@pytest.fixture
def world() -> World:
    return a_world()


def test_what_a_mute_worker_cancelled_is_told_all_the_same(world: World) -> None:
    ids = world.open_with("bank", "card")
    world.fan_out.mute = {"bank"}
    assert world.drive() == Cancellation(SessionStatus.CANCELLED, cancelled=tuple(ids))


def test_what_a_dead_worker_had_is_pending_marked_and_the_lease_is_kept(world: World) -> None:
    ids = world.open_with("bank", "card")
    world.fan_out.dead = {"bank"}
    assert world.drive() == Cancellation(PENDING, cancelled=(ids[1],), pending=(ids[0],))
    assert world.marked(1)
    assert world.transaction(1).pending_reason is PendingReason.UNKNOWN
    assert world.session.lease_until == LEASE_END
    assert LEASE <= world.due_in <= LEASE + timedelta(seconds=12)


def test_a_lost_answer_of_an_accepted_request_does_not_hide_the_acceptance(world: World) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = REQUESTED
    world.fan_out.mute = {"bank"}
    world.drive()
    assert world.transaction().pending_reason is PendingReason.REQUESTED


def test_a_machine_that_is_not_finished_keeps_the_lease(world: World) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = UNSUPPORTED
    world.fan_out.finished = False
    assert world.drive().status is PENDING
    assert world.session.lease_until == LEASE_END


def test_a_machine_that_is_not_finished_with_nothing_in_flight_completes(world: World) -> None:
    world.open_with("bank")
    world.fan_out.finished = False
    assert world.drive().status is SessionStatus.CANCELLED


def test_what_another_driver_cancelled_is_not_told_as_ours(world: World) -> None:
    world.open_with("bank")
    world.fan_out.dead = {"bank"}
    world.drive("driver-1")
    world.clock.sleep(LEASE.total_seconds() + 1)
    world.fan_out.mute, world.fan_out.dead = {"bank"}, set()
    world.store.before["record_outcome", 1] = lambda: world.report(1, TransactionStatus.CANCELLED)
    assert world.drive("driver-2") == Cancellation(SessionStatus.CANCELLED)


def test_what_ends_while_another_worker_is_busy_is_found_by_the_second_read(world: World) -> None:
    ids = world.open_with("bank", "card")
    world.providers["bank"].answer = UNSUPPORTED

    def settles_and_the_stream_is_early() -> None:
        world.report(1, TransactionStatus.SETTLED)
        world.deliver_stream()
        assert world.session.status is PENDING

    world.store.before["record_outcome", 2] = settles_and_the_stream_is_early
    assert world.drive() == Cancellation(SessionStatus.CANCELLED, cancelled=(ids[1],))


def test_what_ends_between_the_mark_and_the_second_read_completes_the_session(
    world: World,
) -> None:
    world.open_with("bank")
    world.fan_out.dead = {"bank"}
    world.store.after["mark_pending", 1] = lambda: world.report(1, TransactionStatus.EXPIRED)
    assert world.drive() == Cancellation(SessionStatus.CANCELLED)


def test_a_release_that_finds_the_session_cancelled_answers_so(world: World) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = UNSUPPORTED

    def settles() -> None:
        world.report(1, TransactionStatus.SETTLED)
        world.deliver_stream()

    world.store.before["release_lease", 1] = settles
    assert world.drive() == Cancellation(SessionStatus.CANCELLED)
    assert KEY not in world.store.due


def test_a_completion_that_finds_the_session_cancelled_is_a_success(world: World) -> None:
    ids = world.open_with("bank")
    hook = ("complete_cancellation", 1)
    world.store.before[hook] = lambda: world.store.complete_cancellation(KEY, NOON)
    assert world.drive() == Cancellation(SessionStatus.CANCELLED, cancelled=tuple(ids))


def test_a_lease_that_is_somebody_elses_by_now_is_not_given_back(world: World) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = UNSUPPORTED

    def another_takes_over() -> None:
        later = to_millis(NOON + 2 * LEASE)
        world.store.sessions[KEY] = replace(world.session, driver="driver-2", lease_until=later)

    world.store.before["release_lease", 1] = another_takes_over
    assert world.drive().status is PENDING
    assert world.session.lease_until == to_millis(NOON + 2 * LEASE)


def _mixed(world: World) -> list[str]:
    """One that is cancelled, one that cannot be, one of a worker that dies."""
    ids = world.open_with("bank", "card", "wallet")
    world.providers["card"].answer = UNSUPPORTED
    world.fan_out.dead = {"wallet"}
    return ids


def _all_cancelled(world: World) -> list[str]:
    return world.open_with("bank", "card", "wallet")


def _unstoppable(world: World) -> list[str]:
    ids = world.open_with("bank", "card")
    world.providers["card"].answer = UNSUPPORTED
    return ids


BROKEN = [
    (_mixed, "read_session", 1),
    (_mixed, "record_outcome", 1),
    (_mixed, "record_outcome", 2),
    (_mixed, "mark_pending", 1),
    (_mixed, "read_session", 2),
    (_all_cancelled, "read_session", 1),
    (_all_cancelled, "record_outcome", 1),
    (_all_cancelled, "record_outcome", 3),
    (_all_cancelled, "complete_cancellation", 1),
    (_unstoppable, "read_session", 2),
    (_unstoppable, "release_lease", 1),
]


@pytest.mark.parametrize("made", [False, True], ids=["not made", "answer lost"])
@pytest.mark.parametrize(("scene", "port", "nth"), BROKEN)
def test_a_store_that_fails_after_the_lock_raises_nothing_and_leaves_nothing_stuck(
    world: World, scene: Callable[[World], list[str]], port: str, nth: int, made: bool
) -> None:
    ids = scene(world)
    (world.store.after if made else world.store.before)[port, nth] = unavailable
    cancellation = world.drive()
    # Every id is in at most one list, and only what is stored as cancelled is told as cancelled.
    assert not set(cancellation.cancelled) & set(cancellation.pending)
    stored = {
        each.transaction_id
        for each in world.store.transactions.values()
        if each.status is TransactionStatus.CANCELLED
    }
    assert set(cancellation.cancelled) <= stored
    assert set(cancellation.pending) <= set(ids)
    _outside_world_and_recovery_finish(world)


def _outside_world_and_recovery_finish(world: World) -> None:
    """The providers tell the end of what is left, and the recovery comes when it is due."""
    world.store.before.clear()
    world.store.after.clear()
    for number in range(1, 4):
        if number <= len(world.session.attempts):
            world.report(number, TransactionStatus.SETTLED)
    world.deliver_stream()
    if world.session.status is not SessionStatus.CANCELLED:
        world.clock.sleep(world.due_in.total_seconds())
        world.fan_out.dead = set()
        world.drive("recovery", request=None)
    assert world.session.status is SessionStatus.CANCELLED


def test_a_store_that_fails_before_the_first_read_answers_pending_with_every_attempt(
    world: World,
) -> None:
    ids = world.open_with("bank", "card")
    world.store.before["read_session", 1] = unavailable
    assert world.drive() == Cancellation(PENDING, pending=tuple(ids))
    assert world.session.lease_until == LEASE_END


def test_a_store_that_fails_to_complete_has_nothing_in_flight_to_tell_of(world: World) -> None:
    ids = world.open_with("bank")
    world.store.before["complete_cancellation", 1] = unavailable
    assert world.drive() == Cancellation(PENDING, cancelled=tuple(ids))


def test_a_store_that_fails_to_lock_is_raised_and_nobody_is_asked(world: World) -> None:
    world.open_with("bank")
    for nth in (1, 2):
        world.store.before["lock_for_cancellation", nth] = unavailable
    with pytest.raises(StoreUnavailableError):
        world.drive()
    assert world.providers["bank"].asked == []
    assert world.session.status is SessionStatus.OPEN


@pytest.mark.parametrize("made", [False, True])
def test_a_lock_that_failed_once_is_tried_again_under_the_same_token(
    world: World, made: bool
) -> None:
    ids = world.open_with("bank")
    hooks = world.store.after if made else world.store.before
    hooks["lock_for_cancellation", 1] = unavailable
    assert world.drive() == Cancellation(SessionStatus.CANCELLED, cancelled=tuple(ids))
    assert world.session.drives == 1


def test_a_lock_that_failed_with_no_time_left_is_not_tried_again(world: World) -> None:
    world.open_with("bank")

    def slowly_unavailable() -> None:
        world.clock.sleep(LAST_CALL + 0.001)
        unavailable()

    world.store.before["lock_for_cancellation", 1] = slowly_unavailable
    with pytest.raises(StoreUnavailableError):
        world.drive()
    assert world.store.calls.count("lock_for_cancellation") == 1


def test_a_lock_that_somebody_else_took_meanwhile_is_not_ours(world: World) -> None:
    world.open_with("bank")
    other = new_lock("driver-2", NOON, 0, REQUEST)

    def overtaken() -> None:
        world.store.lock_for_cancellation(KEY, other)
        unavailable()

    world.store.before["lock_for_cancellation", 1] = overtaken
    with pytest.raises(CancellationInProgressError):
        world.drive("driver-1")
    assert world.providers["bank"].asked == []


def test_a_drive_with_all_the_time_of_the_world_still_ends_within_its_lease(
    world: World,
) -> None:
    world.open_with("bank")
    world.store.after["read_session", 1] = lambda: world.clock.sleep(9)
    drive(world.ports, KEY, "driver-1", REQUEST, NOON + timedelta(hours=1))
    assert world.fan_out.orders == []


def test_whatever_is_raised_after_the_lock_is_pending_and_told_to_operators(
    world: World,
) -> None:
    ids = world.open_with("bank")

    def bug() -> None:
        raise KeyError("c4n4ry")

    world.fan_out.afterwards = bug
    assert world.drive() == Cancellation(PENDING, pending=tuple(ids))
    assert world.troubles == [("drive was cut short", "KeyError")]
    assert world.session.lease_until == LEASE_END


def test_an_outcome_that_could_not_be_stored_is_pending_and_repeated_with_the_same_key(
    world: World,
) -> None:
    ids = world.open_with("bank")
    world.store.before["record_outcome", 1] = unavailable
    assert world.drive() == Cancellation(PENDING, pending=tuple(ids))
    world.clock.sleep(LEASE.total_seconds() + 1)
    assert world.drive("driver-2") == Cancellation(SessionStatus.CANCELLED, cancelled=tuple(ids))
    assert len(set(world.providers["bank"].keys)) == 1


def test_no_fan_out_begins_once_the_time_for_it_is_over(world: World) -> None:
    ids = world.open_with("bank")
    slow = LAST_FAN_OUT + 0.001
    world.store.after["read_session", 1] = lambda: world.clock.sleep(slow)
    assert world.drive() == Cancellation(PENDING, pending=tuple(ids))
    assert world.fan_out.orders == []
    assert world.marked()
    assert world.session.lease_until == 0


def test_a_fan_out_that_begins_at_the_last_moment_is_allowed(world: World) -> None:
    ids = world.open_with("bank")
    slow = LAST_FAN_OUT
    world.store.after["lock_for_cancellation", 1] = lambda: world.clock.sleep(slow)
    assert world.drive().cancelled == tuple(ids)


def test_a_fan_out_that_takes_too_long_leaves_the_store_alone_afterwards(world: World) -> None:
    ids = world.open_with("bank", "card")
    world.providers["card"].answer = UNSUPPORTED
    slow = LAST_CALL + 0.001
    world.fan_out.afterwards = lambda: world.clock.sleep(slow)
    world.store.calls.clear()
    assert world.drive() == Cancellation(PENDING, cancelled=(ids[0],), pending=(ids[1],))
    assert world.store.calls[-1] == "record_outcome"
    assert world.session.lease_until == LEASE_END


def test_time_that_runs_out_before_the_completion_leaves_a_drained_session_due(
    world: World,
) -> None:
    ids = world.open_with("bank")
    slow = LAST_CALL + 0.001
    world.fan_out.afterwards = lambda: world.clock.sleep(slow)
    assert world.drive() == Cancellation(PENDING, cancelled=tuple(ids))
    assert world.session.status is PENDING
    assert KEY in world.store.due


def test_the_recovery_comes_more_and_more_seldom_to_what_it_cannot_help(world: World) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = UNSUPPORTED
    waits: list[float] = []
    for number in range(9):
        world.drive(f"driver-{number}", request=REQUEST if number == 0 else None)
        waits.append(world.due_in.total_seconds())
        world.clock.sleep(world.due_in.total_seconds())
    assert waits == [54, 108, 216, 432, 864, 1728, 3240, 3240, 3240]


def test_a_callers_repeats_do_not_make_the_recovery_come_later(world: World) -> None:
    world.open_with("bank")
    world.providers["bank"].answer = UNSUPPORTED
    for number in range(9):
        world.drive(f"driver-{number}")
        world.clock.sleep(1)
    assert world.due_in.total_seconds() < 60


def test_a_worker_that_comes_back_to_life_after_a_takeover_changes_nothing(world: World) -> None:
    world.open_with("bank")
    world.fan_out.dead = {"bank"}
    world.drive("driver-1")
    world.clock.sleep(LEASE.total_seconds() + 1)
    world.fan_out.dead = set()
    world.drive("driver-2")
    late = world.fan_out.orders[0]
    world.fan_out.cancel(late)
    assert world.transaction().driver == "driver-2"
    assert world.drive("driver-3") == Cancellation(SessionStatus.CANCELLED)
    assert world.providers["bank"].verbs == ["retrieve", "cancel"]


def test_an_accepted_cancellation_is_finished_by_its_confirmation_with_no_further_call(
    world: World,
) -> None:
    world.open_with("bank", "card")
    world.providers["bank"].answer = REQUESTED
    world.providers["card"].answer = CANCELLED
    world.drive()
    world.report(1, TransactionStatus.CANCELLED)
    world.deliver_stream()
    assert world.session.status is SessionStatus.CANCELLED

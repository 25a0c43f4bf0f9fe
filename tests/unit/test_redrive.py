"""Completing what the stream gave up on: nothing is missed, nothing lost, nobody stops the rest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from checkout import redrive as module
from checkout.completion import complete_if_drained
from checkout.lease import DUE_SHARDS
from checkout.redrive import Redriven, redrive
from checkout.sessions import SessionStatus
from checkout.storage.session_requests import due_shard
from checkout.transactions import TransactionKey, TransactionStatus
from tests.unit.clock import NOON, Clock
from tests.unit.memory_store import unavailable
from tests.unit.waiting import (
    ListingStore,
    MemoryQueue,
    damage,
    drained,
    end_payment,
    remove,
    statuses,
    wait_for_payment,
)

CANCELLED, PENDING = SessionStatus.CANCELLED, SessionStatus.PENDING_CANCELLATION


@pytest.fixture
def store() -> ListingStore:
    return ListingStore()


@pytest.fixture
def queue() -> MemoryQueue:
    return MemoryQueue(["receipt-1", "receipt-2"])


@pytest.fixture
def told() -> list[str]:
    return []


Run = Callable[..., Redriven]


@pytest.fixture
def run(store: ListingStore, queue: MemoryQueue, told: list[str]) -> Run:
    def now(*, always: bool = False) -> Redriven:
        return redrive(store, queue, Clock(), told.append, always=always)

    return now


def test_every_drained_session_of_every_shard_is_completed(
    store: ListingStore, queue: MemoryQueue, run: Run, told: list[str]
) -> None:
    keys = drained(store, 100)
    assert len({due_shard(each.session_id) for each in keys}) == DUE_SHARDS
    assert run() == Redriven(messages=2, looked_at=100, completed=100, unread=0)
    assert set(statuses(store, keys)) == {CANCELLED}
    assert (queue.visible, queue.hidden, told) == ([], [], [])


def test_late_money_that_nobody_has_told_of_is_recorded_and_told(
    store: ListingStore, run: Run, told: list[str]
) -> None:
    (key,) = drained(store, 1)
    (transaction_id,) = store.sessions[key].attempts
    requested = store.sessions[key].cancel_requested_at
    assert requested
    late = TransactionKey(key, transaction_id)
    store.transactions[late] = replace(
        store.transactions[late],
        status=TransactionStatus.SETTLED,
        settled_at=requested + timedelta(seconds=1),
    )
    assert run() == Redriven(messages=2, looked_at=1, completed=1, unread=0, settled=1)
    assert store.transactions[late].settled_after_cancel
    (line,) = told
    assert transaction_id in line
    assert key.session_id in line


def test_a_session_with_something_in_flight_goes_on_waiting(
    store: ListingStore, queue: MemoryQueue, run: Run
) -> None:
    waiting = wait_for_payment(store, 1)
    assert run() == Redriven(messages=2, looked_at=1, completed=0, unread=0)
    assert statuses(store, [waiting]) == [PENDING]
    assert queue.hidden == []


def test_an_empty_queue_means_that_there_is_nothing_to_do(
    store: ListingStore, queue: MemoryQueue, run: Run
) -> None:
    queue.visible.clear()
    keys = drained(store, 1)
    assert run() == Redriven(0, 0, 0, 0)
    assert statuses(store, keys) == [PENDING]


def test_asked_for_all_it_looks_at_all_without_a_message(
    store: ListingStore, queue: MemoryQueue, run: Run
) -> None:
    queue.visible.clear()
    keys = drained(store, 3)
    assert run(always=True) == Redriven(messages=0, looked_at=3, completed=3, unread=0)
    assert set(statuses(store, keys)) == {CANCELLED}


def test_one_unreadable_session_stops_no_other_and_keeps_the_messages(
    store: ListingStore, queue: MemoryQueue, run: Run, told: list[str]
) -> None:
    broken, *others = drained(store, 20)
    damage(store, broken)
    assert run() == Redriven(messages=2, looked_at=19, completed=19, unread=1)
    assert set(statuses(store, others)) == {CANCELLED}
    assert queue.visible == ["receipt-1", "receipt-2"]
    assert told == [f"session {broken.session_id} of merchant merchant-1: TypeError"]


def test_a_session_that_could_not_be_written_keeps_the_messages_and_is_completed_by_the_next_run(
    store: ListingStore, queue: MemoryQueue, run: Run, told: list[str]
) -> None:
    keys = drained(store, 5)
    store.before["complete_cancellation", 2] = unavailable
    assert run().unread == 1
    assert statuses(store, keys).count(PENDING) == 1
    assert run() == Redriven(messages=2, looked_at=1, completed=1, unread=0)
    assert set(statuses(store, keys)) == {CANCELLED}
    assert queue.visible == []
    assert [each.partition(": ")[2] for each in told] == [
        "StoreUnavailableError (InternalServerError)"
    ]


def test_a_write_whose_answer_was_lost_is_found_done_by_the_next_run(
    store: ListingStore, queue: MemoryQueue, run: Run
) -> None:
    keys = drained(store, 1)
    store.after["complete_cancellation", 1] = unavailable
    assert (run().unread, queue.hidden) == (1, [])
    assert run() == Redriven(messages=2, looked_at=0, completed=0, unread=0)
    assert statuses(store, keys) == [CANCELLED]


def test_a_part_of_the_list_that_cannot_be_read_stops_no_other_and_keeps_the_messages(
    store: ListingStore, queue: MemoryQueue, run: Run, told: list[str]
) -> None:
    keys = drained(store, 100)
    store.broken = {0, 7}
    assert run().unread == 2
    left = {due_shard(each.session_id) for each in keys if store.sessions[each].status is PENDING}
    assert left == {"0", "7"}
    assert len(queue.visible) == 2
    assert told[0] == "shard 0 of the waiting sessions: StoreUnavailableError (ThrottlingException)"


def test_an_item_of_the_list_that_names_no_session_keeps_the_messages(
    store: ListingStore, queue: MemoryQueue, run: Run, told: list[str]
) -> None:
    keys = drained(store, 3)
    store.strange = {4: 2}
    assert run().unread == 2
    assert set(statuses(store, keys)) == {CANCELLED}
    assert len(queue.visible) == 2
    assert told == ["an item in shard 4: it names no session"] * 2


def test_a_session_that_is_gone_and_still_listed_is_no_trouble(
    store: ListingStore, queue: MemoryQueue, run: Run
) -> None:
    keys = drained(store, 2)
    remove(store, keys[0])
    assert run() == Redriven(messages=2, looked_at=2, completed=1, unread=0)
    assert queue.visible == []


def test_whoever_is_killed_on_the_way_has_deleted_no_message(
    store: ListingStore, queue: MemoryQueue, run: Run
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    drained(store, 3)
    store.before["read_session", 2] = interrupted
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(queue.visible) == 2


def test_a_message_that_comes_during_the_run_is_left_for_the_next(
    store: ListingStore, queue: MemoryQueue, run: Run
) -> None:
    looked_at, other = wait_for_payment(store, 1), wait_for_payment(store, 2)
    end_payment(store, other)

    def ends_behind_our_back() -> None:
        end_payment(store, looked_at)
        queue.visible.append("receipt-3")

    reads = store.calls.count("read_session")
    store.after["read_session", reads + 2] = ends_behind_our_back
    run()
    assert statuses(store, [looked_at, other]) == [PENDING, CANCELLED]
    assert queue.visible == ["receipt-3"]
    assert run() == Redriven(messages=1, looked_at=1, completed=1, unread=0)


def test_the_stream_may_complete_a_session_between_our_look_and_our_write(
    store: ListingStore, run: Run
) -> None:
    (key,) = drained(store, 1)
    later = Clock()
    later.sleep(-5)
    store.before["complete_cancellation", 1] = lambda: complete_if_drained(store, key, later())
    assert run().unread == 0
    assert statuses(store, [key]) == [CANCELLED]
    assert store.sessions[key].cancelled_at == later(), "who was first keeps the time"


def test_two_runs_at_once_complete_the_same_sessions(
    store: ListingStore, queue: MemoryQueue, run: Run
) -> None:
    keys = drained(store, 6)
    inner: list[Redriven] = []

    def run_another() -> None:
        inner.append(run(always=True))

    store.before["complete_cancellation", 1] = run_another
    assert run().unread == 0
    assert inner[0].completed == 6
    assert set(statuses(store, keys)) == {CANCELLED}
    assert {store.sessions[each].cancelled_at for each in keys} == {NOON}


def test_of_very_many_messages_the_rest_is_left_for_the_next_run(
    queue: MemoryQueue, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_MESSAGES", 2)
    queue.visible.append("receipt-3")
    assert run().more
    assert not run().more
    assert (queue.visible, queue.hidden) == ([], [])


def test_how_far_it_is_goes_up_from_the_first_part_to_the_last(
    store: ListingStore, queue: MemoryQueue
) -> None:
    drained(store, 20)
    seen: list[tuple[int, ...]] = []
    redrive(store, queue, Clock(), pytest.fail, progress=lambda *each: seen.append(each))
    assert (seen[0], seen[-1]) == ((DUE_SHARDS, 0, 0), (DUE_SHARDS, DUE_SHARDS, 20))
    assert seen == sorted(seen)

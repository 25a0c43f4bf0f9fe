"""The function behind the stream's event source as AWS runs it: whatever fails blocks nobody else.

Wherever something comes again, the test holds in every reading of what AWS's guide leaves open.
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from math import ceil, log2
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import serialize, session_item_key, transaction_item_key
from checkout.transactions import TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.event_source import READINGS, EventSource, Reading, Record, Settings
from tests.integration.waiting import (
    Waiting,
    ended_sessions,
    remove_session,
    remove_transaction,
    waiting_session,
    waking_records,
)
from tests.integration.wire import Trouble, all_calls

SETTINGS = Settings.of_template()
POISONED = 3  # the fourth of ten
# The whole batch, the cut at the failed record, and each time the half that it is in and the other.
MOST_INVOCATIONS = 2 + 2 * ceil(log2(SETTINGS.batch_size)) + SETTINGS.retries


in_every_reading = pytest.mark.parametrize("reading", READINGS)


def each_in_some_reading(first: object, *others: object) -> list[tuple[object, Reading]]:
    """The first in every reading, the others in one: a reading knows not why a record failed."""
    return [*product([first], READINGS), *product(others, READINGS[:1])]


@pytest.fixture
def reading() -> Reading:
    """Any will do where nothing comes again."""
    return READINGS[0]


@pytest.fixture
def source(reading: Reading, cloud: Cloud) -> EventSource:
    function = cloud.function("CompleteCancellationsFunction")
    return EventSource(function, SETTINGS, reading, now=cloud.clock.now)


def number(record: Record) -> str:
    found: str = record["dynamodb"]["SequenceNumber"]
    return found


def statuses(sessions: Iterable[Waiting]) -> set[str]:
    return {each.status for each in sessions}


def counted(out: str, metric: str) -> int:
    return out.count(f'"{metric}":[1.0]')


def gave_up_on(source: EventSource, record: Record) -> bool:
    """Alone, where bisecting finds it; from it on, where a batch comes again as it is."""
    (position,) = source.positions
    alone = (number(record), number(record))
    return position == alone if source.reading.halves_named else position[0] == number(record)


def test_the_end_of_each_payment_completes_its_session(
    source: EventSource, store: CheckoutStore
) -> None:
    sessions = ended_sessions(store, 12)
    source.deliver(waking_records())
    assert statuses(sessions) == {"CANCELLED"}
    assert (len(source.invoked), source.discarded) == (2, [])


def no_keys(record: Record) -> None:
    del record["dynamodb"]["Keys"]


def no_images(record: Record) -> None:
    del record["dynamodb"]["NewImage"], record["dynamodb"]["OldImage"]


def strange_key(record: Record) -> None:
    record["dynamodb"]["Keys"]["PK"]["S"] = "TENANT#m#BASKET#b"


def strange_value(record: Record) -> None:
    record["dynamodb"]["NewImage"]["amount"] = {"X": "19.99"}


def nothing_at_all(record: Record) -> None:
    record["dynamodb"] = {
        name: record["dynamodb"][name] for name in ("SequenceNumber", "ApproximateCreationDateTime")
    }


@pytest.mark.parametrize(
    ("poison", "reading"),
    each_in_some_reading(strange_key, no_keys, no_images, strange_value, nothing_at_all),
)
def test_one_malformed_record_of_ten_is_given_up_alone(
    source: EventSource,
    store: CheckoutStore,
    poison: Callable[[Record], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    sessions = ended_sessions(store, 10)
    records = copy.deepcopy(waking_records())
    poison(records[POISONED])
    # What the filter would hold back comes through all the same: the function relies on nothing.
    source.settings = replace(SETTINGS, patterns=())
    source.deliver(records)
    assert statuses([*sessions[:POISONED], *sessions[POISONED + 1 :]]) == {"CANCELLED"}
    assert gave_up_on(source, records[POISONED])
    assert len(source.invoked) <= MOST_INVOCATIONS
    deliveries = sum(number(records[POISONED]) in batch for batch in source.invoked)
    assert counted(capsys.readouterr().out, "MalformedRecords") == deliveries


@in_every_reading
def test_a_session_whose_record_lacks_its_images_is_completed_all_the_same(
    source: EventSource, store: CheckoutStore
) -> None:
    (session,) = ended_sessions(store, 1)
    records = copy.deepcopy(waking_records())
    no_images(records[0])
    source.settings = replace(SETTINGS, patterns=())
    source.deliver(records)
    assert session.status == "CANCELLED"
    assert gave_up_on(source, records[0]), "whether money had come is still to be found out"


def unknown_status(client: DynamoDBClient, waiting: Waiting) -> None:
    scenes.set_values(
        client, session_item_key(waiting.session), **serialize({"status": "ARCHIVED"})
    )


def unreadable_time(client: DynamoDBClient, waiting: Waiting) -> None:
    scenes.set_values(
        client, session_item_key(waiting.session), **serialize({"createdAt": "yesterday"})
    )


@pytest.mark.parametrize(
    ("damage", "reading"), each_in_some_reading(unknown_status, unreadable_time)
)
def test_one_unreadable_session_of_ten_is_given_up_alone(
    source: EventSource,
    store: CheckoutStore,
    client: DynamoDBClient,
    damage: Callable[[DynamoDBClient, Waiting], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    sessions = ended_sessions(store, 10)
    records = waking_records()
    damage(client, sessions[POISONED])
    source.deliver(records)
    assert statuses([*sessions[:POISONED], *sessions[POISONED + 1 :]]) == {"CANCELLED"}
    assert gave_up_on(source, records[POISONED])
    assert len(source.invoked) <= MOST_INVOCATIONS
    out = capsys.readouterr().out
    assert counted(out, "FailedRecords") >= 1 + SETTINGS.retries
    assert counted(out, "MalformedRecords") == 0


def test_a_record_of_a_session_that_is_gone_is_counted_and_done_with(
    source: EventSource,
    store: CheckoutStore,
    client: DynamoDBClient,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sessions = ended_sessions(store, 10)
    remove_session(client, sessions[POISONED])
    source.deliver(waking_records())
    assert statuses([*sessions[:POISONED], *sessions[POISONED + 1 :]]) == {"CANCELLED"}
    assert (len(source.invoked), source.discarded) == (1, [])
    assert counted(capsys.readouterr().out, "RecordsOfNoSession") == 1


def test_a_session_whose_transaction_is_gone_goes_on_waiting_and_holds_up_nobody(
    source: EventSource, store: CheckoutStore, client: DynamoDBClient
) -> None:
    sessions = ended_sessions(store, 10)
    remove_transaction(client, sessions[POISONED])
    source.deliver(waking_records())
    others = [*sessions[:POISONED], *sessions[POISONED + 1 :]]
    assert statuses(others) == {"CANCELLED"}
    # What became of that payment is not known: never guess.
    assert sessions[POISONED].status == "PENDING_CANCELLATION"
    assert (len(source.invoked), source.discarded) == (1, [])


def test_a_status_of_a_newer_release_wakes_nobody_and_counts_as_in_flight(
    source: EventSource, store: CheckoutStore, client: DynamoDBClient
) -> None:
    strange, *others = [waiting_session(store, 2) for _ in range(3)]
    key = transaction_item_key(strange.transactions[0])
    scenes.set_values(client, key, **serialize({"status": "REVERSED"}))
    assert waking_records() == []
    strange.end(number=1)
    for each in others:
        each.end(number=0)
        each.end(number=1)
    source.deliver(waking_records())
    assert strange.status == "PENDING_CANCELLATION"
    assert statuses(others) == {"CANCELLED"}
    assert (len(source.invoked), source.discarded) == (1, [])


@in_every_reading
def test_behind_a_poison_record_the_same_session_is_completed_too(
    source: EventSource, store: CheckoutStore
) -> None:
    session = waiting_session(store, 2)
    session.end(number=0)
    session.end(number=1)
    records = copy.deepcopy(waking_records())
    strange_key(records[0])
    source.deliver(records)
    assert session.status == "CANCELLED"
    assert gave_up_on(source, records[0])


@in_every_reading
def test_what_comes_in_a_later_batch_waits_for_the_retries_and_no_longer(
    source: EventSource, store: CheckoutStore
) -> None:
    sessions = ended_sessions(store, 25)
    records = copy.deepcopy(waking_records())
    strange_key(records[POISONED])
    source.deliver(records)
    assert statuses(sessions[10:]) == {"CANCELLED"}
    assert len(source.invoked) <= MOST_INVOCATIONS + 2


def down(cloud: Cloud) -> None:
    cloud.wire.meddle = Trouble(all_calls, 500, "InternalServerError", times=100_000)


def up(cloud: Cloud) -> None:
    cloud.wire.meddle = lambda call, proceed: proceed()


@in_every_reading
@pytest.mark.parametrize("failures", [1, SETTINGS.retries])
def test_a_store_that_is_down_for_a_while_costs_nothing_but_time(
    source: EventSource, store: CheckoutStore, cloud: Cloud, failures: int
) -> None:
    sessions = ended_sessions(store, 10)
    records = waking_records()
    down(cloud)
    source.between = lambda: up(cloud) if len(source.invoked) == failures else None
    source.deliver(records)
    assert statuses(sessions) == {"CANCELLED"}
    assert source.discarded == []


@in_every_reading
def test_of_a_store_that_is_down_for_longer_every_position_is_kept(
    source: EventSource, store: CheckoutStore, cloud: Cloud
) -> None:
    sessions = ended_sessions(store, 10)
    records = waking_records()
    down(cloud)
    source.deliver(records)
    up(cloud)
    assert statuses(sessions) == {"PENDING_CANCELLATION"}
    numbers = [number(each) for each in records]
    kept = [
        each
        for first, last in source.positions
        for each in numbers[numbers.index(first) : numbers.index(last) + 1]
    ]
    assert kept == numbers


@in_every_reading
def test_a_function_that_is_killed_in_the_middle_of_a_batch_loses_nothing(
    source: EventSource, store: CheckoutStore
) -> None:
    sessions = ended_sessions(store, 10)
    function = source.function

    def killed(event: Record) -> Any:
        function({"Records": event["Records"][:4]})
        raise TimeoutError

    def whole_again() -> None:
        source.function = function

    source.function, source.between = killed, whole_again
    source.deliver(waking_records())
    assert statuses(sessions) == {"CANCELLED"}
    assert source.discarded == []


@in_every_reading
def test_what_was_done_behind_a_failure_is_delivered_again_and_stays_as_it_was(
    source: EventSource, store: CheckoutStore, cloud: Cloud, client: DynamoDBClient
) -> None:
    sessions = ended_sessions(store, 10)
    records = waking_records()
    first = sessions[POISONED].session.session_id
    cloud.wire.meddle = Trouble(
        lambda call: call.partition.endswith(first), 500, "InternalServerError", times=4
    )
    done: list[dict[str, Any]] = []

    def look() -> None:
        done.append(scenes.session_item(client, sessions[-1].session))

    source.between = look
    source.deliver(records)
    assert statuses(sessions) == {"CANCELLED"}
    assert source.discarded == []
    assert done[0]["status"] == "CANCELLED", "done by the invocation that another record failed in"
    assert sum(number(records[-1]) in batch for batch in source.invoked) > 1
    assert scenes.session_item(client, sessions[-1].session) == done[0]


def test_the_same_records_all_over_again_change_nothing(
    source: EventSource, store: CheckoutStore, client: DynamoDBClient
) -> None:
    sessions = ended_sessions(store, 3)
    records = waking_records()
    source.deliver(records)
    before = [scenes.session_item(client, each.session) for each in sessions]
    source.deliver([*reversed(records), *records])
    assert [scenes.session_item(client, each.session) for each in sessions] == before
    assert source.discarded == []


def test_of_a_record_that_has_become_too_old_the_position_is_kept(
    source: EventSource, store: CheckoutStore, cloud: Cloud
) -> None:
    old, young = waiting_session(store), waiting_session(store)
    old.end()
    records = waking_records()
    cloud.clock.advance(timedelta(seconds=SETTINGS.record_age_seconds + 1))
    source.deliver(records)
    assert (source.invoked, old.status) == ([], "PENDING_CANCELLATION")
    assert gave_up_on(source, records[0])
    assert source.discarded[0]["requestContext"]["condition"] == "RecordAgeExceeded"
    young.end(TransactionStatus.SETTLED)
    (_, latest) = waking_records()
    latest["dynamodb"]["ApproximateCreationDateTime"] = cloud.clock.now().timestamp()
    source.deliver([latest])
    assert young.status == "CANCELLED"


@in_every_reading
def test_a_store_that_stays_down_makes_a_record_too_old_before_its_retries_are_over(
    source: EventSource, store: CheckoutStore, cloud: Cloud
) -> None:
    ended_sessions(store, 1)
    records = waking_records()
    down(cloud)
    source.between = lambda: cloud.clock.advance(timedelta(minutes=25))
    source.deliver(records)
    assert gave_up_on(source, records[0])
    assert len(source.invoked) < 1 + SETTINGS.retries

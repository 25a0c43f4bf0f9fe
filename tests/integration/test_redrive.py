"""What the stream's function gave up on is completed from the queue and the table alone."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from admin import failures_queue
from admin.failures_queue import AT_ONCE, SqsFailuresQueue
from checkout import bootstrap
from checkout.redrive import Redriven, redrive
from checkout.storage import session_requests
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import serialize, session_item_key
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.event_source import EventSource
from tests.integration.waiting import ended_sessions, waking_records
from tests.integration.wire import Trouble, all_calls, named

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def queue(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqsFailuresQueue]:
    # moto waits by sleeping.
    monkeypatch.setattr(failures_queue, "WAIT_SECONDS", 0)
    client: SQSClient = boto3.client("sqs")
    url = client.create_queue(QueueName="failures")["QueueUrl"]
    yield SqsFailuresQueue(client, url)
    client.delete_queue(QueueUrl=url)


def send(queue: SqsFailuresQueue, messages: Sequence[object]) -> None:
    for each in messages:
        queue.client.send_message(QueueUrl=queue.url, MessageBody=json.dumps(each))


def left_in(queue: SqsFailuresQueue) -> int:
    """Visible or hidden."""
    answer = queue.client.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])
    found = answer["Attributes"]
    visible = int(found["ApproximateNumberOfMessages"])
    return visible + int(found["ApproximateNumberOfMessagesNotVisible"])


def run(store: CheckoutStore, queue: SqsFailuresQueue, told: list[str] | None = None) -> Redriven:
    report = told.append if told is not None else pytest.fail
    return redrive(store, queue, bootstrap.utc_now, report)


def test_a_store_that_was_down_for_longer_than_the_retries_costs_no_session(
    store: CheckoutStore, cloud: Cloud, queue: SqsFailuresQueue
) -> None:
    sessions = ended_sessions(store, 12)
    records = waking_records()
    source = EventSource(cloud.function("CompleteCancellationsFunction"))
    cloud.wire.meddle = Trouble(all_calls, 500, "InternalServerError", times=100_000)
    source.deliver(records)
    cloud.wire.meddle = lambda call, proceed: proceed()
    send(queue, source.discarded)
    assert {each.status for each in sessions} == {"PENDING_CANCELLATION"}
    assert run(store, queue) == Redriven(len(source.discarded), 12, 12, unread=0)
    assert {each.status for each in sessions} == {"CANCELLED"}
    assert left_in(queue) == 0
    assert run(store, queue) == Redriven(0, 0, 0, 0)


def test_pages_of_the_list_are_followed_to_the_end(
    store: CheckoutStore, queue: SqsFailuresQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_requests, "DUE_PAGE", 2)
    monkeypatch.setattr(session_requests, "due_shard", lambda session_id: "3")
    sessions = ended_sessions(store, 5)
    send(queue, ["a position"])
    assert run(store, queue) == Redriven(messages=1, looked_at=5, completed=5, unread=0)
    assert {each.status for each in sessions} == {"CANCELLED"}


def test_while_one_session_cannot_be_read_the_messages_stay(
    store: CheckoutStore, queue: SqsFailuresQueue, client: DynamoDBClient
) -> None:
    broken, *others = ended_sessions(store, 3)
    key = session_item_key(broken.session)
    scenes.set_values(client, key, **serialize({"createdAt": "yesterday"}))
    send(queue, range(AT_ONCE + 2))
    told: list[str] = []
    assert run(store, queue, told) == Redriven(AT_ONCE + 2, looked_at=2, completed=2, unread=1)
    assert {each.status for each in others} == {"CANCELLED"}
    assert [broken.session.session_id in each for each in told] == [True]
    scenes.set_values(client, key, **serialize({"createdAt": "2026-01-01T00:00:00.000Z"}))
    assert run(store, queue) == Redriven(AT_ONCE + 2, looked_at=1, completed=1, unread=0)
    assert (broken.status, left_in(queue)) == ("CANCELLED", 0)


def test_while_the_list_cannot_be_read_the_messages_stay(
    store: CheckoutStore, cloud: Cloud, queue: SqsFailuresQueue
) -> None:
    send(queue, ["a position"])
    cloud.wire.meddle = Trouble(named("Query"), 400, "AccessDeniedException")
    told: list[str] = []
    assert run(store, queue, told).unread == len(told) > 1
    assert {each.partition(": ")[2] for each in told} == {
        "StoreRefusedError (AccessDeniedException)"
    }
    assert left_in(queue) == 1


def test_redrive_and_the_stream_may_complete_the_same_sessions_at_once(
    store: CheckoutStore, cloud: Cloud, queue: SqsFailuresQueue
) -> None:
    sessions = ended_sessions(store, 6)
    source = EventSource(cloud.function("CompleteCancellationsFunction"))
    records = waking_records()
    send(queue, ["a position"])
    with ThreadPoolExecutor(2) as pool:
        redriven = pool.submit(run, store, queue)
        pool.submit(source.deliver, records).result()
    assert redriven.result().unread == 0
    assert {each.status for each in sessions} == {"CANCELLED"}
    assert source.discarded == []

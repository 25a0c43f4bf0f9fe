"""`checkout-admin redrive` on the deployed stack completes what nobody was woken for."""

import json
import os
from collections.abc import Iterator
from functools import partial

import pytest

from admin.failures_queue import SqsFailuresQueue
from checkout.bootstrap import utc_now
from checkout.payments import record_status
from checkout.storage.items import transaction_item_key
from checkout.transactions import TransactionKey, TransactionStatus
from local.calls import Client
from local.inspection import Inspector
from local.stack import Stack
from tests.local.admin import as_on_aws, checkout_admin
from tests.local.conftest import Seed
from tests.unit.admin.documents import documented

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("STACK_NAME")), reason="would empty the queue of a stack that others use"
)

# Of what Lambda sends, as AWS documents it.
POSITION = {
    "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 6},
    "version": "1.0",
    "DDBStreamBatchInfo": {
        "shardId": "shardId-00000001573689847184-864758bb",
        "startSequenceNumber": "800000000003126276362",
        "endSequenceNumber": "800000000003126276362",
        "batchSize": 1,
    },
}


@pytest.fixture
def queue(stack: Stack) -> Iterator[SqsFailuresQueue]:
    """Empty, before and after."""
    failures = SqsFailuresQueue(stack.aws.queues, stack.completion_failures_queue_url)
    failures.delete(failures.receive(1000))
    yield failures
    failures.delete(failures.receive(1000))


@pytest.fixture
def forgotten(stack: Stack, merchant: Client, seed: Seed, inspect: Inspector) -> str:
    """A session whose payment has ended without waking the stream's function."""
    seeded = seed("sandbox:refused_1")
    assert merchant.cancel(seeded.session_id).json()["status"] == "PENDING_CANCELLATION"
    key = TransactionKey(inspect.key(seeded.session_id), seeded.transaction_ids[0])
    stack.aws.dynamodb.update_item(
        TableName=stack.table, Key=transaction_item_key(key), UpdateExpression="REMOVE cancellation"
    )
    record_status(inspect.store, key, TransactionStatus.SETTLED, utc_now())
    return seeded.session_id


@pytest.mark.parametrize("on_aws", [False, True])
def test_a_message_has_every_waiting_session_completed_and_is_deleted(
    stack: Stack, merchant: Client, queue: SqsFailuresQueue, forgotten: str, on_aws: bool
) -> None:
    redrive = partial(as_on_aws, stack, "redrive") if on_aws else partial(checkout_admin, "redrive")
    queue.client.send_message(QueueUrl=queue.url, MessageBody=json.dumps(POSITION))
    assert merchant.get(forgotten).json()["status"] == "PENDING_CANCELLATION"
    done = redrive()
    # It was paid after the lock, and nobody had told of it.
    assert (done.code, done.err.count("\n")) == (0, 1)
    assert f"session {forgotten} " in done.err
    assert "was paid after the cancellation" in done.err
    assert done.out.startswith("Messages: 1; ")
    assert done.out.strip().endswith("and not told of before: 1.")
    assert merchant.get(forgotten).json()["status"] == "CANCELLED"
    assert queue.receive(1) == []
    again = redrive()
    assert (again.code, again.out.startswith("The queue is empty")) == (0, True)


def test_without_a_message_it_does_so_when_asked_for_all(
    stack: Stack, merchant: Client, queue: SqsFailuresQueue, forgotten: str
) -> None:
    assert checkout_admin("redrive").code == 0
    assert merchant.get(forgotten).json()["status"] == "PENDING_CANCELLATION"
    done = checkout_admin("redrive", "--all", "--json")
    assert documented("redrive", done.out)["completed"] >= 1
    assert merchant.get(forgotten).json()["status"] == "CANCELLED"

"""`bin/redrive` on the deployed stack completes what nobody was woken for."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin.failures_queue import SqsFailuresQueue
from checkout.bootstrap import utc_now
from checkout.payments import record_status
from checkout.storage.items import transaction_item_key
from checkout.transactions import TransactionKey, TransactionStatus
from local.calls import Client
from local.inspection import Inspector
from local.isolation import isolated
from local.places import LOCAL, ROOT
from local.stack import Stack
from tests.local.conftest import Seed

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("STACK_NAME")), reason="would empty the queue of a stack that others use"
)

HOME = Path(os.environ.get("STACK_JSON") or LOCAL / "stack.json").parent
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


def redrive(stack: Stack, *arguments: str, as_on_aws: bool = False) -> tuple[int, str, str]:
    """As on AWS it knows the stack's name alone, and asks AWS, here the emulator, for the rest."""
    environment = isolated(os.environ, stack.endpoint_url) if as_on_aws else dict(os.environ)
    if as_on_aws:
        arguments = ("--stack", stack.stack_name, *arguments)
    done = subprocess.run(
        [ROOT / "bin" / "redrive", *arguments], env=environment | {"STACK_HOME": str(HOME)},
        cwd="/", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


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


@pytest.mark.parametrize("as_on_aws", [False, True])
def test_a_message_has_every_waiting_session_completed_and_is_deleted(
    stack: Stack, merchant: Client, queue: SqsFailuresQueue, forgotten: str, as_on_aws: bool
) -> None:
    queue.client.send_message(QueueUrl=queue.url, MessageBody=json.dumps(POSITION))
    assert merchant.get(forgotten).json()["status"] == "PENDING_CANCELLATION"
    code, out, err = redrive(stack, as_on_aws=as_on_aws)
    assert (code, err) == (0, "")
    assert out.startswith("Messages: 1; ")
    assert merchant.get(forgotten).json()["status"] == "CANCELLED"
    assert queue.receive(1) == []
    again = redrive(stack, as_on_aws=as_on_aws)
    assert (again[0], again[1].startswith("The queue is empty")) == (0, True)


def test_without_a_message_it_does_so_when_asked_for_all(
    stack: Stack, merchant: Client, queue: SqsFailuresQueue, forgotten: str
) -> None:
    assert redrive(stack)[0] == 0
    assert merchant.get(forgotten).json()["status"] == "PENDING_CANCELLATION"
    assert redrive(stack, "--all")[0] == 0
    assert merchant.get(forgotten).json()["status"] == "CANCELLED"


def test_a_stack_that_is_not_there_is_said_in_one_sentence(stack: Stack) -> None:
    nowhere = isolated(os.environ, stack.endpoint_url)
    done = subprocess.run(
        [ROOT / "bin" / "redrive", "--stack", "nowhere"],
        env=nowhere, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "nowhere" in done.stderr

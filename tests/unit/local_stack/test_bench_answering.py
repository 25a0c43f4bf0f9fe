"""The AWS of the benchmark: what it says of sessions, by their ids."""

import json
from typing import Any

import pytest

from checkout.bootstrap import utc_now
from checkout.sessions import SessionKey
from checkout.storage import session_requests
from checkout.storage.items import deserialize
from local.bench import cases, stub
from local.bench.answering import MERCHANT, World, session_id, transaction_id


def read(world: World, key: SessionKey) -> list[dict[str, Any]]:
    status, answer = world("Query", session_requests.read_session(key))
    assert status == 200
    return [deserialize(each) for each in answer["Items"]]


@pytest.mark.parametrize(("ended", "status"), [(False, "PROCESSING"), (True, "CANCELLED")])
def test_a_session_has_what_its_id_says(ended: bool, status: str) -> None:
    key = SessionKey(MERCHANT, session_id(2, serial=7, ended=ended))
    session, *transactions = read(World(), key)
    assert session["attempts"] == {transaction_id(0), transaction_id(1)}
    assert [each["status"] for each in transactions] == [status, status]
    assert [each["provider"] for each in transactions] == ["sandbox", "sandbox-b"]


def test_a_session_that_was_completed_is_cancelled_and_no_other() -> None:
    world = World()
    first, second = (SessionKey(MERCHANT, session_id(1, serial, ended=True)) for serial in (1, 2))
    world("UpdateItem", session_requests.complete_cancellation(first, utc_now()))
    statuses = [read(world, each)[0]["status"] for each in (first, second)]
    assert statuses == ["CANCELLED", "PENDING_CANCELLATION"]


def test_the_machine_answers_with_what_every_worker_says() -> None:
    order = cases.worker(2).event(0)
    group = {"provider": order.pop("provider"), "transactions": order.pop("transactions")}
    others = {**group, "provider": "sandbox-b"}
    message = json.dumps(order | {"groups": [group, others]})
    status, answer = World()("StartSyncExecution", {"input": message})
    assert (status, answer["status"]) == (200, "SUCCEEDED")
    said = json.loads(answer["output"])
    assert [each["provider"] for each in said] == ["sandbox", "sandbox-b"]
    assert {one["status"] for each in said for one in each["outcomes"]} == {"CANCELLED"}


@pytest.mark.parametrize("operation", ["PutItem", "SendMessageBatch", ""])
def test_what_nobody_is_expected_to_ask_is_refused(operation: str) -> None:
    assert World()(operation, {})[0] == 400


def test_an_aws_that_has_nothing_says_so() -> None:
    assert stub.has_nothing("Query", {}) == (200, stub.NOTHING)
    assert stub.has_nothing("UpdateItem", {})[0] == 400
    assert stub.has_nothing("SendMessageBatch", {}) == (200, {})


def test_no_two_batches_are_of_the_same_session() -> None:
    three, one = (cases.complete(records, same=False) for records in (3, 1))
    batches = [case.event(serial)["Records"] for case in (three, one) for serial in range(2)]
    keys = {each["dynamodb"]["Keys"]["PK"]["S"] for batch in batches for each in batch}
    assert len(keys) == 2 * 3 + 2 * 1
    names = [each.name for each in (*cases.of_every_handler(), *cases.of_the_stream([10]))]
    assert len(set(names)) == len(names)

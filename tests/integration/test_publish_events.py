"""The function that tells events, behind the stream as AWS runs it; and somebody who listens."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from checkout import bootstrap, payments
from checkout.storage.items import session_item_key
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import event_bus, scenes
from tests.integration.access import Access
from tests.integration.event_source import READINGS
from tests.integration.stack import queue_url, stream_records
from tests.integration.wire import Trouble, named
from tests.template.filter_pattern import passes
from tests.unit.event_schemas import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud
    from tests.integration.event_bus import Bus
    from tests.integration.journal import Journal

SETTLED, CANCELLED = TransactionStatus.SETTLED, TransactionStatus.CANCELLED
PENDING_THEN_DONE = ["session.cancellation_pending", "session.cancelled"]


@pytest.fixture
def bus(cloud: Cloud, store: CheckoutStore) -> Bus:
    return event_bus.make(cloud)


def types(events: list[dict[str, Any]]) -> list[str]:
    return [each["type"] for each in events]


def reported(store: CheckoutStore, key: TransactionKey, status: TransactionStatus) -> None:
    payments.record_status(store, key, status, bootstrap.utc_now())


def test_a_cancellation_is_told_from_the_lock_to_the_end(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    assert bus.tell() == []
    scenes.cancel(cloud, key)
    told = bus.tell()
    assert types(told) == [PENDING_THEN_DONE[0], "transaction.cancelled", PENDING_THEN_DONE[1]]
    assert [each["subject"] for each in told] == [key.session_id, transaction_id, key.session_id]
    assert {each["data"]["merchantId"] for each in told} == {key.merchant_id}
    assert {each["source"] for each in told} == {"/cancel-a-session/shop"}
    assert [problems(each) for each in told] == [[], [], []]


def test_what_a_rule_can_match_on(cloud: Cloud, store: CheckoutStore, bus: Bus) -> None:
    key, _ = scenes.session_with(store)
    scenes.cancel(cloud, key)
    bus.tell()
    assert [each["detail-type"] for each in bus.envelopes] == PENDING_THEN_DONE
    assert {each["source"] for each in bus.envelopes} == {"cancel-a-session"}


def test_nothing_is_told_of_ordinary_payments(store: CheckoutStore, bus: Bus) -> None:
    key, ids = scenes.session_with(store, "ok_1", "ok_2")
    one, two = (TransactionKey(key, each) for each in ids)
    reported(store, one, TransactionStatus.AUTHORIZED)
    reported(store, one, SETTLED)
    reported(store, one, TransactionStatus.REFUNDED)
    reported(store, two, TransactionStatus.FAILED)
    payments.complete_session(store, key, bootstrap.utc_now())
    assert bus.tell() == []
    assert bus.source.invoked == [], "they wake nobody"


def test_a_transaction_that_the_payer_cancels_is_told_of_too(
    store: CheckoutStore, bus: Bus
) -> None:
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    reported(store, TransactionKey(key, transaction_id), CANCELLED)
    assert types(bus.tell()) == ["transaction.cancelled"]


def test_a_pending_cancellation_ends_when_its_provider_confirms(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    key, (transaction_id,) = scenes.session_with(store, "async_900_1")
    scenes.cancel(cloud, key)
    assert types(bus.tell()) == PENDING_THEN_DONE[:1]
    reported(store, TransactionKey(key, transaction_id), CANCELLED)
    assert types(bus.tell()) == ["transaction.cancelled"]
    assert scenes.deliver(cloud, scenes.stream_record(key)) == []
    assert types(bus.tell()) == PENDING_THEN_DONE[1:]


def test_a_repeat_that_changes_nothing_tells_nothing(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    key, _ = scenes.session_with(store, "unstoppable_900_SETTLED_1")
    scenes.cancel(cloud, key)
    bus.tell()
    scenes.cancel(cloud, key)
    scenes.cancel(cloud, key)
    assert bus.tell() == []


@pytest.mark.parametrize("how", ["awaited", "found by the worker", "cancelled before", "at once"])
def test_money_that_came_all_the_same_is_told_of_once(
    cloud: Cloud, store: CheckoutStore, bus: Bus, how: str
) -> None:
    reference = {"found by the worker": "settled_1", "cancelled before": "ok_1"}
    key, (transaction_id,) = scenes.session_with(store, reference.get(how, "async_900_1"))
    payment = TransactionKey(key, transaction_id)
    if how == "at once":
        # After the lock, and before any driver has seen it.
        scenes.lock(store, key)
        cloud.clock.advance(timedelta(seconds=1))
        payments.record_status(store, payment, SETTLED, cloud.clock.now())
        cloud.clock.advance(timedelta(seconds=90))
    scenes.cancel(cloud, key)
    if how in ("awaited", "cancelled before"):
        reported(store, payment, SETTLED)
    scenes.deliver(cloud, scenes.stream_record(key))
    reported(store, payment, SETTLED)
    (late,) = [each for each in bus.tell() if each["type"] == "transaction.settled_after_cancel"]
    assert problems(late) == []
    assert late["subject"] == transaction_id
    assert late["data"]["status"] == ("CANCELLED" if how == "cancelled before" else "SETTLED")
    (shown,) = scenes.get(cloud, key).body["transactions"]
    assert shown["settledAfterCancel"] is True


@pytest.mark.parametrize("seconds", [-4, 0, 4])
def test_money_for_a_payment_that_had_failed_in_an_open_session_is_never_late(
    cloud: Cloud, store: CheckoutStore, bus: Bus, seconds: int
) -> None:
    """Whatever comes afterwards, and whatever the clocks say: it is decided once."""
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    payment = TransactionKey(key, transaction_id)
    reported(store, payment, TransactionStatus.FAILED)
    at = cloud.clock.now() + timedelta(seconds=seconds)
    assert payments.record_status(store, payment, SETTLED, at).late_settlement
    assert bus.tell() == []
    scenes.cancel(cloud, key)
    assert not payments.record_status(store, payment, SETTLED, at).late_settlement
    assert types(bus.tell()) == PENDING_THEN_DONE
    (shown,) = scenes.get(cloud, key).body["transactions"]
    assert shown["settledAfterCancel"] is False


@pytest.mark.parametrize("status", [TransactionStatus.FAILED, TransactionStatus.EXPIRED])
def test_money_for_what_had_ended_otherwise_is_late_once_its_session_is_cancelled(
    cloud: Cloud, store: CheckoutStore, bus: Bus, status: TransactionStatus
) -> None:
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    payment = TransactionKey(key, transaction_id)
    reported(store, payment, status)
    scenes.cancel(cloud, key)
    bus.tell()
    # Also by a clock that is far behind that of the lock.
    at = cloud.clock.now() - timedelta(seconds=30)
    assert payments.record_status(store, payment, SETTLED, at).after_cancel
    assert types(bus.tell()) == ["transaction.settled_after_cancel"]
    (shown,) = scenes.get(cloud, key).body["transactions"]
    assert shown["settledAfterCancel"] is True


def test_money_for_what_the_payer_had_cancelled_stays_late(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    payment = TransactionKey(key, transaction_id)
    reported(store, payment, CANCELLED)
    reported(store, payment, SETTLED)
    assert types(bus.tell())[1:] == ["transaction.settled_after_cancel"]
    cloud.clock.advance(timedelta(hours=1))
    scenes.cancel(cloud, key)
    (shown,) = scenes.get(cloud, key).body["transactions"]
    assert shown["settledAfterCancel"] is True


def test_a_record_that_is_delivered_again_is_told_under_the_same_id(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key)
    first = bus.tell()
    bus.source.deliver(stream_records())
    again = bus.hear()
    assert again == first
    assert len({each["id"] for each in first}) == 3


def failing(client: Any, how: Callable[..., Any]) -> None:
    client.meta.events.register("before-call.eventbridge.PutEvents", how)


@pytest.mark.parametrize("reading", READINGS)
def test_a_bus_that_is_down_for_a_while_costs_nothing_but_time(
    cloud: Cloud, store: CheckoutStore, bus: Bus, reading: Any
) -> None:
    keys = [scenes.session_with(store)[0] for _ in range(6)]
    for each in keys:
        scenes.cancel(cloud, each)
    left = [7]

    def refuse(**_: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise EndpointConnectionError(endpoint_url="https://bus")

    wiring = vars(cloud.function(event_bus.FUNCTION).app)["event_bootstrap"]
    failing(wiring.event_bus()._client, refuse)
    bus.source = replace(bus.source, reading=reading, invoked=[], discarded=[])
    told = bus.tell()
    assert left == [0]
    # Everything, of each session in its order, and nothing twice under two ids.
    assert {each["subject"] for each in told} == {each.session_id for each in keys}
    for key in keys:
        of_it = [each["type"] for each in told if each["subject"] == key.session_id]
        assert list(dict.fromkeys(of_it)) == PENDING_THEN_DONE
    assert len({each["id"] for each in told}) == 12
    assert bus.source.discarded == []


def test_what_the_bus_refuses_of_a_batch_comes_again_alone(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    keys = [scenes.session_with(store)[0] for _ in range(2)]
    for each in keys:
        scenes.lock(store, each)
    wiring = vars(cloud.function(event_bus.FUNCTION).app)["event_bootstrap"]
    client = wiring.event_bus()._client
    put, refusals = client.put_events, [True]

    def one_refused(Entries: list[Any]) -> dict[str, Any]:  # noqa: N803 - as boto3 names it
        answer: dict[str, Any] = put(Entries=Entries[: len(Entries) - len(refusals)])
        refused = [{"ErrorCode": "ThrottlingException"} for _ in refusals]
        refusals.clear()
        return {**answer, "Entries": answer["Entries"] + refused}

    client.put_events = one_refused
    told = bus.tell()
    assert [each["subject"] for each in told] == [each.session_id for each in keys]
    assert len(bus.source.invoked) == 2


POISON = {
    "no new image": lambda change: change.pop("NewImage"),
    "no old image": lambda change: change.pop("OldImage"),
    "a strange key": lambda change: change["Keys"]["PK"].update(S="TENANT#1"),
    "a strange moment": lambda change: change["NewImage"]["createdAt"].update(S="yesterday"),
    "an unknown status": lambda change: change["NewImage"]["status"].update(S="HALTED"),
    "no sort key": lambda change: change["Keys"].pop("SK"),
}


@pytest.mark.parametrize("poison", POISON)
def test_a_record_that_cannot_be_read_is_put_aside_and_holds_up_no_other(
    cloud: Cloud,
    store: CheckoutStore,
    bus: Bus,
    poison: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = [scenes.session_with(store)[0] for _ in range(3)]
    for each in keys:
        scenes.lock(store, each)
    records = [each for each in stream_records() if passes(each, event_bus.FUNCTION)]
    records = json.loads(json.dumps(records))
    POISON[poison](records[1]["dynamodb"])
    answer = cloud.function(event_bus.FUNCTION)({"Records": records})
    assert answer == {"batchItemFailures": []}
    assert [each["subject"] for each in bus.hear()] == [keys[0].session_id, keys[2].session_id]
    (aside,) = bus.put_aside
    assert aside["keys"] == records[1]["dynamodb"]["Keys"]
    assert set(aside) == {"eventID", "keys"}
    assert '"RecordsPutAside":[1.0]' in capsys.readouterr().out


def test_while_it_cannot_be_put_aside_it_comes_again(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    key, _ = scenes.session_with(store)
    scenes.lock(store, key)
    (record,) = [each for each in stream_records() if passes(each, event_bus.FUNCTION)]
    record = json.loads(json.dumps(record))
    del record["dynamodb"]["NewImage"]
    boto3.client("sqs").delete_queue(QueueUrl=queue_url(event_bus.ASIDE))
    answer = cloud.function(event_bus.FUNCTION)({"Records": [record]})
    assert answer == {
        "batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]
    }


def failed_in_a_cancelled_session(cloud: Cloud, store: CheckoutStore) -> TransactionKey:
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    payment = TransactionKey(key, transaction_id)
    reported(store, payment, TransactionStatus.FAILED)
    scenes.cancel(cloud, key)
    return payment


def test_late_money_in_a_store_that_fails_is_told_of_later(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    payment = failed_in_a_cancelled_session(cloud, store)
    bus.tell()
    reported(store, payment, SETTLED)
    cloud.wire.meddle = Trouble(named("Query"), 500, "InternalServerError", times=5)
    assert types(bus.tell()) == ["transaction.settled_after_cancel"]
    assert len(bus.source.invoked) > 1
    assert bus.source.discarded == []


def test_late_money_of_a_session_that_is_gone_is_counted(
    cloud: Cloud,
    store: CheckoutStore,
    client: DynamoDBClient,
    bus: Bus,
    capsys: pytest.CaptureFixture[str],
) -> None:
    payment = failed_in_a_cancelled_session(cloud, store)
    reported(store, payment, SETTLED)
    client.delete_item(TableName="CheckoutTable", Key=session_item_key(payment.session))
    assert "transaction.settled_after_cancel" not in types(bus.tell())
    assert '"RecordsOfNoSession":[1.0]' in capsys.readouterr().out
    assert bus.source.discarded == []


def test_what_a_service_with_an_older_layer_flags_in_an_open_session_is_not_late(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    """Release 0.1.0 flagged any money for what had failed."""
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    payment = TransactionKey(key, transaction_id)
    reported(store, payment, TransactionStatus.FAILED)
    assert store.record_late_settlement(payment, bootstrap.utc_now(), after_cancel=True)
    assert bus.tell() == []
    (shown,) = scenes.get(cloud, key).body["transactions"]
    assert shown["settledAfterCancel"] is False
    cloud.clock.advance(timedelta(hours=1))
    scenes.cancel(cloud, key)
    assert types(bus.tell()) == PENDING_THEN_DONE
    (shown,) = scenes.get(cloud, key).body["transactions"]
    assert shown["settledAfterCancel"] is False


def test_who_published_what_can_be_found_in_the_log_and_no_reason(
    cloud: Cloud, store: CheckoutStore, bus: Bus, journal: Journal
) -> None:
    key, _ = scenes.session_with(store)
    scenes.cancel(cloud, key)
    told = bus.tell()
    logged = {each["event_id"]: each for each in journal.named("event published")}
    assert set(logged) == {each["id"] for each in told}
    assert {each["session_id"] for each in logged.values()} == {key.session_id}
    for kind in PENDING_THEN_DONE:
        assert journal.values("EventsPublished", type=kind) == [1.0]
    assert scenes.REASON not in json.dumps(journal.all)


def test_only_what_the_filter_lets_through_costs_a_call(
    cloud: Cloud, store: CheckoutStore, bus: Bus
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key)
    Access.calls.clear()
    bus.tell()
    assert [each.action for each in Access.calls] == ["events:PutEvents"]

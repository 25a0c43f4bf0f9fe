"""The function of the schedule, on the table and the machine of the template."""

from datetime import timedelta
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import serialize, session_item_key, transaction_item_key
from checkout.transactions import TransactionKey
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.scenes import REASON
from tests.integration.wire import Trouble, named


def abandoned(cloud: Cloud, store: CheckoutStore, *references: str) -> tuple[SessionKey, list[str]]:
    """A session whose driver died right after the lock."""
    key, ids = scenes.session_with(store, *references)
    now = cloud.clock.now()
    assert store.lock_for_cancellation(key, scenes.lock_at(now)).held
    return key, ids


def run(cloud: Cloud, minutes_later: float = 2) -> dict[str, int]:
    """The next run of the schedule."""
    cloud.clock.advance(timedelta(minutes=minutes_later))
    told: dict[str, int] = cloud.function("ReconcileFunction")(scenes.event("reconcile"))
    return told


def status(store: CheckoutStore, key: SessionKey) -> str:
    return store.read_session(key).session.status.value


def test_a_schedule_event_with_nothing_due_does_nothing(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = abandoned(cloud, store, "ok_1")
    assert set(run(cloud, minutes_later=0.5).values()) == {0}
    assert status(store, key) == "PENDING_CANCELLATION"
    assert cloud.executions == []


@pytest.mark.parametrize("event", [{}, {"detail": None}, {"unknown": "event"}])
def test_whatever_the_event_says_the_run_is_the_same(
    cloud: Cloud, store: CheckoutStore, event: dict[str, Any]
) -> None:
    key, _ = abandoned(cloud, store, "ok_1")
    cloud.clock.advance(timedelta(minutes=2))
    assert cloud.function("ReconcileFunction")(event)["recovered"] == 1
    assert status(store, key) == "CANCELLED"


def test_abandoned_sessions_are_cancelled_by_the_schedule_alone(
    cloud: Cloud, store: CheckoutStore
) -> None:
    made = [abandoned(cloud, store, "ok_1", "async_1_1") for _ in range(3)]
    assert run(cloud)["recovered"] == 0
    assert run(cloud)["recovered"] == 3
    for key, ids in made:
        assert status(store, key) == "CANCELLED"
        assert scenes.statuses(store, key) == dict.fromkeys(ids, "CANCELLED")


def test_a_recovered_session_costs_the_calls_of_a_cancellation_and_one_list(
    cloud: Cloud, store: CheckoutStore
) -> None:
    abandoned(cloud, store, "ok_1")
    cloud.function("ReconcileFunction")
    cloud.wire.calls.clear()
    run(cloud)
    ours = [each for each in cloud.wire.calls if each.table in ("CheckoutTable", "")]
    lists = [each for each in ours if each.parameters.get("IndexName") == "due"]
    assert len(lists) == 16
    driven = [each.name for each in ours if each not in lists]
    assert driven == [
        "UpdateItem",
        "Query",
        "Invoke",
        "UpdateItem",
        "UpdateItem",
    ]


def test_items_that_cannot_be_read_are_counted_put_off_and_in_nobodys_way(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient, capsys: pytest.CaptureFixture[str]
) -> None:
    strange, _ = abandoned(cloud, store, "ok_1")
    broken, ids = abandoned(cloud, store, "ok_1")
    sound, _ = abandoned(cloud, store, "ok_1")
    scenes.set_values(client, session_item_key(strange), **serialize({"createdAt": "yesterday"}))
    transaction = transaction_item_key(TransactionKey(broken, ids[0]))
    scenes.set_values(client, transaction, **serialize({"amount": "a lot"}))
    told = run(cloud)
    assert (told["recovered"], told["failed"], told["driven"]) == (1, 1, 2)
    assert status(store, sound) == "CANCELLED"
    assert '"RecoveryFailures":[1.0]' in capsys.readouterr().out
    item = scenes.session_item(client, strange)
    assert item["dueAt"] > (cloud.clock.now() + timedelta(minutes=40)).timestamp() * 1000
    assert run(cloud)["failed"] == 0, "it is put off"


def test_a_status_that_this_release_does_not_know_is_in_flight(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient
) -> None:
    key, ids = abandoned(cloud, store, "ok_1", "ok_2")
    transaction = transaction_item_key(TransactionKey(key, ids[0]))
    scenes.set_values(client, transaction, **serialize({"status": "HELD_FOR_REVIEW"}))
    assert run(cloud)["driven"] == 1
    assert status(store, key) == "PENDING_CANCELLATION"
    assert scenes.transaction_item(client, TransactionKey(key, ids[0]))["status"] == (
        "HELD_FOR_REVIEW"
    )


def test_a_stuck_session_is_counted_and_told_without_its_reason(
    cloud: Cloud,
    store: CheckoutStore,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    key, ids = abandoned(cloud, store, "refused_1")
    caplog.clear()
    assert run(cloud, minutes_later=25 * 60)["stuck"] == 1
    assert '"StuckSessions":[1.0]' in capsys.readouterr().out
    (told,) = [vars(each) for each in caplog.records if each.message == "session is stuck"]
    assert (told["merchant_id"], told["session_id"]) == (key.merchant_id, key.session_id)
    assert (told["waits_for"], told["pending"], told["hours"]) == (["sandbox"], ids, 25.0)
    assert REASON not in str([vars(each) for each in caplog.records])


def test_a_list_that_cannot_be_read_is_counted(
    cloud: Cloud, store: CheckoutStore, capsys: pytest.CaptureFixture[str]
) -> None:
    abandoned(cloud, store, "ok_1")
    cloud.wire.meddle = Trouble(named("Query"), 500, "InternalServerError")
    assert run(cloud)["unavailable"] == 1
    assert '"RecoveryUnavailable":[1.0]' in capsys.readouterr().out

"""The function behind GET /v1/checkout/session/{sessionId}, called as the gateway calls it."""

import json

from checkout import bootstrap, payments
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.wire import Trouble, all_calls


def test_the_sample_event_reads_its_session(cloud: Cloud, store: CheckoutStore) -> None:
    called = scenes.event("get_session")
    key = SessionKey(scenes.merchant(), called["pathParameters"]["sessionId"])
    payments.open_session(store, key, bootstrap.utc_now())
    answer = cloud.function("GetSessionFunction")(called)
    assert answer["statusCode"] == 200
    body = json.loads(answer["body"])
    assert (body["sessionId"], body["status"]) == (key.session_id, "OPEN")


def test_a_pending_cancellation_says_what_it_waits_for(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1", "async_900_1", "down_1")
    scenes.cancel(cloud, key)
    body = scenes.get(cloud, key).body
    assert (body["status"], body["reason"]) == ("PENDING_CANCELLATION", scenes.REASON)
    assert body["cancelRequestedAt"].endswith("Z")
    assert body["cancelledAt"] is None
    told = [(each["transactionId"], each["pendingReason"]) for each in body["transactions"]]
    assert told == list(zip(ids, [None, "REQUESTED", "UNKNOWN"], strict=True))


def test_money_that_arrived_all_the_same_is_shown(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1", "settled_1", "ok_2")
    first = TransactionKey(key, ids[2])
    payments.record_status(store, first, TransactionStatus.SETTLED, bootstrap.utc_now())
    cloud.clock.advance(bootstrap.ANSWER_RESERVE)
    scenes.cancel(cloud, key)
    late = TransactionKey(key, ids[0])
    change = payments.record_status(store, late, TransactionStatus.SETTLED, bootstrap.utc_now())
    assert (change.status.value, change.late_settlement) == ("CANCELLED", True)
    shown = scenes.get(cloud, key).body["transactions"]
    assert [each["settledAfterCancel"] for each in shown] == [True, True, False]


def test_reading_changes_nothing(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    cloud.wire.calls.clear()
    scenes.get(cloud, key)
    assert cloud.wire.names() == ["Query"]


def test_another_merchants_session_looks_like_none(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    stranger = scenes.get(cloud, SessionKey("stranger", key.session_id))
    nothing = scenes.get(cloud, scenes.new_key())
    assert (stranger.status, stranger.body) == (404, nothing.body)


def test_a_store_that_cannot_be_reached_is_a_503(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    cloud.wire.meddle = Trouble(all_calls, 500, "InternalServerError")
    answer = scenes.get(cloud, key)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def test_a_malformed_id_reaches_no_store(cloud: Cloud) -> None:
    answer = scenes.get(cloud, SessionKey("merchant", "not-a-uuid"))
    assert answer.status == 400
    assert cloud.wire.calls == []

"""The function behind POST /v1/checkout/session/cancel, called as the gateway calls it."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from botocore.exceptions import ConnectTimeoutError

from checkout import bootstrap, payments
from checkout.lease import LEASE
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.stack import TABLE
from tests.integration.wire import Call, Silence, Trouble, all_calls, named

REFUSING = ["refused_1", "down_1", "unstoppable_900_SETTLED_1", "async_900_1"]


def test_the_sample_event_cancels_its_session(cloud: Cloud, store: CheckoutStore) -> None:
    called = scenes.event("cancel_session")
    key = SessionKey(scenes.merchant(), json.loads(called["body"])["sessionId"])
    payments.open_session(store, key, bootstrap.utc_now())
    transaction = scenes.attach(store, key, "ok_1")
    answer = cloud.function("CancelSessionFunction")(called)
    assert answer["statusCode"] == 200
    assert answer["headers"]["x-request-id"] == called["requestContext"]["requestId"]
    body = json.loads(answer["body"])
    assert body["status"] == "CANCELLED"
    assert body["cancelledTransactionIds"] == [transaction.transaction_id]


def test_a_session_without_attempts_is_cancelled(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    answer = scenes.cancel(cloud, key)
    assert (answer.status, answer.body["status"]) == (200, "CANCELLED")
    assert (answer.cancelled, answer.pending) == ([], [])


def test_the_answer_has_exactly_the_fields_of_the_contract(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    body = scenes.cancel(cloud, key).body
    fields = {
        "sessionId",
        "status",
        "message",
        "cancelledTransactionIds",
        "pendingTransactionIds",
    }
    assert body.keys() == fields


def test_every_kind_of_transaction_lands_in_the_right_list(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1", "slow_20_1", *REFUSING, "settled_1")
    ended = scenes.attach(store, key, "ok_2")
    payments.record_status(store, ended, TransactionStatus.FAILED, bootstrap.utc_now())
    answer = scenes.cancel(cloud, key)
    assert answer.body["status"] == "PENDING_CANCELLATION"
    assert answer.cancelled == ids[:2]
    assert answer.pending == ids[2:6]
    assert scenes.statuses(store, key)[ids[6]] == "SETTLED"


def test_a_transaction_that_had_ended_is_not_touched_at_the_provider(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    ended = TransactionKey(key, ids[0])
    payments.record_status(store, ended, TransactionStatus.SETTLED, bootstrap.utc_now())
    assert scenes.cancel(cloud, key).body["status"] == "CANCELLED"
    assert cloud.invoked == []


def test_a_repeat_after_the_end_changes_nothing(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    assert scenes.cancel(cloud, key).cancelled == ids
    before = scenes.session_item(bootstrap.dynamodb(), key)
    again = scenes.cancel(cloud, key)
    assert (again.status, again.body["status"], again.cancelled) == (200, "CANCELLED", [])
    assert scenes.session_item(bootstrap.dynamodb(), key) == before


def test_a_repeat_drives_what_is_left(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1", "flaky_1_1")
    first = scenes.cancel(cloud, key)
    assert (first.cancelled, first.pending) == (ids[:1], ids[1:])
    second = scenes.cancel(cloud, key)
    assert (second.body["status"], second.cancelled) == ("CANCELLED", ids[1:])


def test_while_somebody_drives_the_caller_is_told_when_to_come_back(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    scenes.lock(store, key)
    answer = scenes.cancel(cloud, key)
    assert answer.status == 409
    assert 1 <= int(answer.headers["Retry-After"]) <= 5


def test_a_dead_drivers_session_is_taken_over_when_its_lease_is_over(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    scenes.lock(store, key)
    cloud.clock.advance(LEASE + timedelta(seconds=1))
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.cancelled) == ("CANCELLED", ids)


@pytest.mark.parametrize("end", [payments.complete_session, payments.expire_session])
def test_a_session_that_ended_otherwise_is_refused(
    cloud: Cloud,
    store: CheckoutStore,
    end: Callable[..., None],
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    end(store, key, bootstrap.utc_now())
    answer = scenes.cancel(cloud, key)
    assert (answer.status, "Retry-After" in answer.headers) == (409, False)
    assert cloud.invoked == []


def test_another_merchants_session_looks_like_none(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    stranger = scenes.cancel(cloud, SessionKey("stranger", key.session_id))
    nothing = scenes.cancel(cloud, scenes.new_key())
    assert (stranger.status, stranger.body) == (404, nothing.body)
    assert store.read_session(key).session.status.value == "OPEN"


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"sessionId": 1}', "\ud800", "[" * 100_000])
def test_a_bad_body_reaches_no_store(cloud: Cloud, body: str) -> None:
    key = scenes.new_key()
    answer = scenes.cancel(cloud, key, body)
    assert answer.status == 400
    assert answer.body.keys() == {"message", "error", "statusCode"}
    assert cloud.wire.calls == []


def test_a_store_that_cannot_be_reached_before_the_lock_is_a_503(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    cloud.wire.meddle = Silence(all_calls, ConnectTimeoutError(endpoint_url="https://down"))
    answer = scenes.cancel(cloud, key)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def _after_the_lock(call: Call) -> bool:
    return call.table == TABLE and "leaseUntil < :now" not in str(call.parameters)


@pytest.mark.parametrize("code", ["InternalServerError", "AccessDeniedException"])
def test_after_the_lock_a_broken_store_is_a_200_that_says_pending(
    cloud: Cloud, store: CheckoutStore, code: str
) -> None:
    key, ids = scenes.session_with(store, "ok_1", "ok_2")
    cloud.wire.meddle = Trouble(_after_the_lock, 500 if code.startswith("I") else 400, code)
    answer = scenes.cancel(cloud, key)
    assert (answer.status, answer.body["status"]) == (200, "PENDING_CANCELLATION")
    assert (answer.cancelled, answer.pending) == ([], ids)


def test_a_store_that_breaks_at_the_completion_keeps_what_was_cancelled(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    completion = Trouble(lambda call: ":cancelled" in str(call.parameters), 500, "Internal")
    cloud.wire.meddle = completion
    answer = scenes.cancel(cloud, key)
    assert (answer.status, answer.body["status"]) == (200, "PENDING_CANCELLATION")
    assert (answer.cancelled, answer.pending) == (ids, [])


def test_an_unexpected_error_keeps_its_text_to_itself(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    cloud.wire.meddle = Trouble(named("UpdateItem"), 400, "AccessDeniedException")
    answer = scenes.cancel(cloud, key)
    assert answer.status == 500
    assert "AccessDenied" not in answer.text

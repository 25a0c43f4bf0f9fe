"""`Idempotency-Key`, on the real table of Powertools' records."""

import json
import uuid
from collections.abc import Callable
from functools import partial

import pytest

from checkout import bootstrap, payments
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.races import at_once
from tests.integration.stack import IDEMPOTENCY_TABLE, TABLE
from tests.integration.wire import Answer, Call, Trouble, named

KEY = "7d444840-9dc0-41d1-b245-5ffdce74fad2"


def test_the_same_key_and_body_is_the_first_answer_byte_for_byte(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1", "async_900_1")
    first = scenes.cancel(cloud, key, idempotency_key=KEY)
    assert (first.cancelled, first.pending) == (ids[:1], ids[1:])
    before = scenes.session_item(bootstrap.dynamodb(), key)
    invoked = list(cloud.invoked)
    again = scenes.cancel(cloud, key, idempotency_key=KEY)
    assert (again.status, again.text) == (200, first.text)
    assert scenes.session_item(bootstrap.dynamodb(), key) == before
    assert cloud.invoked == invoked


def test_the_order_of_keys_and_white_space_do_not_count(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    bodies = [
        f'{{"sessionId": "{key.session_id}", "reason": "why"}}',
        f'{{\n  "reason":"why",\t"sessionId":"{key.session_id}"}}  ',
        f'{{"sessionId": "{key.session_id}", "reason": "\\u0077hy"}}',
    ]
    answers = {scenes.cancel(cloud, key, each, KEY).text for each in bodies}
    assert len(answers) == 1


def test_the_letters_case_of_the_key_does_not_count(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    first = scenes.cancel(cloud, key, idempotency_key=KEY)
    assert scenes.cancel(cloud, key, idempotency_key=KEY.upper()).text == first.text


def test_a_null_reason_is_the_same_as_none(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    without = json.dumps({"sessionId": key.session_id})
    null = json.dumps({"sessionId": key.session_id, "reason": None})
    first = scenes.cancel(cloud, key, without, KEY)
    assert scenes.cancel(cloud, key, null, KEY).text == first.text


@pytest.mark.parametrize("other", ["another session", "another reason"])
def test_the_same_key_and_another_body_is_a_conflict(
    cloud: Cloud, store: CheckoutStore, other: str
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key, idempotency_key=KEY)
    second = scenes.open_session(store) if other == "another session" else key
    body = json.dumps({"sessionId": second.session_id, "reason": other})
    answer = scenes.cancel(cloud, second, body, KEY)
    assert answer.status == 422
    assert "IDEMPOTENCY_CONFLICT" in answer.body["message"]
    if second is not key:
        assert store.read_session(second).session.status.value == "OPEN"


def test_a_key_means_something_for_one_merchant_only(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key, idempotency_key=KEY)
    other = SessionKey("another merchant", bootstrap.new_id())
    payments.open_session(store, other, bootstrap.utc_now())
    answer = scenes.cancel(cloud, other, idempotency_key=KEY)
    assert (answer.status, answer.body["sessionId"]) == (200, other.session_id)


def test_while_the_first_call_runs_the_second_has_to_wait(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    seconds: list[scenes.Answered] = []

    def call_again(call: Call, proceed: Callable[[], Answer]) -> Answer:
        if call.name == "Query" and not seconds:
            cloud.wire.meddle = lambda _, proceed: proceed()
            seconds.append(scenes.cancel(cloud, key, idempotency_key=KEY))
        return proceed()

    cloud.wire.meddle = call_again
    first = scenes.cancel(cloud, key, idempotency_key=KEY)
    (second,) = seconds
    assert (second.status, second.headers["Retry-After"]) == (409, "2")
    assert (first.status, first.cancelled) == (200, ids)
    assert scenes.cancel(cloud, key, idempotency_key=KEY).text == first.text


def test_two_calls_with_one_key_at_once_drive_once(cloud: Cloud, store: CheckoutStore) -> None:
    for _ in range(5):
        key, ids = scenes.session_with(store, "ok_1")
        one_key = str(uuid.uuid4())
        answers = at_once(*[partial(scenes.cancel, cloud, key, None, one_key)] * 2)
        told = [each.cancelled for each in answers if each.status == 200]
        assert told in ([ids], [ids, ids])
        assert {each.status for each in answers} <= {200, 409}


def test_an_error_is_not_remembered(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.new_key()
    assert scenes.cancel(cloud, key, idempotency_key=KEY).status == 404
    payments.open_session(store, key, bootstrap.utc_now())
    scenes.lock(store, key)
    assert scenes.cancel(cloud, key, idempotency_key=KEY).status == 409
    store.release_lease(key, "driver", bootstrap.utc_now())
    assert scenes.cancel(cloud, key, idempotency_key=KEY).status == 200


def test_an_unexpected_error_is_not_remembered(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    cloud.wire.meddle = Trouble(named("UpdateItem", table=TABLE), 400, "AccessDeniedException")
    assert scenes.cancel(cloud, key, idempotency_key=KEY).status == 500
    cloud.wire.meddle = lambda call, proceed: proceed()
    assert scenes.cancel(cloud, key, idempotency_key=KEY).status == 200


def test_records_that_cannot_be_written_before_the_lock_are_a_503(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    writes = named("PutItem", "UpdateItem", table=IDEMPOTENCY_TABLE)
    cloud.wire.meddle = Trouble(writes, 500, "InternalServerError")
    answer = scenes.cancel(cloud, key, idempotency_key=KEY)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert store.read_session(key).session.status.value == "OPEN"


def test_records_that_break_after_the_cancellation_do_not_hide_it(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    updates = named("UpdateItem", table=IDEMPOTENCY_TABLE)
    cloud.wire.meddle = Trouble(updates, 500, "InternalServerError")
    answer = scenes.cancel(cloud, key, idempotency_key=KEY)
    assert (answer.status, answer.cancelled) == (200, ids)


def test_a_record_that_cannot_be_removed_does_not_hide_the_error(
    cloud: Cloud, store: CheckoutStore
) -> None:
    deletes = named("DeleteItem", table=IDEMPOTENCY_TABLE)
    cloud.wire.meddle = Trouble(deletes, 500, "InternalServerError")
    assert scenes.cancel(cloud, scenes.new_key(), idempotency_key=KEY).status == 404


def test_a_record_lives_for_a_day_and_its_run_for_the_functions_time(
    cloud: Cloud, store: CheckoutStore
) -> None:
    for _ in range(2):  # the second call has a context of its own
        key, _ = scenes.session_with(store, "ok_1")
        cloud.wire.calls.clear()
        scenes.cancel(cloud, key, idempotency_key=str(uuid.uuid4()))
        (record,) = [each.parameters["Item"] for each in cloud.wire.calls if each.name == "PutItem"]
        now = bootstrap.utc_now().timestamp()
        assert 86_000 < int(record["expiration"]["N"]) - now < 86_500
        assert 0 < int(record["in_progress_expiration"]["N"]) / 1000 - now <= 27

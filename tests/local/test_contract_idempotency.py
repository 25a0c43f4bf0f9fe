"""`Idempotency-Key`: the first answer again, or a refusal, and never a second effect."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from checkout.bootstrap import new_id, utc_now
from checkout.payments import open_session
from local.answers import busy, cancellation, error
from local.calls import Client
from local.inspection import Inspector
from local.stack import Stack
from tests.local.conftest import Seed
from tests.local.moments import wait_until_voided, warm_up

DAY_SECONDS = 24 * 60 * 60
SLACK_SECONDS = 120


@pytest.fixture
def key() -> str:
    return str(uuid4())


def test_the_same_key_and_body_give_the_first_answer_byte_for_byte_and_do_nothing(
    merchant: Client, seed: Seed, inspect: Inspector, key: str
) -> None:
    session = seed("sandbox:ok_1", "sandbox-b:flaky_1_1")
    _, flaky = session.transaction_ids
    first = merchant.cancel(session.session_id, idempotency_key=key)
    before = inspect.session_item(session.session_id)

    again = merchant.cancel(session.session_id, idempotency_key=key)

    assert cancellation(first).pending == [flaky]
    assert (again.status, again.body) == (200, first.body)
    assert inspect.session_item(session.session_id) == before
    assert inspect.ledger("sandbox-b", flaky).void_requests == 1


def test_the_first_answer_comes_again_even_if_the_session_has_moved_on(
    merchant: Client, seed: Seed, key: str
) -> None:
    session = seed("sandbox:flaky_1_1")
    first = merchant.cancel(session.session_id, idempotency_key=key)
    assert cancellation(merchant.cancel(session.session_id)).status == "CANCELLED"

    again = merchant.cancel(session.session_id, idempotency_key=key)

    assert cancellation(again).status == "PENDING_CANCELLATION"
    assert again.body == first.body


def test_order_of_keys_white_space_and_a_null_reason_make_no_other_body(
    merchant: Client, seed: Seed, key: str
) -> None:
    session, other = seed("sandbox:ok_1").session_id, seed("sandbox:ok_1").session_id
    headers, second = {"Idempotency-Key": key}, {"Idempotency-Key": str(uuid4())}

    first = merchant.post(f'{{"sessionId":"{session}","reason":"r"}}'.encode(), headers)
    again = merchant.post(f'{{ "reason" :\n"r", "sessionId": "{session}"}}'.encode(), headers)
    assert (cancellation(first).status, again.body) == ("CANCELLED", first.body)

    first = merchant.post(json.dumps({"sessionId": other}).encode(), second)
    again = merchant.post(json.dumps({"sessionId": other, "reason": None}).encode(), second)
    assert (again.status, again.body) == (200, first.body)


def test_the_same_key_with_another_body_is_a_conflict(
    merchant: Client, seed: Seed, inspect: Inspector, key: str
) -> None:
    first, second = seed("sandbox:ok_1"), seed("sandbox:ok_1")
    cancellation(merchant.cancel(first.session_id, idempotency_key=key))

    other_session = merchant.cancel(second.session_id, idempotency_key=key)
    other_reason = merchant.cancel(first.session_id, idempotency_key=key, reason="another")

    assert "IDEMPOTENCY_CONFLICT" in error(other_session, 422)
    assert "IDEMPOTENCY_CONFLICT" in error(other_reason, 422)
    assert inspect.session_item(second.session_id)["status"] == "OPEN"


def test_the_same_key_while_the_first_call_runs_is_busy(
    merchant: Client, seed: Seed, inspect: Inspector, key: str
) -> None:
    warm_up(merchant, 2)
    session = seed("sandbox:slow_3000_1")
    (transaction_id,) = session.transaction_ids
    with ThreadPoolExecutor() as pool:
        first = pool.submit(merchant.cancel, session.session_id, idempotency_key=key)
        wait_until_voided(inspect, "sandbox", [transaction_id])
        second = merchant.cancel(session.session_id, idempotency_key=key)
        assert busy(second)
        assert cancellation(first.result()).status == "CANCELLED"

    assert merchant.cancel(session.session_id, idempotency_key=key).body == first.result().body
    assert inspect.ledger("sandbox", transaction_id).void_requests == 1


def test_an_error_is_not_remembered(merchant: Client, inspect: Inspector, key: str) -> None:
    session_id = new_id()
    error(merchant.cancel(session_id, idempotency_key=key), 404)

    open_session(inspect.store, inspect.key(session_id), utc_now())

    assert cancellation(merchant.cancel(session_id, idempotency_key=key)).status == "CANCELLED"


def test_a_busy_answer_is_not_remembered(
    merchant: Client, seed: Seed, inspect: Inspector, key: str
) -> None:
    warm_up(merchant, 2)
    session = seed("sandbox:slow_3000_1")
    (transaction_id,) = session.transaction_ids
    with ThreadPoolExecutor() as pool:
        driving = pool.submit(merchant.cancel, session.session_id)
        wait_until_voided(inspect, "sandbox", [transaction_id])
        busy(merchant.cancel(session.session_id, idempotency_key=key))
        cancellation(driving.result())

    assert cancellation(merchant.cancel(session.session_id, idempotency_key=key)).cancelled == []


def test_a_key_is_of_one_merchant_only(
    merchant: Client, other_merchant: Client, seed: Seed, key: str
) -> None:
    session = seed("sandbox:ok_1")
    cancellation(merchant.cancel(session.session_id, idempotency_key=key))

    error(other_merchant.cancel(session.session_id, idempotency_key=key), 404)


def test_a_key_in_upper_case_is_the_same_key(merchant: Client, seed: Seed, key: str) -> None:
    session = seed("sandbox:flaky_1_1")
    first = merchant.cancel(session.session_id, idempotency_key=key)

    assert merchant.cancel(session.session_id, idempotency_key=key.upper()).body == first.body


def test_an_answer_is_kept_for_a_day(stack: Stack, merchant: Client, seed: Seed, key: str) -> None:
    started = time.time()
    cancellation(merchant.cancel(seed().session_id, idempotency_key=key))

    pages = stack.aws.dynamodb.get_paginator("scan").paginate(TableName=stack.idempotency_table)
    newest = max(int(item["expiration"]["N"]) for page in pages for item in page["Items"])

    assert abs(newest - started - DAY_SECONDS) < SLACK_SECONDS


V4 = str(UUID(int=0x123456789ABC4DEF8123456789ABCDEF))
MALFORMED = {
    "not a UUID": "once-more",
    "empty": "",
    "of version 1": V4.replace("-4def-", "-1def-"),
    "of version 7": V4.replace("-4def-", "-7def-"),
    "with braces": f"{{{V4}}}",
    "without hyphens": V4.replace("-", ""),
    "two in one header": f"{V4}, {V4}",
    "ten thousand characters": "a" * 10_000,
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_key_is_refused(merchant: Client, seed: Seed, malformed: str) -> None:
    session = seed("sandbox:ok_1")
    body = json.dumps({"sessionId": session.session_id}).encode()

    error(merchant.post(body, {"Idempotency-Key": malformed}), 400, "Idempotency-Key")

    assert merchant.get(session.session_id).json()["status"] == "OPEN"

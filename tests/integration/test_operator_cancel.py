"""An operator's cancellation: the merchant is the path's, who did it is the token's.

And the other way round: no call of a merchant can do what an operator's can.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from checkout import bootstrap, payments
from checkout.cancel_calls import PARSERS
from checkout.http_request import MAX_REASON
from checkout.sessions import SessionKey
from tests.integration import operators, scenes
from tests.integration.wire import Trouble, all_calls
from tests.template.cloudformation import ROOT, functions, properties

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud
    from tests.integration.journal import Journal

MERCHANTS = ["CancelSessionFunction", "GetSessionFunction", "ListSessionsFunction"]
STRANGER = "https://tokens.example/auth0|7"


def of_merchant(cloud: Cloud, store: CheckoutStore, merchant: str) -> SessionKey:
    key = SessionKey(merchant, bootstrap.new_id())
    payments.open_session(store, key, cloud.clock.now())
    return key


def test_it_is_answered_as_a_merchants_and_recorded_under_the_operators_id(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = of_merchant(cloud, store, STRANGER)
    one, two = (scenes.attach(store, key, each) for each in ("ok_1", "refused_1"))
    answer = operators.cancel(cloud, key)
    assert (answer.status, answer.body["status"]) == (200, "PENDING_CANCELLATION")
    assert (answer.cancelled, answer.pending) == ([one.transaction_id], [two.transaction_id])
    session = store.read_session(key).session
    assert session.cancel_requested_by == f"operator:{operators.claims()['sub']}"
    assert session.reason == operators.WHY
    # Its merchant reads it as if it had done it itself, and not who it was.
    read = scenes.get(cloud, key)
    assert read.body["reason"] == operators.WHY
    assert "operator" not in read.text


def test_it_repeats_what_a_merchant_has_begun_and_changes_neither_who_nor_why(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, _ = scenes.session_with(store, "refused_1")
    assert scenes.cancel(cloud, key).status == 200
    assert operators.cancel(cloud, key).body["status"] == "PENDING_CANCELLATION"
    session = store.read_session(key).session
    assert (session.cancel_requested_by, session.reason) == (key.merchant_id, scenes.REASON)
    assert session.drives == 2


def test_a_session_that_is_driven_is_a_409_with_its_wait(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = scenes.open_session(store)
    scenes.lock(store, key)
    answer = operators.cancel(cloud, key)
    assert (answer.status, answer.headers["Retry-After"]) == (409, "5")


@pytest.mark.parametrize("end", [payments.complete_session, payments.expire_session])
def test_one_that_has_ended_otherwise_is_a_409(
    cloud: Cloud, store: CheckoutStore, end: Any
) -> None:
    key = scenes.open_session(store)
    end(store, key, bootstrap.utc_now())
    answer = operators.cancel(cloud, key)
    assert (answer.status, "Retry-After" in answer.headers) == (409, False)


def test_under_another_merchant_it_is_none_and_nothing_happens(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient
) -> None:
    key = scenes.open_session(store)
    before = scenes.session_item(client, key)
    assert operators.cancel(cloud, replace(key, merchant_id="stranger")).status == 404
    assert scenes.session_item(client, key) == before


def test_a_store_that_cannot_be_reached_is_a_503(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    cloud.wire.meddle = Trouble(all_calls, 500, "InternalServerError")
    answer = operators.cancel(cloud, key)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "no reason": ({"note": "x"}, "note"),
    "null": ({"reason": None}, "reason"),
    "a number": ({"reason": 7}, "reason"),
    "empty": ({"reason": ""}, "reason"),
    "too long": ({"reason": "r" * (MAX_REASON + 1)}, "reason"),
    "a control character": ({"reason": "a\x00b"}, "reason"),
    "a merchant in the body": ({"reason": "x", "merchantId": "m"}, "merchantId"),
    "a session in the body": ({"reason": "x", "sessionId": "s"}, "sessionId"),
}


@pytest.mark.parametrize(("body", "named"), BODIES.values(), ids=BODIES)
def test_a_body_without_a_right_reason_or_with_more_is_refused(
    cloud: Cloud, store: CheckoutStore, body: dict[str, Any], named: str
) -> None:
    key = scenes.open_session(store)
    answer = operators.cancel(cloud, key, **body)
    assert (answer.status, answer.body["message"].split()[0]) == (400, named)
    assert store.read_session(key).session.status == "OPEN"


def test_a_missing_reason_is_refused(cloud: Cloud, store: CheckoutStore) -> None:
    called = operators.cancel_event(scenes.open_session(store))
    assert json.loads(called["body"]) == {}
    answer = operators.answered(cloud, operators.CANCELS, called)
    assert (answer.status, answer.body["message"].split()[0]) == (400, "reason")


def test_a_reason_of_the_greatest_length_is_taken(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    assert operators.cancel(cloud, key, reason="r" * MAX_REASON).status == 200


def test_an_idempotency_key_is_none_of_an_operators_business(
    cloud: Cloud, store: CheckoutStore
) -> None:
    called = operators.cancel_event(scenes.open_session(store), reason=operators.WHY)
    called["multiValueHeaders"]["Idempotency-Key"] = ["none that we take"]
    assert operators.answered(cloud, operators.CANCELS, called).status == 200


def test_a_merchants_cancellation_takes_no_merchant_from_path_query_header_or_body(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = of_merchant(cloud, store, STRANGER)
    called = scenes.cancel_event(replace(key, merchant_id=scenes.merchant()))
    called["pathParameters"] = {"merchantId": STRANGER, "sessionId": key.session_id}
    called["resource"] = f"{operators.SESSION}/cancel"
    called["queryStringParameters"] = {"merchantId": STRANGER}
    called["multiValueHeaders"]["merchantId"] = [STRANGER]
    answer = operators.answered(cloud, "CancelSessionFunction", called)
    assert answer.status == 404
    called["body"] = json.dumps({"sessionId": key.session_id, "merchantId": STRANGER})
    assert operators.answered(cloud, "CancelSessionFunction", called).status == 400
    assert store.read_session(key).session.status == "OPEN"


@pytest.mark.parametrize("function", MERCHANTS)
def test_a_merchants_function_knows_no_operator(
    cloud: Cloud, store: CheckoutStore, function: str
) -> None:
    """Its claim is `client_id`: that of the console is no merchant of anything."""
    key = of_merchant(cloud, store, STRANGER)
    for called in (
        operators.cancel_event(key, reason=operators.WHY),
        operators.session_event(key),
        operators.list_event(merchantId=STRANGER),
    ):
        answer = operators.answered(cloud, function, called)
        assert answer.status in (400, 404)
    assert store.read_session(key).session.status == "OPEN"


def test_an_operators_cancellation_takes_no_merchant_from_the_token(
    cloud: Cloud, store: CheckoutStore
) -> None:
    """Of two sessions with one id the path's is cancelled, whatever all claims say."""
    key = of_merchant(cloud, store, "of-the-path")
    twin = replace(key, merchant_id="of-the-token")
    payments.open_session(store, twin, bootstrap.utc_now())
    called = operators.cancel_event(key, reason=operators.WHY)
    claims = called["requestContext"]["authorizer"]["claims"]
    claims |= {"client_id": "of-the-token", "merchantId": "of-the-token"}
    assert operators.answered(cloud, operators.CANCELS, called).status == 200
    assert store.read_session(key).session.status == "CANCELLED"
    assert store.read_session(twin).session.status == "OPEN"


NOBODY: list[dict[str, Any]] = [{}, {"claims": {}}, {"claims": {"sub": ""}}, {"merchantId": "m"}]


@pytest.mark.parametrize("authorizer", NOBODY)
def test_without_an_operator_nothing_is_cancelled(
    cloud: Cloud, store: CheckoutStore, authorizer: dict[str, Any]
) -> None:
    key = scenes.open_session(store)
    called = operators.cancel_event(key, reason=operators.WHY)
    called["requestContext"]["authorizer"] = authorizer
    assert operators.answered(cloud, operators.CANCELS, called).status == 401
    assert store.read_session(key).session.status == "OPEN"


def test_only_the_operators_function_is_told_that_operators_call_it() -> None:
    told = {
        name: each["Properties"]["Environment"]["Variables"]["CALLERS"]
        for name, each in functions().items()
        if "CALLERS" in each["Properties"].get("Environment", {}).get("Variables", {})
    }
    assert told == {"CancelSessionFunction": "merchants", operators.CANCELS: "operators"}
    assert set(PARSERS) == {"merchants", "operators"}


def test_no_other_module_but_the_operators_own_reads_a_merchant_from_a_path_or_a_query() -> None:
    layer = ROOT / "layers" / "checkout" / "checkout"
    naming = {each.name for each in layer.rglob("*.py") if 'get("merchantId")' in each.read_text()}
    naming |= {
        each.name for each in layer.rglob("*.py") if 'sent["merchantId"]' in each.read_text()
    }
    # http_request reads our own authorizer's answer, which is no part of the request.
    assert naming == {"http_request.py", "operator_request.py"}
    for name in MERCHANTS:
        app = ROOT / properties(name)["CodeUri"] / "app.py"
        assert "operator_request" not in app.read_text()


def test_a_function_that_is_told_nonsense_answers_500(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    function = cloud.function(operators.CANCELS)
    vars(function.bootstrap)["callers"] = lambda: "everybody"
    assert operators.cancel(cloud, key).status == 500
    assert store.read_session(key).session.status == "OPEN"


def audited(journal: Journal) -> list[dict[str, Any]]:
    return [each for each in journal.lines if each["message"] == "operator cancels"]


def test_every_cancellation_is_logged_with_who_and_what_and_never_with_why(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key = of_merchant(cloud, store, STRANGER)
    assert operators.cancel(cloud, key).status == 200
    (line,) = audited(journal)
    assert line["operator"] == operators.claims()["sub"]
    assert (line["merchant_id"], line["session_id"]) == (STRANGER, key.session_id)
    assert operators.WHY not in str(journal.all)
    assert operators.claims()["username"] not in [str(each) for each in line.values()]


def test_also_one_that_comes_to_nothing_is_logged(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    assert operators.cancel(cloud, scenes.new_key()).status == 404
    cloud.wire.meddle = Trouble(all_calls, 500, "InternalServerError")
    assert operators.cancel(cloud, scenes.new_key()).status == 503
    assert len(audited(journal)) == 2


def test_a_merchants_cancellation_is_no_operators(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    assert scenes.cancel(cloud, scenes.open_session(store)).status == 200
    assert audited(journal) == []

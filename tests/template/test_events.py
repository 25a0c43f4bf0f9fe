"""The sample events are such as the functions get: of the template's routes, filter and machine."""

import json
from hashlib import md5
from typing import Any

import pytest

from checkout.bootstrap import utc_now
from checkout.fan_out import order_from_message
from checkout.http_request import parse_cancel_call, parse_session_key
from checkout.listing import parse_list_call
from checkout.merchant_webhooks import event_of_message
from checkout.operations import Everybody
from checkout.operator_request import parse_operator_list
from checkout.reports import report_from_message
from checkout.settings import EdgeSettings
from checkout.storage.items import session_key_of
from checkout.webhook_request import parse_delivery
from tests.template.cloudformation import ROOT, functions, properties, state_machine
from tests.template.filter_pattern import matches, stream_patterns
from tests.template.test_api import definition, scope_of
from tests.unit.event_schemas import problems

FOLDERS = {
    each["Properties"]["CodeUri"].removeprefix("functions/") for each in functions().values()
}
API = {
    "cancel_session": "CancelSessionFunction",
    "get_session": "GetSessionFunction",
    "list_sessions": "ListSessionsFunction",
}
EDGE = EdgeSettings()
WEBHOOK = "ReceiveWebhookFunction"
STREAM = {
    "complete_cancellations": "CompleteCancellationsFunction",
    "publish_events": "PublishEventsFunction",
}


def event(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return found


def test_there_is_an_event_for_every_function() -> None:
    assert {path.stem for path in (ROOT / "events").glob("*.json")} == FOLDERS


@pytest.mark.parametrize("name", API)
def test_an_api_event_came_by_its_functions_route(name: str) -> None:
    (route,) = properties(API[name])["Events"].values()
    assert event(name)["resource"] == route["Properties"]["Path"]
    assert event(name)["httpMethod"] == route["Properties"]["Method"].upper()
    claims = event(name)["requestContext"]["authorizer"]["claims"]
    assert scope_of(route["Properties"]) in claims["scope"].split()


def test_the_operators_event_came_by_its_functions_route() -> None:
    called = event("operate")
    _, route, _ = definition()["paths"][called["resource"]]["Fn::If"]
    (scheme,) = route[called["httpMethod"].lower()]["security"]
    claims = called["requestContext"]["authorizer"]["claims"]
    assert set(scheme["Operators"]) <= set(claims["scope"].split())
    assert isinstance(parse_operator_list(called), Everybody)


def test_the_webhook_came_by_its_functions_route_without_a_token() -> None:
    (route,) = properties(WEBHOOK)["Events"].values()
    called = event("receive_webhook")
    assert called["resource"] == route["Properties"]["Path"]
    assert called["httpMethod"] == route["Properties"]["Method"].upper()
    assert "authorizer" not in called["requestContext"]
    assert called["path"].endswith("/{provider}/{account}".format(**called["pathParameters"]))


def test_the_webhook_and_the_message_of_the_queue_are_about_one_payment() -> None:
    provider, delivery = parse_delivery(event("receive_webhook"), utc_now())
    about = json.loads(delivery.body)["data"]["object"]
    (record,) = event("match_reports")["Records"]
    kept = report_from_message(record["body"])
    assert (kept.provider, kept.account) == (provider, delivery.account)
    assert kept.report.reference == about["id"]
    assert record["md5OfBody"] == md5(record["body"].encode()).hexdigest()  # noqa: S324 - as SQS does


def test_the_merchants_message_is_an_event_as_the_bus_has_it() -> None:
    (record,) = event("send_webhooks")["Records"]
    told = event_of_message(record["body"])
    assert problems(json.loads(told.body)) == []
    assert record["md5OfBody"] == md5(told.body).hexdigest()  # noqa: S324 - as SQS does


def test_all_events_are_about_one_session_of_one_merchant() -> None:
    worker, record = event("cancel_transactions"), event("complete_cancellations")["Records"][0]
    key = parse_cancel_call(event("cancel_session"), EDGE).key
    assert parse_session_key(event("get_session"), EDGE) == key
    assert parse_list_call(event("list_sessions"), EDGE).merchant_id == key.merchant_id
    assert (worker["merchantId"], worker["sessionId"]) == (key.merchant_id, key.session_id)
    told = event_of_message(event("send_webhooks")["Records"][0]["body"])
    assert (told.merchant_id, told.session_id) == (key.merchant_id, key.session_id)
    assert session_key_of(record["dynamodb"]["Keys"]["PK"]["S"]) == key


def test_the_workers_event_is_what_the_machine_hands_over() -> None:
    selected = state_machine()["States"]["CancelGroups"]["ItemSelector"]
    assert {f"{name}.$" for name in event("cancel_transactions")} == set(selected)
    (transaction,) = order_from_message(event("cancel_transactions")).transactions
    assert transaction.provider_reference == "ok_1"


def test_the_streams_records_pass_the_filter() -> None:
    for name, function in STREAM.items():
        patterns, records = stream_patterns(function), event(name)["Records"]
        assert records
        assert all(any(matches(each, record) for each in patterns) for record in records)

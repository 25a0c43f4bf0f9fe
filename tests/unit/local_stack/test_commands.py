"""What the commands take, and what they say to anything else."""

import base64
from dataclasses import replace

import pytest

from local import seed, up
from local.calls import token_request
from local.console import Problem
from local.gateway_responses import in_template
from local.payments import Payment, parse
from local.stack import Merchant, Stack
from local.waiting import wait_until

STACK = Stack(
    stack_name="", base_url="", token_url="", endpoint_url=None, table="", idempotency_table="",
    ledger_table="", state_machine_arn="", completion_failures_queue_url="", event_bus="",
    user_pool_id="",
    merchants=(Merchant("one", "a"), Merchant("two", "b")), processes={}, logs={},
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "payment"),
    [
        ("sandbox:ok_1", Payment("sandbox", "ok_1")),
        ("sandbox-c:unstoppable_5_SETTLED_1", Payment("sandbox-c", "unstoppable_5_SETTLED_1")),
    ],
)
def test_a_payment_is_a_provider_and_its_reference(text: str, payment: Payment) -> None:
    assert parse(text) == payment


@pytest.mark.parametrize("text", ["", "ok_1", "stripe:ok_1", "sandbox:", "sandbox:what", "a:b:c"])
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(Problem) as found:
        parse(text)
    assert found.value.exit_code == 2
    assert "\n" not in str(found.value)


def test_the_first_merchant_is_taken_unless_one_is_named() -> None:
    assert seed.merchant_of(STACK, None) == "one"
    assert seed.merchant_of(STACK, "two") == "two"


def test_an_unknown_merchant_is_told_who_is_known() -> None:
    with pytest.raises(Problem, match="one, two") as found:
        seed.merchant_of(replace(STACK), "three")
    assert found.value.exit_code == 2


@pytest.mark.parametrize(("text", "port"), [("", None), (" ", None), ("4600", 4600)])
def test_the_port_is_a_number_or_left_open(
    monkeypatch: pytest.MonkeyPatch, text: str, port: int | None
) -> None:
    monkeypatch.setenv("PORT", text)
    assert up.port_asked_for() == port


@pytest.mark.parametrize("text", ["http", "80", "65536", "-1", "4566.0", "٤٥٦٦"])
def test_what_is_no_port_is_said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(Problem, match="1024 to 65535"):
        up.port_asked_for()


def test_a_token_is_asked_for_with_the_clients_own_credentials() -> None:
    headers, body = token_request(Merchant("id", "secret"))
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"id:secret"
    assert body == b"grant_type=client_credentials"


def test_gateway_responses_are_read_from_the_one_api_of_the_template() -> None:
    responses = {
        "UNAUTHORIZED": {
            "statusCode": 401,
            "responseParameters": {"gatewayresponse.header.x-request-id": "context.requestId"},
            "responseTemplates": {"application/json": "{}"},
        }
    }
    api = {
        "Type": "AWS::ApiGateway::RestApi",
        "Properties": {"Body": {"x-amazon-apigateway-gateway-responses": responses}},
    }
    found = in_template({"Resources": {"Table": {"Type": "AWS::DynamoDB::Table"}, "Api": api}})
    assert found == {"UNAUTHORIZED": {**responses["UNAUTHORIZED"], "statusCode": "401"}}


def test_waiting_ends_with_the_first_value_that_counts() -> None:
    values = iter([0, "", "there"])
    assert wait_until(lambda: next(values), "something", every=0) == "there"


def test_waiting_in_vain_says_for_what_and_what_was_there() -> None:
    with pytest.raises(AssertionError, match="the session is CANCELLED; at last it was 0"):
        wait_until(lambda: 0, "the session is CANCELLED", within=0, every=0)

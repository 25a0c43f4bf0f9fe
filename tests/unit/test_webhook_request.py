"""From API Gateway's event to the request of a provider, byte for byte."""

import base64
import json
from typing import Any

import pytest

from checkout.errors import InvalidRequestError
from checkout.providers.webhook import Delivery
from checkout.webhook_request import MAX_BODY, parse_delivery
from tests.unit.clock import NOON

BODY = '{"price": "19,99 \u20ac",\r\n  "id" : 1.0}'


def event(**parts: Any) -> dict[str, Any]:
    return {
        "pathParameters": {"provider": "bank", "account": "account-1"},
        "body": BODY,
        "isBase64Encoded": False,
        **parts,
    }


def delivery(**parts: Any) -> Delivery:
    return parse_delivery(event(**parts), NOON)[1]


def test_the_path_names_the_provider_and_its_account() -> None:
    provider, found = parse_delivery(event(), NOON)
    assert (provider, found.account, found.received_at) == ("bank", "account-1", NOON)


@pytest.mark.parametrize("path", [None, {}, {"provider": None, "account": None}])
def test_a_path_without_them_names_nobody(path: dict[str, Any] | None) -> None:
    provider, found = parse_delivery(event(pathParameters=path), NOON)
    assert (provider, found.account) == ("", "")


def test_the_body_is_what_was_sent_to_the_byte() -> None:
    assert delivery().body == BODY.encode()


@pytest.mark.parametrize("body", [BODY.encode(), b"\xff\x00\xfe", b""])
def test_a_body_in_base64_is_what_was_sent_to_the_byte(body: bytes) -> None:
    text = base64.b64encode(body).decode()
    assert delivery(body=text, isBase64Encoded=True).body == body


def test_no_body_is_an_empty_one() -> None:
    assert delivery(body=None).body == b""


@pytest.mark.parametrize(
    ("body", "encoded"), [("not base64!", True), ("YQ", True), ("\u20ac", True), ("\ud800", False)]
)
def test_what_stands_for_no_bytes_cannot_be_read(body: str, encoded: bool) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        delivery(body=body, isBase64Encoded=encoded)
    assert caught.value.field == "body"
    assert body not in str(caught.value)


@pytest.mark.parametrize("encoded", [False, True])
def test_the_largest_body_is_read_and_a_larger_one_is_not(encoded: bool) -> None:
    def text(size: int) -> str:
        body = "a" * size
        return base64.b64encode(body.encode()).decode() if encoded else body

    assert len(delivery(body=text(MAX_BODY), isBase64Encoded=encoded).body) == MAX_BODY
    for size in (MAX_BODY + 1, 2 * MAX_BODY):
        with pytest.raises(InvalidRequestError, match="longer than"):
            delivery(body=text(size), isBase64Encoded=encoded)


def test_a_body_that_is_far_too_long_is_not_even_decoded() -> None:
    with pytest.raises(InvalidRequestError, match="longer than"):
        delivery(body="no base64!" * MAX_BODY, isBase64Encoded=True)


def test_a_long_body_of_few_characters_is_counted_in_bytes() -> None:
    with pytest.raises(InvalidRequestError, match="longer than"):
        delivery(body="\u20ac" * (MAX_BODY // 3 + 1))


@pytest.mark.parametrize("many", ["multiValueHeaders", "multiValueQueryStringParameters"])
def test_several_values_of_one_name_are_one_text(many: str) -> None:
    found = delivery(**{many: {"name": ["t=1", "v1=a"], "other": None}})
    told = found.headers if many == "multiValueHeaders" else found.query
    assert told == {"name": "t=1,v1=a", "other": ""}


def test_without_them_the_single_values_count() -> None:
    found = delivery(headers={"X-One": "1", "X-Two": None}, queryStringParameters={"Token": "t"})
    assert found.headers == {"x-one": "1", "x-two": ""}
    assert found.query == {"Token": "t"}


def test_the_names_of_headers_are_in_lower_case_and_those_of_the_query_as_sent() -> None:
    found = delivery(
        multiValueHeaders={"Stripe-Signature": ["t=1"]},
        multiValueQueryStringParameters={"Token": ["t"]},
    )
    assert (found.headers, found.query) == ({"stripe-signature": "t=1"}, {"Token": "t"})


def test_nothing_at_all_is_an_empty_request() -> None:
    _, found = parse_delivery({}, NOON)
    assert found == Delivery("", b"", {}, {}, NOON)


def test_an_event_that_went_through_json_is_the_same() -> None:
    again = json.loads(json.dumps(event()))
    assert parse_delivery(again, NOON) == parse_delivery(event(), NOON)

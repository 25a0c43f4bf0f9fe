"""The gateway's own errors have our body, as everything else has."""

import json
from http import HTTPStatus
from typing import Any

import pytest

from tests.template.cloudformation import properties

# AWS, "Gateway response types for API Gateway": all of them.
TYPES = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_FAILURE": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "DEFAULT_4XX": 404,
    "DEFAULT_5XX": 500,
    "EXPIRED_TOKEN": 401,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 404,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}
# RFC 9110's phrases. Python before 3.13 has an older one for 413.
PHRASES = {413: "Content Too Large"}


def responses() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = properties("CheckoutApi")["GatewayResponses"]
    return found


def headers(kind: str) -> dict[str, str]:
    found: dict[str, str] = responses()[kind]["ResponseParameters"]["Headers"]
    return found


def test_every_type_of_gateway_error_is_answered_by_us() -> None:
    assert {kind: int(each["StatusCode"]) for kind, each in responses().items()} == TYPES


@pytest.mark.parametrize("kind", TYPES)
def test_a_gateway_error_has_our_flat_body_with_its_own_status(kind: str) -> None:
    (media_type, template), *others = responses()[kind]["ResponseTemplates"].items()
    body = json.loads(template)
    status = TYPES[kind]
    assert (media_type, others) == ("application/json", [])
    assert list(body) == ["message", "error", "statusCode"]
    assert body["statusCode"] == status
    assert body["error"] == PHRASES.get(status, HTTPStatus(status).phrase)
    assert body["message"].endswith(".")


@pytest.mark.parametrize("kind", TYPES)
def test_a_gateway_error_says_nothing_that_the_gateway_knows(kind: str) -> None:
    (template,) = responses()[kind]["ResponseTemplates"].values()
    assert "$" not in template


@pytest.mark.parametrize("kind", TYPES)
def test_a_gateway_error_carries_the_request_id(kind: str) -> None:
    assert headers(kind)["x-request-id"] == "context.requestId"


@pytest.mark.parametrize("kind", TYPES)
def test_a_caller_who_is_throttled_is_told_how_long_to_wait(kind: str) -> None:
    retry_after = headers(kind).get("Retry-After")
    if TYPES[kind] == HTTPStatus.TOO_MANY_REQUESTS:
        assert retry_after is not None
        assert int(retry_after.strip("'")) > 0
    else:
        assert retry_after is None


@pytest.mark.parametrize("kind", [kind for kind, status in TYPES.items() if status == 401])
def test_a_caller_without_a_token_is_told_which_kind_is_wanted(kind: str) -> None:
    assert headers(kind)["WWW-Authenticate"] == "'Bearer'"


def test_the_firewalls_403_is_told_apart_from_a_missing_right() -> None:
    marked = {kind for kind in TYPES if headers(kind).get("x-refused-by") == "'firewall'"}
    assert marked == {"WAF_FILTERED"}

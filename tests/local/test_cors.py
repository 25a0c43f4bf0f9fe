"""CORS is off: no page of another origin may call the API with a merchant's token, or read it."""

from collections.abc import Mapping

import pytest

from local.answers import NO_SESSION
from local.calls import Client
from tests.local.conftest import Seed

ORIGIN = "https://shop.example"
PREFLIGHT = {
    "Authorization": "",
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}
PATHS = [
    "/v1/checkout/session/cancel",
    f"/v1/checkout/session/{NO_SESSION}",
    "/v1/webhooks/stripe/default",
    "/v1/nothing",
]


def of_cors(headers: Mapping[str, str]) -> list[str]:
    return [name for name in headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_is_not_allowed_anything(merchant: Client, path: str) -> None:
    answer = merchant.request("OPTIONS", path, headers=PREFLIGHT)
    assert answer.status >= 400
    assert of_cors(answer.headers) == []


@pytest.mark.parametrize("token", ["", "Bearer wrong", "own"])
@pytest.mark.parametrize("path", PATHS)
def test_no_error_lets_another_origin_read_it(merchant: Client, path: str, token: str) -> None:
    sent = {"Origin": ORIGIN} | ({} if token == "own" else {"Authorization": token})
    for method in ("GET", "POST"):
        answer = merchant.request(method, path, b"{}", sent)
        assert answer.status >= 400
        assert of_cors(answer.headers) == []


def test_no_answer_lets_another_origin_read_it(merchant: Client, seed: Seed) -> None:
    session = seed("sandbox:ok_1").session_id
    sent = {"Origin": ORIGIN, "Content-Type": "application/json"}
    body = f'{{"sessionId": "{session}"}}'.encode()
    for answer in (
        merchant.request("GET", f"/v1/checkout/session/{session}", None, sent),
        merchant.request("POST", PATHS[0], body, sent),
    ):
        assert answer.status == 200
        assert of_cors(answer.headers) == []

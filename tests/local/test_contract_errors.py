"""Errors that are about the caller and the route: who may call, what there is, and how often.

Those about the body are in test_bad_input, those of a failing store in test_failing_store.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from checkout.bearer_tokens import CLOCK_SKEW_SECONDS
from checkout.bootstrap import new_id
from local import merchants, token_server
from local.answers import NO_SESSION, error, lasting
from local.calls import Answer, Client
from local.stack import Stack
from local.waiting import wait_until
from tests.local.conftest import Seed

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef

CANCEL = "/v1/checkout/session/cancel"
GET = "/v1/checkout/session"
LIST = "/v1/checkout/sessions"
JSON = {"Content-Type": "application/json"}


def all_routes(client: Client, session_id: str, authorization: str) -> list[Answer]:
    """The answers of every route of merchants to a call with that header."""
    body = json.dumps({"sessionId": session_id}).encode()
    headers = {**JSON, "Authorization": authorization}
    return [
        client.request("POST", CANCEL, body, headers),
        client.request("GET", f"{GET}/{session_id}", headers=headers),
        client.request("GET", f"{LIST}?status=CANCELLED", headers=headers),
    ]


def segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * 3))
    return claims


def altered(token: str, **claims: Any) -> str:
    """With other claims under the old signature."""
    header, _, signature = token.split(".")
    return ".".join([header, segment(claims_of(token) | claims), signature])


FORGERIES: dict[str, Callable[[str], str]] = {
    "no token": lambda _: "",
    "the scheme alone": lambda _: "Bearer ",
    "no JWT": lambda _: "Bearer canary",
    "two segments": lambda token: "Bearer " + token.rpartition(".")[0],
    "segments of nothing": lambda _: "Bearer ..",
    "segments that are not base64": lambda _: "Bearer ä.!.?".encode().decode("latin-1"),
    "no signature": lambda token: "Bearer " + token.rpartition(".")[0] + ".",
    "a signature cut short": lambda token: "Bearer " + token[:-8],
    "a signature of another's": lambda token: f"Bearer {altered(token, client_id='other')}",
    "a longer life": lambda token: f"Bearer {altered(token, exp=2**40)}",
    "another issuer": lambda token: f"Bearer {altered(token, iss='https://example.com')}",
    "algorithm none": lambda token: (
        f"Bearer {segment({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."
    ),
    "basic": lambda _: "Basic " + base64.b64encode(b"a:b").decode(),
    "ten thousand characters": lambda token: f"Bearer {token}{'A' * 10_000}",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_token_that_is_missing_malformed_or_forged_is_401(
    merchant: Client, seed: Seed, token: str, forge: Callable[[str], str]
) -> None:
    session = seed("sandbox:ok_1").session_id

    for answer in all_routes(merchant, session, forge(token)):
        error(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"

    assert merchant.get(session).json()["status"] == "OPEN"


@pytest.fixture
def expired_token(stack: Stack) -> Iterator[str]:
    """Of a merchant of ours, well signed. On AWS none expires within five minutes."""
    if stack.issuer:
        ended = {"iat": 0, "nbf": 0, "exp": int(time.time()) - 2 * CLOCK_SKEW_SECONDS}
        claims = claims_of(Client(stack, stack.merchants[0]).token) | ended
        yield token_server.signed(stack.issuer, claims)
        return
    if stack.endpoint_url is None:
        pytest.skip("no token of AWS expires within five minutes")
    made = merchants.make(stack, "short-lived")
    stack.aws.cognito.update_user_pool_client(
        UserPoolId=stack.user_pool_id,
        ClientId=made.client_id,
        AccessTokenValidity=1,
        TokenValidityUnits={"AccessToken": "seconds"},
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=merchants.SCOPES,
        AllowedOAuthFlowsUserPoolClient=True,
    )
    yield Client(stack, made).token
    merchants.remove(stack, made)


def test_an_expired_token_is_401(merchant: Client, expired_token: str) -> None:
    bearer = f"Bearer {expired_token}"

    def refused() -> bool:
        return all(answer.status == 401 for answer in all_routes(merchant, NO_SESSION, bearer))

    wait_until(refused, "the token has expired", within=10)
    for answer in all_routes(merchant, NO_SESSION, bearer):
        error(answer, 401)


@pytest.fixture
def foreign_token(stack: Stack) -> Iterator[str]:
    """A valid token with the right scopes, of another issuer."""
    if stack.issuer:
        with token_server.listening() as other:
            yield other.sign(other.claims("stranger", " ".join(merchants.SCOPES), int(time.time())))
        return
    if stack.endpoint_url is None:
        pytest.skip("on AWS another pool has another domain to ask for tokens")
    cognito = stack.aws.cognito
    pool = cognito.create_user_pool(PoolName="somebody-elses")["UserPool"]["Id"]
    scopes = [("sessions.cancel", "c"), ("sessions.read", "r")]
    cognito.create_resource_server(
        UserPoolId=pool,
        Identifier="checkout",
        Name="Checkout",
        Scopes=[{"ScopeName": name, "ScopeDescription": text} for name, text in scopes],
    )
    made = merchants.make_client(stack.aws, pool, "stranger", merchants.SCOPES)
    yield Client(stack, made).token
    cognito.delete_user_pool(UserPoolId=pool)


def test_a_valid_token_of_another_issuer_is_401(merchant: Client, foreign_token: str) -> None:
    assert claims_of(foreign_token)["iss"] != claims_of(merchant.token)["iss"]
    for answer in all_routes(merchant, NO_SESSION, f"Bearer {foreign_token}"):
        error(answer, 401)


def test_a_valid_token_without_the_scope_is_refused(
    client_with_scopes: Callable[[list[str]], Client], seed: Seed
) -> None:
    reader, canceller = client_with_scopes([merchants.READ]), client_with_scopes([merchants.CANCEL])

    cancelled = reader.cancel(seed().session_id)
    read = canceller.get(NO_SESSION)

    for answer in (cancelled, read):
        assert answer.status in (401, 403)
        error(answer, answer.status)
    # Each may do what its scope is for.
    error(reader.get(NO_SESSION), 404)
    error(canceller.cancel(NO_SESSION), 404)


ROUTES = [
    ("GET", "/"),
    ("GET", "/v1"),
    ("GET", "/v1/checkout/session"),
    ("POST", "/v1/checkout/session"),
    ("POST", "/v2/checkout/session/cancel"),
    ("POST", "/v1/checkout/session/cancel/more"),
    ("POST", "/v1/checkout/session/CANCEL"),
    ("POST", f"{GET}/{NO_SESSION}"),
    ("GET", CANCEL),
    ("PUT", CANCEL),
    ("PATCH", CANCEL),
    ("DELETE", f"{GET}/{NO_SESSION}"),
    ("GET", f"{GET}/{NO_SESSION}/transactions"),
    ("GET", f"{GET}/..%2f..%2fadmin/x"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("authorization", [None, ""], ids=["with a token", "without"])
def test_a_route_or_method_that_does_not_exist_is_404(
    merchant: Client, method: str, path: str, authorization: str | None
) -> None:
    headers = JSON if authorization is None else {**JSON, "Authorization": authorization}
    body = b"{}" if method in ("POST", "PUT", "PATCH") else None
    error(merchant.request(method, path, body, headers), 404, "route")


def test_a_session_that_does_not_exist_is_404(merchant: Client) -> None:
    error(merchant.cancel(new_id()), 404)
    error(merchant.get(new_id()), 404)


@contextmanager
def throttled(stack: Stack, api: str, stage: str, method: str) -> Iterator[None]:
    """The method takes no call at all for as long."""

    def limit(rate: str, burst: str) -> None:
        path = "/~1v1~1checkout~1session~1cancel/" + method + "/throttling/"
        patches: list[PatchOperationTypeDef] = [
            {"op": "replace", "path": f"{path}rateLimit", "value": rate},
            {"op": "replace", "path": f"{path}burstLimit", "value": burst},
        ]
        stack.aws.apigateway.update_stage(restApiId=api, stageName=stage, patchOperations=patches)

    limit("0", "0")
    try:
        yield
    finally:
        limit("100", "200")


def test_a_throttled_call_is_429_with_retry_after(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    """On the emulator only: on AWS a change of the limits takes its time to be seen."""
    if stack.endpoint_url is None:
        pytest.skip("would throttle every other test too")
    session = seed("sandbox:ok_1").session_id
    api, stage = stack.base_url.split("/restapis/")[1].split("/")[:2]

    with throttled(stack, api, stage, "POST"):
        answer = merchant.cancel(session)

    error(answer, 429)
    assert int(answer.headers["retry-after"]) >= 1
    assert merchant.get(session).json()["status"] == "OPEN"
    assert merchant.cancel(session).status == 200


NEVER_HERE = ["REQUEST_TOO_LARGE", "INTEGRATION_TIMEOUT", "INTEGRATION_FAILURE", "EXPIRED_TOKEN",
              "ACCESS_DENIED", "AUTHORIZER_FAILURE", "WAF_FILTERED", "DEFAULT_5XX"]  # fmt: skip


@pytest.mark.parametrize("kind", NEVER_HERE)
def test_errors_that_the_emulator_never_gives_are_deployed_in_our_body(
    stack: Stack, kind: str
) -> None:
    """It takes requests over API Gateway's 10 MB and answers for a dead function by itself.

    So what is deployed is read, not provoked.
    """
    if stack.endpoint_url is None:
        pytest.skip("says something about the emulator")
    api = stack.base_url.split("/restapis/")[1].split("/")[0]
    response = stack.aws.apigateway.get_gateway_response(
        restApiId=api,
        responseType=kind,  # type: ignore[arg-type]  # one of the service's own names
    )
    body = json.loads(response["responseTemplates"]["application/json"])
    status = int(response["statusCode"])
    assert set(body) == {"message", "error", "statusCode"}
    assert body["statusCode"] == status
    assert "gatewayresponse.header.x-request-id" in response["responseParameters"]


def test_errors_say_nothing_of_what_is_inside(merchant: Client, stack: Stack) -> None:
    answers = [
        *all_routes(merchant, NO_SESSION, "Bearer x"),
        merchant.post(b"{"),
        merchant.get("x"),
    ]
    inside = ["Traceback", "arn:", stack.table, stack.stack_name, "checkout.", "/var/task"]
    for answer in answers:
        shown = f"{answer.body.decode()} {lasting(answer)}"
        assert not [word for word in inside if word in shown]

"""The operators' API and the console's address, over HTTP, as a person who has signed in."""

import base64
import json
import os
from collections.abc import Callable
from urllib.parse import quote

import pytest

from checkout.bootstrap import new_id
from local import operators
from local.answers import cancellation, error
from local.calls import Answer, Client, Connection
from local.console_pages import SCOPE, sign_in_config
from local.console_policy import POLICY
from local.inspection import Inspector
from local.operators import OperatorClient
from local.stack import Operator, Stack
from local.waiting import wait_until
from tests.local.conftest import Seed

READ, CANCEL = SCOPE.split()
WHY = "the payer called, and the merchant cannot be reached"


def path_of(merchant: Client, session_id: str) -> str:
    who = quote(merchant.merchant.client_id, safe="")
    return f"/v1/operations/merchants/{who}/sessions/{session_id}"


def cancel(client: OperatorClient | Client, path: str, **body: str) -> Answer:
    sent = json.dumps(body or {"reason": WHY}).encode()
    if isinstance(client, Client):
        headers = {"Content-Type": "application/json"}
        return client.request("POST", f"{path}/cancel", sent, headers)
    return client.request("POST", f"{path}/cancel", sent)


def claims_of(token: str) -> dict[str, str]:
    part = token.split(".")[1]
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(f"{part}=="))
    return claims


def walked(operator: OperatorClient, query: str) -> set[str]:
    """The sessions on all pages."""
    found: set[str] = set()
    cursor = ""
    for _ in range(500):
        page = operator.request("GET", f"/v1/operations/sessions?{query}&cursor={cursor}")
        assert page.status == 200, page.body
        found |= {each["sessionId"] for each in page.json()["sessions"]}
        if not page.json()["hasMore"]:
            return found
        cursor = page.json()["nextCursor"]
    raise AssertionError("the pages never end")


def test_an_operator_cancels_any_merchants_session_and_watches_it_end(
    operator: OperatorClient,
    merchant: Client,
    other_merchant: Client,
    seed: Seed,
    inspect: Inspector,
) -> None:
    session = seed("sandbox:ok_1", "sandbox-b:async_2_1").session_id
    path = path_of(merchant, session)
    answer = cancellation(cancel(operator, path))
    assert (len(answer.cancelled), len(answer.pending)) == (1, 1)
    shown = operator.request("GET", path).json()
    assert shown["cancelRequestedBy"] == f"operator:{claims_of(operator.token)['sub']}"
    assert shown["reason"] == WHY
    assert shown["timeline"][0]["kind"] == "OPENED"

    def done() -> bool:
        status: str = operator.request("GET", path).json()["status"]
        return status == "CANCELLED"

    wait_until(done, "the session is cancelled")
    assert merchant.get(session).json()["status"] == "CANCELLED"
    error(other_merchant.get(session), 404)
    error(operator.request("GET", path_of(other_merchant, session)), 404)


def test_the_list_has_the_sessions_of_every_merchant(
    operator: OperatorClient, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:refused_1").session_id
    cancellation(merchant.cancel(session))

    def listed(query: str) -> Callable[[], bool]:
        return lambda: session in walked(operator, f"status=PENDING_CANCELLATION{query}")

    for query in ("&limit=100", f"&limit=3&merchantId={merchant.merchant.client_id}"):
        wait_until(listed(query), f"it is in the list {query}")


def test_a_refused_payment_is_explained(
    operator: OperatorClient, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:refused_1").session_id
    cancellation(cancel(operator, path_of(merchant, session)))
    shown = operator.request("GET", path_of(merchant, session)).json()
    (waits,) = shown["waitsFor"]
    assert (waits["pendingReason"], waits["provider"]) == ("REFUSED", "sandbox")
    assert waits["explanation"].startswith("The provider refuses")
    assert (shown["stuck"], shown["cancellable"]) == (False, True)


def test_a_merchants_token_opens_no_operators_route(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1").session_id
    before = inspect.session_item(session)
    path = path_of(merchant, session)
    answers = [
        merchant.request("GET", "/v1/operations/sessions?status=PENDING_CANCELLATION"),
        merchant.request("GET", path),
        cancel(merchant, path),
    ]
    for each in answers:
        assert each.status in (401, 403)
        error(each, each.status)
    assert inspect.session_item(session) == before


def test_an_operators_token_opens_no_merchants_route(
    operator: OperatorClient, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1").session_id
    body = json.dumps({"sessionId": session}).encode()
    answers = [
        operator.request("GET", f"/v1/checkout/session/{session}"),
        operator.request("GET", "/v1/checkout/sessions?status=CANCELLED"),
        operator.request("POST", "/v1/checkout/session/cancel", body),
    ]
    for each in answers:
        assert each.status in (401, 403)
        error(each, each.status)
    assert inspect.snapshot(session).session.status == "OPEN"


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_without_a_token_nobody_operates(
    stack: Stack, merchant: Client, seed: Seed, token: str
) -> None:
    path = path_of(merchant, seed("sandbox:ok_1").session_id)
    nobody = OperatorClient(stack, token)
    for each in (nobody.request("GET", path), cancel(nobody, path)):
        assert each.status in (401, 403)


def test_who_signed_in_to_read_cancels_nothing(
    stack: Stack, merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1").session_id
    made = operators.make(stack, f"reader-{new_id()}")
    reader = OperatorClient(stack, operators.sign_in(stack, made, READ))
    operators.remove(stack, made)
    assert reader.request("GET", path_of(merchant, session)).status == 200
    assert cancel(reader, path_of(merchant, session)).status in (401, 403)
    assert inspect.snapshot(session).session.status == "OPEN"


def test_a_code_is_worth_nothing_without_its_verifier_and_works_once(stack: Stack) -> None:
    made = operators.make(stack, f"pkce-{new_id()}")
    verifier = "v" * 64
    code = operators.authorize(stack, made, SCOPE, operators.challenge_of(verifier))
    assert operators.redeem(stack, code, "w" * 64).status == 400
    again = operators.authorize(stack, made, SCOPE, operators.challenge_of(verifier))
    answers = [operators.redeem(stack, again, verifier).status for _ in range(2)]
    operators.remove(stack, made)
    assert answers == [200, 400]


def test_a_wrong_password_signs_nobody_in(stack: Stack) -> None:
    assert stack.operator is not None
    wrong = Operator(stack.operator.username, "not the password")
    with pytest.raises(AssertionError, match="not signed in"):
        operators.sign_in(stack, wrong)


REFUSED: dict[str, tuple[Callable[[OperatorClient, str], Answer], int]] = {
    "no reason": (lambda client, path: client.request("POST", f"{path}/cancel", b"{}"), 400),
    "an empty reason": (lambda client, path: cancel(client, path, reason=""), 400),
    "no JSON": (lambda client, path: client.request("POST", f"{path}/cancel", b"{"), 400),
    "no id": (lambda client, path: client.request("GET", f"{path[:-1]}x"), 400),
    "no such route": (lambda client, path: client.request("GET", f"{path}/more"), 404),
    "a cancelled list of all": (
        lambda client, _: client.request("GET", "/v1/operations/sessions?status=CANCELLED"),
        400,
    ),
}


@pytest.mark.parametrize(("call", "status"), REFUSED.values(), ids=REFUSED)
def test_every_error_has_the_one_body(
    operator: OperatorClient,
    merchant: Client,
    call: Callable[[OperatorClient, str], Answer],
    status: int,
) -> None:
    error(call(operator, path_of(merchant, new_id())), status)


def test_the_audit_says_who_and_what_and_never_why(
    operator: OperatorClient, merchant: Client, seed: Seed, function_logs: Callable[[], str]
) -> None:
    session = seed("sandbox:ok_1").session_id
    cancellation(cancel(operator, path_of(merchant, session)))

    def audited() -> list[str]:
        lines = function_logs().splitlines()
        return [each for each in lines if "operator cancels" in each and session in each]

    wait_until(audited, "the audit is logged", 30.0)
    assert claims_of(operator.token)["sub"] in audited()[0]
    assert WHY not in function_logs()


@pytest.mark.skipif(bool(os.environ.get("STACK_NAME")), reason="CloudFront does it on AWS")
def test_the_consoles_address_passes_on_what_its_page_asks_and_nothing_else(
    stack: Stack, operator: OperatorClient, merchant: Client
) -> None:
    here = stack.console_url.removesuffix("/console/")
    connection = Connection()
    page = connection.send("GET", stack.console_url, {}, None)
    assert page.headers["Content-Security-Policy"] == POLICY
    config = connection.send("GET", f"{stack.console_url}config.json", {}, None)
    assert config.json() == sign_in_config(stack, "/oauth2/token")
    listed = operator.request(
        "GET", "/v1/operations/sessions?status=PENDING_CANCELLATION", base_url=here
    )
    assert (listed.status, listed.headers["Cache-Control"]) == (200, "no-store")
    assert listed.headers["x-request-id"]
    nobody = connection.send("GET", f"{here}/v1/operations/sessions", {}, None)
    assert (nobody.status, nobody.json()["statusCode"]) == (401, 401)
    for path in ("/v1/checkout/sessions", "/console/../Makefile", "/oauth2/authorize", "/health"):
        assert connection.send("GET", f"{here}{path}", {}, None).status == 404
    assert connection.send("POST", f"{here}/console/", {}, b"x").status == 405

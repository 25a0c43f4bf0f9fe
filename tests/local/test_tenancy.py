"""Another merchant's session is indistinguishable from none, to the last header."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from checkout.bootstrap import new_id, utc_now
from checkout.payments import open_session
from local.answers import cancellation, error, lasting
from local.calls import Answer, Client
from local.inspection import Inspector
from tests.local.conftest import Seed

Call = Callable[[Client, str], Answer]

CALLS: dict[str, Call] = {
    "read": lambda client, session_id: client.get(session_id),
    "cancel": lambda client, session_id: client.cancel(session_id),
    "cancel with a reason": lambda client, session_id: client.cancel(session_id, reason="mine"),
    "cancel with a key": lambda client, session_id: client.cancel(
        session_id, idempotency_key=str(uuid4())
    ),
}
STATES: dict[str, tuple[str, ...] | None] = {
    "open": None,
    "cancelled": ("sandbox:ok_1",),
    "pending": ("sandbox:refused_1",),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("state", STATES)
def test_another_merchants_session_answers_exactly_like_none(
    merchant: Client, other_merchant: Client, seed: Seed, inspect: Inspector, call: Call, state: str
) -> None:
    payments = STATES[state]
    session = seed(*payments or ("sandbox:ok_1",))
    if payments:
        cancellation(merchant.cancel(session.session_id))
    before = inspect.session_item(session.session_id)

    theirs = call(other_merchant, session.session_id)
    none = call(other_merchant, new_id())

    error(theirs, 404)
    assert (theirs.status, theirs.body) == (none.status, none.body)
    assert lasting(theirs) == lasting(none)
    assert inspect.session_item(session.session_id) == before


def test_a_merchant_cannot_name_another_in_the_request(
    merchant: Client, other_merchant: Client, seed: Seed
) -> None:
    session, owner = seed("sandbox:ok_1").session_id, merchant.merchant.client_id
    body = json.dumps({"sessionId": session}).encode()
    tricks = {"x-merchant-id": owner, "client_id": owner, "x-amzn-apigateway-client-id": owner}

    error(other_merchant.post(body, tricks), 404)
    error(other_merchant.request("GET", f"/v1/checkout/session/{session}?client_id={owner}"), 404)

    assert merchant.get(session).json()["status"] == "OPEN"


def test_two_merchants_may_have_sessions_of_the_same_id(
    merchant: Client, other_merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1").session_id
    others = Inspector(inspect.stack, other_merchant.merchant.client_id)
    open_session(others.store, others.key(session), utc_now())

    assert cancellation(other_merchant.cancel(session)).cancelled == []

    assert merchant.get(session).json()["status"] == "OPEN"
    assert len(cancellation(merchant.cancel(session)).cancelled) == 1

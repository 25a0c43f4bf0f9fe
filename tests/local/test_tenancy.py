"""Another merchant's session is indistinguishable from none, to the last header."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase, given, settings

from checkout.bootstrap import new_id, utc_now
from checkout.payments import open_session
from checkout.sessions import SessionKey
from checkout.storage.items import deserialize
from checkout.storage.session_requests import read_session
from local.answers import cancellation, error, lasting
from local.calls import Answer, Client
from local.inspection import Inspector
from local.stack import Stack
from local.waiting import wait_until
from tests.local.conftest import Seed
from tests.tenancy.questions import ASKERS, OWNERS, ROUTED, UNROUTED, Asked, Trial, trials
from tests.tenancy.sessions import Scene, make

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


def test_a_list_has_nothing_of_another_merchants_and_takes_none_of_its_cursors(
    merchant: Client, other_merchant: Client, seed: Seed
) -> None:
    sessions = [seed("sandbox:refused_1").session_id for _ in range(2)]
    for each in sessions:
        cancellation(merchant.cancel(each))

    def listed() -> Answer | None:
        answer = merchant.list_sessions(limit="1")
        return answer if answer.json()["hasMore"] else None

    found = wait_until(listed, "the list has both")
    assert found is not None
    cursor = found.json()["nextCursor"]

    for status in ("PENDING_CANCELLATION", "CANCELLED"):
        theirs = other_merchant.list_sessions(status, limit="200")
        assert theirs.status == 200
        assert not [each for each in sessions if each in theirs.body.decode()]
        answers = [other_merchant.list_sessions(status, cursor=each) for each in (cursor, "none")]
        assert [(each.status, each.body) for each in answers] == [(400, answers[0].body)] * 2
        assert lasting(answers[0]) == lasting(answers[1])
    owner = merchant.merchant.client_id
    error(other_merchant.list_sessions(client_id=owner), 400)
    error(other_merchant.list_sessions(merchantId=owner), 400)


@pytest.fixture(scope="module")
def remembered(
    merchant: Client, other_merchant: Client, inspect: Inspector
) -> Mapping[str, tuple[SessionKey, str]]:
    """By merchant: a session that it has cancelled, and its Idempotency-Key for that."""
    found = {}
    for client in (merchant, other_merchant):
        key, owner = str(uuid4()), client.merchant.client_id
        session = make(inspect.store, owner, Scene("open", ()))
        cancellation(client.cancel(session.session_id, idempotency_key=key))
        found[owner] = (session, key)
    return found


def stored(stack: Stack, key: SessionKey) -> list[dict[str, Any]]:
    answer = stack.aws.dynamodb.query(TableName=stack.table, **read_session(key))
    return [deserialize(each) for each in answer["Items"]]


def answered(asker: Client, asked: Asked) -> Answer:
    """Not 503: on a machine that is busy the store may be late once, whoever's session it is."""
    body = None if asked.body is None else asked.body.encode()

    def answer() -> Answer | None:
        found = asker.request(asked.method, asked.path, body, asked.headers)
        return None if found.status == 503 else found

    found = wait_until(answer, "the store has time", within=30)
    assert found is not None
    return found


@settings(
    derandomize=True,
    max_examples=120,
    deadline=None,
    # What it finds first is small enough, and to look for less would take minutes.
    phases=[Phase.explicit, Phase.generate],
)
@given(trial=trials([*ROUTED, *UNROUTED]))
def test_no_answer_to_any_question_tells_another_merchants_session_from_none(
    merchant: Client,
    other_merchant: Client,
    inspect: Inspector,
    remembered: Mapping[str, tuple[SessionKey, str]],
    trial: Trial,
) -> None:
    clients, question = [merchant, other_merchant], trial.question
    owner, asker = clients[trial.owner].merchant.client_id, clients[not trial.owner]
    used, owners_key = remembered[owner]
    keys = {OWNERS: owners_key, ASKERS: remembered[asker.merchant.client_id][1]}
    key = used if question.key == OWNERS else make(inspect.store, owner, trial.scene)
    before = stored(inspect.stack, key)

    answers = []
    for each in trial.ids(key.session_id):
        asked = question.about(each, owner, keys)
        answer = answered(asker, asked)
        answers.append((answer.status, lasting(answer), answer.body))

    assert answers[0] == answers[1]
    assert stored(inspect.stack, key) == before
    if question.is_about_a_session:
        assert answers[0][0] == 404

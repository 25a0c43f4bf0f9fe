"""Another merchant's session and none: the same answer, by the same calls of AWS.

The same calls, with answers that are alike to the last byte, are also why the time that an answer
takes tells nothing.
"""

from __future__ import annotations

import json
import re
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from checkout.storage.session_requests import due_shard, read_session
from tests.integration import scenes, stack, webhooks
from tests.integration.access import Access
from tests.tenancy.questions import ASKERS, OWNERS, ROUTED, Trial, trials
from tests.tenancy.sessions import SCENES, Scene, make

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.sessions import SessionKey
    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud
    from tests.integration.wire import Answer, Call
    from tests.tenancy.questions import Asked

# Each with an Idempotency-Key that it has used.
MERCHANTS = {
    "merchant-a": "7d444840-9dc0-41d1-b245-5ffdce74fad2",
    "merchant-b": "8d444840-9dc0-41d1-b245-5ffdce74fad2",
}
# What is new in every call: ids, hashes, moments in seconds, in milliseconds and as text.
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
HASH, MOMENT = r"[0-9a-f]{64}|[0-9a-f]{32}", r"\b\d{10,13}\b|\d{4}-\d\d-\d\dT[\d:.]+Z"
OF_THE_CALL = re.compile(f"{UUID}|{HASH}|{MOMENT}")
KINDS = {36: "id", 64: "hash", 32: "hash", 24: "time"}
property_test = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    # What it finds first is small enough, and to look for less would take minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
Seen = dict[str, Any]


def without_ids(value: Any, session_id: str) -> str:
    """As text: equal for two calls that differ in nothing but whom they are about."""
    names = (f"<{number}>" for number in count())
    known: dict[str, str] = {session_id: "<the session>"}

    def name(found: re.Match[str]) -> str:
        text = found.group()
        return known.setdefault(text, next(names) + KINDS.get(len(text), "time"))

    text = json.dumps(value, sort_keys=True, default=str)
    shard = f'":shard": {{"S": "{due_shard(session_id)}"}}'
    return OF_THE_CALL.sub(name, text.replace(shard, '":shard": "<its shard>"'))


def send(cloud: Cloud, merchant: str, asked: Asked) -> scenes.Answered:
    """As the gateway hands it over."""
    function = "CancelSessionFunction" if asked.method == "POST" else "GetSessionFunction"
    event = scenes.event("cancel_session" if asked.method == "POST" else "get_session")
    event["requestContext"]["authorizer"]["claims"]["client_id"] = merchant
    event["multiValueHeaders"] |= {name: [value] for name, value in asked.headers.items()}
    if asked.method == "POST":
        event["body"] = asked.body
    else:
        event["pathParameters"]["sessionId"] = asked.session_id
    answer = cloud.function(function)(event)
    return scenes.Answered(answer["statusCode"], answer["headers"], answer["body"])


def seen(cloud: Cloud, merchant: str, asked: Asked, session_id: str) -> Seen:
    """All that could differ: the answer, what was called, and what the table answered to it."""
    of_the_table: list[Any] = []

    def note(call: Call, proceed: Callable[[], Answer]) -> Answer:
        answer = proceed()
        assert answer
        of_the_table.append([call.name, answer[0], str(answer[2])])
        return answer

    Access.calls.clear()
    cloud.wire.meddle = note
    answer = send(cloud, merchant, asked)
    calls = [[each.function, each.action, each.parameters] for each in Access.calls]
    return {
        "status": answer.status,
        "headers": answer.headers,
        "body": answer.text,
        "calls": without_ids(calls, session_id),
        "answers": without_ids(of_the_table, session_id),
    }


def stored(client: DynamoDBClient, key: SessionKey) -> list[Any]:
    """The owner's items, every remembered answer, and how often the table was changed."""
    items = client.query(TableName=stack.TABLE, **read_session(key))["Items"]
    answers = client.scan(TableName=stack.IDEMPOTENCY_TABLE)["Items"]
    return [items, answers, stack.changes()]


@pytest.fixture
def remembered(cloud: Cloud, store: CheckoutStore) -> dict[str, SessionKey]:
    """The session that each merchant has cancelled under its key."""
    cancelled = {each: make(store, each, Scene("open", ())) for each in MERCHANTS}
    for merchant, session in cancelled.items():
        answer = scenes.cancel(cloud, session, idempotency_key=MERCHANTS[merchant])
        assert answer.status == 200
    return cancelled


@property_test
@given(trial=trials(ROUTED))
def test_another_merchants_session_and_none_are_answered_alike_by_the_same_calls(
    cloud: Cloud,
    store: CheckoutStore,
    client: DynamoDBClient,
    remembered: dict[str, SessionKey],
    trial: Trial,
) -> None:
    owner, asker = sorted(MERCHANTS, reverse=bool(trial.owner))
    keys = {OWNERS: MERCHANTS[owner], ASKERS: MERCHANTS[asker]}
    question = trial.question
    key = remembered[owner] if question.key == OWNERS else make(store, owner, trial.scene)
    before = stored(client, key)
    first, second = (
        seen(cloud, asker, question.about(each, owner, keys), each)
        for each in trial.ids(key.session_id)
    )
    assert first == second
    assert stored(client, key) == before
    if question.is_about_a_session:
        assert first["status"] == 404


LISTS = ("PENDING_CANCELLATION", "CANCELLED")


def lists_seen(cloud: Cloud, merchant: str, **query: str) -> list[Any]:
    """Both of its lists, with all that was called for them."""
    found: list[Any] = []
    for status in LISTS:
        Access.calls.clear()
        answer = scenes.listed(cloud, merchant, status=status, **query)
        calls = [[each.action, each.parameters] for each in Access.calls]
        found.append([answer.status, answer.headers, answer.text, calls])
    return found


@settings(property_test, max_examples=15)
@given(made=st.lists(SCENES, min_size=1, max_size=3), owner=st.integers(0, 1))
def test_a_list_tells_nothing_of_what_another_merchant_has(
    cloud: Cloud, store: CheckoutStore, made: list[Scene], owner: int
) -> None:
    names = sorted(MERCHANTS)
    asker = names[1 - owner]
    before = lists_seen(cloud, asker)
    keys = [make(store, names[owner], each) for each in made]
    assert lists_seen(cloud, asker) == before
    told = "".join(answer[2] for answer in before)
    assert not [key for key in keys if key.session_id in told]
    # And whatever of it is the owner's own is in the owner's, unless it was never cancelled.
    cancelled = ("being cancelled", "pending", "cancelled")
    own = "".join(
        scenes.listed(cloud, names[owner], status=each, limit="200").text for each in LISTS
    )
    for key, scene in zip(keys, made, strict=True):
        assert (key.session_id in own) == (scene.state in cancelled)


def test_a_cursor_of_another_merchants_list_is_answered_like_one_of_none(
    cloud: Cloud, store: CheckoutStore
) -> None:
    owner, asker = MERCHANTS
    for _ in range(2):
        make(store, owner, Scene("pending", ()))
    theirs = scenes.listed(cloud, owner, limit="1").body["nextCursor"]
    assert theirs
    first, second = (lists_seen(cloud, asker, cursor=each) for each in (theirs, "none"))
    assert first == second
    # Refused before anything is called.
    assert [(each[0], each[3]) for each in first] == [(400, [])] * 2


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "payment_intent.canceled"])
def test_a_report_of_another_accounts_payment_is_answered_and_kept_like_one_of_none(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient, kind: str
) -> None:
    """But for one read more, by an index that does not know accounts: SECURITY.md accepts it."""
    queues = webhooks.prepare()
    webhooks.make_account("other", "whsec_of_the_other")
    key = webhooks.payment(store, "pi_of_main")
    before = stored(client, key.session)
    told = []
    for reference in ("pi_of_main", "pi_of_none"):
        body = webhooks.told(kind, reference)
        event = webhooks.signed(body, secret="whsec_of_the_other", account="other")
        Access.calls.clear()
        answer = webhooks.receive(cloud, event)
        told.append((answer, queues.waiting, [each.action for each in Access.calls]))
    (theirs, one, calls), (none, two, fewer) = told
    assert (theirs, one, two) == (none, 1, 2)
    assert calls.pop(calls.index("dynamodb:GetItem"))
    # The account's secret was read by the first of them, and is remembered.
    assert calls == ["secretsmanager:GetSecretValue", *fewer]
    assert stored(client, key.session) == before

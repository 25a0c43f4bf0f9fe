"""What operators read, of every merchant, called as the gateway calls it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from checkout import bootstrap, payments
from checkout.explanation import Circumstances, explained
from checkout.sessions import SessionKey
from checkout.storage.items import session_item_key
from checkout.timeline import timeline
from tests.integration import operators, scenes
from tests.integration.stack import TABLE
from tests.integration.wire import Trouble, all_calls

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud
    from tests.integration.journal import Journal

CANCELLED = "CANCELLED"


def pending_of(cloud: Cloud, store: CheckoutStore, merchant: str, *payments_of: str) -> SessionKey:
    """A session of that merchant whose cancellation waits for `payments_of`."""
    key = SessionKey(merchant, bootstrap.new_id())
    payments.open_session(store, key, cloud.clock.now())
    for each in payments_of or ("refused_1",):
        scenes.attach(store, key, each)
    assert operators.cancel(cloud, key).body["status"] == "PENDING_CANCELLATION"
    return key


def keys(body: dict[str, Any]) -> list[SessionKey]:
    return [SessionKey(each["merchantId"], each["sessionId"]) for each in body["sessions"]]


def walk(cloud: Cloud, **query: str) -> list[SessionKey]:
    """All pages, none of which may be missing its cursor."""
    found: list[SessionKey] = []
    cursor = ""
    for _ in range(40):
        body = operators.listed(cloud, **query, cursor=cursor).body
        found += keys(body)
        assert body["hasMore"] is (body["nextCursor"] is not None)
        if not body["hasMore"]:
            return found
        cursor = body["nextCursor"]
    raise AssertionError("the pages never end")


def test_those_of_all_merchants_are_listed_the_oldest_first(
    cloud: Cloud, store: CheckoutStore
) -> None:
    cloud.clock.stop(cloud.clock.now())
    made = []
    for merchant in ("one", "two", "https://tokens.example/auth0|7"):
        made.append(pending_of(cloud, store, merchant))
        cloud.clock.advance(timedelta(minutes=1))
    body = operators.listed(cloud).body
    assert keys(body) == made
    assert [each["ageSeconds"] for each in body["sessions"]] == [180, 120, 60]
    assert (body["unreadable"], body["hasMore"]) == (0, False)


@pytest.mark.parametrize("merchant", ["auth0|7", "https://a.example/b", "100%", "%41", "%2541"])
def test_a_merchants_id_is_decoded_once(cloud: Cloud, store: CheckoutStore, merchant: str) -> None:
    """A second time would name another merchant: %41 is an id, and so is A."""
    body = operators.shown(cloud, pending_of(cloud, store, merchant)).body
    assert body["merchantId"] == merchant


@pytest.mark.parametrize("limit", ["1", "2", "5", "100"])
def test_the_pages_have_each_session_once_whatever_shard_it_is_in(
    cloud: Cloud, store: CheckoutStore, limit: str
) -> None:
    made = [pending_of(cloud, store, f"merchant-{number % 3}") for number in range(12)]
    found = walk(cloud, limit=limit)
    assert sorted(found, key=str) == sorted(made, key=str)


def test_a_merchants_list_has_its_own_only_in_pages_the_newest_first(
    cloud: Cloud, store: CheckoutStore
) -> None:
    mine = []
    for number in range(5):
        cloud.clock.advance(timedelta(seconds=1))
        key = pending_of(cloud, store, ("one", "two")[number % 2])
        mine += [key] if key.merchant_id == "one" else []
    assert walk(cloud, merchantId="one", limit="2") == mine[::-1]


def test_what_is_cancelled_is_listed_of_one_merchant(cloud: Cloud, store: CheckoutStore) -> None:
    done, _ = scenes.session_with(store, "ok_1")
    assert operators.cancel(cloud, done).body["status"] == CANCELLED
    (listed,) = operators.listed(cloud, status=CANCELLED, merchantId=done.merchant_id).body[
        "sessions"
    ]
    assert keys({"sessions": [listed]}) == [done]
    assert (listed["status"], listed["reason"]) == (CANCELLED, operators.WHY)
    assert (listed["waitsFor"], listed["stuck"]) == ([], False)
    assert listed["cancelledAt"] >= listed["cancelRequestedAt"]
    refused = operators.listed(cloud, status=CANCELLED)
    assert (refused.status, refused.body["message"].split()[0]) == (400, "merchantId")


def test_a_session_is_stuck_from_its_give_up_age_on(cloud: Cloud, store: CheckoutStore) -> None:
    key = pending_of(cloud, store, "one")
    told = []
    for wait in (timedelta(hours=23, minutes=59), timedelta(minutes=1)):
        cloud.clock.advance(wait)
        (listed,) = operators.listed(cloud).body["sessions"]
        assert listed["stuck"] is operators.shown(cloud, key).body["stuck"]
        told.append(listed["stuck"])
    assert told == [False, True]


def test_what_a_payment_waits_for_is_said_as_the_command_line_says_it(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = pending_of(cloud, store, "one", "refused_1", "ok_1")
    cloud.clock.stop(cloud.clock.now() + timedelta(hours=25))
    (listed,) = operators.listed(cloud).body["sessions"]
    (waits,) = listed["waitsFor"]
    snapshot = store.read_session(key)
    (payment,) = snapshot.in_flight
    age = cloud.clock.now() - snapshot.session.cancel_requested_at  # type: ignore[operator]
    around = Circumstances("shop", cloud.clock.now(), None, age, timedelta(hours=24))
    said = explained(snapshot.session, payment, around)
    assert waits["transactionId"] == payment.transaction_id
    assert (waits["provider"], waits["pendingReason"]) == ("sandbox", "REFUSED")
    assert waits["explanation"].startswith(f"{said.waits_for[0].upper()}{said.waits_for[1:]}. ")
    assert waits["explanation"].endswith("sandbox is asked how it ended, and to cancel once more.")
    assert waits["youMay"] == said.you_may
    assert operators.shown(cloud, key).body["waitsFor"] == [waits]


def test_a_session_is_shown_with_all_that_is_known_of_it(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = pending_of(cloud, store, "one", "refused_1", "ok_1")
    answer = operators.shown(cloud, key)
    assert answer.status == 200
    body, snapshot = answer.body, store.read_session(key)
    sub = operators.claims()["sub"]
    assert (body["merchantId"], body["sessionId"]) == (key.merchant_id, key.session_id)
    assert (body["status"], body["reason"]) == ("PENDING_CANCELLATION", operators.WHY)
    assert body["cancelRequestedBy"] == f"operator:{sub}"
    assert (body["drives"], body["drivenNow"], body["cancellable"]) == (1, False, True)
    assert body["nextDriveAt"] > body["at"]
    assert "endedAt" not in body
    moments = [(each["kind"], each["text"]) for each in body["timeline"]]
    assert moments == [(each.kind, each.sentence) for each in timeline(snapshot)]
    assert [each["at"] for each in body["timeline"]] == sorted(
        each["at"] for each in body["timeline"]
    )
    told = {each["transactionId"]: each for each in body["transactions"]}
    assert list(told) == sorted(each.transaction_id for each in snapshot.transactions)
    for each in snapshot.transactions:
        one = told[each.transaction_id]
        assert (one["amount"], one["currency"], one["status"]) == (1999, "EUR", each.status)
        assert one["providerReference"] == each.provider_reference
        assert one["pendingReason"] == each.pending_reason
        assert (one["explanation"] is not None) is each.in_flight


def test_a_session_that_is_driven_right_now_says_so(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    assert operators.shown(cloud, key).body["drivenNow"] is False
    scenes.lock(store, key)
    body = operators.shown(cloud, key).body
    assert (body["drivenNow"], body["cancellable"]) == (True, True)
    cloud.clock.advance(timedelta(seconds=61))
    assert operators.shown(cloud, key).body["drivenNow"] is False


@pytest.mark.parametrize("end", [payments.complete_session, payments.expire_session])
def test_a_session_that_has_ended_otherwise_cannot_be_cancelled(
    cloud: Cloud, store: CheckoutStore, end: Any
) -> None:
    key = scenes.open_session(store)
    end(store, key, bootstrap.utc_now())
    body = operators.shown(cloud, key).body
    assert (body["cancellable"], body["nextDriveAt"], body["waitsFor"]) == (False, None, [])
    assert body["endedAt"] >= body["createdAt"]


def test_a_session_of_another_merchant_is_none(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    assert operators.shown(cloud, replace(key, merchant_id="stranger")).status == 404
    assert operators.shown(cloud, key).status == 200


def test_one_that_cannot_be_read_does_not_hide_the_others(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient
) -> None:
    broken, whole = pending_of(cloud, store, "one"), pending_of(cloud, store, "two")
    scenes.set_values(client, session_item_key(broken), createdAt={"S": "yesterday"})
    body = operators.listed(cloud).body
    assert (keys(body), body["unreadable"]) == ([whole], 1)


@pytest.mark.parametrize("status", ["PENDING_CANCELLATION", "CANCELLED"])
def test_of_a_merchants_list_neither(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient, status: str
) -> None:
    broken, whole = (pending_of(cloud, store, "one") for _ in range(2))
    if status == "CANCELLED":
        for key in (broken, whole):
            store.complete_cancellation(key, cloud.clock.now())
    scenes.set_values(client, session_item_key(broken), cancelRequestedAt={"S": "yesterday"})
    body = operators.listed(cloud, status=status, merchantId="one").body
    assert (keys(body), body["unreadable"]) == ([whole], 1)


def test_one_that_has_been_deleted_by_hand_or_is_done_is_left_out(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient
) -> None:
    done = pending_of(cloud, store, "one")
    scenes.set_values(client, session_item_key(done), status={"S": "CANCELLED"})
    assert client.scan(TableName=TABLE, IndexName="due")["Count"] == 1
    body = operators.listed(cloud).body
    assert (body["sessions"], body["unreadable"]) == ([], 0)


NOBODY: list[dict[str, Any]] = [
    {},
    {"claims": {}},
    {"claims": {"sub": ""}},
    {"merchantId": "m"},
]


CURSORS = {
    "no base64": "%",
    "no JSON": base64.urlsafe_b64encode(b"{").decode(),
    "another shard": [16],
    "no shard": [True],
    "a shard as text": ["1"],
    "half a place": [1, 5],
    "no number": [1, "5", "MERCHANT#m#SESSION#s", "SESSION"],
    "a number that DynamoDB does not take": [1, 10**40, "MERCHANT#m#SESSION#s", "SESSION"],
    "no session": [1, 5, "OTHER#m", "SESSION"],
    "no sort key": [1, 5, "MERCHANT#m#SESSION#s", ""],
    "half a surrogate": [1, 5, "MERCHANT#m\ud800#SESSION#s", "SESSION"],
    "longer than a key": [1, 5, f"MERCHANT#{'m' * 2048}#SESSION#s", "SESSION"],
    "no list": {"shard": 1},
    "a list in a list": [[1]],
}


@pytest.mark.parametrize("cursor", CURSORS.values(), ids=CURSORS)
def test_a_cursor_that_we_cannot_have_made_is_refused(cloud: Cloud, cursor: Any) -> None:
    text = cursor
    if not isinstance(cursor, str):
        text = base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode().rstrip("=")
    cloud.wire.calls.clear()
    answer = operators.listed(cloud, cursor=text)
    assert (answer.status, answer.body["message"].split()[0]) == (400, "cursor")
    assert cloud.wire.calls == []


def test_a_cursor_of_one_list_is_none_of_another(cloud: Cloud, store: CheckoutStore) -> None:
    for _ in range(2):
        pending_of(cloud, store, "one")
    of_all = operators.listed(cloud, limit="1").body["nextCursor"]
    of_one = operators.listed(cloud, limit="1", merchantId="one").body["nextCursor"]
    asked = [{"cursor": of_one}, {"cursor": of_all, "merchantId": "one"}]
    asked += [{"cursor": of_one, "merchantId": "two"}]
    for query in asked:
        assert operators.listed(cloud, **query).status == 400
    assert operators.listed(cloud, merchantId="one", cursor=of_one).status == 200


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"status": "OPEN"}, "status"),
        ({"limit": "101"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"merchantId": ""}, "merchantId"),
        ({"merchantId": "m" * 257}, "merchantId"),
        ({"merchantId": "a\nb"}, "merchantId"),
        ({"client_id": "one"}, "client_id"),
    ],
)
def test_a_query_that_means_nothing_is_refused(
    cloud: Cloud, query: dict[str, str], named: str
) -> None:
    answer = operators.listed(cloud, **query)
    assert (answer.status, answer.body["message"].split()[0]) == (400, named)


def test_reading_only_queries(cloud: Cloud, store: CheckoutStore) -> None:
    key = pending_of(cloud, store, "one")
    cloud.wire.calls.clear()
    for answer in (operators.listed(cloud), operators.shown(cloud, key)):
        assert answer.status == 200
    assert {each.name for each in cloud.wire.calls} == {"Query"}


def test_a_store_that_cannot_be_reached_is_a_503(cloud: Cloud) -> None:
    cloud.wire.meddle = Trouble(all_calls, 500, "InternalServerError")
    for answer in (operators.listed(cloud), operators.shown(cloud, scenes.new_key())):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def test_who_is_not_named_by_a_token_of_operators_reads_nothing(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = scenes.open_session(store)
    for called in (operators.list_event(), operators.session_event(key)):
        for authorizer in NOBODY:
            called["requestContext"]["authorizer"] = authorizer
            assert operators.answered(cloud, operators.READS, called).status == 401


def test_nothing_of_a_session_reaches_a_log(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key = pending_of(cloud, store, "one")
    before = str(journal.all)
    assert operators.WHY not in before
    assert operators.WHY in operators.shown(cloud, key).text
    assert operators.WHY in operators.listed(cloud).text
    assert operators.WHY not in str(journal.all)

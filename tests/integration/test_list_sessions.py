"""The function behind GET /v1/checkout/sessions, called as the gateway calls it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from checkout import bootstrap, payments
from checkout.http_request import MAX_REASON
from checkout.lease import CancelRequest
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage.items import session_item_key
from tests.integration import scenes
from tests.integration.stack import TABLE
from tests.integration.wire import Trouble, all_calls
from tests.unit.listed_story import Story, check, stories, tell

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud
    from tests.integration.journal import Journal

PENDING, CANCELLED = "PENDING_CANCELLATION", "CANCELLED"


def ids(answer: scenes.Answered) -> list[str]:
    assert answer.status == 200, answer.text
    return [each["sessionId"] for each in answer.body["sessions"]]


def locked(store: CheckoutStore) -> SessionKey:
    key = scenes.open_session(store)
    scenes.lock(store, key)
    return key


def test_the_sample_event_lists_its_merchants_sessions(cloud: Cloud, store: CheckoutStore) -> None:
    keys = [locked(store) for _ in range(3)]
    answer = cloud.function("ListSessionsFunction")(scenes.event("list_sessions"))
    assert answer["statusCode"] == 200
    body = json.loads(answer["body"])
    assert [each["sessionId"] for each in body["sessions"]] == [
        each.session_id for each in keys[:0:-1]
    ]
    assert body["hasMore"] is True


def test_a_session_is_shown_as_reading_it_shows_it(cloud: Cloud, store: CheckoutStore) -> None:
    pending, _ = scenes.session_with(store, "ok_1", "async_900_1")
    cancelled, _ = scenes.session_with(store, "ok_1")
    for each in (pending, cancelled):
        assert scenes.cancel(cloud, each).status == 200
    for key, status in ((pending, PENDING), (cancelled, CANCELLED)):
        (listed,) = scenes.listed(cloud, status=status).body["sessions"]
        read = scenes.get(cloud, key).body
        del read["transactions"]
        assert listed == read
        assert (listed["status"], listed["reason"]) == (status, scenes.REASON)


def test_only_what_somebody_cancels_is_listed(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    for end in (payments.complete_session, payments.expire_session):
        end(store, scenes.open_session(store), bootstrap.utc_now())
    assert client.scan(TableName=TABLE, IndexName="cancellations-by-merchant")["Items"] == []
    for status in (PENDING, CANCELLED):
        assert scenes.listed(cloud, status=status).body == {
            "sessions": [], "nextCursor": None, "hasMore": False,
        }  # fmt: skip
    scenes.lock(store, key)
    assert ids(scenes.listed(cloud)) == [key.session_id]
    assert ids(scenes.listed(cloud, status=CANCELLED)) == []


def test_a_completion_moves_a_session_from_one_list_to_the_other(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = locked(store)
    store.complete_cancellation(key, bootstrap.utc_now())
    assert ids(scenes.listed(cloud)) == []
    assert ids(scenes.listed(cloud, status=CANCELLED)) == [key.session_id]


def locked_by_an_older_release(store: CheckoutStore, client: DynamoDBClient) -> SessionKey:
    """Which knew no list. Its lease is over."""
    key = locked(store)
    store.release_lease(key, "driver", bootstrap.utc_now())
    client.update_item(
        TableName=TABLE, Key=session_item_key(key), UpdateExpression="REMOVE cancellationsOf"
    )
    return key


@pytest.mark.parametrize("first", [True, False], ids=["a repeat", "the recovery"])
def test_a_session_of_an_older_release_enters_the_list_at_its_own_place_with_its_next_drive(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient, *, first: bool
) -> None:
    old = locked_by_an_older_release(store, client)
    new = locked(store)
    assert ids(scenes.listed(cloud)) == [new.session_id]
    lock = scenes.lock_at(bootstrap.utc_now(), "later", first=first)
    assert store.lock_for_cancellation(old, lock).held
    assert ids(scenes.listed(cloud)) == [new.session_id, old.session_id]


def test_a_session_of_an_older_release_enters_the_list_when_the_stream_completes_it(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient
) -> None:
    old = locked_by_an_older_release(store, client)
    assert scenes.deliver(cloud, scenes.stream_record(old)) == []
    assert ids(scenes.listed(cloud, status=CANCELLED)) == [old.session_id]


serial = count()


@settings(
    derandomize=True,
    max_examples=40,
    deadline=None,
    # What it finds first is small enough, and to look for less would take minutes.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=stories())
def test_pages_show_what_was_there_all_the_time_exactly_once_whatever_comes_and_goes(
    cloud: Cloud, store: CheckoutStore, story: Story
) -> None:
    merchant = f"merchant-{next(serial)}"

    def page(cursor: str | None) -> tuple[list[str], Any]:
        answer = scenes.listed(cloud, merchant, limit=str(story.limit), cursor=cursor or "")
        assert answer.body["hasMore"] == (answer.body["nextCursor"] is not None)
        return ids(answer), answer.body["nextCursor"]

    check(story, tell(story, store, merchant, page), merchant)


def test_a_page_takes_one_query_of_the_index_and_changes_nothing(
    cloud: Cloud, store: CheckoutStore
) -> None:
    for _ in range(3):
        scenes.lock(store, scenes.open_session(store))
        cloud.clock.advance(bootstrap.ANSWER_RESERVE)
    cloud.wire.calls.clear()
    scenes.listed(cloud, limit="200")
    (call,) = cloud.wire.calls
    assert (call.name, call.parameters["Limit"]) == ("Query", 201)
    assert call.parameters["IndexName"] == "cancellations-by-merchant"


def test_a_cursor_of_another_merchant_is_refused_and_asks_the_store_nothing(
    cloud: Cloud, store: CheckoutStore
) -> None:
    for _ in range(2):
        locked(store)
    cursor = scenes.listed(cloud, limit="1").body["nextCursor"]
    cloud.wire.calls.clear()
    for merchant, status in (("stranger", PENDING), ("", CANCELLED)):
        answer = scenes.listed(cloud, merchant, status=status, cursor=cursor)
        assert (answer.status, answer.body["message"].split()[0]) == (400, "cursor")
    assert cloud.wire.calls == []


def test_a_merchant_is_the_tokens_and_never_the_events(cloud: Cloud, store: CheckoutStore) -> None:
    key = locked(store)
    assert ids(scenes.listed(cloud, "stranger")) == []
    named = scenes.listed(cloud, "stranger", client_id=key.merchant_id)
    assert (named.status, named.body["message"].split()[0]) == (400, "client_id")


@pytest.mark.parametrize("code", ["InternalServerError", "ThrottlingException"])
def test_a_store_that_cannot_be_reached_is_a_503(cloud: Cloud, code: str) -> None:
    cloud.wire.meddle = Trouble(all_calls, 500, code)
    answer = scenes.listed(cloud)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


def test_nothing_that_a_caller_sent_or_a_merchant_said_reaches_a_log(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    locked(store)
    assert scenes.REASON in scenes.listed(cloud).text
    assert scenes.listed(cloud, cursor="c4n4ry").status == 400
    cloud.wire.meddle = Trouble(all_calls, 500, "InternalServerError")
    assert scenes.listed(cloud).status == 503
    assert [each["message"] for each in journal.lines] == ["request failed"]
    assert scenes.REASON not in str(journal.all)
    assert "c4n4ry" not in str(journal.all)


# What no release of ours writes. The first two stand first and last of the list, whatever is there.
STRANGE: dict[str, dict[str, Any]] = {
    "no moment, of the newest": {"cancelRequestedAt": {"S": "yesterday"}},
    "no moment, of the oldest": {"cancelRequestedAt": {"S": "1"}},
    "a moment of no zone": {"cancelRequestedAt": {"S": "2026-11-26T12:00:00.000"}},
    "a moment in another form": {"cancelRequestedAt": {"S": "2026-11-26T12:00:00+00:00"}},
    "opened at no moment": {"createdAt": {"S": "yesterday"}},
    "opened at a moment of no zone": {"createdAt": {"S": "2026-11-26T12:00:00.000"}},
    "opened as a number": {"createdAt": {"N": "1"}},
    "opened before all time": {"createdAt": {"S": "0001-01-01T00:00:00.000+23:00"}},
    "cancelled at no moment": {"cancelledAt": {"NULL": True}},
    "a reason that is a number": {"reason": {"N": "1"}},
}


@pytest.mark.parametrize("values", STRANGE.values(), ids=STRANGE)
def test_an_item_that_cannot_be_read_is_left_out_and_counted_and_hides_no_other(
    cloud: Cloud,
    store: CheckoutStore,
    client: DynamoDBClient,
    journal: Journal,
    values: dict[str, Any],
) -> None:
    oldest, broken, newest = (locked(store) for _ in range(3))
    scenes.set_values(client, session_item_key(broken), **values)
    assert ids(scenes.listed(cloud)) == [newest.session_id, oldest.session_id]
    assert journal.values("UnreadableListItems") == [1]
    (line,) = journal.named("listed items cannot be read")
    assert (line["merchant_id"], line["number"]) == (oldest.merchant_id, 1)
    assert broken.session_id not in str(line)


def test_only_the_moment_that_orders_the_list_has_to_be_in_our_own_form(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient
) -> None:
    """Such as of items that were put there from another system."""
    key = locked(store)
    scenes.set_values(client, session_item_key(key), createdAt={"S": "2026-01-01T00:00:00Z"})
    assert ids(scenes.listed(cloud)) == [key.session_id]


def test_pages_of_one_go_on_behind_what_cannot_be_read(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient, journal: Journal
) -> None:
    keys = [locked(store) for _ in range(6)]
    for broken in (keys[1], keys[2], keys[5]):
        scenes.set_values(client, session_item_key(broken), createdAt={"S": "yesterday"})
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = scenes.listed(cloud, limit="1", cursor=cursor)
        found += ids(page)
        cursor = page.body["nextCursor"]
    assert found == [keys[each].session_id for each in (4, 3, 0)]
    # The first page was two questions, of which each met one; the second met the two in between.
    assert journal.values("UnreadableListItems")[:2] == [2, 2]


def test_a_list_of_nothing_that_can_be_read_is_empty(
    cloud: Cloud, store: CheckoutStore, client: DynamoDBClient
) -> None:
    scenes.set_values(client, session_item_key(locked(store)), createdAt={"S": "yesterday"})
    assert scenes.listed(cloud).body == {"sessions": [], "nextCursor": None, "hasMore": False}


def test_an_entry_of_the_index_with_the_longest_reason_is_written_with_one_unit(
    store: CheckoutStore, client: DynamoDBClient
) -> None:
    """A unit for each 1024 bytes: docs/adr/0022 counts with one."""
    key = SessionKey("m" * 64, bootstrap.new_id())
    payments.open_session(store, key, bootstrap.utc_now())
    reason = CancelRequest(key.merchant_id, "r" * MAX_REASON)
    lock = replace(scenes.lock_at(bootstrap.utc_now()), request=reason)
    assert store.lock_for_cancellation(key, lock).held
    for status in (SessionStatus.PENDING_CANCELLATION, SessionStatus.CANCELLED):
        (entry,) = client.scan(TableName=TABLE, IndexName="cancellations-by-merchant")["Items"]
        assert entry["cancellationsOf"]["S"].endswith(f"#{status.value}")
        size = sum(len(name) + len(each["S"]) for name, each in entry.items())
        assert 700 < size < 1024
        store.complete_cancellation(key, bootstrap.utc_now())

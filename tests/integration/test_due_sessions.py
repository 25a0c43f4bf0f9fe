"""The list of sessions that are due, which only the recovery reads."""

from datetime import timedelta

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from checkout import bootstrap
from checkout.lease import DUE_SHARDS, DueSession
from checkout.sessions import SessionKey
from checkout.storage import session_requests
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import serialize
from tests.integration import scenes
from tests.integration.stack import TABLE

NOON = bootstrap.utc_now()


def locked(store: CheckoutStore) -> SessionKey:
    """Due soon after its lease."""
    key = scenes.open_session(store)
    store.lock_for_cancellation(key, scenes.lock_at(NOON))
    return key


def listed(store: CheckoutStore, minutes: float | None = None) -> list[DueSession]:
    """Of all shards; `minutes` from noon, or without a limit."""
    due_by = None if minutes is None else NOON + timedelta(minutes=minutes)
    found: list[DueSession] = []
    for shard in range(DUE_SHARDS):
        page = store.due_sessions(shard, due_by, None)
        found += page.sessions
        while page.cursor is not None:
            page = store.due_sessions(shard, due_by, page.cursor)
            found += page.sessions
    return found


def test_a_locked_session_is_due_after_its_lease_and_not_before(store: CheckoutStore) -> None:
    key = locked(store)
    assert listed(store, minutes=1) == []
    assert [each.key for each in listed(store, minutes=2)] == [key]
    assert [each.key for each in listed(store)] == [key]


def test_open_and_cancelled_sessions_are_never_due(store: CheckoutStore) -> None:
    scenes.open_session(store)
    store.complete_cancellation(locked(store), NOON)
    assert listed(store) == []


def test_pages_are_in_the_order_of_time_and_leave_nothing_out(
    store: CheckoutStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_requests, "DUE_PAGE", 2)
    monkeypatch.setattr(session_requests, "due_shard", lambda session_id: "3")
    keys = [locked(store) for _ in range(5)]
    for minutes, key in enumerate(reversed(keys), start=10):
        store.release_lease(key, "driver", NOON + timedelta(minutes=minutes))
    found = listed(store)
    assert [each.key for each in found] == keys[::-1]
    assert [each.due_at for each in found] == sorted(each.due_at for each in found)


def test_the_next_page_begins_behind_a_session_that_is_due_no_more(
    store: CheckoutStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_requests, "DUE_PAGE", 1)
    monkeypatch.setattr(session_requests, "due_shard", lambda session_id: "3")
    keys = [locked(store) for _ in range(2)]
    first = store.due_sessions(3, None, None)
    store.complete_cancellation(first.sessions[0].key, NOON)
    second = store.due_sessions(3, None, first.cursor)
    assert {*first.sessions, *second.sessions} == {*listed(store), *first.sessions}
    assert {each.key for each in (*first.sessions, *second.sessions)} == set(keys)


def test_an_item_that_names_no_session_is_counted_and_stands_in_nobodys_way(
    store: CheckoutStore, client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_requests, "due_shard", lambda session_id: "3")
    key = locked(store)
    strange = {"PK": "nonsense", "SK": "SESSION", "dueShard": "3", "dueAt": 1}
    client.put_item(TableName=TABLE, Item=serialize(strange))
    page = store.due_sessions(3, None, None)
    assert ([each.key for each in page.sessions], page.unreadable) == ([key], 1)

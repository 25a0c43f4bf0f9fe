"""The requests for a session's item: when a change may happen, and what it sets."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.cancelled_sessions import LISTED, Listing, Position
from checkout.lease import DUE_SHARDS, LEASE, CancelRequest, Lock, new_lock
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage import session_requests
from checkout.storage.items import cancellations_of
from checkout.timestamps import to_millis
from tests.unit.clock import NOON
from tests.unit.requests import placeholders, plain
from tests.unit.samples import KEY, transaction_id, transaction_key

REQUEST = CancelRequest("merchant-1", "changed my mind")
PK = f"MERCHANT#merchant-1#SESSION#{KEY.session_id}"
FREE = "(#status = :open) OR (#status = :pending AND leaseUntil < :now)"


def _lock(request: CancelRequest | None = REQUEST) -> Lock:
    return new_lock("driver-1", NOON, 0, request)


ALL: dict[str, dict[str, Any]] = {
    "read": session_requests.read_session(KEY),
    "open": session_requests.open_session(KEY, NOON),
    "end": session_requests.end_session(KEY, SessionStatus.COMPLETED, NOON),
    "lock": session_requests.lock_for_cancellation(KEY, _lock()),
    "go on": session_requests.lock_for_cancellation(KEY, _lock(None)),
    "complete": session_requests.complete_cancellation(KEY, NOON),
    "release": session_requests.release_lease(KEY, "driver-1", NOON),
    "attach": session_requests.attach_attempt(transaction_key()),
}


@pytest.mark.parametrize("name", ALL)
def test_every_placeholder_that_is_used_is_declared_and_the_other_way_round(name: str) -> None:
    used, declared = placeholders(ALL[name])
    assert used == declared


@pytest.mark.parametrize("name", sorted(set(ALL) - {"read"}))
def test_every_change_has_a_condition_and_asks_for_the_item_that_did_not_meet_it(
    name: str,
) -> None:
    assert ALL[name]["ConditionExpression"]
    assert ALL[name]["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


@pytest.mark.parametrize("name", sorted(set(ALL) - {"read", "open"}))
def test_every_update_is_of_the_sessions_own_item_and_returns_it(name: str) -> None:
    assert plain(ALL[name]["Key"]) == {"PK": PK, "SK": "SESSION"}
    assert ALL[name]["ReturnValues"] == "ALL_NEW"


def test_a_session_is_read_consistently_with_all_its_transactions() -> None:
    assert ALL["read"] == {
        "KeyConditionExpression": "PK = :pk",
        "ExpressionAttributeValues": {":pk": {"S": PK}},
        "ConsistentRead": True,
    }


def test_a_session_is_opened_only_where_there_is_none() -> None:
    assert ALL["open"]["ConditionExpression"] == "attribute_not_exists(PK)"
    assert plain(ALL["open"]["Item"]) == {
        "PK": PK,
        "SK": "SESSION",
        "status": "OPEN",
        "createdAt": "2026-03-01T12:00:00.000Z",
    }


def test_only_an_open_session_ends_otherwise() -> None:
    assert ALL["end"]["ConditionExpression"] == "#status = :open"
    values = plain(ALL["end"]["ExpressionAttributeValues"])
    assert (values[":open"], values[":status"]) == ("OPEN", "COMPLETED")


def test_a_lock_takes_an_open_session_or_one_whose_lease_is_over() -> None:
    assert ALL["lock"]["ConditionExpression"] == FREE
    assert plain(ALL["lock"]["ExpressionAttributeValues"]) == {
        ":open": "OPEN",
        ":pending": "PENDING_CANCELLATION",
        ":now": to_millis(NOON),
        ":lease": to_millis(NOON + LEASE),
        ":due": to_millis(NOON + LEASE),
        ":shard": session_requests.due_shard(KEY.session_id),
        ":list": "MERCHANT#merchant-1#PENDING_CANCELLATION",
        ":driver": "driver-1",
        ":correlation": "driver-1",
        ":zero": 0,
        ":one": 1,
        ":at": "2026-03-01T12:00:00.000Z",
        ":by": "merchant-1",
        ":reason": "changed my mind",
    }


def test_a_lock_sets_the_lease_and_the_due_time_in_the_same_write() -> None:
    update = ALL["lock"]["UpdateExpression"]
    for part in (
        "#status = :pending",
        "driver = :driver",
        "leaseUntil = :lease",
        "dueShard = :shard",
        "dueAt = :due",
        "drives = if_not_exists(drives, :zero) + :one",
    ):
        assert part in update


def test_only_the_first_cancellation_records_who_asked_when_and_why() -> None:
    update = ALL["lock"]["UpdateExpression"]
    for name in ("cancelRequestedAt", "cancelRequestedBy", "reason", "correlationId"):
        assert f"{name} = if_not_exists({name}, " in update


def test_the_correlation_id_is_the_requests_and_a_recovery_gives_one_where_there_is_none() -> None:
    request = _lock(CancelRequest("merchant-1", None, "request-1"))
    assert request.correlation_id == "request-1"
    assert _lock(None).correlation_id == "driver-1"
    assert "correlationId = if_not_exists(correlationId, " in ALL["go on"]["UpdateExpression"]


def test_a_reason_that_was_not_given_is_stored_as_none_so_that_none_follows() -> None:
    lock = _lock(CancelRequest("merchant-1", None))
    request = session_requests.lock_for_cancellation(KEY, lock)
    assert request["ExpressionAttributeValues"][":reason"] == {"NULL": True}


def test_a_recovery_takes_no_open_session_and_records_nobody() -> None:
    assert ALL["go on"]["ConditionExpression"] == "#status = :pending AND leaseUntil < :now"
    assert "cancelRequested" not in ALL["go on"]["UpdateExpression"]


def test_a_completion_removes_the_lease_and_the_due_time_but_not_the_record() -> None:
    assert ALL["complete"]["ConditionExpression"] == "#status = :pending"
    assert ALL["complete"]["UpdateExpression"] == (
        "SET #status = :cancelled, cancelledAt = :now, cancellationsOf = :list"
        " REMOVE leaseUntil, dueShard, dueAt"
    )


def test_every_lock_enters_the_session_into_its_merchants_list_and_a_completion_moves_it() -> None:
    for name, status in (
        ("lock", "PENDING_CANCELLATION"),
        ("go on", "PENDING_CANCELLATION"),
        ("complete", "CANCELLED"),
    ):
        assert "cancellationsOf = :list" in ALL[name]["UpdateExpression"]
        values = plain(ALL[name]["ExpressionAttributeValues"])
        assert values[":list"] == f"MERCHANT#merchant-1#{status}"


@pytest.mark.parametrize("name", ["open", "end", "attach", "release"])
def test_no_payment_and_no_other_end_writes_into_the_list(name: str) -> None:
    assert "cancellationsOf" not in str(ALL[name])
    assert "cancelRequestedAt" not in str(ALL[name])


LISTING = Listing("merchant-1", SessionStatus.PENDING_CANCELLATION)


def test_the_list_is_read_from_the_newest_on() -> None:
    assert session_requests.cancelled_sessions(LISTING, 21) == {
        "IndexName": "cancellations-by-merchant",
        "KeyConditionExpression": "cancellationsOf = :list",
        "ExpressionAttributeValues": {":list": {"S": "MERCHANT#merchant-1#PENDING_CANCELLATION"}},
        "ScanIndexForward": False,
        "Limit": 21,
    }


def test_a_position_is_a_moment_in_the_list_of_the_listings_own_merchant() -> None:
    after = Position(NOON, "any id")
    request = session_requests.cancelled_sessions(replace(LISTING, after=after), 21)
    assert request["KeyConditionExpression"] == (
        "cancellationsOf = :list AND cancelRequestedAt <= :at"
    )
    assert plain(request["ExpressionAttributeValues"]) == {
        ":list": "MERCHANT#merchant-1#PENDING_CANCELLATION",
        ":at": "2026-03-01T12:00:00.000Z",
    }
    assert "ExclusiveStartKey" not in request


@given(
    st.tuples(st.text(), st.sampled_from(LISTED)),
    st.tuples(st.text(), st.sampled_from(LISTED)),
)
def test_no_two_lists_have_the_same_key(
    one: tuple[str, SessionStatus], other: tuple[str, SessionStatus]
) -> None:
    assert (cancellations_of(*one) == cancellations_of(*other)) == (one == other)


def test_a_lease_is_given_back_as_zero_by_its_holder_while_the_session_is_pending() -> None:
    assert ALL["release"]["ConditionExpression"] == "driver = :driver AND #status = :pending"
    assert ALL["release"]["UpdateExpression"] == "SET leaseUntil = :free, dueAt = :due"
    values = plain(ALL["release"]["ExpressionAttributeValues"])
    assert (values[":free"], values[":due"]) == (0, to_millis(NOON))


def test_an_attempt_is_attached_to_an_open_session_with_room() -> None:
    assert ALL["attach"]["ConditionExpression"] == (
        "#status = :open AND (attribute_not_exists(attempts) OR size(attempts) < :limit)"
    )
    values = plain(ALL["attach"]["ExpressionAttributeValues"])
    assert values == {
        ":open": "OPEN",
        ":limit": 100,
        ":ids": {transaction_id(1)},
    }


@given(session_id=st.uuids().map(str))
def test_a_session_is_always_due_in_the_same_of_the_shards(session_id: str) -> None:
    shard = session_requests.due_shard(session_id)
    assert shard == session_requests.due_shard(session_id)
    assert 0 <= int(shard) < DUE_SHARDS


def test_sessions_are_spread_over_all_shards() -> None:
    shards = {session_requests.due_shard(transaction_id(number)) for number in range(500)}
    assert len(shards) == DUE_SHARDS


@given(merchant=st.text(min_size=1), other=st.text(min_size=1))
def test_sessions_of_two_merchants_never_share_a_partition(merchant: str, other: str) -> None:
    keys = [SessionKey(each, KEY.session_id) for each in (merchant, other)]
    partitions = {str(session_requests.read_session(key)) for key in keys}
    assert len(partitions) == len(set(keys))

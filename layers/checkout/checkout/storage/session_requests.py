"""Every request for a session's item: when a change may happen, and what it sets.

Each condition is made of named parts. A part's comment says in which situation it holds.
"""

from datetime import datetime
from typing import Any
from zlib import crc32

from checkout.cancelled_sessions import Listing
from checkout.lease import DUE_SHARDS, DueSession, Lock
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage.expressions import Request, put_new, update_if
from checkout.storage.items import (
    SESSION,
    cancellations_of,
    partition_key,
    serialize,
    session_item_key,
)
from checkout.timestamps import to_millis, to_text
from checkout.transactions import MAX_TRANSACTIONS, TransactionKey

# What one page of the recovery's list holds: some hundred bytes each.
DUE_PAGE = 100


def read_session(key: SessionKey) -> Request:
    return {
        "KeyConditionExpression": "PK = :pk",
        "ExpressionAttributeValues": serialize({":pk": partition_key(key)}),
        "ConsistentRead": True,
    }


def read_alone(key: SessionKey) -> Request:
    """Without its transactions."""
    return {"Key": session_item_key(key), "ConsistentRead": True}


def open_session(key: SessionKey, now: datetime) -> Request:
    return put_new(
        {
            "PK": partition_key(key),
            "SK": SESSION,
            "status": SessionStatus.OPEN.value,
            "createdAt": to_text(now),
        }
    )


def end_session(key: SessionKey, status: SessionStatus, now: datetime) -> Request:
    # Nothing has ended it yet, and no cancellation has locked it.
    return update_if(
        session_item_key(key),
        condition="#status = :open",
        update="SET #status = :status, endedAt = :now",
        values={
            ":open": SessionStatus.OPEN.value,
            ":status": status.value,
            ":now": to_text(now),
        },
    )


def lock_for_cancellation(key: SessionKey, lock: Lock) -> Request:
    # The first cancellation of the session.
    first = "#status = :open"
    # The last driver finished, and gave the lease back as 0, or it died.
    abandoned = "#status = :pending AND leaseUntil < :now"
    update = (
        "SET #status = :pending, driver = :driver, leaseUntil = :lease, dueShard = :shard,"
        " dueAt = :due, drives = if_not_exists(drives, :zero) + :one,"
        " correlationId = if_not_exists(correlationId, :correlation),"
        # Each time: a session that an older release has locked enters the list, too.
        " cancellationsOf = :list"
    )
    values = _lease_values(key, lock)
    if lock.request is None:
        update += ", recoveries = if_not_exists(recoveries, :zero) + :one"
        return update_if(session_item_key(key), abandoned, update, values)
    # A reason is stored even if it is none, so that a later call cannot add one.
    update += (
        ", cancelRequestedAt = if_not_exists(cancelRequestedAt, :at)"
        ", cancelRequestedBy = if_not_exists(cancelRequestedBy, :by)"
        ", reason = if_not_exists(reason, :reason)"
    )
    values |= {
        ":open": SessionStatus.OPEN.value,
        ":at": to_text(lock.now),
        ":by": lock.request.requested_by,
        ":reason": lock.request.reason,
    }
    return update_if(session_item_key(key), f"({first}) OR ({abandoned})", update, values)


def complete_cancellation(key: SessionKey, now: datetime) -> Request:
    # Locked, and not completed by somebody else: only a locked session's in-flight set shrinks.
    return update_if(
        session_item_key(key),
        condition="#status = :pending",
        update=(
            "SET #status = :cancelled, cancelledAt = :now, cancellationsOf = :list"
            " REMOVE leaseUntil, dueShard, dueAt"
        ),
        values={
            ":pending": SessionStatus.PENDING_CANCELLATION.value,
            ":cancelled": SessionStatus.CANCELLED.value,
            ":now": to_text(now),
            ":list": cancellations_of(key.merchant_id, SessionStatus.CANCELLED),
        },
    )


def release_lease(key: SessionKey, driver: str, due_at: datetime) -> Request:
    # Still ours: a lease that ran out may be somebody else's by now.
    ours = "driver = :driver"
    # Nobody completed it: a completed session must not become due again.
    pending = "#status = :pending"
    return update_if(
        session_item_key(key),
        condition=f"{ours} AND {pending}",
        update="SET leaseUntil = :free, dueAt = :due",
        values={
            ":driver": driver,
            ":pending": SessionStatus.PENDING_CANCELLATION.value,
            # Not removed: a missing one is not smaller than anything.
            ":free": 0,
            ":due": to_millis(due_at),
        },
    )


def postpone(seen: DueSession, driver: str, due_at: datetime) -> Request:
    # Nobody has driven it since it was seen, and nobody has completed it: both change this.
    untouched = "dueAt = :seen"
    # We have, and cannot go on with what we found. A completed session is not due any more.
    ours = "driver = :driver AND attribute_exists(dueAt)"
    return update_if(
        session_item_key(seen.key),
        condition=f"{untouched} OR ({ours})",
        update="SET dueAt = :due",
        values={":seen": seen.due_at, ":driver": driver, ":due": to_millis(due_at)},
        escape_status=False,
    )


def due_sessions(shard: int, due_by: datetime | None, count: int | None = None) -> Request:
    """Of the index, at most `count`; without `due_by` all that wait, whenever they are due.

    An index is only eventually consistent: it tells where to look, the lock decides.
    """
    values: dict[str, Any] = {":shard": str(shard)}
    condition = "dueShard = :shard"
    if due_by is not None:
        condition += " AND dueAt <= :by"
        values[":by"] = to_millis(due_by)
    return {
        "IndexName": "due",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": serialize(values),
        "Limit": count or DUE_PAGE,
    }


def cancelled_sessions(listing: Listing, count: int) -> Request:
    """Of the index, at most `count`: the newest first, from the listing's position on.

    The partition is the merchant's, whatever the position says.
    """
    values = {":list": cancellations_of(listing.merchant_id, listing.status)}
    condition = "cancellationsOf = :list"
    if listing.after is not None:
        # Not the index's own place behind it: among equals that is in an order of the index.
        condition += " AND cancelRequestedAt <= :at"
        values[":at"] = to_text(listing.after.cancel_requested_at)
    return {
        "IndexName": "cancellations-by-merchant",
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": serialize(values),
        "ScanIndexForward": False,
        "Limit": count,
    }


def attach_attempt(key: TransactionKey) -> Request:
    # No cancellation has locked the session: attach and lock write the same item, so one is first.
    unlocked = "#status = :open"
    none_yet = "attribute_not_exists(attempts)"
    # A repeat of the write that took the last place fails, and is shown the item with its attempt.
    room_left = "size(attempts) < :limit"
    return update_if(
        session_item_key(key.session),
        condition=f"{unlocked} AND ({none_yet} OR {room_left})",
        update="ADD attempts :ids",
        values={
            ":open": SessionStatus.OPEN.value,
            ":limit": MAX_TRANSACTIONS,
            ":ids": {key.transaction_id},
        },
    )


def due_shard(session_id: str) -> str:
    return str(crc32(session_id.encode()) % DUE_SHARDS)


def _lease_values(key: SessionKey, lock: Lock) -> dict[str, Any]:
    return {
        ":pending": SessionStatus.PENDING_CANCELLATION.value,
        ":driver": lock.driver,
        ":correlation": lock.correlation_id,
        ":now": to_millis(lock.now),
        ":lease": to_millis(lock.lease_until),
        ":due": to_millis(lock.due_at),
        ":shard": due_shard(key.session_id),
        ":list": cancellations_of(key.merchant_id, SessionStatus.PENDING_CANCELLATION),
        ":zero": 0,
        ":one": 1,
    }

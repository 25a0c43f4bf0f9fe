"""The table's items: how they are addressed, and how they become what the rest works with."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from checkout.cancelled_sessions import CancelledSession
from checkout.lease import DueSession
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.storage.attribute_values import plain, typed
from checkout.timestamps import from_millis, from_text, to_text
from checkout.transactions import (
    Money,
    PendingReason,
    Transaction,
    TransactionKey,
    TransactionStatus,
)

SESSION = "SESSION"
TRANSACTION_PREFIX = "TRANSACTION#"
# What the stream's filter looks for, so that ordinary payments wake nobody.
MARK = "PENDING"


def partition_key(key: SessionKey) -> str:
    return f"MERCHANT#{key.merchant_id}#SESSION#{key.session_id}"


def session_key_of(partition: str) -> SessionKey:
    """Raises ValueError for a key of another form."""
    merchant, separator, session_id = partition.rpartition("#SESSION#")
    prefix, _, merchant_id = merchant.partition("#")
    if prefix != "MERCHANT" or not (separator and merchant_id and session_id):
        raise ValueError("not a session's partition key")
    return SessionKey(merchant_id, session_id)


def session_item_key(key: SessionKey) -> dict[str, Any]:
    return serialize({"PK": partition_key(key), "SK": SESSION})


def transaction_item_key(key: TransactionKey) -> dict[str, Any]:
    sort_key = TRANSACTION_PREFIX + key.transaction_id
    return serialize({"PK": partition_key(key.session), "SK": sort_key})


def cancellations_of(merchant_id: str, status: SessionStatus) -> str:
    return f"MERCHANT#{merchant_id}#{status.value}"


def provider_key(provider: str, reference: str) -> str:
    return f"{provider}#{reference}"


def serialize(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: typed(value) for name, value in values.items()}


def deserialize(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in item.items()}


def session_from(key: SessionKey, raw: Mapping[str, Any]) -> Session:
    item = deserialize(raw)
    return Session(
        key=key,
        status=SessionStatus(item["status"]),
        created_at=from_text(item["createdAt"]),
        attempts=frozenset(item.get("attempts", ())),
        reason=item.get("reason"),
        cancel_requested_at=_moment(item, "cancelRequestedAt"),
        cancel_requested_by=item.get("cancelRequestedBy"),
        cancelled_at=_moment(item, "cancelledAt"),
        ended_at=_moment(item, "endedAt"),
        driver=item.get("driver"),
        lease_until=int(item.get("leaseUntil", 0)),
        due_at=int(item["dueAt"]) if "dueAt" in item else None,
        drives=int(item.get("drives", 0)),
        recoveries=int(item.get("recoveries", 0)),
        correlation_id=item.get("correlationId"),
    )


def due_sessions_from(items: Iterable[Mapping[str, Any]]) -> tuple[DueSession, ...]:
    """The sessions that the index's items name; an item that names none is left out."""
    found: list[DueSession] = []
    for raw in items:
        item = deserialize(raw)
        try:
            due = DueSession(session_key_of(item["PK"]), int(item["dueAt"]))
            from_millis(due.due_at)
        except (OSError, OverflowError, ValueError):
            continue
        found.append(due)
    return tuple(found)


def cancelled_sessions_from(
    items: Iterable[Mapping[str, Any]], status: SessionStatus
) -> tuple[CancelledSession, ...]:
    """Of the index's items, which are of one status each; one that no release wrote is left out."""
    found: list[CancelledSession] = []
    for raw in items:
        try:
            found.append(_cancelled_session(deserialize(raw), status))
        except (ArithmeticError, KeyError, TypeError, ValueError):
            continue
    return tuple(found)


def _cancelled_session(item: Mapping[str, Any], status: SessionStatus) -> CancelledSession:
    reason = item.get("reason")
    if not (reason is None or isinstance(reason, str)):
        raise TypeError("a reason is a text")
    return CancelledSession(
        key=session_key_of(item["PK"]),
        status=status,
        created_at=_shown_moment(item["createdAt"]),
        cancel_requested_at=_listed_moment(item["cancelRequestedAt"]),
        cancelled_at=_shown_moment(item["cancelledAt"]) if "cancelledAt" in item else None,
        reason=reason,
    )


def _shown_moment(text: str) -> datetime:
    """Raises ValueError, OverflowError, TypeError for what no answer can show."""
    moment = from_text(text)
    if moment.tzinfo is None:
        raise ValueError("a moment of no zone")
    to_text(moment)
    return moment


def _listed_moment(text: str) -> datetime:
    """Raises ValueError, OverflowError, TypeError for any text but our own.

    The index is in the order of the texts: another form of a moment has another place in it, and
    pages would be cut there.
    """
    moment = _shown_moment(text)
    if to_text(moment) != text:
        raise ValueError("not a moment as we write it")
    return moment


def transaction_keys_from(items: Iterable[Mapping[str, Any]]) -> list[TransactionKey]:
    keys = [deserialize({name: raw[name] for name in ("PK", "SK")}) for raw in items]
    return [
        TransactionKey(session_key_of(each["PK"]), each["SK"].removeprefix(TRANSACTION_PREFIX))
        for each in keys
    ]


def transaction_from(session: SessionKey, raw: Mapping[str, Any]) -> Transaction:
    item = deserialize(raw)
    detail = item.get("cancellationDetail")
    return Transaction(
        key=TransactionKey(session, item["SK"].removeprefix(TRANSACTION_PREFIX)),
        provider=item["provider"],
        provider_account=item["providerAccount"],
        provider_reference=item.get("providerReference"),
        money=Money(int(item["amount"]), item["currency"]),
        status=_transaction_status(item["status"]),
        created_at=from_text(item["createdAt"]),
        attached_at=from_text(item["attachedAt"]),
        cancel_attempt=int(item.get("cancelAttempt", 0)),
        pending_reason=_pending_reason(detail) if detail else None,
        awaited=item.get("cancellation") == MARK,
        driver=item.get("driver"),
        settled_at=_moment(item, "settledAt"),
        settled_after_cancel=item.get("settledAfterCancel", False),
        never_sent=item.get("neverSent", False),
        status_at=_moment(item, "statusAt"),
        first_tried_at=_moment(item, "firstTriedAt"),
        last_tried_at=_moment(item, "lastTriedAt"),
    )


def _transaction_status(text: str) -> TransactionStatus:
    """A status of a newer release counts as in flight: one such item must not block the others."""
    known = text in TransactionStatus.__members__
    return TransactionStatus[text] if known else TransactionStatus.PROCESSING


def _pending_reason(text: str) -> PendingReason:
    known = text in PendingReason.__members__
    return PendingReason[text] if known else PendingReason.UNKNOWN


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    return from_text(item[name]) if name in item else None

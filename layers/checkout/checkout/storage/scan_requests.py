"""Every request that reads the whole table: what no index can tell, and only operators ask.

A scan is paid for by all that it reads, whatever it leaves out.
"""

from typing import Any

from checkout.lease import LAST_RETRY
from checkout.relisting import Misplaced
from checkout.republishing import Span
from checkout.sessions import SessionStatus
from checkout.storage.expressions import Request, update_if
from checkout.storage.items import (
    MARK,
    SESSION,
    TRANSACTION_PREFIX,
    cancellations_of,
    serialize,
    session_item_key,
)
from checkout.timestamps import to_text
from checkout.transactions import TransactionStatus


def cancelled_items(merchant_id: str | None) -> Request:
    """Sessions that somebody has cancelled, with what lists them and what a list shows."""
    values: dict[str, Any] = {
        ":session": SESSION,
        ":pending": SessionStatus.PENDING_CANCELLATION.value,
        ":cancelled": SessionStatus.CANCELLED.value,
    }
    condition = "SK = :session AND #status IN (:pending, :cancelled)"
    return {
        **_filtered(merchant_id, condition, values),
        "ProjectionExpression": (
            "PK, #status, cancellationsOf, createdAt, cancelRequestedAt, cancelledAt, reason"
        ),
        "ExpressionAttributeNames": {"#status": "status"},
    }


def changed_items(span: Span) -> Request:
    """Items of what is told on the bus, if it happened within the span."""
    within = "BETWEEN :since AND :until"
    session = f"SK = :session AND (cancelRequestedAt {within} OR cancelledAt {within})"
    cancelled = f"#status = :cancelled AND statusAt {within}"
    # An ordinary settlement is told to nobody, and nearly all are such. A late one may be told when
    # the recovery has come by, which is up to an hour after the money.
    late = (
        "settledAt BETWEEN :earlier AND :until"
        " AND (settledAfterCancel = :yes OR cancellation = :mark)"
    )
    transaction = f"begins_with(SK, :transaction) AND (({cancelled}) OR ({late}))"
    values = {
        ":session": SESSION,
        ":transaction": TRANSACTION_PREFIX,
        ":cancelled": TransactionStatus.CANCELLED.value,
        ":yes": True,
        ":mark": MARK,
        ":earlier": to_text(span.since - 2 * LAST_RETRY),
        ":since": to_text(span.since),
        ":until": to_text(span.until),
    }
    return {
        **_filtered(span.merchant_id, f"({session}) OR ({transaction})", values),
        "ProjectionExpression": "PK",
        "ExpressionAttributeNames": {"#status": "status"},
    }


def relist(found: Misplaced) -> Request:
    # It has not gone on since it was read: another status belongs in another list.
    still = "#status = :status"
    # Nobody has mended it: a write that changes nothing would be counted as one that did.
    elsewhere = "attribute_not_exists(cancellationsOf) OR cancellationsOf <> :list"
    return update_if(
        session_item_key(found.key),
        condition=f"{still} AND ({elsewhere})",
        update="SET cancellationsOf = :list",
        values={
            ":status": found.status.value,
            ":list": cancellations_of(found.key.merchant_id, found.status),
        },
    )


def _filtered(merchant_id: str | None, condition: str, values: dict[str, Any]) -> Request:
    if merchant_id is not None:
        condition = f"begins_with(PK, :merchant) AND ({condition})"
        values = {**values, ":merchant": f"MERCHANT#{merchant_id}#SESSION#"}
    return {"FilterExpression": condition, "ExpressionAttributeValues": serialize(values)}

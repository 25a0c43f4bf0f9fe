"""What others are told of a cancellation: one event for each change of state, and none without.

Every one of these changes happens to its session, or transaction, at most once. So an event's id is
made of what has happened to what, and whoever is told the same thing twice can see it. The form is
that of CloudEvents 1.0; events/schemas has a JSON schema of each type.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.timestamps import to_text
from checkout.transactions import (
    DECIDED_BY_ITSELF,
    PAID,
    SessionSnapshot,
    Transaction,
    TransactionStatus,
)

# Of the ids of events. It may never change: a repeat would be taken for something new.
NAMESPACE = uuid.UUID("6a1f0c1e-5b0a-4d8e-9d53-8f4d1f0a7c42")
# Of the form of `data`, for each type. A field may be added to a version, and none taken away.
VERSION = 1

Data = Mapping[str, str | int]


class EventType(StrEnum):
    CANCELLATION_PENDING = "session.cancellation_pending"
    SESSION_CANCELLED = "session.cancelled"
    TRANSACTION_CANCELLED = "transaction.cancelled"
    SETTLED_AFTER_CANCEL = "transaction.settled_after_cancel"


class Told(StrEnum):
    """What became of an event that was given to the bus."""

    TAKEN = "taken"
    LATER = "later"  # it may be told again, which is always safe
    REFUSED = "refused"  # for what it is: no other moment helps


@dataclass(frozen=True, slots=True)
class Event:
    """`time` is when it happened, not when it is told."""

    type: EventType
    key: SessionKey
    time: datetime
    data: Data
    transaction_id: str | None = None

    @property
    def event_id(self) -> str:
        what = (self.type, self.key.merchant_id, self.key.session_id, self.transaction_id or "")
        return str(uuid.uuid5(NAMESPACE, "\n".join(what)))


@dataclass(frozen=True, slots=True)
class SessionChange:
    before: Session
    after: Session


@dataclass(frozen=True, slots=True)
class TransactionChange:
    """`at` is when it was stored: older releases did not say when a transaction had ended."""

    before: Transaction
    after: Transaction
    at: datetime


def event_of(
    change: SessionChange | TransactionChange, read: Callable[[SessionKey], SessionSnapshot]
) -> Event | None:
    """What the change is to others, if anything. At most one thing happens in a change.

    `read` is asked only about money for what had failed or expired, and its errors are raised.
    """
    if isinstance(change, SessionChange):
        return _event_of_session(change.before, change.after)
    before, after = change.before, change.after
    if before.in_flight and after.status is TransactionStatus.CANCELLED:
        return _cancelled(after, after.status_at or change.at)
    if not _is_late(after) or _is_late(before):
        return None
    by_itself = after.status in DECIDED_BY_ITSELF
    # Whoever still uses the layer of release 0.1.0 flags it in an open session, too.
    late = by_itself or read(after.key.session).settled_after_cancel(after)
    return _settled_after_cancel(after, after.settled_at or change.at) if late else None


def events_so_far(snapshot: SessionSnapshot) -> list[Event]:
    """All that has happened to a session, to be told once more: with the ids that it had then.

    In the order in which it happened, as far as the clocks agree.
    """
    session, before = snapshot.session, SessionStatus.OPEN
    locked = replace(session, status=SessionStatus.PENDING_CANCELLATION)
    found = [_event_of_session(replace(session, status=before), locked)]
    found.append(_event_of_session(locked, session))
    for each in snapshot.transactions:
        if each.status is TransactionStatus.CANCELLED:
            found.append(_cancelled(each, each.status_at or each.attached_at))
        if snapshot.settled_after_cancel(each):
            found.append(_settled_after_cancel(each, each.settled_at or each.attached_at))
    return sorted((each for each in found if each), key=lambda event: event.time)


def envelope(event: Event, source: str) -> dict[str, object]:
    """A CloudEvent, to be written as JSON. `source` names the stack that tells it."""
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": source,
        "type": event.type.value,
        "subject": event.transaction_id or event.key.session_id,
        "time": to_text(event.time),
        "datacontenttype": "application/json",
        "dataschema": schema_id(event.type),
        "data": dict(event.data),
    }


def schema_id(kind: EventType) -> str:
    return f"urn:cancel-a-session:event:{kind.value}:{VERSION}"


def _event_of_session(before: Session, after: Session) -> Event | None:
    pending, cancelled = SessionStatus.PENDING_CANCELLATION, SessionStatus.CANCELLED
    requested, done = after.cancel_requested_at, after.cancelled_at
    data = _of_session(after.key)
    if before.status is SessionStatus.OPEN and after.status is pending and requested:
        data |= {"cancelRequestedAt": to_text(requested)}
        return Event(EventType.CANCELLATION_PENDING, after.key, requested, data)
    if before.status is pending and after.status is cancelled and requested and done:
        data |= {"cancelRequestedAt": to_text(requested), "cancelledAt": to_text(done)}
        return Event(EventType.SESSION_CANCELLED, after.key, done, data)
    return None


def _is_late(transaction: Transaction) -> bool:
    """Recorded as late; or settled while its cancelled session waited, which is recorded next."""
    paid = transaction.status in PAID and transaction.settled_at is not None
    return transaction.settled_after_cancel or (paid and transaction.awaited)


def _cancelled(transaction: Transaction, at: datetime) -> Event:
    data = _of_transaction(transaction) | {"cancelledAt": to_text(at)}
    return _event(EventType.TRANSACTION_CANCELLED, transaction, at, data)


def _settled_after_cancel(transaction: Transaction, at: datetime) -> Event:
    # Its status too: one that had been cancelled stays so, and the money came all the same.
    data = _of_transaction(transaction) | {
        "status": transaction.status.value,
        "settledAt": to_text(at),
    }
    return _event(EventType.SETTLED_AFTER_CANCEL, transaction, at, data)


def _event(kind: EventType, transaction: Transaction, at: datetime, data: Data) -> Event:
    key = transaction.key
    return Event(kind, key.session, at, data, key.transaction_id)


def _of_session(key: SessionKey) -> dict[str, str | int]:
    return {"merchantId": key.merchant_id, "sessionId": key.session_id}


def _of_transaction(transaction: Transaction) -> dict[str, str | int]:
    reference = transaction.provider_reference
    return _of_session(transaction.key.session) | {
        "transactionId": transaction.transaction_id,
        "provider": transaction.provider,
        **({"providerReference": reference} if reference else {}),
        "amount": transaction.money.amount,
        "currency": transaction.money.currency,
    }

"""What the operators' API answers with: docs/operators-api.md. The names are those of the wire."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from checkout.cancelled_sessions import CancelledSession, Listing
from checkout.explanation import Circumstances, Explanation, explanations
from checkout.operations import Everybody, Page
from checkout.operator_request import next_cursor
from checkout.recovery import GiveUpAges
from checkout.sessions import Session, SessionStatus
from checkout.timeline import Moment, timeline
from checkout.timestamps import from_millis, to_millis, to_text
from checkout.transactions import SessionSnapshot, Transaction
from checkout.waiting_sessions import Waiting, waiting_of

# What a cancellation of it can do something for: the others have ended.
CANCELLABLE = frozenset({SessionStatus.OPEN, SessionStatus.PENDING_CANCELLATION})


@dataclass(frozen=True, slots=True)
class Here:
    """The stack whose operators are answered, its give-up ages, and the time of the answer."""

    stack: str
    ages: GiveUpAges
    now: datetime


def list_answer(here: Here, asked: Everybody | Listing, page: Page) -> dict[str, object]:
    cursor = next_cursor(asked, page.next)
    waiting = [_waiting(here, each) for each in page.waiting]
    cancelled = [_cancelled(each) for each in page.cancelled]
    return {
        "sessions": [*waiting, *cancelled],
        "nextCursor": cursor,
        "hasMore": cursor is not None,
        "unreadable": page.unreadable,
        "at": to_text(here.now),
    }


def detail_answer(here: Here, snapshot: SessionSnapshot) -> dict[str, object]:
    session = snapshot.session
    due_at = from_millis(session.due_at) if session.due_at else None
    waiting = waiting_of(snapshot, due_at, here.ages, here.now)
    said = dict(_explained(here, waiting)) if waiting else {}
    ordered = sorted(snapshot.transactions, key=lambda each: each.transaction_id)
    return {
        **_facts(session),
        "cancelRequestedBy": session.cancel_requested_by,
        **({"endedAt": to_text(session.ended_at)} if session.ended_at else {}),
        "drives": session.drives,
        "drivenNow": session.lease_until > to_millis(here.now),
        "nextDriveAt": _text(due_at),
        "correlationId": session.correlation_id,
        "stuck": waiting is not None and waiting.stuck,
        "cancellable": session.status in CANCELLABLE,
        "waitsFor": [_waits_for(each, why) for each, why in said.items()],
        "transactions": [_transaction(snapshot, each, said.get(each)) for each in ordered],
        "timeline": [_moment(each) for each in timeline(snapshot)],
        "at": to_text(here.now),
    }


def _facts(session: Session) -> dict[str, object]:
    return {
        "merchantId": session.key.merchant_id,
        "sessionId": session.key.session_id,
        "status": session.status,
        "reason": session.reason,
        "createdAt": to_text(session.created_at),
        "cancelRequestedAt": _text(session.cancel_requested_at),
        "cancelledAt": _text(session.cancelled_at),
    }


def _waiting(here: Here, each: Waiting) -> dict[str, object]:
    return {
        **_facts(each.snapshot.session),
        "ageSeconds": _seconds(each.age),
        "stuck": each.stuck,
        "waitsFor": [_waits_for(*one) for one in _explained(here, each)],
    }


def _cancelled(each: CancelledSession) -> dict[str, object]:
    took = (each.cancelled_at or each.cancel_requested_at) - each.cancel_requested_at
    return {
        "merchantId": each.key.merchant_id,
        "sessionId": each.key.session_id,
        "status": each.status,
        "reason": each.reason,
        "createdAt": to_text(each.created_at),
        "cancelRequestedAt": to_text(each.cancel_requested_at),
        "cancelledAt": _text(each.cancelled_at),
        "ageSeconds": _seconds(took),
        "stuck": False,
        "waitsFor": [],
    }


def _explained(here: Here, each: Waiting) -> Iterator[tuple[Transaction | None, Explanation]]:
    around = Circumstances(here.stack, here.now, each.due_at, each.age, each.give_up)
    return explanations(each.snapshot, around)


def _waits_for(each: Transaction | None, said: Explanation) -> dict[str, object]:
    """Of a payment, or of the completion, whose fields about a payment are null."""
    return {
        "transactionId": each.transaction_id if each else None,
        "provider": each.provider if each else None,
        "pendingReason": each.pending_reason if each else None,
        "explanation": _sentences(said),
        "youMay": said.you_may,
    }


def _sentences(said: Explanation) -> str:
    first = f"{said.waits_for[:1].upper()}{said.waits_for[1:]}."
    return f"{first} {said.by_itself}"


def _transaction(
    snapshot: SessionSnapshot, each: Transaction, said: Explanation | None
) -> dict[str, Any]:
    return {
        "transactionId": each.transaction_id,
        "provider": each.provider,
        "providerAccount": each.provider_account,
        "providerReference": each.provider_reference,
        "amount": each.money.amount,
        "currency": each.money.currency,
        "status": each.status,
        "pendingReason": each.pending_reason if each.in_flight else None,
        "explanation": _sentences(said) if said else None,
        "settledAfterCancel": snapshot.settled_after_cancel(each),
        "firstTriedAt": _text(each.first_tried_at),
        "lastTriedAt": _text(each.last_tried_at),
        "statusAt": _text(each.status_at),
    }


def _moment(each: Moment) -> dict[str, object]:
    return {
        "at": to_text(each.at),
        "exact": each.exact,
        "kind": each.kind,
        "text": each.sentence,
        "transactionId": each.transaction_id,
        "provider": each.provider,
        "status": each.status,
    }


def _seconds(age: timedelta) -> int:
    return max(0, round(age.total_seconds()))


def _text(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None

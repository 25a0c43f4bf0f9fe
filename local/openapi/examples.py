"""An example of every answer. The code itself makes each: from a request, a result or an error."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from checkout.api import answer, cancel_answer, session_answer, to_json
from checkout.cancellation import Cancellation
from checkout.cancelled_sessions import CancelledSession, Listed, Listing
from checkout.http_request import parse_cancel_call, parse_session_key
from checkout.listing import parse_list_call, sessions_answer
from checkout.providers.webhook import Acknowledgement
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.settings import EdgeSettings
from checkout.timestamps import from_text
from checkout.transactions import (
    Money,
    PendingReason,
    SessionSnapshot,
    Transaction,
    TransactionKey,
    TransactionStatus,
)
from local.openapi.requests import JSON, SESSION_ID, Refused
from local.openapi.template import gateway_error

EDGE = EdgeSettings()
MERCHANT = {EDGE.merchant_claim: "merchant"}
KEY = SessionKey("merchant", SESSION_ID)
OPENED = from_text("2026-03-01T12:00:00.000+00:00")
CANCELLED = OPENED + timedelta(minutes=2)


@dataclass(frozen=True)
class Example:
    """`headers` are those that not every answer has, besides the kind of its body."""

    name: str
    summary: str
    status: int
    body: Any
    headers: Mapping[str, str]
    media_type: str = JSON


def answered(name: str, summary: str, action: Callable[[], str | Acknowledgement]) -> Example:
    made = answer({"requestContext": {"requestId": "request"}}, action)
    waits = {key: text for key, text in made["headers"].items() if key == "Retry-After"}
    media_type = made["headers"]["Content-Type"]
    body = json.loads(made["body"]) if media_type == JSON else made["body"]
    return Example(name, summary, made["statusCode"], body, waits, media_type)


def failed(name: str, summary: str, error: Exception) -> Example:
    def action() -> str:
        raise error

    return answered(name, summary, action)


def by_gateway(name: str, summary: str, kind: str) -> Example:
    found = gateway_error(kind)
    return Example(name, summary, found.status, found.body, found.headers)


def refused_cancellation(request: Refused, claims: Mapping[str, str] = MERCHANT) -> Example:
    def action() -> str:
        return str(parse_cancel_call(request.event(claims), EDGE))

    return answered(request.name, request.summary, action)


def refused_reading(request: Refused, claims: Mapping[str, str] = MERCHANT) -> Example:
    def action() -> str:
        return str(parse_session_key(request.event(claims), EDGE))

    return answered(request.name, request.summary, action)


def refused_listing(request: Refused, claims: Mapping[str, str] = MERCHANT) -> Example:
    def action() -> str:
        return str(parse_list_call(request.event(claims), EDGE))

    return answered(request.name, request.summary, action)


def transaction_id(number: int) -> str:
    return f"019aa8f0-1c00-7000-8000-{number:012d}"


def cancellation(
    name: str, summary: str, status: SessionStatus, cancelled: int = 0, pending: int = 0
) -> Example:
    """With so many transactions cancelled, and then so many pending."""
    ids = tuple(transaction_id(number) for number in range(11, 11 + cancelled + pending))
    found = Cancellation(status, ids[:cancelled], ids[cancelled:])
    return answered(name, summary, lambda: to_json(cancel_answer(KEY, found)))


def session(name: str, summary: str, status: SessionStatus, *transactions: Transaction) -> Example:
    requested = None if status is SessionStatus.OPEN else CANCELLED
    found = Session(
        key=KEY,
        status=status,
        created_at=OPENED,
        reason=None if requested is None else "the customer changed their mind",
        cancel_requested_at=requested,
        cancelled_at=_later() if status is SessionStatus.CANCELLED else None,
    )
    snapshot = SessionSnapshot(found, transactions)
    return answered(name, summary, lambda: to_json(session_answer(snapshot)))


def sessions(
    name: str, summary: str, status: SessionStatus, count: int, *, more: bool = False
) -> Example:
    """The list's page with so many sessions, a second from each to the next."""
    found = tuple(
        CancelledSession(
            key=SessionKey(KEY.merchant_id, transaction_id(number)),
            status=status,
            created_at=OPENED,
            cancel_requested_at=CANCELLED + timedelta(seconds=number),
            cancelled_at=_later() if status is SessionStatus.CANCELLED else None,
            reason="the customer changed their mind",
        )
        for number in range(count, 0, -1)
    )
    listed = Listed(found, found[-1].position if more else None)
    listing = Listing(KEY.merchant_id, status)
    return answered(name, summary, lambda: to_json(sessions_answer(listing, listed)))


def _later() -> datetime:
    return CANCELLED + timedelta(seconds=3)


def transaction(
    number: int,
    provider: str,
    status: TransactionStatus,
    *,
    pending: PendingReason | None = None,
    late: bool = False,
) -> Transaction:
    """`late`: its money arrived all the same."""
    return Transaction(
        key=TransactionKey(KEY, transaction_id(number)),
        provider=provider,
        provider_account="default",
        money=Money(1999, "EUR"),
        status=status,
        created_at=OPENED,
        attached_at=OPENED,
        pending_reason=pending,
        settled_at=_later() if late else None,
        settled_after_cancel=late,
    )

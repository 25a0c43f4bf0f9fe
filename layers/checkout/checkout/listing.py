"""The HTTP edge of the list of cancelled sessions: its query, its cursor, its answer.

A cursor is a position in the merchant's own list, and no key: whose list is read is the token's to
say. So it needs no secret. What it is checked for is that it is not taken for another list.
"""

import base64
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NoReturn, TypedDict

from checkout.cancelled_sessions import (
    DEFAULT_LIMIT,
    LISTED,
    MAX_LIMIT,
    CancelledSession,
    Listed,
    Listing,
    Position,
)
from checkout.errors import InvalidRequestError
from checkout.http_request import merchant_of, printable
from checkout.sessions import SessionStatus
from checkout.settings import EdgeSettings
from checkout.timestamps import from_text, to_text

# The names are those of the wire.
_PARAMETERS = ("status", "cursor", "limit")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
# Digits of a SHA-256 in hexadecimal: enough against mistakes, and nothing hangs on forgeries.
_MARK = 16


class ListedSession(TypedDict):
    """A session as the list shows it; its transactions are told by reading the session."""

    sessionId: str
    status: SessionStatus
    reason: str | None
    createdAt: str
    cancelRequestedAt: str
    cancelledAt: str | None


class SessionsAnswer(TypedDict):
    """One page of the list."""

    sessions: list[ListedSession]
    nextCursor: str | None
    hasMore: bool


def parse_list_call(event: Mapping[str, Any], edge: EdgeSettings) -> Listing:
    """Raises InvalidRequestError, MerchantUnknownError."""
    merchant_id = merchant_of(event, edge)
    sent = _parameters(event)
    status = _status(sent.get("status"))
    limit = _limit(sent["limit"]) if "limit" in sent else DEFAULT_LIMIT
    # An empty one counts as none: so a loop can begin with it.
    cursor = sent.get("cursor")
    after = position_of(cursor, merchant_id, status) if cursor else None
    return Listing(merchant_id, status, limit, after)


def sessions_answer(listing: Listing, listed: Listed) -> SessionsAnswer:
    cursor = None
    if listed.next is not None:
        cursor = cursor_of(listed.next, listing.merchant_id, listing.status)
    return SessionsAnswer(
        sessions=[_listed_session(each) for each in listed.sessions],
        nextCursor=cursor,
        hasMore=cursor is not None,
    )


def cursor_of(position: Position, merchant_id: str, status: SessionStatus) -> str:
    place = f"{to_text(position.cancel_requested_at)}/{position.session_id}"
    mark = sha256(f"{merchant_id}/{status}/{place}".encode()).hexdigest()[:_MARK]
    return base64.urlsafe_b64encode(f"{mark}/{place}".encode()).decode().rstrip("=")


def position_of(cursor: str, merchant_id: str, status: SessionStatus) -> Position:
    """Raises InvalidRequestError for any text but a cursor of this very list."""
    try:
        _, moment, session_id = base64.urlsafe_b64decode(cursor + "==").decode().split("/")
        position = Position(from_text(moment), session_id)
        again = cursor_of(position, merchant_id, status)
    except (OverflowError, ValueError):
        raise _no_cursor() from None
    # Made again it has to be the same: the mark, and every letter, is ours.
    if again != cursor:
        raise _no_cursor()
    return position


def _no_cursor() -> InvalidRequestError:
    return InvalidRequestError(
        "cursor",
        "is none of this list: send nextCursor of the page before as it is, with the same"
        " status, or none to begin anew",
    )


def _parameters(event: Mapping[str, Any]) -> dict[str, str]:
    many = event.get("multiValueQueryStringParameters") or {
        name: [value] for name, value in (event.get("queryStringParameters") or {}).items()
    }
    for name, values in many.items():
        if name not in _PARAMETERS:
            raise InvalidRequestError(printable(name), "is not a known parameter")
        if len(values) > 1:
            raise InvalidRequestError(name, "is there more than once")
    return {name: values[0] or "" for name, values in many.items() if values}


def _status(text: str | None) -> SessionStatus:
    if text is None:
        _refuse_status("is missing: ask for")
    if text not in LISTED:
        _refuse_status("must be")
    return SessionStatus(text)


def _refuse_status(problem: str) -> NoReturn:
    raise InvalidRequestError("status", f"{problem} {' or '.join(LISTED)}")


def _limit(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > MAX_LIMIT:
        raise InvalidRequestError("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def _listed_session(session: CancelledSession) -> ListedSession:
    return ListedSession(
        sessionId=session.key.session_id,
        status=session.status,
        reason=session.reason,
        createdAt=to_text(session.created_at),
        cancelRequestedAt=to_text(session.cancel_requested_at),
        cancelledAt=to_text(session.cancelled_at) if session.cancelled_at else None,
    )

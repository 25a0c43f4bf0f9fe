"""From API Gateway's event to what an operator wants: one of the payment team, and no merchant.

Here the merchant is named by the path or by the query, and never by the token. Only functions whose
routes Cognito's pool of operators opens may use this.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from checkout.cancelled_sessions import Listing, Position
from checkout.correlation import correlation_id
from checkout.errors import InvalidRequestError, OperatorUnknownError
from checkout.http_request import (
    CancelCall,
    check_content_type,
    check_reason,
    has_forbidden,
    json_object,
    refuse_others,
    session_id_of,
)
from checkout.lease import CancelRequest
from checkout.listing import (
    cursor_of,
    limit_of,
    no_cursor,
    position_of,
    query_of,
    status_of,
)
from checkout.operations import Everybody, Place
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage.due_cursors import due_cursor, due_fields

DEFAULT_LIMIT, MAX_LIMIT = 50, 100
# A client id of Cognito has 26; that of another issuer may be a URL.
MAX_MERCHANT = 256
_PARAMETERS = ("status", "merchantId", "cursor", "limit")
_FIELDS = ("reason",)


def parse_operator_cancel(event: Mapping[str, Any]) -> CancelCall:
    """Raises InvalidRequestError, UnprocessableRequestError, OperatorUnknownError."""
    operator = operator_of(event)
    key = parse_operator_key(event)
    check_content_type(event)
    body = json_object(event)
    refuse_others(body, _FIELDS)
    reason = body.get("reason")
    if not isinstance(reason, str):
        problem = "must be a string" if "reason" in body else "is missing"
        raise InvalidRequestError("reason", f"{problem}: an operator says why")
    check_reason(reason)
    request = CancelRequest(f"operator:{operator}", reason, correlation_id(event))
    return CancelCall(key, request, None, operator)


def parse_operator_key(event: Mapping[str, Any]) -> SessionKey:
    """Raises InvalidRequestError, UnprocessableRequestError, OperatorUnknownError."""
    operator_of(event)
    sent = event.get("pathParameters") or {}
    # A REST API leaves it as it was sent (serverless/serverless#5037), percent-encoded and not
    # yet decoded: an id such as auth0|7 cannot be sent otherwise. Once: an id may hold %41.
    merchant_id = _merchant(unquote(sent.get("merchantId") or ""))
    return SessionKey(merchant_id, session_id_of(sent.get("sessionId") or ""))


def parse_operator_list(event: Mapping[str, Any]) -> Everybody | Listing:
    """Raises InvalidRequestError, OperatorUnknownError."""
    operator_of(event)
    sent = query_of(event, _PARAMETERS)
    status = status_of(sent.get("status"))
    limit = limit_of(sent["limit"], MAX_LIMIT) if "limit" in sent else DEFAULT_LIMIT
    cursor = sent.get("cursor")
    if "merchantId" in sent:
        merchant_id = _merchant(sent["merchantId"])
        after = position_of(cursor, merchant_id, status) if cursor else None
        return Listing(merchant_id, status, limit, after)
    if status is SessionStatus.CANCELLED:
        raise InvalidRequestError("merchantId", "is missing: those are listed of one merchant")
    return Everybody(limit, _place_of(cursor) if cursor else Place())


def next_cursor(asked: Everybody | Listing, place: Place | Position | None) -> str | None:
    if isinstance(place, Place):
        return _encoded([place.shard, *due_fields(place.cursor)])
    if isinstance(place, Position) and isinstance(asked, Listing):
        return cursor_of(place, asked.merchant_id, asked.status)
    return None


def operator_of(event: Mapping[str, Any]) -> str:
    """The `sub` of the token, as Cognito's authorizer tells it. Raises OperatorUnknownError."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    operator = (authorizer.get("claims") or {}).get("sub")
    if not isinstance(operator, str) or not operator:
        raise OperatorUnknownError
    return operator


def _merchant(text: str) -> str:
    if not 1 <= len(text) <= MAX_MERCHANT:
        raise InvalidRequestError("merchantId", f"must have 1 to {MAX_MERCHANT} characters")
    if has_forbidden(text):
        raise InvalidRequestError("merchantId", "must not have control characters")
    return text


def _encoded(fields: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def _place_of(cursor: str) -> Place:
    """Raises InvalidRequestError for any text but one that `next_cursor` could have made."""
    try:
        fields = json.loads(base64.urlsafe_b64decode(cursor + "=="))
        shard, *rest = fields
        place = Place(shard, due_cursor(shard, rest))
        again = _encoded([place.shard, *due_fields(place.cursor)])
    except (RecursionError, TypeError, ValueError):
        raise no_cursor() from None
    if again != cursor:
        raise no_cursor()
    return place

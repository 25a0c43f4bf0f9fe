"""The forms of bodies, from the types and the limits in the code, as JSON Schema."""

from collections.abc import Iterable
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from checkout.api import CancelAnswer, SessionAnswer, TransactionAnswer
from checkout.cancelled_sessions import LISTED, MAX_LIMIT
from checkout.http_request import MAX_REASON
from checkout.listing import ListedSession, SessionsAnswer
from checkout.sessions import SessionStatus
from checkout.transactions import PendingReason, TransactionStatus

Schema = dict[str, Any]

_HEX = "[0-9a-f]"
UUID_7 = f"^{_HEX}{{8}}-{_HEX}{{4}}-7{_HEX}{{3}}-[89ab]{_HEX}{{3}}-{_HEX}{{12}}$"
_ANY_HEX = "[0-9a-fA-F]"
UUID_4 = (
    f"^{_ANY_HEX}{{8}}-{_ANY_HEX}{{4}}-4{_ANY_HEX}{{3}}-[89abAB]{_ANY_HEX}{{3}}-{_ANY_HEX}{{12}}$"
)
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
CONTROL = r"[\u0000-\u001f\u007f-\u009f]"
# Also where a pattern's `$` stands before a last line feed, as in Python.
_LENGTH: Schema = {"minLength": 36, "maxLength": 36}

_TRANSACTION_ID: Schema = {"type": "string", "pattern": UUID_7, **_LENGTH}
SESSION_ID: Schema = {**_TRANSACTION_ID, "description": "UUID of version 7."}
KEY: Schema = {"type": "string", "pattern": UUID_4}
_IDS: Schema = {"type": "array", "uniqueItems": True, "items": _TRANSACTION_ID}
_MOMENT: Schema = {"type": "string", "format": "date-time", "pattern": TIME}
_MOMENT_OR_NONE: Schema = {**_MOMENT, "type": ["string", "null"]}
_ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}
_REASON: Schema = {
    "type": ["string", "null"],
    "minLength": 1,
    "maxLength": MAX_REASON,
    "not": {"type": "string", "pattern": CONTROL},
}

# What a field's type does not say of it.
NARROWER: dict[str, Schema] = {
    "sessionId": SESSION_ID,
    "transactionId": _TRANSACTION_ID,
    "createdAt": _MOMENT,
    "cancelRequestedAt": _MOMENT_OR_NONE,
    "cancelledAt": _MOMENT_OR_NONE,
    "reason": {**_REASON, "description": "As given with the first cancellation."},
    "message": {"type": "string", "description": "One sentence for people; do not parse it."},
    "cancelledTransactionIds": {
        **_IDS,
        "description": "What this call cancelled, in ascending order.",
    },
    "pendingTransactionIds": {
        **_IDS,
        "description": "What may still be in flight, in ascending order.",
    },
    "settledAfterCancel": {"type": "boolean", "description": "Money arrived all the same."},
    "sessions": {
        "maxItems": MAX_LIMIT,
        "description": "The newest cancellation first; of two of one moment, the greater id.",
    },
    "nextCursor": {"description": "Send it as cursor for the next page; null after the last one."},
    "pendingReason": {"description": "Why it is still in flight; null where it is not."},
}
# Each has a form of its own: a name that a reader, and a client's types, can share.
ENUMERATIONS: tuple[type[StrEnum], ...] = (SessionStatus, TransactionStatus, PendingReason)
# A session that is answered with a 200 to its cancellation.
CANCELLING = [SessionStatus.CANCELLED, SessionStatus.PENDING_CANCELLATION]


def _form(hint: Any) -> Schema:
    """Of one type, as it is written in JSON."""
    if is_typeddict(hint) or hint in ENUMERATIONS:
        return {"$ref": f"#/components/schemas/{hint.__name__}"}
    if get_origin(hint) is list:
        return {"type": "array", "items": _form(get_args(hint)[0])}
    if get_origin(hint) in (Union, UnionType):
        (kind,) = [each for each in get_args(hint) if each is not type(None)]
        inner = _form(kind)
        if "$ref" in inner:
            return {"oneOf": [inner, {"type": "null"}]}
        return {**inner, "type": [inner["type"], "null"]}
    return {"type": {str: "string", bool: "boolean", int: "integer"}[hint]}


def _enumeration(members: Iterable[StrEnum]) -> Schema:
    return {"type": "string", "enum": [each.value for each in members]}


def _object(answer: type, **other: Schema) -> Schema:
    """Every field is always there, and there is no other. `other` are forms instead of a type's."""
    fields = get_type_hints(answer)
    return {
        "type": "object",
        "properties": {
            name: other.get(name) or {**_form(hint), **NARROWER.get(name, {})}
            for name, hint in fields.items()
        },
        "required": list(fields),
        "additionalProperties": False,
    }


def _cancel_request() -> Schema:
    meant = "Free text; recorded with the first cancellation. null is the same as absent."
    return {
        "type": "object",
        "properties": {"sessionId": SESSION_ID, "reason": {**_REASON, "description": meant}},
        "required": ["sessionId"],
        "additionalProperties": False,
    }


def _error() -> Schema:
    return {
        "type": "object",
        "properties": {
            "message": {"type": "string", "description": "What is wrong and what to do."},
            "error": {"type": "string", "description": "The HTTP reason phrase."},
            "statusCode": {"type": "integer"},
        },
        "required": ["message", "error", "statusCode"],
        "additionalProperties": False,
    }


def schemas() -> dict[str, Schema]:
    return {
        "CancelRequest": _cancel_request(),
        "CancelAnswer": _object(CancelAnswer, status=_enumeration(CANCELLING)),
        "SessionAnswer": _object(SessionAnswer),
        "TransactionAnswer": _object(TransactionAnswer),
        **{each.__name__: _enumeration(each) for each in ENUMERATIONS},
        "WebhookEvent": {**_ANY_OBJECT, "description": "As the provider writes it."},
        "WebhookForm": {**_ANY_OBJECT, "description": "As the provider writes it."},
        "SessionsAnswer": _object(SessionsAnswer),
        "ListedSession": _object(
            ListedSession,
            status=_enumeration(LISTED),
            cancelRequestedAt=_MOMENT,
        ),
        "Error": _error(),
    }


def error_of(status: int, phrase: str) -> Schema:
    """The one body of all errors, of this status."""
    told = {"statusCode": {"const": status}, "error": {"const": phrase}}
    return {"$ref": "#/components/schemas/Error", "properties": told}

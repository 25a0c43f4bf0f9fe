"""From API Gateway's event to what the caller wants. Everything here is somebody else's input.

Messages name the field and the rule, never the value: it may be secret, and it may be a trap.
"""

import base64
import json
import re
import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from checkout.correlation import correlation_id
from checkout.errors import (
    InvalidRequestError,
    MerchantUnknownError,
    UnprocessableRequestError,
)
from checkout.lease import CancelRequest
from checkout.sessions import SessionKey
from checkout.settings import EdgeSettings

MAX_REASON = 500
# A well-formed body is shorter, even with every character of the reason escaped.
MAX_BODY = 16_384
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Cc: control characters. Cs: half of a surrogate pair, which no UTF-8 text can hold.
_FORBIDDEN = frozenset({"Cc", "Cs"})
_LONGEST_NAME_SHOWN = 40
# Of the body of a cancellation. The names are those of the wire.
_FIELDS = ("sessionId", "reason")


@dataclass(frozen=True, slots=True)
class CancelCall:
    """A well-formed request to cancel a session."""

    key: SessionKey
    request: CancelRequest
    idempotency_key: str | None


def parse_cancel_call(event: Mapping[str, Any], edge: EdgeSettings) -> CancelCall:
    """Raises InvalidRequestError, UnprocessableRequestError, MerchantUnknownError."""
    merchant_id = merchant_of(event, edge)
    _check_content_type(_headers(event, "content-type"))
    idempotency_key = _idempotency_key(_headers(event, "idempotency-key"))
    sent, reason = _fields(_json_object(_body_text(event)))
    session_id = _session_id(sent)
    if reason is not None:
        _check_reason(reason)
    return CancelCall(
        key=SessionKey(merchant_id, session_id),
        request=CancelRequest(merchant_id, reason, correlation_id(event)),
        idempotency_key=idempotency_key,
    )


def parse_session_key(event: Mapping[str, Any], edge: EdgeSettings) -> SessionKey:
    """Raises InvalidRequestError, UnprocessableRequestError, MerchantUnknownError."""
    merchant_id = merchant_of(event, edge)
    parameters = event.get("pathParameters") or {}
    return SessionKey(merchant_id, _session_id(parameters.get("sessionId") or ""))


def merchant_of(event: Mapping[str, Any], edge: EdgeSettings) -> str:
    """Whose token it is. Raises InvalidRequestError, MerchantUnknownError."""
    context = event.get("requestContext") or {}
    _check_client_certificate(context, edge)
    authorizer, claim = context.get("authorizer") or {}, edge.merchant_claim
    # Cognito's authorizer gives all claims. Ours gives no claims: it has read the one that counts.
    claims = authorizer.get("claims")
    merchant_id = authorizer.get("merchantId") if claims is None else claims.get(claim)
    if not isinstance(merchant_id, str) or not merchant_id:
        raise MerchantUnknownError(claim)
    return merchant_id


def _check_client_certificate(context: Mapping[str, Any], edge: EdgeSettings) -> None:
    """API Gateway has checked the one that it tells of.

    It asks for one on the merchants' own domain, and cannot at the address that it gives the API
    itself, where the webhooks come: providers have no certificate of ours.
    """
    given = (context.get("identity") or {}).get("clientCert")
    if edge.client_certificates == "required" and not given:
        raise InvalidRequestError(
            "client certificate", "is missing: call the API by its own domain, with one"
        )


def _headers(event: Mapping[str, Any], name: str) -> list[str]:
    """Every value of a header, whatever the case of its name."""
    many = event.get("multiValueHeaders")
    if not many:
        many = {key: [value] for key, value in (event.get("headers") or {}).items()}
    found = [values or [] for key, values in many.items() if key.lower() == name]
    return [value or "" for values in found for value in values]


def _check_content_type(values: list[str]) -> None:
    media_type, *parameters = [part.strip().lower() for part in ";".join(values).split(";")]
    utf8 = all(part in ("", "charset=utf-8", 'charset="utf-8"') for part in parameters)
    if len(values) != 1 or media_type != "application/json" or not utf8:
        raise InvalidRequestError("Content-Type", "must be application/json")


def _idempotency_key(values: list[str]) -> str | None:
    if not values:
        return None
    key = values[0].lower()
    if len(values) > 1 or not _UUID.fullmatch(key) or uuid.UUID(key).version != 4:
        raise InvalidRequestError("Idempotency-Key", "must be one UUID version 4")
    return key


def _body_text(event: Mapping[str, Any]) -> str:
    body = str(event.get("body") or "")
    if len(body) > MAX_BODY:
        raise InvalidRequestError("body", f"is longer than {MAX_BODY} characters")
    if not event.get("isBase64Encoded"):
        return body
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError:  # not base64, or not UTF-8
        raise InvalidRequestError("body", "is not UTF-8 text") from None


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise InvalidRequestError("body", f"is not JSON: see {place}") from None
    except RecursionError:
        raise InvalidRequestError("body", "is nested too deeply") from None
    except ValueError:
        raise InvalidRequestError("body", "has a number with too many digits") from None
    if not isinstance(value, dict):
        raise InvalidRequestError("body", "must be a JSON object")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, content in pairs:
        if name in value:
            raise InvalidRequestError(printable(name), "is there more than once")
        value[name] = content
    return value


def _refuse(constant: str) -> NoReturn:
    raise InvalidRequestError("body", f"is not JSON: {constant} is no JSON number")


def _fields(body: dict[str, Any]) -> tuple[str, str | None]:
    """The session's id and the reason, both as they were sent."""
    session_id, reason = body.get("sessionId"), body.get("reason")
    if "sessionId" not in body:
        raise InvalidRequestError("sessionId", "is missing")
    if not isinstance(session_id, str):
        raise InvalidRequestError("sessionId", "must be a string")
    if not isinstance(reason, str | None):
        raise InvalidRequestError("reason", "must be a string")
    for name in body:
        if name not in _FIELDS:
            raise InvalidRequestError(printable(name), "is not a known field")
    return session_id, reason


def _session_id(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise InvalidRequestError("sessionId", "must be a UUID in lower case, with hyphens")
    if uuid.UUID(text).version != 7:
        raise UnprocessableRequestError("sessionId", "must be a UUID of version 7")
    return text


def _check_reason(reason: str) -> None:
    if not 1 <= len(reason) <= MAX_REASON:
        raise InvalidRequestError("reason", f"must have 1 to {MAX_REASON} characters")
    if _has_forbidden(reason):
        raise InvalidRequestError("reason", "must not have control characters or lone surrogates")


def _has_forbidden(characters: Iterable[str]) -> bool:
    return any(unicodedata.category(character) in _FORBIDDEN for character in characters)


def printable(name: str) -> str:
    """A field's name fit to be shown to its sender: short, and plain ASCII."""
    plain = name.encode("ascii", "replace").decode()
    shown = "".join(each if each.isprintable() else "?" for each in plain)
    return shown[:_LONGEST_NAME_SHOWN] or "(empty name)"

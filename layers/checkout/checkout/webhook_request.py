"""From API Gateway's event to the request that a provider has sent, with the bytes as it sent them.

Nothing of it is believed here, and nothing is read into it: the bytes are what was signed.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from checkout.errors import InvalidRequestError
from checkout.providers.webhook import Delivery

# Bytes. The largest that a provider sends, GoCardless's 250 events, are some hundred thousand.
MAX_BODY = 1_048_576
# Characters that so many bytes may take in base64.
_MAX_TEXT = 4 * (MAX_BODY + 2) // 3


def parse_delivery(event: Mapping[str, Any], received_at: datetime) -> tuple[str, Delivery]:
    """The provider's name in the path, and its request. Raises InvalidRequestError."""
    path = event.get("pathParameters") or {}
    headers = _joined(event, "multiValueHeaders", "headers")
    delivery = Delivery(
        account=str(path.get("account") or ""),
        body=_body(event),
        headers={name.lower(): value for name, value in headers.items()},
        query=_joined(event, "multiValueQueryStringParameters", "queryStringParameters"),
        received_at=received_at,
    )
    return str(path.get("provider") or ""), delivery


def _joined(event: Mapping[str, Any], many: str, one: str) -> dict[str, str]:
    """Several values of one name as RFC 9110 joins those of a header."""
    if event.get(many):
        several = event[many].items()
        return {name: ",".join(each or "" for each in values or []) for name, values in several}
    return {name: value or "" for name, value in (event.get(one) or {}).items()}


def _body(event: Mapping[str, Any]) -> bytes:
    text = str(event.get("body") or "")
    if len(text) > _MAX_TEXT:
        raise _too_long()
    try:
        body = base64.b64decode(text, validate=True) if _is_base64(event) else text.encode()
    except ValueError:  # not base64, or half of a surrogate pair, which no bytes stand for
        raise InvalidRequestError("body", "cannot be read") from None
    if len(body) > MAX_BODY:
        raise _too_long()
    return body


def _is_base64(event: Mapping[str, Any]) -> bool:
    return bool(event.get("isBase64Encoded"))


def _too_long() -> InvalidRequestError:
    return InvalidRequestError("body", f"is longer than {MAX_BODY} bytes")

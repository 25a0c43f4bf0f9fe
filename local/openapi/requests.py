"""Requests that are refused for their own form: for the examples, and for who checks them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checkout.http_request import MAX_BODY

JSON = "application/json"
SESSION_ID = "019aa8f0-1c00-7000-8000-000000000001"
VERSION_4 = "7d444840-9dc0-41d1-b245-5ffdce74fad2"


@dataclass(frozen=True)
class Refused:
    """A request that is refused for its own form."""

    name: str
    summary: str
    body: str | None = None
    content_type: str = JSON
    idempotency_key: str | None = None
    session_id: str = SESSION_ID
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def event(self, claims: Mapping[str, str]) -> dict[str, Any]:
        """As API Gateway hands it over."""
        headers = {"Content-Type": [self.content_type]}
        if self.idempotency_key is not None:
            headers["Idempotency-Key"] = [self.idempotency_key]
        return {
            "body": self.body,
            "isBase64Encoded": False,
            "multiValueHeaders": headers,
            "multiValueQueryStringParameters": {
                name: list(values) for name, values in self.query.items()
            },
            "pathParameters": {"sessionId": self.session_id},
            "requestContext": {"requestId": "request", "authorizer": {"claims": claims}},
        }


def _of(**fields: Any) -> str:
    return json.dumps({"sessionId": SESSION_ID, **fields})


CANCELLATIONS = (
    Refused("notJson", "The body is no JSON", "sessionId=1"),
    Refused("noObject", "The body is no JSON object", "[]"),
    Refused("tooLong", "The body is too long", _of(reason="a" * MAX_BODY)),
    Refused("fieldMissing", "sessionId is missing", "{}"),
    Refused("wrongType", "A field has a wrong type", json.dumps({"sessionId": 7})),
    Refused("unknownField", "There is a field that is not known", _of(force=True)),
    Refused("fieldTwice", "A field is there twice", '{"reason": "a", "reason": "b"}'),
    Refused("noUuid", "sessionId is no UUID", json.dumps({"sessionId": "1"})),
    Refused("reasonEmpty", "reason is empty or too long", _of(reason="")),
    Refused("reasonControl", "reason has control characters", _of(reason="\0")),
    Refused("contentType", "Another Content-Type", _of(), content_type="text/plain"),
    Refused("idempotencyKey", "The Idempotency-Key is no UUID", _of(), idempotency_key="1"),
    Refused("version", "Not of version 7", json.dumps({"sessionId": VERSION_4})),
)
READINGS = (
    Refused("noUuid", "sessionId is no UUID", session_id="1"),
    Refused("version", "Not of version 7", session_id=VERSION_4),
)
PENDING = {"status": ("PENDING_CANCELLATION",)}
LISTINGS = (
    Refused("statusMissing", "status is missing"),
    Refused("status", "Not a status of the list", query={"status": ("OPEN",)}),
    Refused("limit", "limit is not from 1 to 200", query={**PENDING, "limit": ("201",)}),
    Refused("cursor", "cursor is none of this list", query={**PENDING, "cursor": ("abc",)}),
    Refused("unknownParameter", "A parameter is not known", query={**PENDING, "page": ("2",)}),
    Refused(
        "parameterTwice", "A parameter is there twice", query={"status": PENDING["status"] * 2}
    ),
)

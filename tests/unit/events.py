"""API Gateway's events, as far as the functions read them."""

import json
from typing import Any

from tests.unit.samples import KEY

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
CLAIMS = {"client_id": KEY.merchant_id, "scope": "checkout/sessions.cancel"}


def an_event(body: str | None, **changes: Any) -> dict[str, Any]:
    """A well-formed call with this body, but for the changes."""
    return {
        "body": body,
        "isBase64Encoded": False,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "pathParameters": None,
        "requestContext": {"requestId": REQUEST_ID, "authorizer": {"claims": CLAIMS}},
        **changes,
    }


def a_body(**fields: Any) -> str:
    return json.dumps({"sessionId": KEY.session_id, **fields})


def with_headers(*headers: tuple[str, str]) -> dict[str, Any]:
    """Both forms in which the gateway hands headers over; the last value is the single one."""
    many: dict[str, list[str]] = {}
    for name, value in headers:
        many.setdefault(name, []).append(value)
    single = {name: values[-1] for name, values in many.items()}
    return {"headers": single, "multiValueHeaders": many}

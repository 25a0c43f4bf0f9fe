"""A double of GoCardless: payments that are submitted to a bank, and signed batches of events."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.server import Call, Double, Reply

TOKEN = "sandbox_token_1"
VERSION = "2015-07-06"
WEBHOOK_SECRET = "gocardless_1"


@dataclass
class GoCardless:
    """Payments by their id. `cancels` are the requests for one, `voids` those carried out.

    A key is asked for and not kept: it is not documented for this call.
    """

    payments: dict[str, str] = field(default_factory=dict)
    cancels: list[str] = field(default_factory=list)
    voids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.double = Double(self.respond)

    def submit(self, reference: str) -> bytes:
        """The batch that tells of it."""
        self.payments[reference] = "submitted"
        return batch(event("submitted", reference))

    def respond(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return error(401, "invalid_api_usage", "access_token_not_found")
        if call.headers.get("gocardless-version") != VERSION:
            return error(400, "invalid_api_usage", "missing_version_header")
        _, collection, reference, *action = call.path.split("/")
        assert collection == "payments"
        if call.method == "POST":
            assert action == ["actions", "cancel"]
            assert call.headers["idempotency-key"]
            assert call.json == {}
            self.cancels.append(reference)
        if reference not in self.payments:
            return error(404, "invalid_api_usage", "resource_not_found")
        if call.method == "POST":
            return self._cancel(reference)
        return self._found(reference)

    def _cancel(self, reference: str) -> Reply:
        if self.payments[reference] != "pending_submission":
            return error(422, "invalid_state", "cancellation_failed")
        self.payments[reference] = "cancelled"
        self.voids.append(reference)
        return self._found(reference)

    def _found(self, reference: str) -> Reply:
        return Reply(200, {"payments": {"id": reference, "status": self.payments[reference]}})


def error(status: int, kind: str, reason: str | None = None) -> Reply:
    errors = [{"reason": reason, "message": "a text"}] if reason else []
    return Reply(
        status, {"error": {"type": kind, "code": status, "message": "a text", "errors": errors}}
    )


def event(action: str, reference: str, **facts: Any) -> dict[str, Any]:
    return {
        "id": "EV1",
        "resource_type": "payments",
        "action": action,
        "links": {"payment": reference},
        **facts,
    }


def batch(*events: Any) -> bytes:
    return json.dumps({"events": events, "meta": {"webhook_id": "WB1"}}).encode()


def signature(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

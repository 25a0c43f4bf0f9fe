"""A double of Square: payments by their id and by the key that they were created with."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.server import Call, Double, Reply

TOKEN = "EAAA_token_1"
WEBHOOK_SECRET = "signature_key_1"
NOTIFICATION_URL = "https://api.example.com/live/v1/webhooks/square/account-1"
AMOUNT = {"amount": 1999, "currency": "USD"}
REFUSALS = {
    "CANCELED": "DELAYED_TRANSACTION_CANCELED",
    "COMPLETED": "DELAYED_TRANSACTION_CAPTURED",
    "FAILED": "DELAYED_TRANSACTION_FAILED",
    "PENDING": "BAD_REQUEST",
}


@dataclass
class Square:
    """Payments by their id. `cancels` are the requests for one, `voids` those carried out."""

    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    cancels: list[str] = field(default_factory=list)
    voids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.double = Double(self.respond)

    def put(self, reference: str, status: str, key: str = "") -> None:
        """`key` is the idempotency key that it was created with."""
        self.payments[reference] = payment(reference, status)
        self.keys[key or f"key-of-{reference}"] = reference

    def respond(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return error(401, "UNAUTHORIZED", category="AUTHENTICATION_ERROR")
        if (call.method, call.path) == ("POST", "/v2/payments/cancel"):
            return self._cancel_by_key(call.json["idempotency_key"])
        reference = call.path.removeprefix("/v2/payments/").removesuffix("/cancel")
        found = self.payments.get(reference)
        if call.method == "GET":
            return Reply(200, {"payment": found}) if found else error(404, "NOT_FOUND")
        assert (call.method, call.body) == ("POST", b"")
        assert call.path == f"/v2/payments/{reference}/cancel"
        self.cancels.append(reference)
        return self._cancel(found)

    def _cancel_by_key(self, key: str) -> Reply:
        assert 1 <= len(key) <= 45
        found = self.payments.get(self.keys.get(key, ""))
        if found is None or found["status"] == "CANCELED":
            return Reply(200, {})
        answer = self._cancel(found)
        return Reply(200, {}) if answer.status == 200 else answer

    def _cancel(self, found: dict[str, Any] | None) -> Reply:
        if found is None:
            return error(404, "NOT_FOUND")
        if found["status"] != "APPROVED":
            return error(400, REFUSALS[found["status"]])
        found |= {"status": "CANCELED", "card_details": {"status": "VOIDED"}}
        self.voids.append(found["id"])
        return Reply(200, {"payment": dict(found)})


def payment(reference: str, status: str, **facts: Any) -> dict[str, Any]:
    return {"id": reference, "status": status, "amount_money": AMOUNT, **facts}


def error(status: int, *codes: str, category: str = "PAYMENT_METHOD_ERROR") -> Reply:
    errors = [{"category": category, "code": code, "detail": "a text"} for code in codes]
    return Reply(status, {"errors": errors})


def event(kind: str, about: dict[str, Any]) -> bytes:
    data = {"type": "payment", "id": about.get("id"), "object": {"payment": about}}
    return json.dumps({"event_id": "event-1", "type": kind, "data": data}).encode()


def signature(body: bytes, secret: str = WEBHOOK_SECRET, url: str = NOTIFICATION_URL) -> str:
    digest = hmac.new(secret.encode(), url.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()

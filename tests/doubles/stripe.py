"""A double of Stripe: PaymentIntents, Checkout Sessions, stored answers, signed events."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.server import Call, Double, Reply

KEY = "sk_test_1"
WEBHOOK_SECRET = "whsec_1"
CANCELLABLE = {
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
}


@dataclass
class Stripe:
    """Objects by their id. `cancels` are the requests for one, `voids` those carried out."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    cancels: list[str] = field(default_factory=list)
    voids: list[str] = field(default_factory=list)
    answers: dict[tuple[str, str], Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.double = Double(self.respond)

    def intent(self, reference: str, status: str, **facts: Any) -> None:
        self.objects[reference] = {
            "id": reference,
            "object": "payment_intent",
            "status": status,
            "latest_charge": None,
            **facts,
        }

    def session(self, reference: str, status: str, intent: str | None = None) -> None:
        unpaid = {"payment_status": "unpaid", "payment_intent": intent}
        self.objects[reference] = {
            "id": reference,
            "object": "checkout.session",
            "status": status,
            **unpaid,
        }

    def respond(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return _error(401, "api_key_invalid")
        _, version, *path = call.path.split("/")
        assert version == "v1"
        kind, reference = ("/".join(path[:2]), path[2]) if path[0] == "checkout" else path[:2]
        found = self.objects.get(reference)
        if call.method == "GET":
            return Reply(200, self._expanded(found)) if found else _error(404, "resource_missing")
        assert path[-1] == {"payment_intents": "cancel", "checkout/sessions": "expire"}[kind]
        self.cancels.append(reference)
        return self._once(call, lambda: self._end(found, reference))

    def _once(self, call: Call, carry_out: Any) -> Reply:
        """Stripe keeps an answer under its key for a day, errors too."""
        key = (call.headers["idempotency-key"], call.path)
        if any(stored == key[0] and path != key[1] for stored, path in self.answers):
            return _error(400, None, type="idempotency_error")
        if key not in self.answers:
            self.answers[key] = carry_out()
        return self.answers[key]

    def _end(self, found: dict[str, Any] | None, reference: str) -> Reply:
        if found is None:
            return _error(404, "resource_missing")
        if found["object"] == "checkout.session":
            if found["status"] != "open":
                return _error(400, None)
            found["status"] = "expired"
        else:
            if found["status"] not in CANCELLABLE:
                return _error(400, "payment_intent_unexpected_state", payment_intent=dict(found))
            found |= {"status": "canceled", "cancellation_reason": None}
        self.voids.append(reference)
        return Reply(200, dict(found))

    def _expanded(self, found: dict[str, Any]) -> dict[str, Any]:
        intent = self.objects.get(found.get("payment_intent") or "")
        return {**found, "payment_intent": intent} if intent else dict(found)


def event(kind: str, subject: dict[str, Any]) -> bytes:
    return json.dumps({"id": "evt_1", "type": kind, "data": {"object": subject}}).encode()


def signature(body: bytes, sent_at: int | str, secret: str = WEBHOOK_SECRET) -> str:
    signed = f"{sent_at}.".encode() + body
    return f"t={sent_at},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _error(status: int, code: str | None, **facts: Any) -> Reply:
    error = {"type": "invalid_request_error", "code": code, "message": "a text", **facts}
    return Reply(status, {"error": error})

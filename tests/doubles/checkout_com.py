"""A double of Checkout.com: voids that are carried out later, or declined, and signed events."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.server import Call, Double, Reply

KEY = "sk_sbox_1"
WEBHOOK_SECRET = "checkout_com_1"
VOIDABLE = "Authorized"


@dataclass
class CheckoutCom:
    """Payments by their id. `cancels` are the requests for a void, `voids` those accepted.

    `pending` are the payments with a void under way. An answer is kept under its key if it is a
    2xx, and else carried out anew.
    """

    payments: dict[str, str] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    cancels: list[str] = field(default_factory=list)
    voids: list[str] = field(default_factory=list)
    answers: dict[tuple[str, str], Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.double = Double(self.respond)

    def void_succeeds(self, reference: str) -> bytes:
        """The event that tells of it."""
        self.pending.remove(reference)
        self.payments[reference] = "Voided"
        return event("payment_voided", reference)

    def void_is_declined(self, reference: str) -> bytes:
        self.pending.remove(reference)
        return event("payment_void_declined", reference)

    def capture(self, reference: str) -> bytes:
        """It wins over a void that is under way."""
        self.payments[reference] = "Captured"
        return event("payment_captured", reference)

    def respond(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return Reply(401, b"")
        _, collection, reference, *action = call.path.split("/")
        assert collection == "payments"
        if call.method == "GET":
            assert not action
            return self._found(reference)
        assert (call.method, action, call.json) == ("POST", ["voids"], {})
        self.cancels.append(reference)
        key = (call.headers["cko-idempotency-key"], call.path)
        reply = self.answers.get(key) or self._void(reference)
        if reply.status < 300:
            self.answers[key] = reply
        return reply

    def _found(self, reference: str) -> Reply:
        if reference not in self.payments:
            return Reply(404, b"")
        return Reply(200, {"id": reference, "status": self.payments[reference], "amount": 1999})

    def _void(self, reference: str) -> Reply:
        if reference not in self.payments:
            return Reply(404, b"")
        if self.payments[reference] != VOIDABLE:
            return Reply(403, b"")
        if reference not in self.pending:
            self.pending.add(reference)
            self.voids.append(reference)
        return Reply(202, {"action_id": f"act_{len(self.voids)}", "_links": {}})


def event(kind: str, reference: str, **facts: Any) -> bytes:
    data = {"id": reference, "action_id": "act_1", **facts}
    return json.dumps({"id": "evt_1", "type": kind, "data": data}).encode()


def signature(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

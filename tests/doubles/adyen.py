"""A double of Adyen: cancellations are received, and confirmed or refused later, by webhook."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.server import Call, Double, Reply

KEY = "adyen_key_1"
MERCHANT = "TestMerchant"
HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"


@dataclass
class Adyen:
    """`payments` are their states by pspReference: AUTHORISED, CAPTURED, CANCELLED, PENDING.

    `names` are pspReferences by the reference that the payment was given by its merchant.
    """

    payments: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    cancels: list[str] = field(default_factory=list)
    voids: list[str] = field(default_factory=list)
    answers: dict[str, Reply] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.double = Double(self.respond)

    def respond(self, call: Call) -> Reply:
        if call.headers.get("x-api-key") != KEY:
            return _error(401, "000")
        if call.json.get("merchantAccount") != MERCHANT:
            return _error(403, "901")
        key = call.headers.get("idempotency-key", "")
        assert 0 < len(key) <= 64
        by_own = call.path == "/cancels"
        if by_own:
            reference = self.names.get(call.json["paymentReference"], "")
        else:
            _, payments, reference, verb = call.path.split("/")
            assert (call.method, payments, verb) == ("POST", "payments", "cancels")
        self.cancels.append(reference)
        if key not in self.answers:
            self.answers[key] = self._receive(reference, by_own=by_own)
        return self.answers[key]

    def _receive(self, reference: str, *, by_own: bool) -> Reply:
        state = self.payments.get(reference)
        if state is None and not by_own:
            return _error(422, "167")
        if state == "AUTHORISED" and reference not in self.voids:
            self.voids.append(reference)
        number = f"modification-{len(self.answers)}"
        return Reply(201, {"status": "received", "pspReference": number})

    def confirm(self, reference: str) -> bytes:
        """The webhook that ends a received cancellation: done, or refused."""
        done = reference in self.voids and self.payments[reference] in ("AUTHORISED", "CANCELLED")
        if done:
            self.payments[reference] = "CANCELLED"
        return webhook(item("CANCELLATION", reference, success=done))


def item(
    code: str, reference: str, *, success: bool = True, key: str = HMAC_KEY, **facts: Any
) -> dict[str, Any]:
    """One signed item. An event about a payment's change carries that change's own reference."""
    about_itself = code in ("AUTHORISATION", "OFFER_CLOSED")
    event = {
        "pspReference": reference if about_itself else f"{reference}-{code}",
        "originalReference": "" if about_itself else reference,
        "merchantAccountCode": MERCHANT,
        "merchantReference": "own:1",
        "amount": {"value": 1999, "currency": "EUR"},
        "eventCode": code,
        "success": "true" if success else "false",
        "additionalData": {},
        **facts,
    }
    amount = event["amount"]
    fields = (
        event["pspReference"],
        event["originalReference"],
        event["merchantAccountCode"],
        event["merchantReference"],
        str(amount["value"]),
        amount["currency"],
        event["eventCode"],
        event["success"],
    )
    digest = hmac.new(bytes.fromhex(key), ":".join(fields).encode(), hashlib.sha256).digest()
    event["additionalData"]["hmacSignature"] = base64.b64encode(digest).decode()
    return event


def webhook(*items: dict[str, Any]) -> bytes:
    wrapped = [{"NotificationRequestItem": each} for each in items]
    return json.dumps({"live": "false", "notificationItems": wrapped}).encode()


def _error(status: int, code: str) -> Reply:
    body = {"status": status, "errorCode": code, "message": "a text", "errorType": "validation"}
    return Reply(status, body)

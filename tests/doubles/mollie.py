"""A double of Mollie: payments, authorisations that are released later, and its webhooks."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.doubles.server import Call, Double, Reply

KEY = "test_1"
WEBHOOK_TOKEN = "mollie_token_1"
WEBHOOK_SECRET = "mollie_secret_1"
FINAL = {"paid", "failed", "canceled", "expired"}
AMOUNT = {"currency": "EUR", "value": "19.99"}


@dataclass
class Mollie:
    """Payments by their id. `cancels` are the requests for one, `voids` those carried out.

    `releasing` are the authorisations that are being released. Every answer is kept under its
    key, refusals too; a key that comes with another request is one that was used before.
    """

    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    releasing: set[str] = field(default_factory=set)
    cancels: list[str] = field(default_factory=list)
    voids: list[str] = field(default_factory=list)
    answers: dict[str, tuple[tuple[str, str], Reply]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.double = Double(self.respond)

    def payment(self, reference: str, status: str, cancelable: bool = False, **facts: Any) -> None:
        told = {} if status in FINAL else {"isCancelable": cancelable}
        self.payments[reference] = {
            "resource": "payment",
            "id": reference,
            "status": status,
            "amount": AMOUNT,
            **told,
            **facts,
        }

    def release_succeeds(self, reference: str) -> None:
        self.releasing.remove(reference)
        self.payment(reference, "canceled")

    def release_fails(self, reference: str) -> None:
        """Nothing tells of it."""
        self.releasing.remove(reference)

    def respond(self, call: Call) -> Reply:
        if call.headers.get("authorization") != f"Bearer {KEY}":
            return problem(401)
        _, version, collection, reference, *action = call.path.split("/")
        assert (version, collection) == ("v2", "payments")
        if call.method == "GET":
            found = self.payments.get(reference)
            return Reply(200, dict(found)) if found else problem(404)
        self.cancels.append(reference)
        carry_out = {
            ("DELETE",): self._cancel,
            ("POST", "release-authorization"): self._release,
        }[call.method, *action]
        return self._once(call, lambda: carry_out(reference))

    def _once(self, call: Call, carry_out: Any) -> Reply:
        key, request = call.headers["idempotency-key"], (call.method, call.path)
        if key not in self.answers:
            self.answers[key] = (request, carry_out())
        stored, reply = self.answers[key]
        return reply if stored == request else problem(409)

    def _cancel(self, reference: str) -> Reply:
        found = self.payments.get(reference)
        if found is None:
            return problem(404)
        if found["status"] not in ("open", "pending") or not found["isCancelable"]:
            return problem(422)
        self.payment(reference, "canceled")
        self.voids.append(reference)
        return Reply(200, dict(self.payments[reference]))

    def _release(self, reference: str) -> Reply:
        found = self.payments.get(reference)
        if found is None:
            return problem(404)
        if found["status"] != "authorized":
            return problem(422)
        if reference not in self.releasing:
            self.releasing.add(reference)
            self.voids.append(reference)
        return Reply(202, b"")


def problem(status: int) -> Reply:
    return Reply(status, {"status": status, "title": "a text", "detail": "another text"})


def form(reference: str) -> bytes:
    """The body of a classic webhook."""
    return urlencode({"id": reference}).encode()


def event(kind: str, entity: str, snapshot: dict[str, Any] | None = None) -> bytes:
    """One of the next generation, of the simple form if there is no snapshot."""
    told = {"resource": "event", "id": "event_1", "type": kind, "entityId": entity}
    embedded = {"_embedded": {"entity": snapshot}} if snapshot else {}
    return json.dumps({**told, **embedded}).encode()


def signature(body: bytes, secret: str = WEBHOOK_SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"

"""A double of PayPal: authorizations, captures, orders, tokens, and the check of its webhooks.

What it signs webhooks with stands in for its RSA key. As the real one, it signs a checksum of the
very bytes that it sends.
"""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.server import Call, Double, Reply

CLIENT = ("client_id_1", "client_secret_1")
WEBHOOK_ID = "1JE4291016473214C"
CERTIFICATE = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594"
SENT_AT = "2026-03-01T12:00:00Z"
_SIGNING_KEY = b"stands in for PayPal's private key"
REFUSALS = {
    "CAPTURED": "PREVIOUSLY_CAPTURED",
    "PARTIALLY_CAPTURED": "PREVIOUSLY_CAPTURED",
    "VOIDED": "PREVIOUSLY_VOIDED",
}
COLLECTIONS = {
    "/v2/payments/authorizations": "authorization",
    "/v2/payments/captures": "capture",
    "/v2/checkout/orders": "order",
}


@dataclass
class PayPal:
    """Objects by their kind and id. A reauthorization has a `parent`.

    `cancels` are the requests for a void, `voids` those carried out.
    """

    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    cancels: list[str] = field(default_factory=list)
    voids: list[str] = field(default_factory=list)
    answers: dict[tuple[str, str], Reply] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    lifetime: Any = 32400

    def __post_init__(self) -> None:
        self.double = Double(self.respond, is_token_call)

    def put(self, kind: str, identifier: str, status: str, **facts: Any) -> dict[str, Any]:
        self.objects[kind, identifier] = {"id": identifier, "status": status, **facts}
        return self.objects[kind, identifier]

    def order(self, identifier: str, status: str, *authorizations: dict[str, Any]) -> None:
        """One purchase unit for each authorization, with the authorization itself in it."""
        units = [{"payments": {"authorizations": [each]}} for each in authorizations]
        self.put("order", identifier, status, purchase_units=units)

    def respond(self, call: Call) -> Reply:
        if is_token_call(call):
            return self._token(call)
        if call.headers.get("authorization") not in [f"Bearer {each}" for each in self.tokens]:
            return Reply(401, {"error": "invalid_token", "error_description": "a text"})
        if call.path == "/v1/notifications/verify-webhook-signature":
            return verification(call.body)
        collection, _, identifier = call.path.removesuffix("/void").rpartition("/")
        found = self.objects.get((COLLECTIONS[collection], identifier))
        if call.method == "GET":
            return Reply(200, found) if found else missing()
        assert call.method == "POST"
        assert call.path == f"/v2/payments/authorizations/{identifier}/void"
        self.cancels.append(identifier)
        # Which errors the real one keeps it does not say: the strictest that it may do.
        key = (call.headers["paypal-request-id"], call.path)
        if key not in self.answers:
            self.answers[key] = self._void(found, call)
        return self.answers[key]

    def _void(self, found: dict[str, Any] | None, call: Call) -> Reply:
        if found is None:
            return missing()
        if found["status"] in REFUSALS:
            return error(422, "UNPROCESSABLE_ENTITY", REFUSALS[found["status"]])
        if "parent" in found:
            return error(422, "UNPROCESSABLE_ENTITY", "CANNOT_BE_VOIDED")
        found["status"] = "VOIDED"
        self.voids.append(found["id"])
        whole = call.headers.get("prefer") == "return=representation"
        return Reply(200, dict(found)) if whole else Reply(204)

    def _token(self, call: Call) -> Reply:
        assert (call.method, call.form) == ("POST", {"grant_type": "client_credentials"})
        basic = base64.b64encode(":".join(CLIENT).encode()).decode()
        if call.headers.get("authorization") != f"Basic {basic}":
            return Reply(401, {"error": "invalid_client", "error_description": "a text"})
        self.tokens.append(f"token-{len(self.tokens)}")
        body = {"access_token": self.tokens[-1], "token_type": "Bearer"}
        return Reply(200, {**body, "expires_in": self.lifetime})


def is_token_call(call: Call) -> bool:
    return call.path == "/v1/oauth2/token"


def error(status: int, name: str, *issues: str) -> Reply:
    details = [{"issue": issue, "description": "a text"} for issue in issues]
    return Reply(status, {"name": name, "message": "a text", "details": details})


def missing() -> Reply:
    return error(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")


def event(kind: str, resource: Mapping[str, Any]) -> bytes:
    """Not as json.dumps would write it again."""
    text = json.dumps(resource, ensure_ascii=False, indent=1)
    return f'{{ "id":"WH-1", "event_type":"{kind}",\n "resource":{text}, "n": 1.00 }}'.encode()


def transmission(body: bytes, webhook_id: str = WEBHOOK_ID) -> dict[str, str]:
    """The headers that a webhook is sent with."""
    return {
        "paypal-transmission-id": "b2384410-f8d2-11ed",
        "paypal-transmission-time": SENT_AT,
        "paypal-transmission-sig": _signature("b2384410-f8d2-11ed", SENT_AT, webhook_id, body),
        "paypal-cert-url": CERTIFICATE,
        "paypal-auth-algo": "SHA256withRSA",
    }


def verification(body: bytes) -> Reply:
    """PayPal's answer to whether it has sent what is in the question."""
    try:
        spans = members(body.decode())
        own = {name: json.loads(span) for name, span in spans.items() if name != "webhook_event"}
        sent = spans["webhook_event"].encode()
        signed = own["transmission_id"], own["transmission_time"], own["webhook_id"]
        good = own["transmission_sig"] == _signature(*signed, sent)
        known = own["cert_url"] == CERTIFICATE and own["auth_algo"] == "SHA256withRSA"
    except (ValueError, KeyError):
        return error(400, "VALIDATION_ERROR", "MALFORMED_REQUEST")
    return Reply(200, {"verification_status": "SUCCESS" if good and known else "FAILURE"})


def members(text: str) -> dict[str, str]:
    """The members of a JSON object, each as it is written there. Raises ValueError."""
    json.loads(text)
    decoder, found, at = json.JSONDecoder(), {}, _skip(text, 0, "{")
    while text[at] != "}":
        name, at = decoder.raw_decode(text, at)
        begin = _skip(text, at, ":")
        _, at = decoder.raw_decode(text, begin)
        found[name] = text[begin:at]
        at = _skip(text, at, ",")
    return found


def _skip(text: str, at: int, mark: str) -> int:
    """Past white space, and one mark if there is one, and the white space after it."""
    rest = text[at:].lstrip(" \t\r\n").removeprefix(mark).lstrip(" \t\r\n")
    return len(text) - len(rest)


def _signature(identifier: str, sent_at: str, webhook_id: str, body: bytes) -> str:
    signed = f"{identifier}|{sent_at}|{webhook_id}|{zlib.crc32(body)}".encode()
    return base64.b64encode(hmac.new(_SIGNING_KEY, signed, hashlib.sha256).digest()).decode()

"""A double of M-Pesa's Daraja: STK pushes that can only be asked about, and unsigned callbacks."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.server import Call, Double, Reply

CONSUMER = ("consumer_key_1", "consumer_secret_1")
SHORT_CODE = "174379"
PASSKEY = "passkey_1"
PROCESSED = {"errorCode": "500.001.1001", "errorMessage": "The transaction is being processed"}
NO_SUCH = {"errorCode": "500.001.1001", "errorMessage": "Merchant does not exist"}


@dataclass
class Mpesa:
    """`results` are the result codes by CheckoutRequestID; None while the payer is asked."""

    results: dict[str, str | None] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    lifetime: Any = "3599"

    def __post_init__(self) -> None:
        self.double = Double(self.respond, is_token_call)

    def respond(self, call: Call) -> Reply:
        if is_token_call(call):
            return self._token(call)
        if call.headers.get("authorization") not in [f"Bearer {each}" for each in self.tokens]:
            return Reply(404, {"errorCode": "404.001.03", "errorMessage": "Invalid Access Token"})
        assert (call.method, call.path) == ("POST", "/mpesa/stkpushquery/v1/query")
        query = call.json
        signed = f"{SHORT_CODE}{PASSKEY}{query['Timestamp']}".encode()
        if query["Password"] != base64.b64encode(signed).decode():
            return Reply(500, {"errorCode": "500.001.1001", "errorMessage": "Wrong credentials"})
        reference = query["CheckoutRequestID"]
        if reference not in self.results:
            return Reply(500, NO_SUCH)
        result = self.results[reference]
        if result is None:
            return Reply(500, PROCESSED)
        return Reply(200, {"ResponseCode": "0", "ResultCode": result, "ResultDesc": "a text"})

    def _token(self, call: Call) -> Reply:
        assert call.query == {"grant_type": "client_credentials"}
        basic = base64.b64encode(":".join(CONSUMER).encode()).decode()
        if call.headers.get("authorization") != f"Basic {basic}":
            return Reply(400, {"errorCode": "400.008.01", "errorMessage": "a text"})
        self.tokens.append(f"token-{len(self.tokens)}")
        return Reply(200, {"access_token": self.tokens[-1], "expires_in": self.lifetime})


def is_token_call(call: Call) -> bool:
    return call.path == "/oauth/v1/generate"


def callback(reference: str, result: int = 0) -> bytes:
    body = {"CheckoutRequestID": reference, "ResultCode": result, "ResultDesc": "a text"}
    return json.dumps({"Body": {"stkCallback": body}}).encode()

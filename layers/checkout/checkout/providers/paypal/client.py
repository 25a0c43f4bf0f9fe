"""PayPal's API: authorizations, captures, orders, and the check of its own webhooks.

https://developer.paypal.com/api/payments/v2/authorizations-void
https://developer.paypal.com/api/webhooks/v1/verify-webhook-signature-post
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import quote

from checkout.providers.access_tokens import AccessToken, AccessTokens, token_in
from checkout.providers.accounts import Accounts, AccountSecret
from checkout.providers.http import Answer, Budget, HttpExchange, Request

PATHS = {
    "authorization": "/v2/payments/authorizations/",
    "order": "/v2/checkout/orders/",
    "capture": "/v2/payments/captures/",
}
JSON = {"Content-Type": "application/json"}
# 403: the token lacks a permission. A new one may have it, since a token holds what was granted
# when it was made.
UNAUTHORIZED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPalSecret(AccountSecret):
    """`webhook_id` is PayPal's id of the webhook that is set up for this account.

    `recorded_reference` is what the payment side records of a payment that has ids of several
    kinds, so that an event which names all of them is reported under that one.
    """

    HOSTS: ClassVar = {
        "sandbox": "https://api-m.sandbox.paypal.com",
        "live": "https://api-m.paypal.com",
    }

    client_id: str
    client_secret: str
    webhook_id: str = ""
    recorded_reference: str = "authorization"

    def __post_init__(self) -> None:
        if self.recorded_reference not in PATHS:
            raise ValueError(f"recordedReference must be one of {', '.join(PATHS)}")


def to_reference(kind: str, identifier: str) -> str:
    """As the payment side records it: all ids look alike, so all but one kind have a prefix."""
    return identifier if kind == "authorization" else f"{kind}:{identifier}"


def from_reference(reference: str) -> tuple[str, str]:
    """The kind, and PayPal's id."""
    kind, _, identifier = reference.partition(":")
    if kind in ("order", "capture") and identifier:
        return kind, identifier
    return "authorization", reference


@dataclass(frozen=True, slots=True)
class PayPalClient:
    """Each call has `left` seconds, that for a token included. Raises ProviderTroubleError."""

    accounts: Accounts[PayPalSecret]
    tokens: AccessTokens
    exchange: HttpExchange

    def void(self, account: str, authorization: str, idempotency_key: str, left: Budget) -> Answer:
        path = f"{PATHS['authorization']}{quote(authorization, safe='')}/void"
        headers = {**JSON, "PayPal-Request-Id": idempotency_key, "Prefer": "return=minimal"}

        def request(secret: PayPalSecret) -> Request:
            return Request("POST", secret.host + path, headers, b"", UNAUTHORIZED)

        return self._send(account, request, left)

    def show(self, account: str, kind: str, identifier: str, left: Budget) -> Answer:
        path = PATHS[kind] + quote(identifier, safe="")

        def request(secret: PayPalSecret) -> Request:
            return Request("GET", secret.host + path, {}, None, UNAUTHORIZED)

        return self._send(account, request, left)

    def verify(
        self, account: str, event: bytes, transmission: Mapping[str, str], left: Budget
    ) -> Answer:
        """Ask PayPal whether it has sent `event`, which must be one JSON object, and no more.

        It goes out byte for byte: what was signed is its checksum. So it is put between our own
        fields as it is, and these come last, where they outweigh any of the same name.
        """

        def request(secret: PayPalSecret) -> Request:
            own = json.dumps({**transmission, "webhook_id": secret.webhook_id}).encode()
            body = b'{"webhook_event":' + event + b"," + own[1:]
            url = f"{secret.host}/v1/notifications/verify-webhook-signature"
            return Request("POST", url, JSON, body, UNAUTHORIZED)

        return self._send(account, request, left)

    def _send(self, account: str, make: Callable[[PayPalSecret], Request], left: Budget) -> Answer:
        def with_secret(secret: PayPalSecret) -> Answer:
            request = make(secret)

            def with_token(token: str) -> Answer:
                headers = {**request.headers, "Authorization": f"Bearer {token}"}
                return self.exchange.send(replace(request, headers=headers), left())

            return self.tokens.call(secret, lambda: self._fetch(secret, left), with_token, left)

        return self.accounts.call(account, with_secret)

    def _fetch(self, secret: PayPalSecret, left: Budget) -> AccessToken:
        pair = base64.b64encode(f"{secret.client_id}:{secret.client_secret}".encode())
        headers = {
            "Authorization": f"Basic {pair.decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url, body = f"{secret.host}/v1/oauth2/token", b"grant_type=client_credentials"
        answer = self.exchange.send(Request("POST", url, headers, body, UNAUTHORIZED), left())
        return token_in(answer, self.exchange)

"""M-Pesa's Daraja API, of which this uses the query of an STK push.

https://developer.safaricom.co.ke/APIs/MpesaExpressQuery
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import ClassVar

from checkout.errors import ProviderTrouble
from checkout.providers.access_tokens import AccessToken, AccessTokens, token_in
from checkout.providers.accounts import Accounts, AccountSecret
from checkout.providers.documents import text
from checkout.providers.http import Answer, Budget, HttpExchange, Request

EAST_AFRICA = timezone(timedelta(hours=3))
# The query answers 500 while the payer is still being asked, and says so in the body.
TELLING = frozenset({500})
INVALID_ACCESS_TOKEN = "404.001.03"  # noqa: S105 - an error's code


@dataclass(frozen=True, slots=True, kw_only=True)
class MpesaSecret(AccountSecret):
    """`webhook_tokens` are of our own, in the callback's URL: Daraja signs nothing.

    One of them has to fit: two while one is being replaced.
    """

    HOSTS: ClassVar = {
        "sandbox": "https://sandbox.safaricom.co.ke",
        "live": "https://api.safaricom.co.ke",
    }

    consumer_key: str
    consumer_secret: str
    short_code: str
    passkey: str
    webhook_tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MpesaClient:
    """Each call has `left` seconds, and raises ProviderTroubleError."""

    accounts: Accounts[MpesaSecret]
    tokens: AccessTokens
    exchange: HttpExchange
    clock: Callable[[], datetime]

    def query(self, account: str, checkout_request_id: str, left: Budget) -> Answer:
        """The answer has a status of 200, or of 4xx, or is a 500 that says why."""

        def with_secret(secret: MpesaSecret) -> Answer:
            request = self._query(secret, checkout_request_id)

            def with_token(token: str) -> Answer:
                headers = {"Authorization": f"Bearer {token}", **request.headers}
                sent = Request("POST", request.url, headers, request.body, telling=TELLING)
                return self._checked(self.exchange.send(sent, left()))

            return self.tokens.call(secret, lambda: self._fetch(secret, left), with_token, left)

        return self.accounts.call(account, with_secret)

    def _query(self, secret: MpesaSecret, checkout_request_id: str) -> Request:
        now = self.clock().astimezone(EAST_AFRICA).strftime("%Y%m%d%H%M%S")
        password = base64.b64encode(f"{secret.short_code}{secret.passkey}{now}".encode())
        body = {
            "BusinessShortCode": secret.short_code,
            "Password": password.decode(),
            "Timestamp": now,
            "CheckoutRequestID": checkout_request_id,
        }
        url = f"{secret.host}/mpesa/stkpushquery/v1/query"
        return Request("POST", url, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def _checked(self, answer: Answer) -> Answer:
        if text(answer.json, "errorCode") == INVALID_ACCESS_TOKEN:
            raise self.exchange.trouble(ProviderTrouble.UNAUTHORIZED, answer)
        return answer

    def _fetch(self, secret: MpesaSecret, left: Budget) -> AccessToken:
        pair = base64.b64encode(f"{secret.consumer_key}:{secret.consumer_secret}".encode())
        url = f"{secret.host}/oauth/v1/generate?grant_type=client_credentials"
        # 400: "Invalid Authentication passed".
        unauthorized = frozenset({400, 401, 403})
        headers = {"Authorization": f"Basic {pair.decode()}"}
        answer = self.exchange.send(Request("GET", url, headers, None, unauthorized), left())
        return token_in(answer, self.exchange)

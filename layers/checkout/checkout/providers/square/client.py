"""Square's API: payments, cancelled by their id, or by the key that they were created with.

https://developer.squareup.com/reference/square/payments-api
"""

import json
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from checkout.providers.accounts import Accounts, AccountSecret
from checkout.providers.http import Answer, Budget, HttpExchange, Request

# The statuses are read as this version has them, whatever the account's own default is.
API_VERSION = "2026-09-16"
# 403: a token without the permission.
UNAUTHORIZED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareSecret(AccountSecret):
    """`notification_url` is the webhook's URL exactly as Square has it: it is signed as well.

    `webhook_secrets` are signature keys, of which one has to fit: two while one is being replaced.
    """

    HOSTS: ClassVar = {
        "sandbox": "https://connect.squareupsandbox.com",
        "live": "https://connect.squareup.com",
    }

    access_token: str
    webhook_secrets: tuple[str, ...] = ()
    notification_url: str = ""


@dataclass(frozen=True, slots=True)
class SquareClient:
    """Each call has `left` seconds, and raises ProviderTroubleError."""

    accounts: Accounts[SquareSecret]
    exchange: HttpExchange

    def cancel(self, account: str, reference: str, left: Budget) -> Answer:
        path = f"/v2/payments/{quote(reference, safe='')}/cancel"
        return self._send(account, "POST", path, b"", left)

    def cancel_by_key(self, account: str, idempotency_key: str, left: Budget) -> Answer:
        """`idempotency_key` is the one that the payment was created with."""
        body = json.dumps({"idempotency_key": idempotency_key}).encode()
        return self._send(account, "POST", "/v2/payments/cancel", body, left)

    def payment(self, account: str, reference: str, left: Budget) -> Answer:
        return self._send(account, "GET", f"/v2/payments/{quote(reference, safe='')}", None, left)

    def _send(
        self, account: str, method: str, path: str, body: bytes | None, left: Budget
    ) -> Answer:
        def call(secret: SquareSecret) -> Answer:
            headers = {
                "Authorization": f"Bearer {secret.access_token}",
                "Square-Version": API_VERSION,
                "Content-Type": "application/json",
            }
            request = Request(method, secret.host + path, headers, body, UNAUTHORIZED)
            return self.exchange.send(request, left())

        return self.accounts.call(account, call)

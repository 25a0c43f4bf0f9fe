"""GoCardless' API: payments by bank debit.

https://developer.gocardless.com/api-reference/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from checkout.providers.accounts import Accounts, AccountSecret
from checkout.providers.http import Answer, Budget, HttpExchange, Request

API_VERSION = "2015-07-06"
# 403: a token that may only read.
UNAUTHORIZED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class GoCardlessSecret(AccountSecret):
    """`access_token` may read and write.

    Of `webhook_secrets`, each an endpoint's, one has to fit: two while one is being replaced.
    """

    HOSTS: ClassVar = {
        "sandbox": "https://api-sandbox.gocardless.com",
        "live": "https://api.gocardless.com",
    }

    access_token: str
    webhook_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoCardlessClient:
    """Each call has `left` seconds, and raises ProviderTroubleError."""

    accounts: Accounts[GoCardlessSecret]
    exchange: HttpExchange

    def cancel_payment(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> Answer:
        headers = {"Idempotency-Key": idempotency_key, "Content-Type": "application/json"}
        path = f"/payments/{quote(reference, safe='')}/actions/cancel"
        return self._send(account, "POST", path, headers, left)

    def payment(self, account: str, reference: str, left: Budget) -> Answer:
        return self._send(account, "GET", f"/payments/{quote(reference, safe='')}", {}, left)

    def _send(
        self, account: str, method: str, path: str, headers: Mapping[str, str], left: Budget
    ) -> Answer:
        def call(secret: GoCardlessSecret) -> Answer:
            own = {
                "Authorization": f"Bearer {secret.access_token}",
                "GoCardless-Version": API_VERSION,
            }
            body = b"{}" if method == "POST" else None
            request = Request(method, secret.host + path, {**own, **headers}, body, UNAUTHORIZED)
            return self.exchange.send(request, left())

        return self.accounts.call(account, call)

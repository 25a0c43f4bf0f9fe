"""Stripe's API: PaymentIntents and Checkout Sessions.

https://docs.stripe.com/api
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote, urlencode

from checkout.providers.accounts import Accounts, AccountSecret
from checkout.providers.http import Answer, Budget, HttpExchange, Request

# The statuses below are read as this version has them, whatever the account's own default is.
API_VERSION = "2023-08-16"
# 403: a restricted key that may not do this.
UNAUTHORIZED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSecret(AccountSecret):
    """`secret_key` is `sk_...` or, better, a restricted `rk_...`. The key chooses test or live.

    `webhook_secrets` are `whsec_...`, of which one has to fit: two while one is being replaced.
    """

    HOSTS: ClassVar = {"sandbox": "https://api.stripe.com", "live": "https://api.stripe.com"}

    secret_key: str
    webhook_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StripeClient:
    """Each call has `left` seconds, and raises ProviderTroubleError."""

    accounts: Accounts[StripeSecret]
    exchange: HttpExchange

    def cancel_payment_intent(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> Answer:
        path = f"/v1/payment_intents/{quote(reference, safe='')}/cancel"
        return self._post(account, path, idempotency_key, left)

    def payment_intent(self, account: str, reference: str, left: Budget) -> Answer:
        path = f"/v1/payment_intents/{quote(reference, safe='')}"
        return self._get(account, path, "latest_charge", left)

    def expire_checkout_session(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> Answer:
        path = f"/v1/checkout/sessions/{quote(reference, safe='')}/expire"
        return self._post(account, path, idempotency_key, left)

    def checkout_session(self, account: str, reference: str, left: Budget) -> Answer:
        path = f"/v1/checkout/sessions/{quote(reference, safe='')}"
        return self._get(account, path, "payment_intent.latest_charge", left)

    def _get(self, account: str, path: str, expand: str, left: Budget) -> Answer:
        return self._send(account, "GET", f"{path}?{urlencode({'expand[]': expand})}", {}, left)

    def _post(self, account: str, path: str, idempotency_key: str, left: Budget) -> Answer:
        headers = {
            "Idempotency-Key": idempotency_key,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self._send(account, "POST", path, headers, left)

    def _send(
        self, account: str, method: str, path: str, headers: Mapping[str, str], left: Budget
    ) -> Answer:
        def call(secret: StripeSecret) -> Answer:
            own = {"Authorization": f"Bearer {secret.secret_key}", "Stripe-Version": API_VERSION}
            body = b"" if method == "POST" else None
            url = secret.host + path
            request = Request(method, url, {**own, **headers}, body, UNAUTHORIZED)
            return self.exchange.send(request, left())

        return self.accounts.call(account, call)

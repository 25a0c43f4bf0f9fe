"""Checkout.com's API: payments and their voids, at a host of the merchant's own.

https://checkout.com/docs/payments/manage-payments/void-a-payment
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from checkout.providers.accounts import Accounts, AccountSecret
from checkout.providers.http import Answer, Budget, HttpExchange, Request

# Without 403, which says that this payment cannot be voided.
UNAUTHORIZED = frozenset({401})
# What these mean is documented, and no body of theirs.
BODILESS = frozenset({202, 403, 404, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutComSecret(AccountSecret):
    """`prefix` begins the host name that Checkout.com has given to the merchant.

    `secret_key` is `sk_...`. Of `webhook_secrets` one has to fit: two while one is being replaced.
    """

    HOSTS: ClassVar = {
        "sandbox": "https://{prefix}.api.sandbox.checkout.com",
        "live": "https://{prefix}.api.checkout.com",
    }

    secret_key: str
    webhook_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckoutComClient:
    """Each call has `left` seconds, and raises ProviderTroubleError."""

    accounts: Accounts[CheckoutComSecret]
    exchange: HttpExchange

    def void(self, account: str, reference: str, idempotency_key: str, left: Budget) -> Answer:
        headers = {"Cko-Idempotency-Key": idempotency_key, "Content-Type": "application/json"}
        path = f"/payments/{quote(reference, safe='')}/voids"
        return self._send(account, "POST", path, headers, left)

    def payment(self, account: str, reference: str, left: Budget) -> Answer:
        return self._send(account, "GET", f"/payments/{quote(reference, safe='')}", {}, left)

    def _send(
        self, account: str, method: str, path: str, headers: Mapping[str, str], left: Budget
    ) -> Answer:
        def call(secret: CheckoutComSecret) -> Answer:
            own = {"Authorization": f"Bearer {secret.secret_key}", **headers}
            body = b"{}" if method == "POST" else None
            request = Request(
                method, secret.host + path, own, body, UNAUTHORIZED, bodiless=BODILESS
            )
            return self.exchange.send(request, left())

        return self.accounts.call(account, call)

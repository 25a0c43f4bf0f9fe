"""Adyen's Checkout API, of which this uses the cancellations.

https://docs.adyen.com/api-explorer/Checkout/71/overview
"""

import json
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from checkout.providers.accounts import Accounts, AccountSecret
from checkout.providers.http import Answer, Budget, HttpExchange, Request

# 403: the key may not use this merchant account.
UNAUTHORIZED = frozenset({401, 403})
CAPTURES = ("manual", "immediate")
HMAC_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class AdyenSecret(AccountSecret):
    """`prefix` is the live URL prefix. `hmac_keys` are hexadecimal, of which one has to fit.

    `capture` is `manual`, or `immediate` where an authorised payment is settled. With
    `webhook_user` and `webhook_passwords` a webhook has to bring the user and one of them, too.
    """

    HOSTS: ClassVar = {
        "sandbox": "https://checkout-test.adyen.com/v71",
        "live": "https://{prefix}-checkout-live.adyenpayments.com/checkout/v71",
    }

    api_key: str
    merchant_account: str
    hmac_keys: tuple[str, ...] = ()
    capture: str = "manual"
    webhook_user: str = ""
    webhook_passwords: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.capture not in CAPTURES:
            raise ValueError(f"capture must be one of {', '.join(CAPTURES)}")
        if bool(self.webhook_user) != bool(self.webhook_passwords):
            raise ValueError("webhookUser and webhookPasswords go together")
        if any(len(bytes.fromhex(key)) < HMAC_KEY_BYTES for key in self.hmac_keys):
            raise ValueError("hmacKeys must be hexadecimal, of 32 bytes each")


@dataclass(frozen=True, slots=True)
class AdyenClient:
    """Each call has `left` seconds, and raises ProviderTroubleError."""

    accounts: Accounts[AdyenSecret]
    exchange: HttpExchange

    def cancel_payment(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> Answer:
        """By Adyen's own reference, the pspReference."""
        path = f"/payments/{quote(reference, safe='')}/cancels"
        return self._post(account, path, {}, idempotency_key, left)

    def cancel_by_own_reference(
        self, account: str, payment_reference: str, idempotency_key: str, left: Budget
    ) -> Answer:
        """By the reference that we gave the payment when it was made."""
        body = {"paymentReference": payment_reference}
        return self._post(account, "/cancels", body, idempotency_key, left)

    def _post(
        self, account: str, path: str, body: dict[str, str], idempotency_key: str, left: Budget
    ) -> Answer:
        def call(secret: AdyenSecret) -> Answer:
            headers = {
                "X-API-Key": secret.api_key,
                "Idempotency-Key": idempotency_key,
                "Content-Type": "application/json",
            }
            document = json.dumps({"merchantAccount": secret.merchant_account, **body}).encode()
            request = Request("POST", secret.host + path, headers, document, UNAUTHORIZED)
            return self.exchange.send(request, left())

        return self.accounts.call(account, call)

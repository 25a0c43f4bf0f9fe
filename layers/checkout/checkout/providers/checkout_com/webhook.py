"""Checkout.com's webhooks, signed over their raw body.

https://www.checkout.com/docs/previous/reporting-and-insights/events-api/event-types
"""

from dataclasses import dataclass

from checkout.providers.accounts import Accounts
from checkout.providers.checkout_com.client import CheckoutComSecret
from checkout.providers.documents import json_object, text
from checkout.providers.parts import Parts
from checkout.providers.webhook import (
    EMPTY,
    Acknowledgement,
    Delivery,
    Report,
    WebhookReader,
    require_body_hmac,
)
from checkout.transactions import TransactionStatus

# What an event says of the payment that it is about.
STATUSES = {
    "payment_approved": TransactionStatus.AUTHORIZED,
    "payment_captured": TransactionStatus.SETTLED,
    "payment_voided": TransactionStatus.CANCELLED,
    "payment_canceled": TransactionStatus.CANCELLED,
    "payment_declined": TransactionStatus.FAILED,
    "payment_expired": TransactionStatus.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class CheckoutComWebhook:
    accounts: Accounts[CheckoutComSecret]
    acknowledgement: Acknowledgement = EMPTY

    def read(self, delivery: Delivery) -> list[Report]:
        self.accounts.call(
            delivery.account,
            lambda secret: require_body_hmac(delivery, "cko-signature", secret.webhook_secrets),
        )
        event = json_object(delivery.body)
        reference = text(event, "data", "id")
        report = _report(text(event, "type"), reference)
        return [report] if reference and report else []


def _report(kind: str, reference: str) -> Report | None:
    if kind == "payment_void_declined":
        # The 202 to our void is kept under its key; the next one needs a new key.
        return Report(reference, cancel_refused=True)
    if kind == "payment_refunded":
        # Also sent for a part of it, which leaves the payment settled.
        return Report(reference, ask=True)
    status = STATUSES.get(kind)
    return Report(reference, status) if status else None


def reader(parts: Parts) -> WebhookReader:
    return CheckoutComWebhook(parts.accounts(CheckoutComSecret))

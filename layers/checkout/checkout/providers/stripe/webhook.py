"""Stripe's webhooks, signed with a time-stamp.

https://docs.stripe.com/webhooks#verify-manually
"""

from dataclasses import dataclass
from typing import Any

from checkout.errors import SignatureError
from checkout.providers.accounts import Accounts
from checkout.providers.documents import json_object, part, text
from checkout.providers.parts import Parts
from checkout.providers.stripe.cancel import checkout_session_status
from checkout.providers.stripe.client import StripeSecret
from checkout.providers.webhook import (
    EMPTY,
    Acknowledgement,
    Delivery,
    Report,
    WebhookReader,
    require_match,
    sha256_hmac,
)
from checkout.transactions import TransactionStatus

# Seconds that a time-stamp may differ from our clock, as in Stripe's own libraries.
TOLERANCE = 300
# Digits of a time-stamp, for thousands of years: a longer one is no number to reckon with.
MOST_DIGITS = 12

# What an event says of the object that it is about.
STATUSES = {
    "payment_intent.processing": TransactionStatus.PROCESSING,
    "payment_intent.amount_capturable_updated": TransactionStatus.AUTHORIZED,
    "payment_intent.succeeded": TransactionStatus.SETTLED,
    "payment_intent.canceled": TransactionStatus.CANCELLED,
    "checkout.session.expired": TransactionStatus.EXPIRED,
    "checkout.session.async_payment_succeeded": TransactionStatus.SETTLED,
    "checkout.session.async_payment_failed": TransactionStatus.FAILED,
    "charge.expired": TransactionStatus.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class StripeWebhook:
    accounts: Accounts[StripeSecret]
    acknowledgement: Acknowledgement = EMPTY

    def read(self, delivery: Delivery) -> list[Report]:
        self.accounts.call(
            delivery.account, lambda secret: _verify(delivery, secret.webhook_secrets)
        )
        event = json_object(delivery.body)
        kind, subject = text(event, "type"), part(event, "data", "object")
        field = "payment_intent" if kind.startswith("charge.") else "id"
        reference, status = text(subject, field), _status(kind, subject)
        return [Report(reference, status)] if reference and status else []


def _status(kind: str, subject: Any) -> TransactionStatus | None:
    if kind == "checkout.session.completed":
        return checkout_session_status(subject)
    if kind == "charge.refunded":
        # Also sent for a part of it, which leaves the payment settled.
        return TransactionStatus.REFUNDED if part(subject, "refunded") is True else None
    return STATUSES.get(kind)


def _verify(delivery: Delivery, secrets: tuple[str, ...]) -> None:
    pairs = [each.strip().partition("=") for each in _header(delivery).split(",")]
    sent_at = next((value for name, _, value in pairs if name == "t"), "")
    signed = f"{sent_at}.".encode(errors="surrogatepass") + delivery.body
    expected = [sha256_hmac(each.encode(), signed).hex() for each in secrets]
    require_match((value for name, _, value in pairs if name == "v1"), expected)
    if not sent_at.isdecimal() or len(sent_at) > MOST_DIGITS:
        raise SignatureError
    if abs(delivery.received_at.timestamp() - int(sent_at)) > TOLERANCE:
        raise SignatureError


def _header(delivery: Delivery) -> str:
    return delivery.headers.get("stripe-signature", "")


def reader(parts: Parts) -> WebhookReader:
    return StripeWebhook(parts.accounts(StripeSecret))

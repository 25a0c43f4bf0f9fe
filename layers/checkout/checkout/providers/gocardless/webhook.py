"""GoCardless' webhooks: up to 250 events at once, signed over their raw body.

https://developer.gocardless.com/getting-started/stay-up-to-date-with-webhooks-v2
"""

from dataclasses import dataclass
from typing import Any

from checkout.errors import InvalidRequestError
from checkout.providers.accounts import Accounts
from checkout.providers.documents import json_object, part, text
from checkout.providers.gocardless.client import GoCardlessSecret
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

# What an action says of the payment. A late failure and a chargeback take settled money back.
STATUSES = {
    "submitted": TransactionStatus.PROCESSING,
    "confirmed": TransactionStatus.SETTLED,
    "paid_out": TransactionStatus.SETTLED,
    "chargeback_cancelled": TransactionStatus.SETTLED,
    "cancelled": TransactionStatus.CANCELLED,
    "customer_approval_denied": TransactionStatus.FAILED,
    "failed": TransactionStatus.FAILED,
    "charged_back": TransactionStatus.REFUNDED,
    "chargeback_settled": TransactionStatus.REFUNDED,
    "late_failure_settled": TransactionStatus.REFUNDED,
}


@dataclass(frozen=True, slots=True)
class GoCardlessWebhook:
    accounts: Accounts[GoCardlessSecret]
    acknowledgement: Acknowledgement = EMPTY

    def read(self, delivery: Delivery) -> list[Report]:
        self.accounts.call(
            delivery.account,
            lambda secret: require_body_hmac(delivery, "webhook-signature", secret.webhook_secrets),
        )
        events = json_object(delivery.body).get("events")
        if not isinstance(events, list):
            raise InvalidRequestError("events", "must be a list")
        return [report for report in map(_report, events) if report]


def _report(event: Any) -> Report | None:
    reference, status = text(event, "links", "payment"), STATUSES.get(text(event, "action"))
    if text(event, "resource_type") != "payments" or not reference or not status:
        return None
    if part(event, "details", "will_attempt_retry") is True:
        # It goes back to where it can be cancelled, so it is no end yet.
        # https://developer.gocardless.com/partners/success-plus
        return None
    return Report(reference, status)


def reader(parts: Parts) -> WebhookReader:
    return GoCardlessWebhook(parts.accounts(GoCardlessSecret))

"""Square's webhooks, signed together with the URL that they are sent to.

Without a time-stamp, so that an old one is accepted again; what it reports changes nothing twice.
https://developer.squareup.com/docs/webhooks/step3validate
"""

import base64
from dataclasses import dataclass

from checkout.providers.accounts import Accounts
from checkout.providers.documents import json_object, part, text
from checkout.providers.parts import Parts
from checkout.providers.square.cancel import payment_status
from checkout.providers.square.client import SquareSecret
from checkout.providers.webhook import (
    EMPTY,
    Acknowledgement,
    Delivery,
    Report,
    WebhookReader,
    require_match,
    sha256_hmac,
)

# Both carry the whole payment, with its status. They do not come in order.
EVENTS = frozenset({"payment.created", "payment.updated"})
SIGNATURE = "x-square-hmacsha256-signature"


@dataclass(frozen=True, slots=True)
class SquareWebhook:
    accounts: Accounts[SquareSecret]
    acknowledgement: Acknowledgement = EMPTY

    def read(self, delivery: Delivery) -> list[Report]:
        self.accounts.call(delivery.account, lambda secret: _verify(delivery, secret))
        event = json_object(delivery.body)
        if text(event, "type") not in EVENTS:
            return []
        payment = part(event, "data", "object", "payment")
        own = text(payment, "reference_id")
        report = Report(text(payment, "id"), payment_status(payment), own_reference=own)
        return [report] if report.tells else []


def _verify(delivery: Delivery, secret: SquareSecret) -> None:
    signed = secret.notification_url.encode() + delivery.body
    # Signed with no URL, a request could have been sent to anybody.
    keys = secret.webhook_secrets if secret.notification_url else ()
    expected = [base64.b64encode(sha256_hmac(key.encode(), signed)).decode() for key in keys]
    require_match([delivery.headers.get(SIGNATURE, "")], expected)


def reader(parts: Parts) -> WebhookReader:
    return SquareWebhook(parts.accounts(SquareSecret))

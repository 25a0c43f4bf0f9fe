"""Mollie's webhooks, of two generations.

The classic ones name a payment and are not signed: a token in their URL shows that it is Mollie
who calls, and how the payment stands is asked. The next generation is signed over the raw body.
https://docs.mollie.com/reference/webhooks.md
https://docs.mollie.com/reference/payments-api-webhooks
"""

from dataclasses import dataclass
from urllib.parse import parse_qs

from checkout.errors import InvalidRequestError
from checkout.providers.accounts import Accounts
from checkout.providers.documents import json_object, part, text
from checkout.providers.mollie.cancel import payment_status
from checkout.providers.mollie.client import MollieSecret
from checkout.providers.parts import Parts
from checkout.providers.webhook import (
    EMPTY,
    Acknowledgement,
    Delivery,
    Report,
    WebhookReader,
    require_match,
    require_token,
    sha256_hmac,
)

SIGNATURE = "x-mollie-signature"
SCHEME = "sha256="
# What payments' ids begin with; those of orders, links and subscriptions begin otherwise.
PAYMENTS = "tr_"


@dataclass(frozen=True, slots=True)
class MollieWebhook:
    accounts: Accounts[MollieSecret]
    acknowledgement: Acknowledgement = EMPTY

    def read(self, delivery: Delivery) -> list[Report]:
        read = _signed if SIGNATURE in delivery.headers else _classic
        return self.accounts.call(delivery.account, lambda secret: read(delivery, secret))


def _classic(delivery: Delivery, secret: MollieSecret) -> list[Report]:
    require_token(delivery, secret.webhook_tokens)
    reference = _form_id(delivery.body)
    return [Report(reference, ask=True)] if reference.startswith(PAYMENTS) else []


def _form_id(body: bytes) -> str:
    try:
        form = parse_qs(body.decode(), max_num_fields=100)
    except ValueError:
        form = {}
    if "id" not in form:
        raise InvalidRequestError("body", "must be a form with an id")
    return form["id"][0]


def _signed(delivery: Delivery, secret: MollieSecret) -> list[Report]:
    # Two for a day, after Mollie was given a new secret.
    given = [each.strip() for each in delivery.headers[SIGNATURE].split(",")]
    signatures = (sha256_hmac(each.encode(), delivery.body) for each in secret.webhook_secrets)
    require_match(given, [f"{SCHEME}{each.hex()}" for each in signatures])
    event = json_object(delivery.body)
    reference = text(event, "entityId") or text(event, "id")
    if not reference.startswith(PAYMENTS):
        return []
    # The payment as it was then, which an event of the simple form lacks.
    snapshot = part(event, "_embedded", "entity") or event
    same = text(snapshot, "id") == reference
    status = payment_status(snapshot) if same else None
    return [Report(reference, status, ask=status is None)]


def reader(parts: Parts) -> WebhookReader:
    return MollieWebhook(parts.accounts(MollieSecret))

"""PayPal's webhooks. PayPal itself is asked whether it has sent them: checking its RSA signature
here would take a library that is larger than all of this.

https://developer.paypal.com/api/webhooks/v1/verify-webhook-signature-post
https://developer.paypal.com/api/rest/webhooks/event-names/
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkout.errors import SignatureError
from checkout.providers.access_tokens import AccessTokens
from checkout.providers.documents import json_object, part, text
from checkout.providers.http import Budget
from checkout.providers.parts import Parts
from checkout.providers.paypal.client import PATHS, PayPalClient, PayPalSecret, to_reference
from checkout.providers.webhook import EMPTY, Acknowledgement, Delivery, Report, WebhookReader
from checkout.transactions import TERMINAL, TransactionStatus

# Seconds for PayPal's answer, of the nine that a webhook is given.
VERIFICATION_LIMIT = 5.0
# The fields of the question, by the headers that they are taken from.
TRANSMISSION = {
    "paypal-transmission-id": "transmission_id",
    "paypal-transmission-time": "transmission_time",
    "paypal-transmission-sig": "transmission_sig",
    "paypal-cert-url": "cert_url",
    "paypal-auth-algo": "auth_algo",
}
# Whoever checks the signature fetches this: it must not be a stranger's certificate.
CERTIFICATE = re.compile(r"https://(?:[a-z0-9-]+\.)+paypal\.com/[\w./-]+", re.ASCII)

# What an event is about, and what it says of it; None where PayPal has to be asked.
EVENTS = {
    "PAYMENT.AUTHORIZATION.VOIDED": ("authorization", TransactionStatus.CANCELLED),
    "PAYMENT.CAPTURE.COMPLETED": ("capture", TransactionStatus.SETTLED),
    "PAYMENT.CAPTURE.PENDING": ("capture", TransactionStatus.PROCESSING),
    "PAYMENT.CAPTURE.DECLINED": ("capture", TransactionStatus.FAILED),
    "PAYMENT.CAPTURE.DENIED": ("capture", TransactionStatus.FAILED),
    # Both also of a part of it.
    "PAYMENT.CAPTURE.REFUNDED": ("refund", None),
    "PAYMENT.CAPTURE.REVERSED": ("refund", None),
    "CHECKOUT.ORDER.COMPLETED": ("order", None),
    # Approved and not captured in time: PayPal gives the payer the money back.
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": ("order", TransactionStatus.EXPIRED),
}


@dataclass(frozen=True, slots=True)
class PayPalWebhook:
    client: PayPalClient
    acknowledgement: Acknowledgement = EMPTY

    def read(self, delivery: Delivery) -> list[Report]:
        secret = self.client.accounts.secret_of(delivery.account)
        transmission = _transmission(delivery, secret)
        # Read before it is verified: put into the question, it must not break out of its place.
        event = json_object(delivery.body)
        left = self.client.exchange.budget(VERIFICATION_LIMIT)
        self._verify(delivery, transmission, left)
        subject, status = EVENTS.get(text(event, "event_type"), ("", None))
        ids = _ids(subject, part(event, "resource"))
        if subject == "refund" and not ids.get(secret.recorded_reference):
            ids |= self._ids_of_capture(delivery.account, ids["capture"], left)
        report = _report(subject, status, ids, secret.recorded_reference)
        return [report] if report else []

    def _ids_of_capture(self, account: str, capture: str, left: Budget) -> dict[str, str]:
        """A refund names its capture at most, and the capture what it was made of."""
        if not capture:
            return {}
        seen = self.client.show(account, "capture", capture, left)
        related = part(seen.json, "supplementary_data")
        return _ids("capture", {"id": capture, "supplementary_data": related})

    def _verify(self, delivery: Delivery, transmission: dict[str, str], left: Budget) -> None:
        answer = self.client.verify(delivery.account, delivery.body, transmission, left)
        if answer.status >= 400 or text(answer.json, "verification_status") != "SUCCESS":
            raise SignatureError


def _transmission(delivery: Delivery, secret: PayPalSecret) -> dict[str, str]:
    found = {field: delivery.headers.get(name, "") for name, field in TRANSMISSION.items()}
    trusted = CERTIFICATE.fullmatch(found["cert_url"])
    if not trusted or not secret.webhook_id or not all(found.values()):
        raise SignatureError
    return found


def _report(
    subject: str, status: TransactionStatus | None, ids: Mapping[str, str], recorded: str
) -> Report | None:
    """Of the one reference that the payment side may have recorded."""
    kind = next((each for each in (recorded, *PATHS) if ids.get(each)), None)
    if not subject or kind is None:
        return None
    settled = status is TransactionStatus.SETTLED
    if kind != subject and status in TERMINAL and not (settled and kind == "authorization"):
        # It ends a part of what is recorded: an order may have another authorization, and an
        # authorization another capture.
        status = None
    # What an order says may be behind: money that has come is asked for until it shows.
    ends = settled and status is None
    return Report(to_reference(kind, ids[kind]), status, ask=status is None, ends=ends)


def _ids(subject: str, resource: Any) -> dict[str, str]:
    related = part(resource, "supplementary_data", "related_ids")
    ids = {kind: text(related, f"{kind}_id") for kind in PATHS}
    own = text(resource, "id")
    if subject == "refund":
        return {**ids, "capture": ids["capture"] or _refunded(resource)}
    if subject == "order":
        own = text(resource, "order_id") or own
    return {**ids, subject: own}


def _refunded(refund: Any) -> str:
    """The capture's id, from the link to it."""
    links = part(refund, "links")
    ups = [each for each in links if text(each, "rel") == "up"] if isinstance(links, list) else []
    _, found, identifier = text(ups[0], "href").partition(PATHS["capture"]) if ups else ("", "", "")
    return identifier if found else ""


def reader(parts: Parts) -> WebhookReader:
    tokens = AccessTokens(parts.monotonic)
    return PayPalWebhook(PayPalClient(parts.accounts(PayPalSecret), tokens, parts.exchange()))

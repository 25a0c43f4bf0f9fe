"""Adyen's standard webhooks: several items in one, each with a signature over eight fields.

https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures
"""

import base64
from dataclasses import dataclass, replace
from typing import Any

from checkout.errors import InvalidRequestError
from checkout.providers.accounts import Accounts
from checkout.providers.adyen.client import AdyenSecret
from checkout.providers.documents import json_object, part, text
from checkout.providers.parts import Parts
from checkout.providers.webhook import (
    Acknowledgement,
    Delivery,
    Report,
    WebhookReader,
    require_match,
    sha256_hmac,
)
from checkout.transactions import TransactionStatus

# In this order, joined by colons and nothing escaped, as Adyen's own libraries do it.
SIGNED = (
    ("pspReference",),
    ("originalReference",),
    ("merchantAccountCode",),
    ("merchantReference",),
    ("amount", "value"),
    ("amount", "currency"),
    ("eventCode",),
    ("success",),
)
# An event that succeeded, and the field that names its payment.
SUCCEEDED = {
    "AUTHORISATION": ("pspReference", TransactionStatus.AUTHORIZED),
    "CANCELLATION": ("originalReference", TransactionStatus.CANCELLED),
    "TECHNICAL_CANCEL": ("originalReference", TransactionStatus.CANCELLED),
    "CAPTURE": ("originalReference", TransactionStatus.SETTLED),
    "CAPTURE_FAILED": ("originalReference", TransactionStatus.FAILED),
    "REFUND": ("originalReference", TransactionStatus.REFUNDED),
    "EXPIRE": ("originalReference", TransactionStatus.EXPIRED),
    "OFFER_CLOSED": ("pspReference", TransactionStatus.EXPIRED),
}
REVERSED = {"cancel": TransactionStatus.CANCELLED, "refund": TransactionStatus.REFUNDED}
# Any 2xx will do since May 2024. Until then the body had to hold this text, which is no JSON:
# https://www.adyen.com/knowledge-hub/webhooks-accept-2xx
ACCEPTED = Acknowledgement("[accepted]", "text/plain")
CANCELLATIONS = frozenset({"CANCELLATION", "TECHNICAL_CANCEL", "CANCEL_OR_REFUND"})


@dataclass(frozen=True, slots=True)
class AdyenWebhook:
    accounts: Accounts[AdyenSecret]
    acknowledgement: Acknowledgement = ACCEPTED

    def read(self, delivery: Delivery) -> list[Report]:
        return self.accounts.call(delivery.account, lambda secret: _read(delivery, secret))


def _read(delivery: Delivery, secret: AdyenSecret) -> list[Report]:
    if secret.webhook_passwords:
        _check_basic(delivery, secret)
    events = _events(delivery.body)
    for event in events:
        _verify(event, secret)
    reports = [_report(event, secret) for event in events]
    # The merchant's reference is signed too.
    found = [
        replace(report, own_reference=_own_reference(event))
        for report, event in zip(reports, events, strict=True)
        if report
    ]
    return [report for report in found if report.tells]


def _own_reference(event: Any) -> str:
    """Of a payment that did not come to be, none: under it the payer may have tried again."""
    declined = text(event, "eventCode") == "AUTHORISATION" and text(event, "success") != "true"
    gone = declined or text(event, "eventCode") == "OFFER_CLOSED"
    return "" if gone else text(event, "merchantReference")


def _check_basic(delivery: Delivery, secret: AdyenSecret) -> None:
    pairs = [f"{secret.webhook_user}:{each}".encode() for each in secret.webhook_passwords]
    basic = [f"Basic {base64.b64encode(pair).decode()}" for pair in pairs]
    require_match([delivery.headers.get("authorization", "")], basic)


def _events(body: bytes) -> list[Any]:
    items = part(json_object(body), "notificationItems")
    if not isinstance(items, list) or not items:
        raise InvalidRequestError("notificationItems", "must be a list with something in it")
    return [part(item, "NotificationRequestItem") for item in items]


def _verify(event: Any, secret: AdyenSecret) -> None:
    require_match([text(event, "merchantAccountCode")], [secret.merchant_account])
    signed = ":".join(_plain(part(event, *path)) for path in SIGNED)
    # A lone surrogate, which JSON can hold and nobody signs.
    message = signed.encode(errors="surrogatepass")
    given = text(event, "additionalData", "hmacSignature")
    keys = [bytes.fromhex(key) for key in secret.hmac_keys]
    expected = [base64.b64encode(sha256_hmac(key, message)).decode() for key in keys]
    require_match([given], expected)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _report(event: Any, secret: AdyenSecret) -> Report | None:
    code, succeeded = text(event, "eventCode"), text(event, "success") == "true"
    if not succeeded:
        if code == "AUTHORISATION":
            return Report(text(event, "pspReference"), TransactionStatus.FAILED)
        refused = code in CANCELLATIONS
        return Report(text(event, "originalReference"), cancel_refused=True) if refused else None
    if code == "CANCEL_OR_REFUND":
        # Not signed, but both ways the payment has ended and nothing of it is kept.
        action = text(event, "additionalData", "modification.action")
        return Report(text(event, "originalReference"), REVERSED.get(action))
    if code not in SUCCEEDED:
        return None
    field, status = SUCCEEDED[code]
    if code == "AUTHORISATION" and secret.capture == "immediate":
        status = TransactionStatus.SETTLED
    value = part(event, "amount", "value")
    # Of a refund it is the refund's, of anything else the payment's.
    amount = value if code == "REFUND" and isinstance(value, int) else None
    return Report(text(event, field), status, amount=amount)


def reader(parts: Parts) -> WebhookReader:
    return AdyenWebhook(parts.accounts(AdyenSecret))

"""A real webhook of every provider, how it is signed, and which of its words mean an end."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from checkout.providers.webhook import Delivery
from checkout.transactions import TransactionStatus
from tests.contract.desks.base import ACCOUNT
from tests.doubles import adyen, checkout_com, gocardless, mollie, mpesa, paypal, square, stripe
from tests.unit.clock import NOON

SETTLED, FAILED = TransactionStatus.SETTLED, TransactionStatus.FAILED
CANCELLED, EXPIRED = TransactionStatus.CANCELLED, TransactionStatus.EXPIRED
REFUNDED = TransactionStatus.REFUNDED

Path = tuple[str, ...]
Ends = Mapping[str, set[TransactionStatus]]
# Headers and parameters of the URL, for these bytes.
Signed = tuple[dict[str, str], dict[str, str]]
EACH = "*"


@dataclass(frozen=True)
class Sample:
    """`words` are the places that say what has happened, `ends` the words there that end it.

    `seal` puts signatures into the document itself, where the provider does that. `write` makes a
    text of it.
    """

    provider: str
    document: dict[str, Any]
    words: tuple[Path, ...]
    ends: Ends
    sign: Callable[[bytes], Signed]
    seal: Callable[[Any], None] = lambda document: None
    write: Callable[[Any], str] = json.dumps

    def delivery(self, body: bytes) -> Delivery:
        headers, query = self.sign(body)
        return Delivery(ACCOUNT, body, headers, query, NOON)

    def meant_by(self, document: Any) -> set[TransactionStatus]:
        """The ends that a document may be understood to tell of."""
        said = {each for path in self.words for each in found_at(document, path)}
        return {end for word in said for end in self.ends.get(word, ())}


def found_at(document: Any, path: Path) -> Iterator[str]:
    """The texts there; a `*` stands for each of a list."""
    if not path:
        yield from [document] if isinstance(document, str) else []
    elif path[0] == EACH and isinstance(document, list):
        for each in document:
            yield from found_at(each, path[1:])
    elif isinstance(document, dict):
        yield from found_at(document.get(path[0]), path[1:])


def places(document: Any) -> list[tuple[Any, Any]]:
    """Every container in it, with a key of its own."""
    named = document.items() if isinstance(document, dict) else enumerate(document)
    inner = [each for _, value in named if isinstance(value, dict | list) for each in places(value)]
    keys = document if isinstance(document, dict) else range(len(document))
    return [(document, key) for key in keys] + inner


def put_at(document: Any, path: Path, word: str) -> None:
    """In each place that is there."""
    if path[0] == EACH:
        for each in document:
            put_at(each, path[1:], word)
    elif len(path) == 1 and path[0] in document:
        document[path[0]] = word
    elif path[0] in document:
        put_at(document[path[0]], path[1:], word)


def seal_items(document: Any) -> None:
    """Adyen's signature of each item that has a place for one, whatever its fields are."""
    for item in document.get("notificationItems") or []:
        event = item["NotificationRequestItem"]
        if isinstance(event.get("additionalData"), dict):
            amount = event.get("amount")
            pair = amount if isinstance(amount, dict) else {}
            fields = [event.get(name) for name in ITEM[:4]]
            fields += [pair.get("value"), pair.get("currency")]
            fields += [event.get(name) for name in ITEM[4:]]
            text = ":".join("" if each is None else str(each) for each in fields)
            digest = hmac.new(
                bytes.fromhex(adyen.HMAC_KEY), text.encode(errors="surrogatepass"), hashlib.sha256
            ).digest()
            event["additionalData"]["hmacSignature"] = base64.b64encode(digest).decode()


ITEM = (
    "pspReference",
    "originalReference",
    "merchantAccountCode",
    "merchantReference",
    "eventCode",
    "success",
)
NO_QUERY: dict[str, str] = {}
ITEMS = ("notificationItems", EACH, "NotificationRequestItem")


def _read(body: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(body)
    return document


def _by_stripe(body: bytes) -> Signed:
    sent_at = int(NOON.timestamp())
    return {"stripe-signature": stripe.signature(body, sent_at)}, NO_QUERY


STRIPE_ENDS: Ends = {
    "payment_intent.succeeded": {SETTLED},
    "payment_intent.canceled": {CANCELLED},
    "checkout.session.expired": {EXPIRED},
    "checkout.session.async_payment_succeeded": {SETTLED},
    "checkout.session.async_payment_failed": {FAILED},
    "charge.expired": {EXPIRED},
    "charge.refunded": {REFUNDED},
}
# Of a complete Checkout Session these decide, and not the type of the event.
SESSION_ENDS: Ends = {
    "expired": {EXPIRED},
    "paid": {SETTLED},
    "no_payment_required": {SETTLED},
    "succeeded": {SETTLED, REFUNDED},
    "canceled": {CANCELLED},
    "requires_payment_method": {FAILED},
}
INTENT = {"id": "pi_1", "status": "succeeded", "latest_charge": {"refunded": False}}
SESSION = {"id": "cs_1", "status": "complete", "payment_status": "paid"}
MOLLIE_PAYMENT = {
    "resource": "payment",
    "id": "tr_1",
    "status": "paid",
    "amount": mollie.AMOUNT,
    "amountRefunded": {"currency": "EUR", "value": "0.00"},
}
MONEY = {"amount": 0, "currency": "USD"}
CAPTURE = {
    "id": "CAPT1",
    "supplementary_data": {"related_ids": {"authorization_id": "AUTH1", "order_id": "ORDER1"}},
    "links": [{"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAPT1"}],
}

SAMPLES = {
    "adyen": Sample(
        "adyen",
        _read(
            adyen.webhook(
                adyen.item("CANCELLATION", "psp_1"),
                adyen.item("REFUND", "psp_2"),
                adyen.item("CANCEL_OR_REFUND", "psp_3"),
            )
        ),
        ((*ITEMS, "eventCode"),),
        {
            # Declined, or where capture is immediate.
            "AUTHORISATION": {FAILED, SETTLED},
            "CANCELLATION": {CANCELLED},
            "TECHNICAL_CANCEL": {CANCELLED},
            "CANCEL_OR_REFUND": {CANCELLED, REFUNDED},
            "CAPTURE": {SETTLED},
            "CAPTURE_FAILED": {FAILED},
            "REFUND": {REFUNDED},
            "EXPIRE": {EXPIRED},
            "OFFER_CLOSED": {EXPIRED},
        },
        lambda body: ({}, NO_QUERY),
        seal_items,
    ),
    "checkout-com": Sample(
        "checkout-com",
        _read(checkout_com.event("payment_captured", "pay_1")),
        (("type",),),
        {
            "payment_captured": {SETTLED},
            "payment_voided": {CANCELLED},
            "payment_canceled": {CANCELLED},
            "payment_declined": {FAILED},
            "payment_expired": {EXPIRED},
        },
        lambda body: ({"cko-signature": checkout_com.signature(body)}, NO_QUERY),
    ),
    "gocardless": Sample(
        "gocardless",
        _read(
            gocardless.batch(
                gocardless.event("confirmed", "PM1"),
                gocardless.event("failed", "PM2", details={"will_attempt_retry": False}),
            )
        ),
        (("events", EACH, "action"),),
        {
            "confirmed": {SETTLED},
            "paid_out": {SETTLED},
            "chargeback_cancelled": {SETTLED},
            "cancelled": {CANCELLED},
            "customer_approval_denied": {FAILED},
            "failed": {FAILED},
            "charged_back": {REFUNDED},
            "chargeback_settled": {REFUNDED},
            "late_failure_settled": {REFUNDED},
        },
        lambda body: ({"webhook-signature": gocardless.signature(body)}, NO_QUERY),
    ),
    "mollie": Sample(
        "mollie",
        _read(mollie.event("payment.paid", "tr_1", MOLLIE_PAYMENT)),
        (("_embedded", "entity", "status"), ("status",)),
        {
            "paid": {SETTLED, REFUNDED},
            "failed": {FAILED},
            "canceled": {CANCELLED},
            "expired": {EXPIRED},
        },
        lambda body: ({"x-mollie-signature": mollie.signature(body)}, NO_QUERY),
    ),
    # Nobody signs these, so whatever they say, the provider is asked.
    "mollie, classic": Sample(
        "mollie",
        {"id": "tr_1", "status": "paid"},
        (("status",),),
        {},
        lambda body: ({}, {"token": mollie.WEBHOOK_TOKEN}),
        write=lambda document: urlencode(document, errors="surrogatepass"),
    ),
    "mpesa": Sample(
        "mpesa",
        _read(mpesa.callback("ws_CO_1")),
        (("Body", "stkCallback", "ResultDesc"),),
        {},
        lambda body: ({}, {"token": "webhook_token_1"}),
    ),
    "paypal": Sample(
        "paypal",
        _read(paypal.event("PAYMENT.CAPTURE.COMPLETED", CAPTURE)),
        (("event_type",),),
        {
            "PAYMENT.AUTHORIZATION.VOIDED": {CANCELLED},
            "PAYMENT.CAPTURE.COMPLETED": {SETTLED},
            "PAYMENT.CAPTURE.DECLINED": {FAILED},
            "PAYMENT.CAPTURE.DENIED": {FAILED},
            "CHECKOUT.PAYMENT-APPROVAL.REVERSED": {EXPIRED},
        },
        lambda body: (paypal.transmission(body), NO_QUERY),
    ),
    "square": Sample(
        "square",
        _read(
            square.event(
                "payment.updated",
                square.payment("sq_1", "COMPLETED", refunded_money=MONEY, reference_id="own"),
            )
        ),
        (("data", "object", "payment", "status"),),
        {"COMPLETED": {SETTLED, REFUNDED}, "CANCELED": {CANCELLED}, "FAILED": {FAILED}},
        lambda body: ({"x-square-hmacsha256-signature": square.signature(body)}, NO_QUERY),
    ),
    "stripe": Sample(
        "stripe",
        _read(stripe.event("payment_intent.succeeded", INTENT)),
        (("type",),),
        STRIPE_ENDS,
        _by_stripe,
    ),
    "stripe, a session": Sample(
        "stripe",
        _read(stripe.event("checkout.session.completed", SESSION)),
        (
            ("data", "object", "status"),
            ("data", "object", "payment_status"),
            ("data", "object", "payment_intent", "status"),
            ("type",),
        ),
        {**SESSION_ENDS, **STRIPE_ENDS},
        _by_stripe,
    ),
}

"""Stripe, Adyen and M-Pesa on the deployed stack: real HTTP, real signatures, their doubles behind.

One session with a payment at each: Stripe cancels at once, Adyen confirms later by its webhook,
and M-Pesa, which cannot cancel, is asked until it has ended.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from checkout.bootstrap import utc_now
from checkout.payments import begin_transaction, record_reference
from checkout.sessions import SessionKey
from checkout.transactions import Attempt, TransactionKey
from local.answers import cancellation
from local.aws import Aws
from local.calls import Answer, Client
from local.payments import TWENTY_EUROS, Payment, PaymentSide
from local.stack import Stack
from local.waiting import wait_until
from tests.doubles import adyen, mpesa, stripe
from tests.doubles.adyen import Adyen
from tests.doubles.mpesa import Mpesa
from tests.doubles.stripe import Stripe

# The recovery asks a minute after the lock, and is started each minute.
ASKED_WITHIN = 200.0
# The queue delivers a report five seconds after it was put there, and the emulator may be busy.
MATCHED_WITHIN = 60.0
pytestmark = pytest.mark.timeout(400)

Becomes = Callable[[str, str, float], None]


@dataclass
class Providers:
    """The three doubles, and an account at each whose secret names their URLs."""

    stack: Stack
    account: str
    at_stripe: Stripe = field(default_factory=Stripe)
    at_adyen: Adyen = field(default_factory=Adyen)
    at_mpesa: Mpesa = field(default_factory=Mpesa)

    @property
    def secrets(self) -> dict[str, dict[str, Any]]:
        return {
            "stripe": {
                "baseUrl": self.at_stripe.double.base_url,
                "secretKey": stripe.KEY,
                "webhookSecrets": [stripe.WEBHOOK_SECRET],
            },
            "adyen": {
                "baseUrl": self.at_adyen.double.base_url,
                "apiKey": adyen.KEY,
                "merchantAccount": adyen.MERCHANT,
                "hmacKeys": [adyen.HMAC_KEY],
            },
            "mpesa": {
                "baseUrl": self.at_mpesa.double.base_url,
                "consumerKey": mpesa.CONSUMER[0],
                "consumerSecret": mpesa.CONSUMER[1],
                "shortCode": mpesa.SHORT_CODE,
                "passkey": mpesa.PASSKEY,
                "webhookTokens": ["webhook_token_1"],
            },
        }

    def put_secrets(self, aws: Aws) -> None:
        for provider, secret in self.secrets.items():
            name = f"{self.stack.stack_name}/{provider}/{self.account}"
            aws.secrets.create_secret(Name=name, SecretString=json.dumps(secret))


@dataclass(frozen=True)
class Checkout:
    """The first merchant, as a payer's browser, its payment service and its providers use it."""

    merchant: Client
    payments: PaymentSide
    providers: Providers

    def pay(self, session_id: str, provider: str, reference: str) -> str:
        payment = Payment(provider, reference, self.providers.account)
        return self.payments.attempt(session_id, payment)

    def statuses(self, session_id: str) -> dict[str, tuple[str, str | None]]:
        read = self.merchant.get(session_id).json()["transactions"]
        return {each["provider"]: (each["status"], each["pendingReason"]) for each in read}

    def status_of(self, transaction_id: str) -> str:
        """As stored, in whichever session it is."""
        found = self.payments.store.transactions_of("stripe", "pi_theirs")
        read = [self.payments.store.read_transaction(key) for key in found]
        return next(each.status for each in read if each and each.transaction_id == transaction_id)

    def webhook(self, provider: str, body: bytes, query: str = "", **headers: str) -> Answer:
        """Sent as providers do: without a token of ours."""
        path = f"/v1/webhooks/{provider}/{self.providers.account}{query}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Content-Type": "application/json", "Authorization": "", **named}
        return self.merchant.request("POST", path, body, sent)

    def stripe_event(self, kind: str, subject: dict[str, Any]) -> Answer:
        body = stripe.event(kind, subject)
        signature = stripe.signature(body, int(time.time()))
        return self.webhook("stripe", body, stripe_signature=signature)


@pytest.fixture(scope="module")
def checkout(stack: Stack, merchant: Client, payment_side: PaymentSide) -> Iterator[Checkout]:
    if stack.endpoint_url is None:
        pytest.skip("AWS Lambda cannot reach a double on 127.0.0.1")
    providers = Providers(stack, payment_side.new_id())
    with ExitStack() as listening:
        for each in (providers.at_stripe, providers.at_adyen, providers.at_mpesa):
            listening.enter_context(each.double.listening())
        providers.put_secrets(stack.aws)
        yield Checkout(merchant, payment_side, providers)


def three_payments(checkout: Checkout, session: str) -> tuple[str, str, str]:
    """One in flight at each provider, in the order of their names."""
    providers = checkout.providers
    providers.at_stripe.intent("pi_1", "requires_capture")
    providers.at_adyen.payments["psp_1"] = "AUTHORISED"
    providers.at_mpesa.results["ws_CO_1"] = None
    references = {"adyen": "psp_1", "mpesa": "ws_CO_1", "stripe": "pi_1"}
    adyens, mpesas, stripes = (checkout.pay(session, *each) for each in references.items())
    return adyens, mpesas, stripes


def test_one_is_cancelled_at_once_one_by_its_webhook_and_one_is_asked_until_it_ends(
    checkout: Checkout, becomes: Becomes, function_logs: Callable[[], str]
) -> None:
    providers, session = checkout.providers, checkout.payments.open()
    at_adyen, at_mpesa, at_stripe = three_payments(checkout, session)

    answer = cancellation(checkout.merchant.cancel(session))

    assert answer.status == "PENDING_CANCELLATION"
    assert answer.cancelled == [at_stripe]
    assert answer.pending == sorted([at_adyen, at_mpesa])
    assert checkout.statuses(session) == {
        "stripe": ("CANCELLED", None),
        "adyen": ("PENDING", "REQUESTED"),
        "mpesa": ("PENDING", "UNSUPPORTED"),
    }
    for _ in range(2):  # Adyen may send it twice
        told = checkout.webhook("adyen", providers.at_adyen.confirm("psp_1"))
        assert (told.status, told.body) == (200, b"[accepted]")
        assert told.headers["Content-Type"] == "text/plain"
    assert checkout.statuses(session)["adyen"] == ("CANCELLED", None)
    assert checkout.merchant.get(session).json()["status"] == "PENDING_CANCELLATION"

    providers.at_mpesa.results["ws_CO_1"] = "1032"
    becomes(session, "CANCELLED", ASKED_WITHIN)
    assert checkout.statuses(session)["mpesa"] == ("CANCELLED", None)
    voided_once(providers)
    keeps_its_secrets(function_logs())


def voided_once(providers: Providers) -> None:
    assert providers.at_stripe.voids.count("pi_1") == 1
    assert providers.at_stripe.cancels.count("pi_1") == 1
    assert providers.at_adyen.voids.count("psp_1") == 1


def keeps_its_secrets(logged: str) -> None:
    assert "transaction asked to cancel" in logged
    of_calls = (stripe.KEY, adyen.KEY, mpesa.CONSUMER[1], mpesa.PASSKEY, "token-0", "a text")
    of_webhooks = (stripe.WEBHOOK_SECRET, adyen.HMAC_KEY, "webhook_token_1")
    for secret in (*of_calls, *of_webhooks):
        assert secret not in logged


def test_an_unsigned_callback_has_the_provider_asked_and_is_not_believed(
    checkout: Checkout, becomes: Becomes
) -> None:
    session = checkout.payments.open()
    checkout.providers.at_mpesa.results["ws_CO_2"] = "0"
    checkout.pay(session, "mpesa", "ws_CO_2")
    # It says that the payer cancelled; M-Pesa says that the money has come.
    told = checkout.webhook("mpesa", mpesa.callback("ws_CO_2", 1032), "?token=webhook_token_1")
    assert told.status == 200
    assert told.json()["ResultCode"] == 0

    def settled() -> bool:
        return checkout.statuses(session)["mpesa"] == ("SETTLED", None)

    wait_until(settled, "M-Pesa was asked", MATCHED_WITHIN)
    answer = cancellation(checkout.merchant.cancel(session))
    assert (answer.status, answer.cancelled, answer.pending) == ("CANCELLED", [], [])


def test_a_webhook_that_is_faster_than_the_payment_service_is_matched_later(
    checkout: Checkout,
) -> None:
    session = SessionKey(checkout.merchant.merchant.client_id, checkout.payments.open())
    key = TransactionKey(session, checkout.payments.new_id())
    store, account = checkout.payments.store, checkout.providers.account
    begin_transaction(store, Attempt(key, "stripe", account, TWENTY_EUROS), utc_now)
    told = checkout.stripe_event("payment_intent.succeeded", {"id": "pi_fast"})
    assert told.status == 200
    assert checkout.statuses(session.session_id) == {"stripe": ("PENDING", None)}
    record_reference(store, key, "stripe", "pi_fast")

    def settled() -> bool:
        return checkout.statuses(session.session_id) == {"stripe": ("SETTLED", None)}

    wait_until(settled, "the report has found its transaction", 2 * MATCHED_WITHIN)


def test_events_in_the_wrong_order_end_where_the_last_one_belongs(checkout: Checkout) -> None:
    session = checkout.payments.open()
    checkout.pay(session, "stripe", "pi_order")
    charge = {"payment_intent": "pi_order", "refunded": True}
    events: list[tuple[str, dict[str, Any]]] = [
        ("charge.refunded", charge),
        ("payment_intent.succeeded", {"id": "pi_order"}),
        ("payment_intent.processing", {"id": "pi_order"}),
    ]
    for kind, subject in events:
        assert checkout.stripe_event(kind, subject).status == 200
    assert checkout.statuses(session) == {"stripe": ("REFUNDED", None)}


def test_what_is_not_from_the_provider_is_refused_in_our_words(checkout: Checkout) -> None:
    body = stripe.event("payment_intent.succeeded", {"id": "pi_1"})
    signature = stripe.signature(body, int(time.time()))
    late = stripe.signature(body, int(time.time()) - 3600)
    garbage = b"no JSON"
    signed_garbage = stripe.signature(garbage, int(time.time()))
    answers = [
        (checkout.webhook("stripe", body), 401),
        (checkout.webhook("stripe", body + b" ", stripe_signature=signature), 401),
        (checkout.webhook("stripe", body, stripe_signature=late), 401),
        (checkout.webhook("stripe", garbage, stripe_signature=signed_garbage), 400),
        (checkout.webhook("mpesa", mpesa.callback("ws_CO_1"), "?token=wrong"), 401),
        (checkout.webhook("nobody", body, stripe_signature=signature), 404),
        (checkout.webhook("sandbox", body), 404),
    ]
    for answer, status in answers:
        assert answer.status == status
        assert set(answer.json()) == {"message", "error", "statusCode"}
        assert answer.json()["statusCode"] == status
        assert answer.headers["x-request-id"]


def test_another_account_at_the_provider_changes_nothing(
    checkout: Checkout, stack: Stack, payment_side: PaymentSide
) -> None:
    """Its webhooks are well signed, by its own secret, and name a payment that is not its own.

    Neither at once, nor when the queue's function has looked at the report, too.
    """
    other = Providers(stack, payment_side.new_id(), checkout.providers.at_stripe)
    other.at_adyen.double.base_url = other.at_mpesa.double.base_url = "http://127.0.0.1:9"
    other.put_secrets(stack.aws)
    strangers = Checkout(checkout.merchant, checkout.payments, other)
    session = checkout.payments.open()
    checkout.pay(session, "stripe", "pi_mine")
    told = strangers.stripe_event("payment_intent.succeeded", {"id": "pi_mine"})
    assert told.status == 200
    # A report of its own, put there afterwards, which the queue's function matches.
    strangers.stripe_event("payment_intent.succeeded", {"id": "pi_theirs"})
    theirs = strangers.pay(checkout.payments.open(), "stripe", "pi_theirs")
    wait_until(lambda: checkout.status_of(theirs) == "SETTLED", "matched", 2 * MATCHED_WITHIN)
    assert checkout.statuses(session) == {"stripe": ("PENDING", None)}

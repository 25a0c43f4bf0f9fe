"""Stripe: its statuses, errors and events, one by one, and its signatures against its own SDK."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import stripe as official

from checkout.errors import InvalidRequestError, SignatureError
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.stripe.cancel import CHECKOUT_SESSION, PAYMENT_INTENT, PAYMENT_STATUS
from checkout.providers.stripe.client import API_VERSION, StripeSecret
from checkout.providers.webhook import Delivery, Report
from checkout.transactions import TransactionStatus
from tests.contract.desks.base import ACCOUNT, Desk, State
from tests.contract.desks.stripe import stripe_desk
from tests.doubles.server import Reply
from tests.doubles.stripe import KEY, WEBHOOK_SECRET, event, signature
from tests.unit.clock import NOON
from tests.unit.samples import a_transaction

TIMEOUT = 8.0
SENT_AT = int(NOON.timestamp())
PENDING, SETTLED = TransactionStatus.PENDING, TransactionStatus.SETTLED
PROCESSING, AUTHORIZED = TransactionStatus.PROCESSING, TransactionStatus.AUTHORIZED
CANCELLED, EXPIRED = TransactionStatus.CANCELLED, TransactionStatus.EXPIRED
FAILED, REFUNDED = TransactionStatus.FAILED, TransactionStatus.REFUNDED

# Every status of a PaymentIntent, and of a Checkout Session with how it was paid.
INTENTS = {
    "requires_payment_method": PENDING,
    "requires_confirmation": PENDING,
    "requires_action": PENDING,
    "requires_capture": AUTHORIZED,
    "processing": PROCESSING,
    "succeeded": SETTLED,
    "canceled": CANCELLED,
}
SESSIONS = {
    ("open", "unpaid"): PENDING,
    ("expired", "unpaid"): EXPIRED,
    ("complete", "unpaid"): PROCESSING,
    ("complete", "paid"): SETTLED,
    ("complete", "no_payment_required"): SETTLED,
}
# An error's HTTP status, its code, the status of the PaymentIntent in it: what it means.
ERRORS: list[tuple[int, str | None, str | None, ProviderAnswer]] = [
    (404, "resource_missing", None, ProviderAnswer(CancelOutcome.NOT_FOUND, new_key=True)),
    (400, "resource_missing", None, ProviderAnswer(CancelOutcome.NOT_FOUND, new_key=True)),
    (409, "idempotency_key_in_use", None, ProviderAnswer(CancelOutcome.UNKNOWN)),
    (409, None, None, ProviderAnswer(CancelOutcome.UNKNOWN)),
    (400, "lock_timeout", None, ProviderAnswer(CancelOutcome.UNKNOWN)),
    (400, "rate_limit", None, ProviderAnswer(CancelOutcome.UNKNOWN)),
    (400, "unheard_of", None, ProviderAnswer(CancelOutcome.REFUSED)),
    (402, None, None, ProviderAnswer(CancelOutcome.REFUSED)),
]
UNEXPECTED_STATE = {
    "succeeded": ProviderAnswer(CancelOutcome.TERMINAL, SETTLED),
    "canceled": ProviderAnswer(CancelOutcome.CANCELLED),
    "processing": ProviderAnswer(CancelOutcome.UNSUPPORTED, new_key=True),
    "requires_action": ProviderAnswer(CancelOutcome.REFUSED),
    "unheard_of": ProviderAnswer(CancelOutcome.REFUSED),
}
# An event, what it is about, and what it says of it; None where it says nothing.
EVENTS: list[tuple[str, dict[str, Any], Report | None]] = [
    ("payment_intent.created", {"id": "pi_1"}, None),
    ("payment_intent.requires_action", {"id": "pi_1"}, None),
    ("payment_intent.payment_failed", {"id": "pi_1"}, None),
    ("payment_intent.partially_funded", {"id": "pi_1"}, None),
    ("payment_intent.processing", {"id": "pi_1"}, Report("pi_1", PROCESSING)),
    ("payment_intent.amount_capturable_updated", {"id": "pi_1"}, Report("pi_1", AUTHORIZED)),
    ("payment_intent.succeeded", {"id": "pi_1"}, Report("pi_1", SETTLED)),
    ("payment_intent.canceled", {"id": "pi_1"}, Report("pi_1", CANCELLED)),
    ("checkout.session.expired", {"id": "cs_1"}, Report("cs_1", EXPIRED)),
    (
        "checkout.session.completed",
        {"id": "cs_1", "status": "complete", "payment_status": "paid", "payment_intent": "pi_1"},
        Report("cs_1", SETTLED),
    ),
    (
        "checkout.session.completed",
        {"id": "cs_1", "status": "complete", "payment_status": "unpaid", "payment_intent": "pi_1"},
        Report("cs_1", PROCESSING),
    ),
    ("checkout.session.async_payment_succeeded", {"id": "cs_1"}, Report("cs_1", SETTLED)),
    ("checkout.session.async_payment_failed", {"id": "cs_1"}, Report("cs_1", FAILED)),
    (
        "charge.refunded",
        {"id": "ch_1", "payment_intent": "pi_1", "refunded": True},
        Report("pi_1", REFUNDED),
    ),
    ("charge.refunded", {"id": "ch_1", "payment_intent": "pi_1", "refunded": False}, None),
    ("charge.expired", {"id": "ch_1", "payment_intent": "pi_1"}, Report("pi_1", EXPIRED)),
    ("charge.expired", {"id": "ch_1", "payment_intent": None}, None),
    ("customer.created", {"id": "cus_1"}, None),
]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with stripe_desk().open() as desk:
        yield desk


def answers(desk: Desk, *replies: Reply) -> None:
    """Stripe's answers, in turn."""
    left = list(replies)
    desk.double.respond = lambda call: left.pop(0)


def cancel(desk: Desk, reference: str = "pi_1") -> ProviderAnswer:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().cancel(payment, "key-0", TIMEOUT)


def retrieve(desk: Desk, reference: str = "pi_1") -> ProviderStatus:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().retrieve(payment, TIMEOUT)


def delivery(body: bytes, header: str | None = None, account: str = ACCOUNT) -> Delivery:
    header = signature(body, SENT_AT) if header is None else header
    return Delivery(account, body, {"stripe-signature": header}, {}, NOON)


@pytest.mark.parametrize("environment", ["sandbox", "live"])
def test_the_key_chooses_and_the_host_is_one(desk: Desk, environment: str) -> None:
    secret = StripeSecret.parse(json.dumps({**desk.secret, "environment": environment}))
    assert secret.host == "https://api.stripe.com"


def test_every_status_is_in_the_map_and_no_other() -> None:
    assert PAYMENT_INTENT == INTENTS
    assert {status for status, _ in SESSIONS} == {*CHECKOUT_SESSION, "complete"}
    assert {paid for _, paid in SESSIONS} == set(PAYMENT_STATUS)


@pytest.mark.parametrize("status", [*INTENTS, "unheard_of", "", None, 1])
def test_the_status_of_a_payment_intent(desk: Desk, status: Any) -> None:
    answers(desk, Reply(200, {"id": "pi_1", "status": status}))
    assert retrieve(desk) == ProviderStatus(INTENTS.get(status))


@pytest.mark.parametrize(("refunded", "status"), [(True, REFUNDED), (False, SETTLED)])
def test_a_settled_one_is_refunded_if_its_charge_is(
    desk: Desk, refunded: bool, status: TransactionStatus
) -> None:
    intent = {"id": "pi_1", "status": "succeeded", "latest_charge": {"refunded": refunded}}
    answers(desk, Reply(200, intent))
    assert retrieve(desk) == ProviderStatus(status)
    assert desk.double.calls[0].query == {"expand[]": "latest_charge"}


@pytest.mark.parametrize(("status", "paid"), SESSIONS)
def test_the_status_of_a_checkout_session(desk: Desk, status: str, paid: str) -> None:
    answers(desk, Reply(200, {"id": "cs_1", "status": status, "payment_status": paid}))
    assert retrieve(desk, "cs_1") == ProviderStatus(SESSIONS[status, paid])
    assert desk.double.calls[0].path == "/v1/checkout/sessions/cs_1"


@pytest.mark.parametrize("status", INTENTS)
def test_a_complete_checkout_session_is_as_its_payment_intent(desk: Desk, status: str) -> None:
    intent = {"id": "pi_1", "status": status}
    answers(desk, Reply(200, {"id": "cs_1", "status": "complete", "payment_intent": intent}))
    # What is complete cannot be paid again: a bank debit that failed has ended.
    ended = {"requires_payment_method": FAILED}
    assert retrieve(desk, "cs_1") == ProviderStatus({**INTENTS, **ended}[status])


@pytest.mark.parametrize(("status", "code", "intent", "expected"), ERRORS)
def test_an_error(
    desk: Desk, status: int, code: str | None, intent: str | None, expected: ProviderAnswer
) -> None:
    answers(desk, Reply(status, {"error": {"code": code}}))
    assert cancel(desk) == expected


@pytest.mark.parametrize("status", UNEXPECTED_STATE)
def test_an_error_that_tells_the_state_is_believed(desk: Desk, status: str) -> None:
    error = {"code": "payment_intent_unexpected_state", "payment_intent": {"status": status}}
    answers(desk, Reply(400, {"error": error}))
    assert cancel(desk) == UNEXPECTED_STATE[status]


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_stored_500_asks_for_a_new_key_and_a_refused_key_does_not(
    desk: Desk, status: int
) -> None:
    answers(desk, Reply(status, {"error": {}}, {"Retry-After": "9"}))
    answer = cancel(desk)
    assert answer.outcome is CancelOutcome.UNKNOWN
    assert answer.new_key is (status >= 500)
    assert answer.retry_after == (9 if status >= 500 else None)


@pytest.mark.parametrize("status", [200, 404, 400])
def test_a_question_that_is_not_answered_with_a_payment(desk: Desk, status: int) -> None:
    answers(desk, Reply(status, {"error": {"code": "resource_missing"}}))
    assert retrieve(desk) == ProviderStatus(None, found=status != 404)


def test_a_200_that_is_not_cancelled_is_unknown(desk: Desk) -> None:
    answers(desk, Reply(200, {"id": "pi_1", "status": "requires_capture"}))
    assert cancel(desk) == ProviderAnswer(CancelOutcome.UNKNOWN)


def test_what_is_sent_for_a_payment_intent(desk: Desk) -> None:
    desk.make("pi_ä/..", State.CANCELLABLE)
    cancel(desk, "pi_ä/..")
    (call,) = desk.double.calls
    assert (call.method, call.path) == ("POST", "/v1/payment_intents/pi_%C3%A4%2F../cancel")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.headers["stripe-version"] == API_VERSION
    assert call.headers["idempotency-key"] == "key-0"
    assert call.body == b""


def test_an_open_checkout_session_is_expired(desk: Desk) -> None:
    answers(desk, Reply(200, {"id": "cs_1", "status": "expired"}))
    assert cancel(desk, "cs_1") == ProviderAnswer(CancelOutcome.CANCELLED)
    assert [call.path for call in desk.double.calls] == ["/v1/checkout/sessions/cs_1/expire"]


def test_a_complete_one_with_an_authorised_payment_has_that_cancelled(desk: Desk) -> None:
    intent = {"id": "pi_1", "status": "requires_capture"}
    answers(
        desk,
        Reply(400, {"error": {"code": None}}),
        Reply(200, {"id": "cs_1", "status": "complete", "payment_intent": intent}),
        Reply(200, {"id": "pi_1", "status": "canceled"}),
    )
    assert cancel(desk, "cs_1") == ProviderAnswer(CancelOutcome.CANCELLED)
    last = desk.double.calls[-1]
    assert last.path == "/v1/payment_intents/pi_1/cancel"
    # Stripe refuses a key that comes again with another request.
    assert last.headers["idempotency-key"] == "key-0-intent"


@pytest.mark.parametrize("status", ["succeeded", "processing"])
def test_a_complete_one_is_refused_otherwise(desk: Desk, status: str) -> None:
    session = {"status": "complete", "payment_intent": {"id": "pi_1", "status": status}}
    answers(desk, Reply(400, {"error": {}}), Reply(200, session))
    assert cancel(desk, "cs_1") == ProviderAnswer(CancelOutcome.REFUSED)


@pytest.mark.parametrize(("kind", "subject", "report"), EVENTS)
def test_an_event(desk: Desk, kind: str, subject: dict[str, Any], report: Report | None) -> None:
    told = desk.reader().read(delivery(event(kind, subject)))
    assert told == ([report] if report else [])


def test_the_official_library_accepts_our_signatures_and_we_accept_its(desk: Desk) -> None:
    body = event("payment_intent.canceled", {"id": "pi_1"})
    header = signature(body, SENT_AT)
    verify: Any = official.WebhookSignature.verify_header
    assert verify(body.decode(), header, WEBHOOK_SECRET)
    theirs: Any = official.WebhookSignature.generate_signature_header
    made = theirs(body.decode(), WEBHOOK_SECRET, timestamp=SENT_AT)
    assert desk.reader().read(delivery(body, made)) == [Report("pi_1", CANCELLED)]


def test_one_of_several_signatures_and_secrets_has_to_fit(desk: Desk) -> None:
    desk.put_secret(webhookSecrets=["whsec_old", "whsec_new"])
    body = event("payment_intent.canceled", {"id": "pi_1"})
    for secret in ("whsec_old", "whsec_new"):
        good = signature(body, SENT_AT, secret)
        header = f"{good},v1={'0' * 64},v0=abc"
        assert desk.reader().read(delivery(body, header))


@pytest.mark.parametrize(
    "header",
    ["", "t=1", "v1=", "t=,v1=", f"t={SENT_AT},v1={'0' * 64}", f"t={SENT_AT}", "é=1,v1=é"],
)
def test_no_signature_that_fits_is_refused(desk: Desk, header: str) -> None:
    body = event("payment_intent.canceled", {"id": "pi_1"})
    with pytest.raises(SignatureError):
        desk.reader().read(delivery(body, header))


def test_another_body_secret_scheme_or_no_secret_is_refused(desk: Desk) -> None:
    body = event("payment_intent.canceled", {"id": "pi_1"})
    good = delivery(body)
    reader = desk.reader()
    bad = [
        replace(good, body=body + b" "),
        delivery(body, signature(body, SENT_AT, "whsec_2")),
        delivery(body, signature(body, SENT_AT).replace("v1=", "v0=")),
    ]
    for each in bad:
        with pytest.raises(SignatureError):
            reader.read(each)
    desk.put_secret(webhookSecrets=[])
    with pytest.raises(SignatureError):
        desk.reader().read(good)


@pytest.mark.parametrize(("age", "accepted"), [(300, True), (301, False), (-300, True)])
def test_a_time_stamp_is_good_for_five_minutes(desk: Desk, age: int, accepted: bool) -> None:
    body = event("payment_intent.canceled", {"id": "pi_1"})
    sent = delivery(body, signature(body, SENT_AT - age))
    if accepted:
        assert desk.reader().read(sent) == desk.reader().read(sent) != []
    else:
        with pytest.raises(SignatureError):
            desk.reader().read(sent)


@pytest.mark.parametrize("body", [b"", b"[]", b"no JSON", b"\xff", json.dumps("text").encode()])
def test_what_is_signed_and_unreadable_says_so(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        desk.reader().read(delivery(body))


@pytest.mark.parametrize("body", [b"{}", b'{"type": 1}', b'{"type": "charge.expired"}'])
def test_an_event_of_another_shape_tells_nothing(desk: Desk, body: bytes) -> None:
    assert desk.reader().read(delivery(body)) == []

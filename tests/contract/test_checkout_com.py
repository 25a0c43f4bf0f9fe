"""Checkout.com: its statuses, errors and events, one by one, its signatures and its host names."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from checkout.errors import InvalidRequestError, SignatureError
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.checkout_com.cancel import PAYMENT, VOID
from checkout.providers.checkout_com.client import CheckoutComSecret
from checkout.providers.checkout_com.webhook import STATUSES
from checkout.providers.webhook import Delivery, Report
from checkout.transactions import TransactionStatus
from tests.contract.desks.base import ACCOUNT, Desk, State
from tests.contract.desks.checkout_com import checkout_com_desk
from tests.doubles.checkout_com import KEY, WEBHOOK_SECRET, CheckoutCom, event, signature
from tests.doubles.server import Reply
from tests.unit.clock import NOON
from tests.unit.samples import a_transaction

TIMEOUT = 8.0
PENDING, AUTHORIZED = TransactionStatus.PENDING, TransactionStatus.AUTHORIZED
SETTLED, REFUNDED = TransactionStatus.SETTLED, TransactionStatus.REFUNDED
CANCELLED, EXPIRED = TransactionStatus.CANCELLED, TransactionStatus.EXPIRED
FAILED = TransactionStatus.FAILED

# Every status that the documentation names.
PAYMENTS = {
    "Active": PENDING,
    "Requested": PENDING,
    "Pending": PENDING,
    "Authentication Requested": PENDING,
    "Authorized": AUTHORIZED,
    "Captured": SETTLED,
    "Partially Captured": SETTLED,
    "Paid": SETTLED,
    "Card Verified": SETTLED,
    "Partially Refunded": SETTLED,
    "Refunded": REFUNDED,
    "Declined": FAILED,
    "Voided": CANCELLED,
    "Canceled": CANCELLED,
    "Expired": EXPIRED,
}
REFUSED, UNKNOWN = CancelOutcome.REFUSED, CancelOutcome.UNKNOWN
# An HTTP status and the body with it: what it means for a void.
ANSWERS: list[tuple[int, Any, CancelOutcome]] = [
    (202, {"action_id": "act_1"}, CancelOutcome.REQUESTED),
    (202, b"", CancelOutcome.REQUESTED),
    (403, {}, REFUSED),
    (403, b"", REFUSED),
    (404, {}, CancelOutcome.NOT_FOUND),
    (404, b"", CancelOutcome.NOT_FOUND),
    (422, {"error_type": "request_invalid", "error_codes": ["reference_invalid"]}, REFUSED),
    (401, b"", UNKNOWN),
    (429, b"", UNKNOWN),
    (500, b"", UNKNOWN),
    (403, b"<html>", UNKNOWN),
    (400, b"", UNKNOWN),
    (400, {"error_type": "unheard_of"}, UNKNOWN),
    (409, {}, UNKNOWN),
    (200, {"status": "Voided"}, UNKNOWN),
]
# An event and what it says of its payment; None where it says nothing.
EVENTS: list[tuple[str, Report | None]] = [
    ("payment_approved", Report("pay_1", AUTHORIZED)),
    ("payment_captured", Report("pay_1", SETTLED)),
    ("payment_voided", Report("pay_1", CANCELLED)),
    ("payment_canceled", Report("pay_1", CANCELLED)),
    ("payment_declined", Report("pay_1", FAILED)),
    ("payment_expired", Report("pay_1", EXPIRED)),
    ("payment_refunded", Report("pay_1", ask=True)),
    ("payment_void_declined", Report("pay_1", cancel_refused=True)),
    ("payment_pending", None),
    ("unheard_of", None),
]
LIVE = {"environment": "live", "prefix": "vkuhvk4v", "secretKey": KEY}


@dataclass
class Bench:
    """The double besides the desk."""

    checkout_com: CheckoutCom
    desk: Desk


@pytest.fixture
def bench() -> Iterator[Bench]:
    checkout_com = CheckoutCom()
    with checkout_com_desk(checkout_com).open() as desk:
        yield Bench(checkout_com, desk)


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return bench.desk


def answers(desk: Desk, reply: Reply) -> None:
    desk.double.respond = lambda call: reply


def cancel(desk: Desk, reference: str = "pay_1", key: str = "key-0") -> ProviderAnswer:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().cancel(payment, key, TIMEOUT)


def retrieve(desk: Desk, reference: str = "pay_1") -> ProviderStatus:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().retrieve(payment, TIMEOUT)


def read(desk: Desk, body: bytes, header: str | None = None) -> list[Report]:
    return desk.reader().read(delivery(body, header))


def delivery(body: bytes, header: str | None = None) -> Delivery:
    header = signature(body) if header is None else header
    return Delivery(ACCOUNT, body, {"cko-signature": header}, {}, NOON)


def test_every_status_and_event_is_in_its_map_and_no_other() -> None:
    assert PAYMENT == PAYMENTS
    assert {kind for kind, told in EVENTS if told and told.status} == set(STATUSES)
    assert {status for status, _, outcome in ANSWERS if outcome is not UNKNOWN} == set(VOID)


@pytest.mark.parametrize("status", [*PAYMENTS, "unheard_of", "authorized", "", None, 1])
def test_the_status_of_a_payment(desk: Desk, status: Any) -> None:
    answers(desk, Reply(200, {"id": "pay_1", "status": status}))
    assert retrieve(desk) == ProviderStatus(PAYMENTS.get(status))


@pytest.mark.parametrize("status", [403, 404, 422, 400])
def test_a_question_that_is_not_answered_with_a_payment(desk: Desk, status: int) -> None:
    answers(desk, Reply(status, {"status": "Captured"}))
    assert retrieve(desk) == ProviderStatus(None, found=status != 404)


@pytest.mark.parametrize(("status", "body", "outcome"), ANSWERS)
def test_an_answer_to_a_void(desk: Desk, status: int, body: Any, outcome: CancelOutcome) -> None:
    answers(desk, Reply(status, body))
    assert cancel(desk) == ProviderAnswer(outcome)


def test_what_is_sent(desk: Desk) -> None:
    desk.make("pay_ä/..", State.CANCELLABLE)
    cancel(desk, "pay_ä/..")
    retrieve(desk, "pay_ä/..")
    void, question = desk.double.calls
    assert (void.method, void.path) == ("POST", "/payments/pay_%C3%A4%2F../voids")
    assert void.headers["authorization"] == f"Bearer {KEY}"
    assert void.headers["cko-idempotency-key"] == "key-0"
    assert void.body == b"{}"
    assert (question.method, question.path) == ("GET", "/payments/pay_%C3%A4%2F..")
    assert "cko-idempotency-key" not in question.headers


def test_a_void_is_in_flight_until_it_is_confirmed(bench: Bench) -> None:
    desk = bench.desk
    desk.make("pay_1", State.CANCELLABLE)
    assert cancel(desk) == ProviderAnswer(CancelOutcome.REQUESTED)
    assert retrieve(desk) == ProviderStatus(AUTHORIZED)
    assert read(desk, bench.checkout_com.void_succeeds("pay_1")) == [Report("pay_1", CANCELLED)]
    assert retrieve(desk) == ProviderStatus(CANCELLED)


def test_after_a_declined_void_only_a_new_key_asks_again(bench: Bench) -> None:
    desk = bench.desk
    desk.make("pay_1", State.CANCELLABLE)
    cancel(desk)
    told = read(desk, bench.checkout_com.void_is_declined("pay_1"))
    assert told == [Report("pay_1", cancel_refused=True)]
    cancel(desk)
    assert bench.checkout_com.pending == set()
    assert cancel(desk, key="key-1") == ProviderAnswer(CancelOutcome.REQUESTED)
    assert bench.checkout_com.pending == {"pay_1"}


def test_a_capture_that_wins_over_a_void_is_settled(bench: Bench) -> None:
    desk = bench.desk
    desk.make("pay_1", State.CANCELLABLE)
    cancel(desk)
    assert read(desk, bench.checkout_com.capture("pay_1")) == [Report("pay_1", SETTLED)]
    assert retrieve(desk) == ProviderStatus(SETTLED)


@pytest.mark.parametrize(("kind", "report"), EVENTS)
def test_an_event_however_often_it_comes(desk: Desk, kind: str, report: Report | None) -> None:
    reader, sent = desk.reader(), delivery(event(kind, "pay_1"))
    assert reader.read(sent) == reader.read(sent) == ([report] if report else [])


def test_one_of_several_secrets_has_to_fit(desk: Desk) -> None:
    desk.put_secret(webhookSecrets=["old", "new"])
    body = event("payment_voided", "pay_1")
    for secret in ("old", "new"):
        assert read(desk, body, signature(body, secret))
    with pytest.raises(SignatureError):
        read(desk, body)


@pytest.mark.parametrize("header", ["", "0" * 64, "é", "sha256=", "\ud800"])
def test_no_signature_that_fits_is_refused(desk: Desk, header: str) -> None:
    with pytest.raises(SignatureError):
        read(desk, event("payment_voided", "pay_1"), header)


def test_another_body_secret_or_header_or_no_secret_is_refused(desk: Desk) -> None:
    body = event("payment_voided", "pay_1")
    good, reader = delivery(body), desk.reader()
    bad = [
        replace(good, body=body + b" "),
        replace(good, headers={}),
        replace(good, headers={"authorization": signature(body)}),
        delivery(body, signature(body, "another")),
    ]
    for each in bad:
        with pytest.raises(SignatureError):
            reader.read(each)
    desk.put_secret(webhookSecrets=[])
    with pytest.raises(SignatureError):
        desk.reader().read(good)


@pytest.mark.parametrize("body", [b"", b"[]", b"no JSON", b"\xff", json.dumps("text").encode()])
def test_what_is_signed_and_unreadable_says_so_and_no_more(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(desk, body)
    said = f"{caught.value!r} {caught.value}"
    assert str(caught.value) == "body must be a JSON object"
    assert KEY not in said
    assert WEBHOOK_SECRET not in said


@pytest.mark.parametrize(
    "body", [b"{}", b'{"type": 1}', b'{"type": "payment_voided", "data": {"id": null}}']
)
def test_an_event_of_another_shape_tells_nothing(desk: Desk, body: bytes) -> None:
    assert read(desk, body) == []


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("sandbox", "https://vkuhvk4v.api.sandbox.checkout.com"),
        ("live", "https://vkuhvk4v.api.checkout.com"),
    ],
)
def test_the_host_is_the_merchants_own(environment: str, host: str) -> None:
    secret = CheckoutComSecret.parse(json.dumps({**LIVE, "environment": environment}))
    assert secret.host == host


@pytest.mark.parametrize("prefix", [None, "a.b", "evil.example/", "a@b", "-a", "a\n", "{}"])
def test_a_prefix_that_is_none_is_refused_and_not_told(prefix: str | None) -> None:
    fields = {**LIVE, "prefix": prefix}
    with pytest.raises(ValueError, match=r"^prefix must be ") as caught:
        CheckoutComSecret.parse(json.dumps(fields))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("field", ["environment", "secretKey"])
def test_a_secret_without_a_field_is_refused(field: str) -> None:
    fields = {name: value for name, value in LIVE.items() if name != field}
    with pytest.raises(ValueError, match=f"^{field} "):
        CheckoutComSecret.parse(json.dumps(fields))

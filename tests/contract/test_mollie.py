"""Mollie: its statuses and errors, one by one, the two ways to cancel, and the two webhooks."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from checkout.errors import InvalidRequestError, SignatureError
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.mollie.cancel import PAYMENT
from checkout.providers.mollie.client import MollieSecret
from checkout.providers.webhook import Delivery, Report
from checkout.transactions import TransactionStatus
from tests.contract.desks.base import ACCOUNT, Desk, State
from tests.contract.desks.mollie import mollie_desk
from tests.doubles.mollie import (
    AMOUNT,
    KEY,
    WEBHOOK_SECRET,
    WEBHOOK_TOKEN,
    Mollie,
    event,
    form,
    problem,
    signature,
)
from tests.doubles.server import Reply
from tests.unit.clock import NOON
from tests.unit.samples import a_transaction

TIMEOUT = 8.0
PENDING, PROCESSING = TransactionStatus.PENDING, TransactionStatus.PROCESSING
AUTHORIZED, SETTLED = TransactionStatus.AUTHORIZED, TransactionStatus.SETTLED
REFUNDED, CANCELLED = TransactionStatus.REFUNDED, TransactionStatus.CANCELLED
FAILED, EXPIRED = TransactionStatus.FAILED, TransactionStatus.EXPIRED

# Every status that the documentation names.
PAYMENTS = {
    "open": PENDING,
    "pending": PROCESSING,
    "authorized": AUTHORIZED,
    "paid": SETTLED,
    "failed": FAILED,
    "canceled": CANCELLED,
    "expired": EXPIRED,
}
UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)
REFUSED = ProviderAnswer(CancelOutcome.REFUSED, new_key=True)
UNSUPPORTED = ProviderAnswer(CancelOutcome.UNSUPPORTED, new_key=True)
REQUESTED = ProviderAnswer(CancelOutcome.REQUESTED, new_key=True)
# A payment that is read after Mollie refused to cancel it with a 422: what the refusal means.
WHYS: list[tuple[dict[str, Any], ProviderAnswer]] = [
    ({"status": "paid"}, ProviderAnswer(CancelOutcome.TERMINAL, SETTLED)),
    ({"status": "failed"}, ProviderAnswer(CancelOutcome.TERMINAL, FAILED)),
    ({"status": "expired"}, ProviderAnswer(CancelOutcome.TERMINAL, EXPIRED)),
    ({"status": "canceled"}, ProviderAnswer(CancelOutcome.CANCELLED)),
    ({"status": "open", "isCancelable": False}, UNSUPPORTED),
    ({"status": "pending", "isCancelable": False}, UNSUPPORTED),
    ({"status": "open", "isCancelable": True}, REFUSED),
    ({"status": "pending"}, REFUSED),
    ({"status": "unheard_of", "isCancelable": False}, REFUSED),
    ({}, REFUSED),
]
# An HTTP status: what it means for a cancellation, and for a release.
ERRORS: dict[int, ProviderAnswer] = {
    404: ProviderAnswer(CancelOutcome.NOT_FOUND, new_key=True),
    400: UNKNOWN,
    401: UNKNOWN,
    403: UNKNOWN,
    409: UNKNOWN,
    429: UNKNOWN,
    500: UNKNOWN,
    503: UNKNOWN,
}
PAYMENT_1 = {"resource": "payment", "id": "tr_1", "amount": AMOUNT}
EVENTS = {
    "payment.paid": "paid",
    "payment.authorized": "authorized",
    "payment.failed": "failed",
    "payment.canceled": "canceled",
    "payment.expired": "expired",
    "payment.pending": "pending",
}


@dataclass
class Bench:
    """The double besides the desk."""

    mollie: Mollie
    desk: Desk


@pytest.fixture
def bench() -> Iterator[Bench]:
    mollie = Mollie()
    with mollie_desk(mollie).open() as desk:
        yield Bench(mollie, desk)


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return bench.desk


def answers(desk: Desk, *replies: Reply) -> None:
    """Mollie's answers, in turn."""
    left = list(replies)
    desk.double.respond = lambda call: left.pop(0)


def cancel(desk: Desk, reference: str = "tr_1", key: str = "key-0") -> ProviderAnswer:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().cancel(payment, key, TIMEOUT)


def retrieve(desk: Desk, reference: str = "tr_1") -> ProviderStatus:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().retrieve(payment, TIMEOUT)


def calls(desk: Desk) -> list[tuple[str, str, str | None]]:
    return [
        (call.method, call.path, call.headers.get("idempotency-key")) for call in desk.double.calls
    ]


def classic(body: bytes, **query: str) -> Delivery:
    return Delivery(ACCOUNT, body, {}, query, NOON)


def signed(body: bytes, header: str | None = None) -> Delivery:
    header = signature(body) if header is None else header
    return Delivery(ACCOUNT, body, {"x-mollie-signature": header}, {}, NOON)


def test_every_status_is_in_the_map_and_no_other() -> None:
    assert PAYMENT == PAYMENTS


@pytest.mark.parametrize("status", [*PAYMENTS, "unheard_of", "", None, 1])
def test_the_status_of_a_payment(desk: Desk, status: Any) -> None:
    answers(desk, Reply(200, {"id": "tr_1", "status": status}))
    assert retrieve(desk) == ProviderStatus(PAYMENTS.get(status))


@pytest.mark.parametrize(
    ("status", "refunded", "expected"),
    [
        ("paid", AMOUNT, REFUNDED),
        ("paid", {**AMOUNT, "value": "19.98"}, SETTLED),
        ("paid", {**AMOUNT, "value": "0.00"}, SETTLED),
        ("paid", {**AMOUNT, "currency": "USD"}, SETTLED),
        ("paid", None, SETTLED),
        ("authorized", AMOUNT, AUTHORIZED),
    ],
)
def test_a_paid_one_is_refunded_if_all_of_it_is(
    desk: Desk, status: str, refunded: Any, expected: TransactionStatus
) -> None:
    answers(desk, Reply(200, {"status": status, "amount": AMOUNT, "amountRefunded": refunded}))
    assert retrieve(desk) == ProviderStatus(expected)


@pytest.mark.parametrize("status", [404, 410, 422])
def test_a_question_that_is_not_answered_with_a_payment(desk: Desk, status: int) -> None:
    answers(desk, problem(status))
    assert retrieve(desk) == ProviderStatus(None, found=status != 404)


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_and_nothing_is_asked_after_it(desk: Desk, status: int) -> None:
    answers(desk, problem(status))
    assert cancel(desk) == ERRORS[status]
    assert len(desk.double.calls) == 1


@pytest.mark.parametrize(("found", "expected"), WHYS)
def test_a_refusal_means_what_the_payment_says(
    desk: Desk, found: dict[str, Any], expected: ProviderAnswer
) -> None:
    answers(desk, problem(422), Reply(200, found))
    assert cancel(desk) == expected


@pytest.mark.parametrize(("reply", "expected"), [(problem(404), REFUSED), (problem(500), UNKNOWN)])
def test_a_refusal_of_a_payment_that_cannot_be_read(
    desk: Desk, reply: Reply, expected: ProviderAnswer
) -> None:
    answers(desk, problem(422), reply)
    assert cancel(desk) == expected


def test_a_200_that_is_not_cancelled_is_unknown(desk: Desk) -> None:
    answers(desk, Reply(200, {"id": "tr_1", "status": "open"}))
    assert cancel(desk) == UNKNOWN


def test_what_is_sent_for_an_open_payment(desk: Desk) -> None:
    desk.make("tr_ä/..", State.CANCELLABLE)
    cancel(desk, "tr_ä/..")
    (call,) = desk.double.calls
    assert (call.method, call.path) == ("DELETE", "/v2/payments/tr_%C3%A4%2F..")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.headers["idempotency-key"] == "key-0"
    assert call.body == b""


def test_the_authorisation_of_an_authorised_payment_is_released(bench: Bench) -> None:
    bench.mollie.payment("tr_1", "authorized", cancelable=True)
    assert cancel(bench.desk) == REQUESTED
    assert calls(bench.desk) == [
        ("DELETE", "/v2/payments/tr_1", "key-0"),
        ("GET", "/v2/payments/tr_1", None),
        ("POST", "/v2/payments/tr_1/release-authorization", "key-0-release"),
    ]
    assert retrieve(bench.desk) == ProviderStatus(AUTHORIZED)
    bench.mollie.release_succeeds("tr_1")
    assert retrieve(bench.desk) == ProviderStatus(CANCELLED)
    assert cancel(bench.desk, key="key-1") == ProviderAnswer(CancelOutcome.CANCELLED)
    assert bench.mollie.voids == ["tr_1"]


def test_a_release_that_came_to_nothing_is_asked_for_with_a_new_key(bench: Bench) -> None:
    bench.mollie.payment("tr_1", "authorized")
    cancel(bench.desk)
    bench.mollie.release_fails("tr_1")
    assert cancel(bench.desk) == REQUESTED
    assert bench.mollie.releasing == set()
    assert cancel(bench.desk, key="key-1") == REQUESTED
    assert bench.mollie.releasing == {"tr_1"}


@pytest.mark.parametrize(("status", "expected"), [*ERRORS.items(), (422, REFUSED), (200, UNKNOWN)])
def test_an_answer_to_a_release(desk: Desk, status: int, expected: ProviderAnswer) -> None:
    answers(desk, problem(422), Reply(200, {"status": "authorized"}), problem(status))
    assert cancel(desk) == expected


def test_a_classic_webhook_with_our_token_has_to_be_asked(desk: Desk) -> None:
    reader, sent = desk.reader(), classic(form("tr_1"), token=WEBHOOK_TOKEN)
    assert reader.read(sent) == reader.read(sent) == [Report("tr_1", ask=True)]


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "é"}, {"Token": WEBHOOK_TOKEN}])
def test_a_classic_webhook_without_our_token_is_refused(desk: Desk, query: dict[str, str]) -> None:
    with pytest.raises(SignatureError):
        desk.reader().read(classic(form("tr_1"), **query))


@pytest.mark.parametrize("token", ["", WEBHOOK_TOKEN])
def test_an_account_without_a_token_takes_no_classic_webhook(desk: Desk, token: str) -> None:
    desk.put_secret(webhookTokens=[])
    with pytest.raises(SignatureError):
        desk.reader().read(classic(form("tr_1"), token=token))


@pytest.mark.parametrize("reference", ["ord_1", "pl_1", "sub_1", "re_1", "1"])
def test_what_is_no_payment_is_skipped(desk: Desk, reference: str) -> None:
    assert desk.reader().read(classic(form(reference), token=WEBHOOK_TOKEN)) == []
    assert desk.reader().read(signed(event("payment-link.paid", reference))) == []


@pytest.mark.parametrize("body", [b"", b"id", b"\xff", b'{"id": "tr_1"}', b"a=1&" * 200])
def test_a_classic_webhook_that_is_no_form_says_so(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match=r"^body must be a form with an id$"):
        desk.reader().read(classic(body, token=WEBHOOK_TOKEN))


@pytest.mark.parametrize("kind", EVENTS)
def test_an_event_with_the_payment_says_how_it_stands(desk: Desk, kind: str) -> None:
    reader, sent = desk.reader(), signed(event(kind, "tr_1", {**PAYMENT_1, "status": EVENTS[kind]}))
    assert reader.read(sent) == reader.read(sent) == [Report("tr_1", PAYMENTS[EVENTS[kind]])]


def test_an_event_may_be_the_payment_itself(desk: Desk) -> None:
    body = json.dumps({**PAYMENT_1, "status": "paid", "amountRefunded": AMOUNT}).encode()
    assert desk.reader().read(signed(body)) == [Report("tr_1", REFUNDED)]


@pytest.mark.parametrize(
    "snapshot",
    [
        None,
        {"resource": "payment", "id": "tr_1"},
        {**PAYMENT_1, "status": "unheard_of"},
        {**PAYMENT_1, "id": "tr_2", "status": "paid"},
    ],
)
def test_an_event_that_does_not_say_it_has_to_be_asked(
    desk: Desk, snapshot: dict[str, Any] | None
) -> None:
    body = event("payment.paid", "tr_1", snapshot)
    assert desk.reader().read(signed(body)) == [Report("tr_1", ask=True)]


@pytest.mark.parametrize("body", [b"{}", b'{"type": "hook.ping"}', b'{"entityId": 1}'])
def test_an_event_of_another_shape_tells_nothing(desk: Desk, body: bytes) -> None:
    assert desk.reader().read(signed(body)) == []


def test_one_of_several_signatures_and_secrets_has_to_fit(desk: Desk) -> None:
    desk.put_secret(webhookSecrets=["old", "new"])
    body = event("payment.paid", "tr_1")
    other = signature(body, "another")
    for secret in ("old", "new"):
        good = signature(body, secret)
        for header in (good, f"{good},{other}", f"{other}, {good}"):
            assert desk.reader().read(signed(body, header))
    with pytest.raises(SignatureError):
        desk.reader().read(signed(body, f"{other},{signature(body)}"))


@pytest.mark.parametrize("header", ["", "sha256=", "0" * 64, "sha256=é", ",", "\ud800"])
def test_no_signature_that_fits_is_refused_even_with_our_token(desk: Desk, header: str) -> None:
    sent = signed(event("payment.paid", "tr_1"), header)
    with pytest.raises(SignatureError):
        desk.reader().read(replace(sent, query={"token": WEBHOOK_TOKEN}))


def test_another_body_secret_or_scheme_or_no_secret_is_refused(desk: Desk) -> None:
    body = event("payment.paid", "tr_1")
    good, reader = signed(body), desk.reader()
    bad = [
        replace(good, body=body + b" "),
        replace(good, headers={}),
        signed(body, signature(body, "another")),
        signed(body, signature(body).replace("sha256", "sha1")),
    ]
    for each in bad:
        with pytest.raises(SignatureError):
            reader.read(each)
    desk.put_secret(webhookSecrets=[])
    with pytest.raises(SignatureError):
        desk.reader().read(good)


@pytest.mark.parametrize("body", [b"", b"[]", b"no JSON", b"\xff", form("tr_1")])
def test_what_is_signed_and_unreadable_says_so_and_no_more(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match=r"^body must be a JSON object$"):
        desk.reader().read(signed(body))


@pytest.mark.parametrize("field", ["environment", "apiKey"])
def test_a_secret_without_a_field_is_refused_and_not_told(field: str) -> None:
    fields = {"environment": "live", "apiKey": KEY, "webhookSecrets": [WEBHOOK_SECRET]}
    assert MollieSecret.parse(json.dumps(fields)).host == "https://api.mollie.com"
    with pytest.raises(ValueError, match=f"^{field} ") as caught:
        MollieSecret.parse(json.dumps({**fields, field: None}))
    assert KEY not in str(caught.value)
    assert WEBHOOK_SECRET not in str(caught.value)


@pytest.mark.parametrize("secrets", [[""], ["good", ""], "good", [1]])
def test_an_empty_webhook_secret_is_none(secrets: Any) -> None:
    fields = {"environment": "live", "apiKey": KEY, "webhookSecrets": secrets}
    with pytest.raises(ValueError, match=r"^webhookSecrets "):
        MollieSecret.parse(json.dumps(fields))

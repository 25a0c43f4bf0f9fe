"""Square: its statuses, errors and events, one by one, and its signatures against its own SDK."""

import importlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from checkout.bootstrap import utc_now
from checkout.errors import InvalidRequestError, SignatureError
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.square.cancel import CODES, NOT_NOW, PAYMENT
from checkout.providers.square.client import API_VERSION, SquareSecret
from checkout.providers.square.webhook import EVENTS
from checkout.providers.webhook import Delivery, Report
from checkout.transactions import NEVER_SENT_AFTER, PendingReason, TransactionStatus
from tests.contract.desks.base import ACCOUNT, Desk
from tests.contract.desks.square import square_double_and_desk
from tests.contract.test_adapters import work
from tests.doubles.server import Reply
from tests.doubles.square import (
    AMOUNT,
    NOTIFICATION_URL,
    TOKEN,
    WEBHOOK_SECRET,
    Square,
    error,
    event,
    payment,
    signature,
)
from tests.unit.clock import NOON
from tests.unit.samples import a_transaction, transaction_id

official: Any = importlib.import_module("square.utils.webhooks_helper")

TIMEOUT = 8.0
AUTHORIZED, PROCESSING = TransactionStatus.AUTHORIZED, TransactionStatus.PROCESSING
SETTLED, REFUNDED = TransactionStatus.SETTLED, TransactionStatus.REFUNDED
CANCELLED, EXPIRED = TransactionStatus.CANCELLED, TransactionStatus.EXPIRED
FAILED = TransactionStatus.FAILED

PAYMENTS = {
    "APPROVED": AUTHORIZED,
    "PENDING": PROCESSING,
    "COMPLETED": SETTLED,
    "CANCELED": CANCELLED,
    "FAILED": FAILED,
}
UNKNOWN, REFUSED = ProviderAnswer(CancelOutcome.UNKNOWN), ProviderAnswer(CancelOutcome.REFUSED)
NOT_FOUND = ProviderAnswer(CancelOutcome.NOT_FOUND)
CANCELED = ProviderAnswer(CancelOutcome.CANCELLED)
# An error's code, and what it means for a cancellation, whatever the HTTP status.
ERRORS = {
    "DELAYED_TRANSACTION_CANCELED": CANCELED,
    "DELAYED_TRANSACTION_CAPTURED": ProviderAnswer(CancelOutcome.TERMINAL, SETTLED),
    "DELAYED_TRANSACTION_EXPIRED": ProviderAnswer(CancelOutcome.TERMINAL, EXPIRED),
    "DELAYED_TRANSACTION_FAILED": ProviderAnswer(CancelOutcome.TERMINAL, FAILED),
    "NOT_FOUND": NOT_FOUND,
    "BAD_REQUEST": REFUSED,
    "RATE_LIMITED": UNKNOWN,
    "RATE_LIMIT_ERROR": UNKNOWN,
    "INTERNAL_SERVER_ERROR": UNKNOWN,
    "SERVICE_UNAVAILABLE": UNKNOWN,
    "GATEWAY_TIMEOUT": UNKNOWN,
    "TEMPORARY_ERROR": UNKNOWN,
    "CONFLICT": UNKNOWN,
}
SEVERAL: list[tuple[list[str], ProviderAnswer]] = [
    ([], REFUSED),
    (["UNHEARD_OF"], REFUSED),
    (["UNHEARD_OF", "DELAYED_TRANSACTION_CANCELED"], CANCELED),
    (["DELAYED_TRANSACTION_CANCELED", "DELAYED_TRANSACTION_CAPTURED"], REFUSED),
    (["DELAYED_TRANSACTION_CANCELED", "TEMPORARY_ERROR"], UNKNOWN),
]


@pytest.fixture
def square_and_desk() -> Iterator[tuple[Square, Desk]]:
    square, desk = square_double_and_desk()
    with desk.open():
        yield square, desk


@pytest.fixture
def square(square_and_desk: tuple[Square, Desk]) -> Square:
    return square_and_desk[0]


@pytest.fixture
def desk(square_and_desk: tuple[Square, Desk]) -> Desk:
    return square_and_desk[1]


def says(desk: Desk, reply: Reply) -> None:
    desk.double.respond = lambda call: reply


def cancel(desk: Desk, reference: str | None = "pay_1") -> ProviderAnswer:
    sent = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().cancel(sent, "key-0", TIMEOUT)


def retrieve(desk: Desk, reference: str | None = "pay_1") -> ProviderStatus:
    sent = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().retrieve(sent, TIMEOUT)


def delivery(body: bytes, header: str | None = None) -> Delivery:
    header = signature(body) if header is None else header
    return Delivery(ACCOUNT, body, {"x-square-hmacsha256-signature": header}, {}, NOON)


def test_every_status_code_and_event_is_in_its_map_and_no_other() -> None:
    assert PAYMENT == PAYMENTS
    assert {*CODES, *NOT_NOW} == set(ERRORS)
    assert EVENTS == {"payment.created", "payment.updated"}


@pytest.mark.parametrize("status", [*PAYMENTS, "unheard_of", "", None, 1])
def test_a_status(desk: Desk, status: Any) -> None:
    says(desk, Reply(200, {"payment": payment("pay_1", status)}))
    assert retrieve(desk) == ProviderStatus(PAYMENTS.get(status))


@pytest.mark.parametrize(
    ("status", "refunded", "expected"),
    [
        ("COMPLETED", AMOUNT, REFUNDED),
        ("COMPLETED", {**AMOUNT, "amount": 1}, SETTLED),
        ("COMPLETED", {**AMOUNT, "currency": "EUR"}, SETTLED),
        ("COMPLETED", None, SETTLED),
        ("APPROVED", AMOUNT, AUTHORIZED),
    ],
)
def test_a_completed_payment_is_refunded_if_all_of_it_is(
    desk: Desk, status: str, refunded: Any, expected: TransactionStatus
) -> None:
    says(desk, Reply(200, {"payment": payment("pay_1", status, refunded_money=refunded)}))
    assert retrieve(desk) == ProviderStatus(expected)


def test_a_payment_without_amounts_is_not_refunded(desk: Desk) -> None:
    says(desk, Reply(200, {"payment": {"id": "pay_1", "status": "COMPLETED"}}))
    assert retrieve(desk) == ProviderStatus(SETTLED)


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (error(404, "NOT_FOUND"), False),
        (error(400, "NOT_FOUND"), False),
        (error(404, "NOT_FOUND", "CONFLICT"), True),
        (error(404), True),
        (Reply(404, []), True),
        (error(400, "BAD_REQUEST"), True),
    ],
)
def test_only_its_code_says_that_there_is_none(desk: Desk, reply: Reply, found: bool) -> None:
    says(desk, reply)
    assert retrieve(desk) == ProviderStatus(None, found=found)


@pytest.mark.parametrize("status", [400, 404, 409, 422])
@pytest.mark.parametrize("code", ERRORS)
def test_an_error(desk: Desk, status: int, code: str) -> None:
    says(desk, error(status, code))
    assert cancel(desk) == ERRORS[code]
    if code != "NOT_FOUND":
        assert cancel(desk, None) == ERRORS[code]


@pytest.mark.parametrize(("codes", "expected"), SEVERAL)
def test_several_errors_and_none(desk: Desk, codes: list[str], expected: ProviderAnswer) -> None:
    says(desk, error(400, *codes))
    assert cancel(desk) == expected


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_wrong_credentials_and_trouble_tell_nothing(desk: Desk, status: int) -> None:
    says(desk, error(status, "DELAYED_TRANSACTION_CANCELED"))
    assert (cancel(desk), cancel(desk, None)) == (UNKNOWN, UNKNOWN)
    assert retrieve(desk) == ProviderStatus(None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"payment": payment("pay_1", "CANCELED")}, CANCELED),
        ({"payment": payment("pay_1", "APPROVED")}, UNKNOWN),
        ({"payment": payment("pay_1", "COMPLETED")}, UNKNOWN),
        ({"payment": []}, UNKNOWN),
        ({}, UNKNOWN),
        ([], UNKNOWN),
    ],
)
def test_a_success_has_to_say_canceled(desk: Desk, body: Any, expected: ProviderAnswer) -> None:
    says(desk, Reply(200, body))
    assert cancel(desk) == expected


def test_what_is_sent(desk: Desk) -> None:
    cancel(desk, "pay ä/..")
    retrieve(desk, "pay ä/..")
    cancelling, asking = desk.double.calls
    path = "/v2/payments/pay%20%C3%A4%2F.."
    assert (cancelling.method, cancelling.path) == ("POST", f"{path}/cancel")
    assert (asking.method, asking.path) == ("GET", path)
    for call in (cancelling, asking):
        assert call.headers["authorization"] == f"Bearer {TOKEN}"
        assert call.headers["square-version"] == API_VERSION
        assert call.body == b""
        assert "key-0" not in str(call.headers)


def test_without_a_reference_it_is_cancelled_by_our_own_id(desk: Desk, square: Square) -> None:
    square.put("pay_1", "APPROVED", key=transaction_id(1))
    # It says the same where there never was one: so this concludes nothing.
    assert cancel(desk, None) == UNKNOWN
    assert square.voids == ["pay_1"]
    (call,) = desk.double.calls
    assert (call.method, call.path) == ("POST", "/v2/payments/cancel")
    assert call.headers["content-type"] == "application/json"
    assert call.json == {"idempotency_key": transaction_id(1)}
    assert retrieve(desk, None) == ProviderStatus(None)
    assert len(desk.double.calls) == 1


def test_not_found_by_our_own_id_concludes_nothing_either(desk: Desk) -> None:
    desk.double.respond = lambda call: error(404, "NOT_FOUND")
    assert cancel(desk, None) == ProviderAnswer(CancelOutcome.REFUSED)


@pytest.mark.parametrize("status", ["COMPLETED", "PENDING", "FAILED"])
def test_one_that_cannot_be_cancelled_by_our_own_id_says_so(
    desk: Desk, square: Square, status: str
) -> None:
    square.put("pay_1", status, key=transaction_id(1))
    assert cancel(desk, None) == cancel(desk, "pay_1")
    assert cancel(desk, None) != UNKNOWN


@pytest.mark.parametrize("sent", [True, False])
def test_what_was_cancelled_by_our_own_id_is_never_taken_for_ended(
    desk: Desk, square: Square, sent: bool
) -> None:
    if sent:
        square.put("pay_1", "APPROVED", key=transaction_id(1))
    long_ago = utc_now() - NEVER_SENT_AFTER - timedelta(seconds=1)
    payment = a_transaction(
        provider="square",
        provider_reference=None,
        status=TransactionStatus.PENDING,
        attached_at=long_ago,
    )
    _, store = work(desk, payment)
    stored = store.transactions[payment.key]
    assert (stored.in_flight, stored.pending_reason) == (True, PendingReason.UNKNOWN)
    assert square.voids == (["pay_1"] if sent else [])


@pytest.mark.parametrize("kind", sorted(EVENTS))
@pytest.mark.parametrize("status", [*PAYMENTS, "unheard_of"])
def test_an_event(desk: Desk, kind: str, status: str) -> None:
    told = desk.reader().read(delivery(event(kind, payment("pay_1", status))))
    assert told == ([Report("pay_1", PAYMENTS[status])] if status in PAYMENTS else [])


def test_an_event_tells_of_a_refund(desk: Desk) -> None:
    whole = payment("pay_1", "COMPLETED", refunded_money=AMOUNT)
    told = desk.reader().read(delivery(event("payment.updated", whole)))
    assert told == [Report("pay_1", REFUNDED)]


@pytest.mark.parametrize(
    "body",
    [
        event("refund.updated", payment("pay_1", "COMPLETED")),
        event("payment.unheard_of", payment("pay_1", "CANCELED")),
        event("payment.updated", {"status": "CANCELED"}),
        b'{"type": "payment.updated", "data": []}',
        b"{}",
    ],
)
def test_another_event_tells_nothing(desk: Desk, body: bytes) -> None:
    assert desk.reader().read(delivery(body)) == []


def test_the_official_library_accepts_what_we_accept(desk: Desk) -> None:
    body = event("payment.updated", payment("pay_1", "CANCELED", note="é"))
    good = signature(body)
    for header in (good, signature(body, "another"), good[:-2], ""):
        theirs = official.verify_signature(
            request_body=body.decode(),
            signature_header=header,
            signature_key=WEBHOOK_SECRET,
            notification_url=NOTIFICATION_URL,
        )
        assert theirs is (header == good)
        assert accepts(desk, delivery(body, header)) is theirs


def accepts(desk: Desk, sent: Delivery) -> bool:
    try:
        return desk.reader().read(sent) == [Report("pay_1", CANCELLED)]
    except SignatureError:
        return False


def test_one_of_two_secrets_has_to_fit(desk: Desk) -> None:
    desk.put_secret(webhookSecrets=["old", "new"])
    body = event("payment.updated", payment("pay_1", "CANCELED"))
    for secret, good in [("old", True), ("new", True), (WEBHOOK_SECRET, False)]:
        assert accepts(desk, delivery(body, signature(body, secret))) is good


def test_another_body_or_url_or_no_header_is_refused(desk: Desk) -> None:
    body = event("payment.updated", payment("pay_1", "CANCELED"))
    good = delivery(body)
    assert accepts(desk, good)
    for each in [
        replace(good, body=body + b" "),
        replace(good, headers={}),
        delivery(body, signature(body, url=f"{NOTIFICATION_URL}/")),
        delivery(body, signature(body, url="")),
        delivery(body, f" {signature(body)}"),
        delivery(body, "é"),
    ]:
        assert not accepts(desk, each)


@pytest.mark.parametrize("missing", [{"webhookSecrets": []}, {"notificationUrl": None}])
def test_an_account_that_is_not_set_up_for_it_takes_no_webhook(
    desk: Desk, missing: dict[str, Any]
) -> None:
    desk.put_secret(**missing)
    body = event("payment.updated", payment("pay_1", "CANCELED"))
    assert not accepts(desk, delivery(body))
    assert not accepts(desk, delivery(body, signature(body, url="")))
    assert not accepts(desk, delivery(body, ""))


def test_a_repeat_says_the_same(desk: Desk) -> None:
    sent = delivery(event("payment.updated", payment("pay_1", "CANCELED")))
    reader = desk.reader()
    assert reader.read(sent) == reader.read(sent) == [Report("pay_1", CANCELLED)]
    assert json.loads(reader.acknowledgement.text) == {}
    assert desk.double.calls == []


@pytest.mark.parametrize("body", [b"", b"[]", b"no JSON", b"\xff", b'"text"'])
def test_what_is_signed_and_unreadable_says_so(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        desk.reader().read(delivery(body))


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("sandbox", "https://connect.squareupsandbox.com"),
        ("live", "https://connect.squareup.com"),
    ],
)
def test_its_hosts(environment: str, host: str) -> None:
    text = json.dumps({"environment": environment, "accessToken": "a"})
    assert SquareSecret.parse(text).host == host

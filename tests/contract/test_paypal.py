"""PayPal: its statuses and errors, one by one, and its orders."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.paypal.cancel import AUTHORIZATION, CAPTURE, ORDER
from checkout.providers.paypal.client import PayPalSecret
from checkout.transactions import TransactionStatus
from tests.contract.desks.base import ACCOUNT, Desk
from tests.contract.desks.paypal import paypal_double_and_desk
from tests.doubles.paypal import PayPal, error, is_token_call, missing
from tests.doubles.server import Call, Reply
from tests.unit.samples import a_transaction

TIMEOUT = 8.0
PENDING, PROCESSING = TransactionStatus.PENDING, TransactionStatus.PROCESSING
AUTHORIZED, SETTLED = TransactionStatus.AUTHORIZED, TransactionStatus.SETTLED
REFUNDED, CANCELLED = TransactionStatus.REFUNDED, TransactionStatus.CANCELLED
FAILED = TransactionStatus.FAILED

AUTHORIZATIONS = {
    "CREATED": AUTHORIZED,
    "PENDING": PENDING,
    "PARTIALLY_CAPTURED": SETTLED,
    "CAPTURED": SETTLED,
    "DENIED": FAILED,
    "VOIDED": CANCELLED,
}
CAPTURES = {
    "COMPLETED": SETTLED,
    "PENDING": PROCESSING,
    "DECLINED": FAILED,
    "FAILED": FAILED,
    "REFUNDED": REFUNDED,
    "PARTIALLY_REFUNDED": SETTLED,
}
ORDERS = {
    "CREATED": PENDING,
    "SAVED": PENDING,
    "APPROVED": PENDING,
    "PAYER_ACTION_REQUIRED": PENDING,
    "VOIDED": CANCELLED,
}
# An order's status, those of its authorizations and of its captures: what it is.
WITH_PAYMENTS: list[tuple[str, list[str], list[str], TransactionStatus | None]] = [
    *[("COMPLETED", [], [each], status) for each, status in CAPTURES.items()],
    *[("COMPLETED", [each], [], status) for each, status in AUTHORIZATIONS.items()],
    *[("COMPLETED", ["CAPTURED"], [each], status) for each, status in CAPTURES.items()],
    ("COMPLETED", [], [], None),
    ("COMPLETED", ["CREATED", "unheard_of"], [], None),
    ("COMPLETED", [], ["COMPLETED", "unheard_of"], None),
    ("COMPLETED", ["CREATED"], ["COMPLETED"], AUTHORIZED),
    ("COMPLETED", ["CREATED"], ["DECLINED"], AUTHORIZED),
    ("COMPLETED", ["VOIDED"], ["COMPLETED"], SETTLED),
    ("COMPLETED", ["VOIDED", "DENIED"], [], CANCELLED),
    ("COMPLETED", [], ["COMPLETED", "PENDING"], PROCESSING),
    ("COMPLETED", [], ["REFUNDED", "COMPLETED"], SETTLED),
    ("APPROVED", [], ["DECLINED"], PENDING),
    ("APPROVED", [], ["PENDING"], PROCESSING),
    ("APPROVED", [], ["COMPLETED"], SETTLED),
    ("SAVED", ["VOIDED"], [], PENDING),
    ("SAVED", ["CREATED"], [], AUTHORIZED),
    ("VOIDED", ["CREATED"], [], CANCELLED),
    ("unheard_of", ["VOIDED"], [], None),
]
UNKNOWN, REFUSED = ProviderAnswer(CancelOutcome.UNKNOWN), ProviderAnswer(CancelOutcome.REFUSED)
NOT_FOUND = ProviderAnswer(CancelOutcome.NOT_FOUND, new_key=True)
UNSUPPORTED = ProviderAnswer(CancelOutcome.UNSUPPORTED)
VOIDED = ProviderAnswer(CancelOutcome.CANCELLED)
CAPTURED = ProviderAnswer(CancelOutcome.TERMINAL, SETTLED)
# An error's HTTP status, its name and its issues: what it means for a void.
ERRORS: list[tuple[int, str, list[str], ProviderAnswer]] = [
    (422, "UNPROCESSABLE_ENTITY", ["PREVIOUSLY_CAPTURED"], CAPTURED),
    (422, "UNPROCESSABLE_ENTITY", ["PREVIOUSLY_VOIDED"], VOIDED),
    (422, "UNPROCESSABLE_ENTITY", ["PREVIOUSLY_VOIDED", "PREVIOUSLY_CAPTURED"], CAPTURED),
    (
        422,
        "UNPROCESSABLE_ENTITY",
        ["CANNOT_BE_VOIDED"],
        ProviderAnswer(CancelOutcome.UNSUPPORTED, new_key=True),
    ),
    (404, "RESOURCE_NOT_FOUND", ["INVALID_RESOURCE_ID"], NOT_FOUND),
    (404, "RESOURCE_NOT_FOUND", [], NOT_FOUND),
    (404, "", [], REFUSED),
    (409, "RESOURCE_CONFLICT", ["PREVIOUS_REQUEST_IN_PROGRESS"], UNKNOWN),
    (409, "RESOURCE_CONFLICT", [], UNKNOWN),
    (403, "NOT_AUTHORIZED", ["PERMISSION_DENIED"], UNKNOWN),
    (401, "AUTHENTICATION_FAILURE", ["INVALID_ACCOUNT_STATUS"], UNKNOWN),
    (429, "RATE_LIMIT_REACHED", [], UNKNOWN),
    (500, "INTERNAL_SERVER_ERROR", [], UNKNOWN),
    (503, "SERVICE_UNAVAILABLE", [], UNKNOWN),
    (400, "INVALID_REQUEST", ["INVALID_PARAMETER_SYNTAX"], REFUSED),
    (422, "UNPROCESSABLE_ENTITY", ["UNHEARD_OF"], REFUSED),
]


@pytest.fixture
def paypal_and_desk() -> Iterator[tuple[PayPal, Desk]]:
    paypal, desk = paypal_double_and_desk()
    with desk.open():
        yield paypal, desk


@pytest.fixture
def paypal(paypal_and_desk: tuple[PayPal, Desk]) -> PayPal:
    return paypal_and_desk[0]


@pytest.fixture
def desk(paypal_and_desk: tuple[PayPal, Desk]) -> Desk:
    return paypal_and_desk[1]


def says(desk: Desk, reply: Reply) -> None:
    """To every call, but to those for a token."""
    plain = desk.double.respond

    def respond(call: Call) -> Reply:
        return plain(call) if is_token_call(call) else reply

    desk.double.respond = respond


def cancel(desk: Desk, reference: str | None = "AUTH1") -> ProviderAnswer:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().cancel(payment, "key-0", TIMEOUT)


def retrieve(desk: Desk, reference: str | None = "AUTH1") -> ProviderStatus:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().retrieve(payment, TIMEOUT)


def requests(desk: Desk) -> list[tuple[str, str]]:
    return [(call.method, call.path) for call in desk.double.asked]


def test_every_status_is_in_the_maps_and_no_other() -> None:
    assert AUTHORIZATION == AUTHORIZATIONS
    assert CAPTURE == CAPTURES
    assert ORDER == ORDERS


@pytest.mark.parametrize(
    ("prefix", "statuses", "path"),
    [
        ("", AUTHORIZATIONS, "/v2/payments/authorizations/ID1"),
        ("capture:", CAPTURES, "/v2/payments/captures/ID1"),
        ("order:", ORDERS, "/v2/checkout/orders/ID1"),
    ],
)
def test_a_status(
    desk: Desk, prefix: str, statuses: dict[Any, TransactionStatus], path: str
) -> None:
    for status in [*statuses, "unheard_of", "", None, 1]:
        says(desk, Reply(200, {"id": "ID1", "status": status}))
        assert retrieve(desk, f"{prefix}ID1") == ProviderStatus(statuses.get(status))
        assert requests(desk)[-1] == ("GET", path)


@pytest.mark.parametrize(("own", "authorizations", "captures", "status"), WITH_PAYMENTS)
def test_an_order_is_as_its_payments(
    desk: Desk,
    own: str,
    authorizations: list[str],
    captures: list[str],
    status: TransactionStatus | None,
) -> None:
    """Each in a purchase unit of its own."""
    units = [
        *[{"payments": {"authorizations": [{"status": each}]}} for each in authorizations],
        *[{"payments": {"captures": [{"status": each}]}} for each in captures],
    ]
    says(desk, Reply(200, {"id": "ID1", "status": own, "purchase_units": units}))
    assert retrieve(desk, "order:ID1") == ProviderStatus(status)


@pytest.mark.parametrize("units", [None, {}, [1], [{"payments": {"captures": {}}}]])
def test_an_order_of_another_shape_is_not_known(desk: Desk, units: Any) -> None:
    says(desk, Reply(200, {"id": "ID1", "status": "COMPLETED", "purchase_units": units}))
    assert retrieve(desk, "order:ID1") == ProviderStatus(None)


@pytest.mark.parametrize("reference", ["ID1", "order:ID1", "capture:ID1"])
def test_only_paypals_own_404_says_that_there_is_none(desk: Desk, reference: str) -> None:
    for reply, found in [
        (missing(), False),
        (error(404, "RESOURCE_NOT_FOUND"), False),
        (Reply(404, {}), True),
        (Reply(404, []), True),
        (error(400, "INVALID_REQUEST"), True),
        (error(422, "UNPROCESSABLE_ENTITY", "INVALID_RESOURCE_ID"), True),
    ]:
        says(desk, reply)
        assert retrieve(desk, reference) == ProviderStatus(None, found=found)


@pytest.mark.parametrize(("status", "name", "issues", "expected"), ERRORS)
def test_an_error(
    desk: Desk, status: int, name: str, issues: list[str], expected: ProviderAnswer
) -> None:
    says(desk, error(status, name, *issues))
    assert cancel(desk) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(204), VOIDED),
        (Reply(200, {"id": "AUTH1", "status": "VOIDED"}), VOIDED),
        (Reply(200, {"id": "AUTH1", "status": "CREATED"}), UNKNOWN),
        (Reply(200, {}), UNKNOWN),
        (Reply(200, b""), UNKNOWN),
        (Reply(422, []), REFUSED),
        (Reply(422, {"details": "PREVIOUSLY_VOIDED"}), REFUSED),
        (Reply(422, {"message": "PREVIOUSLY_VOIDED"}), REFUSED),
    ],
)
def test_an_answer_to_a_void(desk: Desk, reply: Reply, expected: ProviderAnswer) -> None:
    says(desk, reply)
    assert cancel(desk) == expected


def test_what_is_sent_for_an_authorization(desk: Desk) -> None:
    cancel(desk, "ä/..")
    token, void = desk.double.calls
    assert (token.method, token.path) == ("POST", "/v1/oauth2/token")
    assert (void.method, void.path) == ("POST", "/v2/payments/authorizations/%C3%A4%2F../void")
    assert void.headers["authorization"] == "Bearer token-0"
    assert void.headers["paypal-request-id"] == "key-0"
    assert void.headers["prefer"] == "return=minimal"
    assert void.body == b""


def test_without_a_reference_nobody_is_asked(desk: Desk) -> None:
    assert (cancel(desk, None), retrieve(desk, None)) == (UNKNOWN, ProviderStatus(None))
    assert desk.double.calls == []


def test_an_error_that_may_be_kept_with_its_key_is_not_asked_for_again(
    desk: Desk, paypal: PayPal
) -> None:
    provider = desk.provider()
    payment = a_transaction(provider_reference="AUTH1", provider_account=ACCOUNT)
    assert provider.cancel(payment, "key-0", TIMEOUT).new_key
    paypal.put("authorization", "AUTH1", "CREATED")
    assert provider.cancel(payment, "key-0", TIMEOUT) == NOT_FOUND
    assert provider.cancel(payment, "key-1", TIMEOUT) == VOIDED


def test_the_authorization_in_an_order_is_voided(desk: Desk, paypal: PayPal) -> None:
    paypal.order("ID1", "COMPLETED", paypal.put("authorization", "AUTH1", "CREATED"))
    assert cancel(desk, "order:ID1") == VOIDED
    assert requests(desk) == [
        ("GET", "/v2/checkout/orders/ID1"),
        ("POST", "/v2/payments/authorizations/AUTH1/void"),
    ]
    assert desk.double.calls[-1].headers["paypal-request-id"] == "key-0-AUTH1"
    assert retrieve(desk, "order:ID1") == ProviderStatus(CANCELLED)
    assert cancel(desk, "order:ID1") == VOIDED
    assert paypal.voids == ["AUTH1"]


def test_of_several_authorizations_those_in_flight_are_voided(desk: Desk, paypal: PayPal) -> None:
    statuses = {"AUTH1": "CREATED", "AUTH2": "VOIDED", "AUTH3": "PENDING"}
    each = [paypal.put("authorization", *named) for named in statuses.items()]
    paypal.order("ID1", "COMPLETED", *each)
    assert cancel(desk, "order:ID1") == VOIDED
    assert paypal.voids == ["AUTH1", "AUTH3"]


def test_what_was_captured_beside_a_voided_authorization_stays_settled(
    desk: Desk, paypal: PayPal
) -> None:
    open_one = paypal.put("authorization", "AUTH1", "CREATED")
    paypal.order("ID1", "COMPLETED", open_one, paypal.put("authorization", "AUTH2", "CAPTURED"))
    assert cancel(desk, "order:ID1") == CAPTURED
    assert paypal.voids == ["AUTH1"]


@pytest.mark.parametrize("order", ["CREATED", "SAVED", "APPROVED", "PAYER_ACTION_REQUIRED"])
def test_an_order_that_may_still_be_paid_is_not_cancelled(
    desk: Desk, paypal: PayPal, order: str
) -> None:
    paypal.order("ID1", order)
    assert cancel(desk, "order:ID1") == UNSUPPORTED
    paypal.order("ID1", order, paypal.put("authorization", "AUTH1", "CREATED"))
    assert cancel(desk, "order:ID1") == UNSUPPORTED
    assert paypal.voids == ["AUTH1"]


@pytest.mark.parametrize(
    ("status", "facts", "expected"),
    [
        ("CAPTURED", {}, REFUSED),
        ("gone", {}, REFUSED),
        ("CREATED", {"parent": "AUTH0"}, ProviderAnswer(CancelOutcome.UNSUPPORTED, new_key=True)),
    ],
)
def test_an_authorization_that_changed_after_its_order_was_read(
    desk: Desk, paypal: PayPal, status: str, facts: dict[str, str], expected: ProviderAnswer
) -> None:
    paypal.order("ID1", "COMPLETED", {"id": "AUTH1", "status": "CREATED"})
    if status != "gone":
        paypal.put("authorization", "AUTH1", status, **facts)
    assert cancel(desk, "order:ID1") == expected


@pytest.mark.parametrize("status", CAPTURES)
def test_a_capture_is_asked_about_and_never_cancelled(
    desk: Desk, paypal: PayPal, status: str
) -> None:
    paypal.put("capture", "ID1", status)
    ended = ProviderStatus(CAPTURES[status]).as_answer()
    assert cancel(desk, "capture:ID1") == (ended or UNSUPPORTED)
    assert requests(desk) == [("GET", "/v2/payments/captures/ID1")]


@pytest.mark.parametrize("kind", ["order", "capture"])
def test_what_is_asked_about_first_may_be_missing_or_not_be_known(desk: Desk, kind: str) -> None:
    assert cancel(desk, f"{kind}:ID1") == ProviderAnswer(CancelOutcome.NOT_FOUND)
    says(desk, Reply(200, {"status": "unheard_of"}))
    assert cancel(desk, f"{kind}:ID1") == UNKNOWN


@pytest.mark.parametrize(
    ("environment", "host"),
    [("sandbox", "https://api-m.sandbox.paypal.com"), ("live", "https://api-m.paypal.com")],
)
def test_its_hosts(environment: str, host: str) -> None:
    text = json.dumps({"environment": environment, "clientId": "a", "clientSecret": "b"})
    assert PayPalSecret.parse(text).host == host

"""GoCardless: its statuses, errors and actions, one by one, and signatures against its own SDK."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import pytest

from checkout.errors import InvalidRequestError, SignatureError
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.gocardless.cancel import PAYMENT
from checkout.providers.gocardless.client import GoCardlessSecret
from checkout.providers.gocardless.webhook import STATUSES
from checkout.providers.webhook import Delivery, Report
from checkout.transactions import TransactionStatus
from tests.contract.desks.base import ACCOUNT, Desk, State
from tests.contract.desks.gocardless import gocardless_desk
from tests.doubles.gocardless import (
    TOKEN,
    VERSION,
    WEBHOOK_SECRET,
    GoCardless,
    batch,
    error,
    event,
    signature,
)
from tests.doubles.server import Reply
from tests.unit.clock import NOON
from tests.unit.samples import a_transaction

# The official library, which has no types.
official: Any = import_module("gocardless_pro.webhooks")
official_errors: Any = import_module("gocardless_pro.errors")

TIMEOUT = 8.0
PENDING, PROCESSING = TransactionStatus.PENDING, TransactionStatus.PROCESSING
SETTLED, REFUNDED = TransactionStatus.SETTLED, TransactionStatus.REFUNDED
CANCELLED, FAILED = TransactionStatus.CANCELLED, TransactionStatus.FAILED

# Every status that the documentation names.
PAYMENTS = {
    "pending_customer_approval": PENDING,
    "pending_submission": PENDING,
    "submitted": PROCESSING,
    "confirmed": SETTLED,
    "paid_out": SETTLED,
    "cancelled": CANCELLED,
    "customer_approval_denied": FAILED,
    "failed": FAILED,
    "charged_back": REFUNDED,
}
REFUSED, UNKNOWN = CancelOutcome.REFUSED, CancelOutcome.UNKNOWN
# An HTTP status, the error's type and its reason: what it means for a cancellation.
ERRORS: list[tuple[int, str, str | None, CancelOutcome]] = [
    (422, "invalid_state", "cancellation_failed", REFUSED),
    (400, "invalid_state", "cancellation_failed", REFUSED),
    (409, "invalid_state", "idempotent_creation_conflict", REFUSED),
    (422, "invalid_state", None, REFUSED),
    (422, "unheard_of", "cancellation_failed", REFUSED),
    (422, "validation_failed", "invalid", REFUSED),
    (404, "invalid_api_usage", "resource_not_found", CancelOutcome.NOT_FOUND),
    (400, "invalid_api_usage", "missing_version_header", UNKNOWN),
    (401, "invalid_api_usage", "access_token_not_found", UNKNOWN),
    (403, "invalid_api_usage", "insufficient_permissions", UNKNOWN),
    (429, "invalid_api_usage", "rate_limit_exceeded", UNKNOWN),
    (500, "gocardless", "internal_server_error", UNKNOWN),
    (422, "unheard_of", "unheard_of", UNKNOWN),
]
# An action and what it says of its payment; None where it says nothing.
ACTIONS: dict[str, TransactionStatus | None] = {
    "created": None,
    "customer_approval_granted": None,
    "customer_approval_denied": FAILED,
    "submitted": PROCESSING,
    "confirmed": SETTLED,
    "paid_out": SETTLED,
    "failed": FAILED,
    "cancelled": CANCELLED,
    "charged_back": REFUNDED,
    "late_failure_settled": REFUNDED,
    "chargeback_settled": REFUNDED,
    "chargeback_cancelled": SETTLED,
    "resubmission_requested": None,
    "unheard_of": None,
}


@dataclass
class Bench:
    """The double besides the desk."""

    gocardless: GoCardless
    desk: Desk


@pytest.fixture
def bench() -> Iterator[Bench]:
    gocardless = GoCardless()
    with gocardless_desk(gocardless).open() as desk:
        yield Bench(gocardless, desk)


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return bench.desk


def answers(desk: Desk, reply: Reply) -> None:
    desk.double.respond = lambda call: reply


def cancel(desk: Desk, reference: str = "PM1", key: str = "key-0") -> ProviderAnswer:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().cancel(payment, key, TIMEOUT)


def retrieve(desk: Desk, reference: str = "PM1") -> ProviderStatus:
    payment = a_transaction(provider_reference=reference, provider_account=ACCOUNT)
    return desk.provider().retrieve(payment, TIMEOUT)


def read(desk: Desk, body: bytes, header: str | None = None) -> list[Report]:
    return desk.reader().read(delivery(body, header))


def delivery(body: bytes, header: str | None = None) -> Delivery:
    header = signature(body) if header is None else header
    return Delivery(ACCOUNT, body, {"webhook-signature": header}, {}, NOON)


def test_every_status_and_action_is_in_its_map_and_no_other() -> None:
    assert PAYMENT == PAYMENTS
    assert {name: told for name, told in ACTIONS.items() if told} == STATUSES


@pytest.mark.parametrize("status", [*PAYMENTS, "unheard_of", "", None, 1])
def test_the_status_of_a_payment(desk: Desk, status: Any) -> None:
    answers(desk, Reply(200, {"payments": {"id": "PM1", "status": status}}))
    assert retrieve(desk) == ProviderStatus(PAYMENTS.get(status))


@pytest.mark.parametrize("body", [{}, [], {"status": "failed"}, {"payments": []}])
def test_an_answer_of_another_shape_tells_nothing(desk: Desk, body: Any) -> None:
    answers(desk, Reply(200, body))
    assert retrieve(desk) == ProviderStatus(None)
    assert cancel(desk) == ProviderAnswer(UNKNOWN)


@pytest.mark.parametrize("status", [404, 400, 422])
def test_a_question_that_is_not_answered_with_a_payment(desk: Desk, status: int) -> None:
    answers(desk, error(status, "invalid_api_usage"))
    assert retrieve(desk) == ProviderStatus(None, found=status != 404)


@pytest.mark.parametrize(
    ("again", "status"),
    [(True, TransactionStatus.PROCESSING), (False, TransactionStatus.FAILED)],
)
def test_what_may_be_collected_again_has_not_failed_yet(
    desk: Desk, again: bool, status: TransactionStatus
) -> None:
    payment = {"id": "PM1", "status": "failed", "retry_if_possible": again}
    answers(desk, Reply(200, {"payments": payment}))
    assert retrieve(desk) == ProviderStatus(status)


@pytest.mark.parametrize(("status", "kind", "reason", "outcome"), ERRORS)
def test_an_error(
    desk: Desk, status: int, kind: str, reason: str | None, outcome: CancelOutcome
) -> None:
    answers(desk, error(status, kind, reason))
    new_key = outcome is CancelOutcome.NOT_FOUND  # a refusal has one by itself
    assert cancel(desk) == ProviderAnswer(outcome, new_key=new_key)


@pytest.mark.parametrize("body", [{}, {"error": "a text"}, {"error": {"errors": "a text"}}])
def test_an_error_of_another_shape_is_unknown(desk: Desk, body: Any) -> None:
    answers(desk, Reply(422, body))
    assert cancel(desk) == ProviderAnswer(UNKNOWN)


@pytest.mark.parametrize("status", sorted(set(PAYMENTS) - {"cancelled"}))
def test_a_200_that_is_not_cancelled_is_unknown(desk: Desk, status: str) -> None:
    answers(desk, Reply(200, {"payments": {"id": "PM1", "status": status}}))
    assert cancel(desk) == ProviderAnswer(UNKNOWN)


@pytest.mark.parametrize("status", PAYMENTS)
def test_only_what_is_not_submitted_yet_is_cancelled(bench: Bench, status: str) -> None:
    bench.gocardless.payments["PM1"] = status
    cancellable = status == "pending_submission"
    expected = CancelOutcome.CANCELLED if cancellable else REFUSED
    assert cancel(bench.desk) == ProviderAnswer(expected)
    assert bench.gocardless.voids == ["PM1"] * cancellable


def test_what_is_submitted_goes_on_for_days_and_may_be_settled(bench: Bench) -> None:
    desk = bench.desk
    desk.make("PM1", State.CANCELLABLE)
    assert read(desk, bench.gocardless.submit("PM1")) == [Report("PM1", PROCESSING)]
    assert cancel(desk) == ProviderAnswer(REFUSED)
    assert retrieve(desk) == ProviderStatus(PROCESSING)
    bench.gocardless.payments["PM1"] = "confirmed"
    assert retrieve(desk) == ProviderStatus(SETTLED)


def test_what_is_sent(desk: Desk) -> None:
    desk.make("PM_ä/..", State.CANCELLABLE)
    cancel(desk, "PM_ä/..")
    retrieve(desk, "PM_ä/..")
    post, get = desk.double.calls
    assert (post.method, post.path) == ("POST", "/payments/PM_%C3%A4%2F../actions/cancel")
    assert post.headers["idempotency-key"] == "key-0"
    assert post.headers["content-type"] == "application/json"
    assert post.body == b"{}"
    assert (get.method, get.path) == ("GET", "/payments/PM_%C3%A4%2F..")
    for call in (post, get):
        assert call.headers["authorization"] == f"Bearer {TOKEN}"
        assert call.headers["gocardless-version"] == VERSION


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_however_often_it_comes(desk: Desk, action: str) -> None:
    reader, sent, status = desk.reader(), delivery(batch(event(action, "PM1"))), ACTIONS[action]
    assert reader.read(sent) == reader.read(sent) == ([Report("PM1", status)] if status else [])


@pytest.mark.parametrize(("retried", "told"), [(True, []), (False, [Report("PM1", FAILED)])])
def test_a_failure_that_gocardless_retries_by_itself_is_no_end(
    desk: Desk, retried: bool, told: list[Report]
) -> None:
    body = batch(event("failed", "PM1", details={"will_attempt_retry": retried}))
    assert read(desk, body) == told


def test_a_batch_is_read_item_by_item(desk: Desk) -> None:
    body = batch(
        event("cancelled", "PM1"),
        event("failed", "MD1", resource_type="mandates"),
        {"resource_type": "payments", "action": "failed"},
        "a text",
        event("created", "PM2"),
        *(event("confirmed", f"PM{number}") for number in range(3, 248)),
    )
    expected = [Report(f"PM{number}", SETTLED) for number in range(3, 248)]
    assert read(desk, body) == [Report("PM1", CANCELLED), *expected]


@pytest.mark.parametrize("kind", ["mandates", "payouts", "refunds", "subscriptions", "unheard_of"])
def test_another_kind_of_resource_tells_nothing(desk: Desk, kind: str) -> None:
    assert read(desk, batch(event("failed", "PM1", resource_type=kind))) == []


def test_the_official_library_takes_what_we_take(desk: Desk) -> None:
    body = batch(event("cancelled", "PM1"))
    (theirs,) = official.parse(body, WEBHOOK_SECRET, signature(body))
    (ours,) = read(desk, body)
    assert (theirs.links.payment, theirs.action) == (ours.reference, "cancelled")


@pytest.mark.parametrize("secret", ["another", "", f"{WEBHOOK_SECRET} "])
def test_the_official_library_refuses_what_we_refuse(desk: Desk, secret: str) -> None:
    body = batch(event("cancelled", "PM1"))
    for header, sent in [(signature(body, secret), body), (signature(body), body + b" ")]:
        with pytest.raises(official_errors.InvalidSignatureError):
            official.parse(sent, WEBHOOK_SECRET, header)
        with pytest.raises(SignatureError):
            read(desk, sent, header)


def test_one_of_several_secrets_has_to_fit(desk: Desk) -> None:
    desk.put_secret(webhookSecrets=["old", "new"])
    body = batch(event("cancelled", "PM1"))
    for secret in ("old", "new"):
        assert read(desk, body, signature(body, secret))
    with pytest.raises(SignatureError):
        read(desk, body)


@pytest.mark.parametrize("header", ["", "0" * 64, "é", "\ud800"])
def test_no_signature_that_fits_is_refused(desk: Desk, header: str) -> None:
    with pytest.raises(SignatureError):
        read(desk, batch(event("cancelled", "PM1")), header)


def test_no_header_and_no_secret_are_refused(desk: Desk) -> None:
    good = delivery(batch(event("cancelled", "PM1")))
    with pytest.raises(SignatureError):
        desk.reader().read(replace(good, headers={}))
    desk.put_secret(webhookSecrets=[])
    with pytest.raises(SignatureError):
        desk.reader().read(good)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"no JSON", b"\xff", b"{}", b'{"events": {}}', b'{"events": "EV1"}']
)
def test_what_is_signed_and_unreadable_says_so_and_no_more(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(desk, body)
    assert str(caught.value) in ("body must be a JSON object", "events must be a list")


@pytest.mark.parametrize("field", ["environment", "accessToken"])
def test_a_secret_without_a_field_is_refused_and_not_told(field: str) -> None:
    fields = {"environment": "live", "accessToken": TOKEN}
    assert GoCardlessSecret.parse(json.dumps(fields)).host == "https://api.gocardless.com"
    with pytest.raises(ValueError, match=f"^{field} ") as caught:
        GoCardlessSecret.parse(json.dumps({**fields, field: None}))
    assert TOKEN not in str(caught.value)

"""Adyen: its errors and events, one by one, and its signatures against its own library."""

import base64
import importlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from checkout.errors import InvalidRequestError, SignatureError
from checkout.providers.adyen.client import AdyenSecret
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.webhook import Acknowledgement, Delivery, Report
from checkout.transactions import TransactionStatus
from tests.contract.desks.adyen import adyen_desk
from tests.contract.desks.base import ACCOUNT, Desk, State
from tests.doubles.adyen import HMAC_KEY, KEY, MERCHANT, item, webhook
from tests.doubles.server import Reply
from tests.unit.clock import NOON
from tests.unit.samples import a_transaction

TIMEOUT = 8.0
OTHER_KEY = "00" * 32
AUTHORIZED, SETTLED = TransactionStatus.AUTHORIZED, TransactionStatus.SETTLED
CANCELLED, EXPIRED = TransactionStatus.CANCELLED, TransactionStatus.EXPIRED
FAILED, REFUNDED = TransactionStatus.FAILED, TransactionStatus.REFUNDED
OWN = "own:1"
REFUSED = Report("psp_1", cancel_refused=True, own_reference=OWN)

# An error's HTTP status and code, and what it means.
ERRORS = {
    (400, "702"): CancelOutcome.REFUSED,
    (401, "000"): CancelOutcome.UNKNOWN,
    (403, "901"): CancelOutcome.UNKNOWN,
    (422, "167"): CancelOutcome.NOT_FOUND,
    (422, "unheard of"): CancelOutcome.REFUSED,
    (422, None): CancelOutcome.REFUSED,
    (429, None): CancelOutcome.UNKNOWN,
    (500, "905"): CancelOutcome.UNKNOWN,
}
# An event, whether it succeeded, and what it says.
EVENTS: dict[tuple[str, bool], Report | None] = {
    ("AUTHORISATION", True): Report("psp_1", AUTHORIZED, own_reference=OWN),
    ("AUTHORISATION", False): Report("psp_1", FAILED),
    ("CANCELLATION", True): Report("psp_1", CANCELLED, own_reference=OWN),
    ("CANCELLATION", False): REFUSED,
    ("TECHNICAL_CANCEL", True): Report("psp_1", CANCELLED, own_reference=OWN),
    ("TECHNICAL_CANCEL", False): REFUSED,
    ("CANCEL_OR_REFUND", False): REFUSED,
    ("CAPTURE", True): Report("psp_1", SETTLED, own_reference=OWN),
    ("CAPTURE", False): None,
    ("CAPTURE_FAILED", True): Report("psp_1", FAILED, own_reference=OWN),
    ("REFUND", True): Report("psp_1", REFUNDED, amount=1999, own_reference=OWN),
    ("REFUND", False): None,
    ("EXPIRE", True): Report("psp_1", EXPIRED, own_reference=OWN),
    ("OFFER_CLOSED", True): Report("psp_1", EXPIRED),
    ("REPORT_AVAILABLE", True): None,
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with adyen_desk().open() as desk:
        yield desk


def cancel(desk: Desk, **facts: Any) -> ProviderAnswer:
    named = {"provider_reference": "psp_1", "provider_account": ACCOUNT, **facts}
    return desk.provider().cancel(a_transaction(1, **named), "key-0", TIMEOUT)


def delivery(body: bytes, **headers: str) -> Delivery:
    return Delivery(ACCOUNT, body, headers, {}, NOON)


def read(desk: Desk, *items: dict[str, Any]) -> list[Report]:
    return desk.reader().read(delivery(webhook(*items)))


@pytest.mark.parametrize(("status", "code"), ERRORS)
def test_an_error(desk: Desk, status: int, code: str | None) -> None:
    desk.double.respond = lambda call: Reply(status, {"status": status, "errorCode": code})
    outcome = ERRORS[status, code]
    # What is answered is kept under the key, but for what is no answer about the payment.
    new_key = outcome is not CancelOutcome.UNKNOWN
    assert cancel(desk) == ProviderAnswer(outcome, new_key=new_key)


@pytest.mark.parametrize(("status", "code"), [key for key in ERRORS if key[0] in (400, 422)])
def test_an_error_about_a_payment_that_may_be_about_to_be_made_concludes_nothing(
    desk: Desk, status: int, code: str | None
) -> None:
    desk.double.respond = lambda call: Reply(status, {"status": status, "errorCode": code})
    answer = cancel(desk, provider_reference=None)
    assert answer == ProviderAnswer(CancelOutcome.REFUSED, new_key=True)


@pytest.mark.parametrize("body", [{}, {"status": "cancelled"}, {"status": None}, []])
def test_an_answer_other_than_received_is_unknown(desk: Desk, body: Any) -> None:
    desk.double.respond = lambda call: Reply(201, body)
    assert cancel(desk) == ProviderAnswer(CancelOutcome.UNKNOWN)


def test_what_is_sent(desk: Desk) -> None:
    desk.make("psp/1", State.CANCELLABLE)
    desk.double.respond = lambda call: Reply(201, {"status": "received"})
    cancel(desk, provider_reference="psp/1")
    (call,) = desk.double.calls
    assert (call.method, call.path) == ("POST", "/payments/psp%2F1/cancels")
    assert call.json == {"merchantAccount": MERCHANT}
    assert (call.headers["x-api-key"], call.headers["idempotency-key"]) == (KEY, "key-0")


def test_without_a_reference_it_is_cancelled_by_our_own(desk: Desk) -> None:
    answer = cancel(desk, provider_reference=None)
    assert answer == ProviderAnswer(CancelOutcome.REQUESTED)
    (call,) = desk.double.calls
    assert call.path == "/cancels"
    assert call.json["paymentReference"] == a_transaction(1).transaction_id
    # Not the key of the call by its reference, which the next drive may make.
    assert call.headers["idempotency-key"] == "key-0-own"


def test_its_status_cannot_be_asked_for(desk: Desk) -> None:
    provider, payment = desk.provider(), desk.payment(State.SETTLED)
    assert not provider.supports_retrieve
    assert provider.retrieve(payment, TIMEOUT) == ProviderStatus(None)
    assert desk.double.calls == []


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("sandbox", "https://checkout-test.adyen.com/v71"),
        ("live", "https://shop-checkout-live.adyenpayments.com/checkout/v71"),
    ],
)
def test_the_host_is_that_of_the_environment(environment: str, host: str) -> None:
    fields = {"apiKey": "k", "merchantAccount": "m", "environment": environment, "prefix": "shop"}
    assert AdyenSecret.parse(json.dumps(fields)).host == host


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"environment": "live"}, "prefix"),
        ({"environment": "live", "prefix": "a.b/"}, "prefix"),
        ({"environment": "test"}, "environment"),
        ({"environment": "sandbox", "apiKey": None}, "apiKey"),
        ({"environment": "sandbox", "hmacKeys": "no list"}, "hmacKeys"),
        ({"environment": "sandbox", "hmacKeys": ["no hex"]}, "hex"),
        ({"environment": "sandbox", "hmacKeys": [" "]}, "hmacKeys"),
        ({"environment": "sandbox", "hmacKeys": ["00" * 31]}, "hmacKeys"),
        ({"environment": "sandbox", "capture": "Immediate"}, "capture"),
        ({"environment": "sandbox", "webhookUser": "u"}, "webhookUser"),
        ({"environment": "sandbox", "webhookPasswords": ["p"]}, "webhookUser"),
    ],
)
def test_a_secret_that_lacks_something_says_what(fields: dict[str, Any], named: str) -> None:
    whole = {"apiKey": "a-secret", "merchantAccount": "m", **fields}
    with pytest.raises(ValueError, match=named) as raised:
        AdyenSecret.parse(json.dumps(whole))
    assert "a-secret" not in str(raised.value)


@pytest.mark.parametrize(("code", "success"), [("AUTHORISATION", False), ("OFFER_CLOSED", True)])
def test_what_did_not_come_to_be_ends_no_other_try_under_our_reference(
    desk: Desk, code: str, success: bool
) -> None:
    (told,) = read(desk, item(code, "psp_1", success=success))
    assert (told.reference, told.own_reference) == ("psp_1", "")


@pytest.mark.parametrize(("code", "success"), EVENTS)
def test_an_event(desk: Desk, code: str, success: bool) -> None:
    told = EVENTS[code, success]
    assert read(desk, item(code, "psp_1", success=success)) == ([told] if told else [])


@pytest.mark.parametrize(
    ("action", "status"), [("cancel", CANCELLED), ("refund", REFUNDED), ("unheard of", None)]
)
def test_a_reversal_is_what_it_did(
    desk: Desk, action: str, status: TransactionStatus | None
) -> None:
    data = {"modification.action": action}
    told = read(desk, item("CANCEL_OR_REFUND", "psp_1", additionalData=data))
    assert told == ([Report("psp_1", status, own_reference=OWN)] if status else [])


def test_a_refund_tells_its_amount(desk: Desk) -> None:
    part_of_it = item("REFUND", "psp_1", amount={"value": 500, "currency": "EUR"})
    assert read(desk, part_of_it) == [Report("psp_1", REFUNDED, amount=500, own_reference=OWN)]


@pytest.mark.parametrize("success", [True, False])
def test_a_payment_whose_answer_was_lost_is_named_by_our_own_reference(
    desk: Desk, success: bool
) -> None:
    (told,) = read(desk, item("TECHNICAL_CANCEL", "", success=success, merchantReference="own-2"))
    assert (told.reference, told.own_reference) == ("", "own-2")
    assert (told.status is CANCELLED, told.cancel_refused) == (success, not success)


def test_where_capture_is_immediate_an_authorisation_is_the_settlement(desk: Desk) -> None:
    desk.put_secret(capture="immediate")
    (told,) = read(desk, item("AUTHORISATION", "psp_1"))
    assert told.status is SETTLED


def test_a_batch_is_read_item_by_item_and_again_the_same(desk: Desk) -> None:
    items = [item("CANCELLATION", f"psp_{n}", success=n != 2) for n in range(3)]
    told = read(desk, *items)
    assert [each.reference for each in told] == ["psp_0", "psp_1", "psp_2"]
    assert [each.cancel_refused for each in told] == [False, False, True]
    assert read(desk, *items) == told


def test_the_official_library_agrees_about_signatures(desk: Desk) -> None:
    util = importlib.import_module("Adyen.util")
    event = item("CANCELLATION", "psp:1\\2")
    assert util.is_valid_hmac_notification({**webhook_of(event)}, HMAC_KEY)
    event["additionalData"]["hmacSignature"] = util.generate_notification_sig(event, HMAC_KEY)
    event["additionalData"]["hmacSignature"] = plain(event["additionalData"]["hmacSignature"])
    assert read(desk, event) == [Report("psp:1\\2", CANCELLED, own_reference=OWN)]


def webhook_of(event: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(webhook(event))
    return document


def plain(made: Any) -> str:
    return made.decode() if isinstance(made, bytes) else str(made)


def test_one_of_several_keys_has_to_fit(desk: Desk) -> None:
    desk.put_secret(hmacKeys=[OTHER_KEY, HMAC_KEY])
    for key in (OTHER_KEY, HMAC_KEY):
        assert read(desk, item("CANCELLATION", "psp_1", key=key))


@pytest.mark.parametrize(
    "change",
    [
        {"pspReference": "psp_2"},
        {"originalReference": "psp_2"},
        {"merchantReference": "own:2"},
        {"amount": {"value": 1, "currency": "EUR"}},
        {"amount": {"value": 1999, "currency": "USD"}},
        {"eventCode": "CAPTURE"},
        {"success": "false"},
        {"additionalData": {}},
        {"additionalData": None},
        {"merchantAccountCode": "Other"},
        {"pspReference": "\ud800"},
    ],
)
def test_every_signed_field_is_checked_and_one_bad_item_refuses_all(
    desk: Desk, change: dict[str, Any]
) -> None:
    good = item("CANCELLATION", "psp_1")
    with pytest.raises(SignatureError):
        read(desk, good, {**good, **change})


def test_another_accounts_item_is_refused_though_the_key_fits(desk: Desk) -> None:
    with pytest.raises(SignatureError):
        read(desk, item("CANCELLATION", "psp_1", merchantAccountCode="Other"))


@pytest.mark.parametrize("key", [OTHER_KEY, ""])
def test_another_key_or_none_is_refused(desk: Desk, key: str) -> None:
    desk.put_secret(hmacKeys=[key] if key else [])
    with pytest.raises(SignatureError):
        read(desk, item("CANCELLATION", "psp_1"))


def test_basic_authentication_is_asked_for_where_the_secret_has_it(desk: Desk) -> None:
    desk.put_secret(webhookUser="user", webhookPasswords=["old", "password"])
    body = webhook(item("CANCELLATION", "psp_1"))
    for wrong in ("", "Basic x", "Bearer password", "Basic é"):
        with pytest.raises(SignatureError):
            desk.reader().read(delivery(body, authorization=wrong))
    right = f"Basic {base64.b64encode(b'user:password').decode()}"
    assert desk.reader().read(delivery(body, authorization=right))


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"notificationItems": 1}', b'{"notificationItems": []}', b"\xff"],
)
def test_what_cannot_be_read_says_so(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        desk.reader().read(delivery(body))


@pytest.mark.parametrize("items", [b"[1]", b"[{}]", b'[{"NotificationRequestItem": []}]'])
def test_an_item_of_another_shape_is_not_signed(desk: Desk, items: bytes) -> None:
    with pytest.raises(SignatureError):
        desk.reader().read(delivery(b'{"notificationItems": ' + items + b"}"))


def test_it_is_acknowledged_in_adyens_own_words_and_no_reference_tells_nothing(desk: Desk) -> None:
    assert desk.reader().acknowledgement == Acknowledgement("[accepted]", "text/plain")
    assert read(desk, item("CANCELLATION", "", merchantReference="")) == []

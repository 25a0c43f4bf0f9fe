"""PayPal's webhooks: each event, and the question to PayPal whether it has sent it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from checkout.errors import (
    CredentialsError,
    InvalidRequestError,
    ProviderTrouble,
    ProviderTroubleError,
    SignatureError,
)
from checkout.providers.paypal.webhook import EVENTS
from checkout.providers.webhook import Delivery, Report
from checkout.transactions import TransactionStatus
from tests.contract.desks.base import ACCOUNT, Desk
from tests.contract.desks.paypal import paypal_desk, paypal_double_and_desk
from tests.doubles.paypal import (
    CERTIFICATE,
    WEBHOOK_ID,
    event,
    is_token_call,
    members,
    transmission,
    verification,
)
from tests.doubles.server import Call, Reply
from tests.unit.clock import NOON
from tests.unit.samples import a_transaction

CANCELLED, EXPIRED = TransactionStatus.CANCELLED, TransactionStatus.EXPIRED
SETTLED, PROCESSING = TransactionStatus.SETTLED, TransactionStatus.PROCESSING
FAILED = TransactionStatus.FAILED

RELATED = {"authorization_id": "AUTH1", "order_id": "ORDER1", "capture_id": "CAPT1"}
# An event, and what it says of an authorization, an order and a capture; None where that has to be
# asked, since it is about a part of it, or about more.
SAID: dict[str, tuple[Any, Any, Any]] = {
    "PAYMENT.AUTHORIZATION.VOIDED": (CANCELLED, None, None),
    "PAYMENT.CAPTURE.COMPLETED": (SETTLED, None, SETTLED),
    "PAYMENT.CAPTURE.PENDING": (PROCESSING, PROCESSING, PROCESSING),
    "PAYMENT.CAPTURE.DECLINED": (None, None, FAILED),
    "PAYMENT.CAPTURE.DENIED": (None, None, FAILED),
    "PAYMENT.CAPTURE.REFUNDED": (None, None, None),
    "PAYMENT.CAPTURE.REVERSED": (None, None, None),
    "CHECKOUT.ORDER.COMPLETED": (None, None, None),
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": (None, EXPIRED, None),
}
REFERENCES = {"authorization": "AUTH1", "order": "order:ORDER1", "capture": "capture:CAPT1"}
NOTHING = [
    "CHECKOUT.ORDER.APPROVED",
    "PAYMENT.AUTHORIZATION.CREATED",
    "PAYMENT.ORDER.CANCELLED",
    "UNHEARD.OF",
    "",
]
BODY = event("PAYMENT.AUTHORIZATION.VOIDED", {"id": "AUTH1", "note": "é \\u00e9 \u2028"})


@pytest.fixture
def desk() -> Iterator[Desk]:
    with paypal_desk().open() as desk:
        yield desk


def delivery(body: bytes = BODY, **changed: str) -> Delivery:
    """Signed as it is; then headers are changed, which are named without their first part."""
    headers = {f"paypal-{name.replace('_', '-')}": value for name, value in changed.items()}
    return Delivery(ACCOUNT, body, {**transmission(body), **headers}, {}, NOON)


def read(desk: Desk, kind: str, resource: dict[str, Any]) -> list[Report]:
    return desk.reader().read(delivery(event(kind, resource)))


def refused(desk: Desk, sent: Delivery) -> bool:
    """Whether it is, and nobody was asked."""
    with pytest.raises(SignatureError):
        desk.reader().read(sent)
    return desk.double.calls == []


def test_every_event_is_in_the_map_and_no_other() -> None:
    assert set(EVENTS) == set(SAID)


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("recorded", REFERENCES)
def test_an_event_is_reported_under_what_the_payment_side_records(
    desk: Desk, kind: str, recorded: str
) -> None:
    desk.put_secret(recordedReference=recorded)
    resource = {"id": "REFUND1", "supplementary_data": {"related_ids": RELATED}}
    own = {"authorization": "AUTH1", "capture": "CAPT1", "order": "ORDER1"}.get(EVENTS[kind][0])
    told = read(desk, kind, {**resource, **({"id": own} if own else {})})
    said = SAID[kind][list(REFERENCES).index(recorded)]
    # Money that has come is asked for until the order shows it.
    ends = said is None and kind == "PAYMENT.CAPTURE.COMPLETED"
    assert told == [Report(REFERENCES[recorded], said, ask=said is None, ends=ends)]


@pytest.mark.parametrize(
    ("kind", "resource", "report"),
    [
        ("PAYMENT.AUTHORIZATION.VOIDED", {"id": "AUTH1"}, Report("AUTH1", CANCELLED)),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": "CAPT1"}, Report("capture:CAPT1", SETTLED)),
        ("PAYMENT.CAPTURE.DENIED", {"id": "CAPT1"}, Report("capture:CAPT1", FAILED)),
        (
            "PAYMENT.CAPTURE.COMPLETED",
            {"id": "CAPT1", "supplementary_data": {"related_ids": {"order_id": "ORDER1"}}},
            Report("order:ORDER1", ask=True, ends=True),
        ),
        ("CHECKOUT.ORDER.COMPLETED", {"id": "ORDER1"}, Report("order:ORDER1", ask=True)),
        (
            "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
            {"order_id": "ORDER1", "purchase_units": []},
            Report("order:ORDER1", EXPIRED),
        ),
        ("PAYMENT.CAPTURE.REFUNDED", {"id": "REFUND1"}, None),
        ("PAYMENT.CAPTURE.COMPLETED", {}, None),
        ("PAYMENT.CAPTURE.COMPLETED", {"id": 1, "supplementary_data": []}, None),
    ],
)
def test_an_event_names_what_it_can(
    desk: Desk, kind: str, resource: dict[str, Any], report: Report | None
) -> None:
    assert read(desk, kind, resource) == ([report] if report else [])


UP = {"rel": "up", "href": "https://api-m.paypal.com/v2/payments/captures/CAPT1"}


@pytest.mark.parametrize("kind", ["PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"])
@pytest.mark.parametrize("recorded", REFERENCES)
def test_a_refund_that_names_its_capture_only_is_reported_as_what_is_recorded(
    kind: str, recorded: str
) -> None:
    paypal, desk = paypal_double_and_desk()
    with desk.open():
        desk.put_secret(recordedReference=recorded)
        paypal.put("capture", "CAPT1", "REFUNDED", supplementary_data={"related_ids": RELATED})
        links = [{"rel": "self", "href": "https://x.example"}, UP]
        told = read(desk, kind, {"id": "REFUND1", "links": links})
    assert told == [Report(REFERENCES[recorded], ask=True)]


@pytest.mark.parametrize("links", [None, {}, [], [1], [{"rel": "up"}], [{**UP, "href": "x"}]])
def test_a_refund_that_names_nothing_tells_nothing(desk: Desk, links: Any) -> None:
    assert read(desk, "PAYMENT.CAPTURE.REFUNDED", {"id": "REFUND1", "links": links}) == []


def test_a_voided_authorization_does_not_end_an_order_that_has_another_one() -> None:
    paypal, desk = paypal_double_and_desk()
    with desk.open():
        desk.put_secret(recordedReference="order")
        one = paypal.put("authorization", "AUTH1", "VOIDED")
        paypal.order("ORDER1", "COMPLETED", one, paypal.put("authorization", "AUTH2", "CREATED"))
        related = {"supplementary_data": {"related_ids": {"order_id": "ORDER1"}}}
        (told,) = read(desk, "PAYMENT.AUTHORIZATION.VOIDED", {"id": "AUTH1", **related})
        payment = a_transaction(provider_reference=told.reference, provider_account=ACCOUNT)
        found = desk.provider().retrieve(payment, 8.0)
    assert (told.ask, told.status) == (True, None)
    assert found.status is TransactionStatus.AUTHORIZED


@pytest.mark.parametrize("kind", NOTHING)
def test_an_event_that_ends_nothing_tells_nothing(desk: Desk, kind: str) -> None:
    resource = {"id": "AUTH1", "supplementary_data": {"related_ids": RELATED}}
    assert read(desk, kind, resource) == []


def test_an_account_that_records_something_else_cannot_be_read(desk: Desk) -> None:
    desk.put_secret(recordedReference="invoice")
    with pytest.raises(CredentialsError) as raised:
        desk.reader().read(delivery())
    assert raised.value.code is ProviderTrouble.CREDENTIALS_UNREADABLE


def test_paypal_is_asked_with_the_very_bytes(desk: Desk) -> None:
    assert desk.reader().read(delivery()) == [Report("AUTH1", CANCELLED)]
    token, question = desk.double.calls
    assert is_token_call(token)
    assert question.method == "POST"
    assert question.path == "/v1/notifications/verify-webhook-signature"
    assert question.headers["content-type"] == "application/json"
    spans = members(question.body.decode())
    assert spans["webhook_event"].encode() == BODY
    headers = transmission(BODY)
    assert {name: json.loads(span) for name, span in spans.items() if name != "webhook_event"} == {
        "transmission_id": headers["paypal-transmission-id"],
        "transmission_time": headers["paypal-transmission-time"],
        "transmission_sig": headers["paypal-transmission-sig"],
        "cert_url": CERTIFICATE,
        "auth_algo": "SHA256withRSA",
        "webhook_id": WEBHOOK_ID,
    }


def test_a_repeat_says_the_same(desk: Desk) -> None:
    reader = desk.reader()
    assert reader.read(delivery()) == reader.read(delivery()) != []
    assert sum(is_token_call(call) for call in desk.double.calls) == 1
    assert json.loads(reader.acknowledgement.text) == {}


def test_another_body_webhook_or_signature_is_refused(desk: Desk) -> None:
    reader, good = desk.reader(), delivery()
    bad = [
        replace(good, body=BODY.replace(b"AUTH1", b"AUTH2")),
        replace(good, body=json.dumps(json.loads(BODY)).encode()),
        Delivery(ACCOUNT, BODY, transmission(BODY, "another webhook"), {}, NOON),
        delivery(transmission_sig="AAAA"),
        delivery(transmission_id="another"),
        delivery(transmission_time="2026-03-01T12:00:01Z"),
        delivery(cert_url="https://api.paypal.com/v1/notifications/certs/CERT-1"),
    ]
    for each in bad:
        with pytest.raises(SignatureError):
            reader.read(each)


def test_the_webhook_id_is_the_accounts_own(desk: Desk) -> None:
    desk.put_secret(webhookId="another")
    with pytest.raises(SignatureError):
        desk.reader().read(delivery())
    desk.put_secret(webhookId=None)
    desk.double.calls.clear()
    assert refused(desk, delivery())


@pytest.mark.parametrize(
    "name", ["transmission_id", "transmission_time", "transmission_sig", "cert_url", "auth_algo"]
)
def test_without_one_of_its_headers_nobody_is_asked(desk: Desk, name: str) -> None:
    header = f"paypal-{name.replace('_', '-')}"
    kept = {each: value for each, value in transmission(BODY).items() if each != header}
    assert len(kept) == 4
    assert refused(desk, replace(delivery(), headers=kept))
    assert refused(desk, replace(delivery(), headers={**kept, header: ""}))


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://paypal.com.example.com/CERT-1",
        "https://example.com/.paypal.com/CERT-1",
        "https://evilpaypal.com/CERT-1",
        "https://api.paypal.com@example.com/CERT-1",
        "https://example.com#.paypal.com/CERT-1",
        "https://example.com?.paypal.com/CERT-1",
        "https://example.com\\@api.paypal.com/CERT-1",
        "https://api.paypal.com:8443/CERT-1",
        "https://api.paypal.com/CERT-1\n",
        "file:///api.paypal.com/CERT-1",
        "CERT-1",
    ],
)
def test_a_certificate_from_elsewhere_is_refused_and_nobody_is_asked(desk: Desk, url: str) -> None:
    assert refused(desk, delivery(cert_url=url))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"verification_status": "FAILURE"}),
        Reply(200, {"verification_status": "success"}),
        Reply(200, {"verification_status": None}),
        Reply(200, {}),
        Reply(200, []),
        Reply(204),
        Reply(400, {"verification_status": "SUCCESS"}),
        Reply(422, {}),
    ],
)
def test_anything_but_success_is_refused(desk: Desk, reply: Reply) -> None:
    plain = desk.double.respond
    desk.double.respond = lambda call: plain(call) if is_token_call(call) else reply
    with pytest.raises(SignatureError):
        desk.reader().read(delivery())


@pytest.mark.parametrize("trouble", ["401", "429", "500", "503", "not JSON", "redirect", "reset"])
def test_trouble_at_paypal_leaves_it_open_whom_it_is_from(desk: Desk, trouble: str) -> None:
    desk.double.trouble = trouble
    with pytest.raises(ProviderTroubleError):
        desk.reader().read(delivery())


def test_a_permission_that_is_missing_is_no_bad_signature(desk: Desk) -> None:
    plain = desk.double.respond
    desk.double.respond = lambda call: plain(call) if is_token_call(call) else Reply(403, {})
    with pytest.raises(CredentialsError):
        desk.reader().read(delivery())


def test_paypal_has_five_seconds_for_its_answer(desk: Desk) -> None:
    plain = desk.double.respond

    def slow_token(call: Call) -> Reply:
        desk.ticks.ahead += 5 if is_token_call(call) else 0
        return plain(call)

    desk.double.respond = slow_token
    with pytest.raises(ProviderTroubleError) as raised:
        desk.reader().read(delivery())
    assert raised.value.code is ProviderTrouble.TIMED_OUT
    assert desk.double.asked == []


def test_of_an_unknown_account_nobody_is_asked(desk: Desk) -> None:
    with pytest.raises(CredentialsError) as raised:
        desk.reader().read(replace(delivery(), account="nobody"))
    assert raised.value.code is ProviderTrouble.NO_CREDENTIALS
    assert desk.double.calls == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"no JSON", b"\xff", b'"text"', b"{}{}", b'{},"webhook_id":"theirs"', b"{} //"],
)
def test_what_is_no_single_object_is_not_put_into_the_question(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        desk.reader().read(delivery(body))
    assert desk.double.calls == []


def test_the_double_itself_looks_at_the_bytes() -> None:
    names = {"transmission_id": "id", "transmission_time": "time", "webhook_id": "w"}
    assert verification(b"no JSON").status == 400
    assert verification(json.dumps(names).encode()).status == 400
    spaced = b' { "a" : [ 1.0 , "}\\"" ] , "b":{} } '
    assert members(spaced.decode()) == {"a": '[ 1.0 , "}\\"" ]', "b": "{}"}

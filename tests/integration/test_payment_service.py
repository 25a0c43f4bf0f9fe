"""The example of a payment service: what is sent is cancelled with its session, or never sent."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from checkout import bootstrap, payments
from checkout.errors import SessionLockedError, StoreUnavailableError
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import SEND_DEADLINE, Money, TransactionKey, TransactionStatus
from examples.payment_service import after, before
from examples.payment_service.provider import DeclinedError, ProviderTimeoutError, StandIn
from examples.payment_service.service import PaymentService
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.races import at_once
from tests.integration.wire import Trouble, named
from tests.template.blocks import blocks

EUROS = Money(1999, "EUR")
ROUNDS = 10


class Failing(StandIn):
    def create_payment(self, payment_id: str, money: Money, timeout: float) -> str:
        super().create_payment(payment_id, money, timeout)
        raise self.error

    error: Exception = DeclinedError()


class Meanwhile(StandIn):
    """Something else happens while the provider makes the payment."""

    happens: Callable[[str], None]

    def create_payment(self, payment_id: str, money: Money, timeout: float) -> str:
        reference = super().create_payment(payment_id, money, timeout)
        self.happens(payment_id)
        return reference


@pytest.fixture
def provider() -> StandIn:
    return StandIn()


@pytest.fixture
def session(store: CheckoutStore) -> SessionKey:
    return SessionKey(scenes.merchant(), after.open_checkout(store, scenes.merchant()))


def status(store: CheckoutStore, key: SessionKey, payment: str) -> TransactionStatus:
    found = {each.transaction_id: each for each in store.read_session(key).transactions}
    return found[payment].status


def test_before_there_are_sessions_a_payment_is_simply_sent(provider: StandIn) -> None:
    assert before.open_checkout() != before.open_checkout()
    assert provider.created == [before.pay(provider, EUROS)]


def test_a_payment_that_was_sent_is_cancelled_with_its_session(
    cloud: Cloud, store: CheckoutStore, provider: StandIn, session: SessionKey
) -> None:
    payment = after.pay(store, provider, session, EUROS)
    assert provider.created == [payment]
    assert scenes.cancel(cloud, session).cancelled == [payment]
    assert status(store, session, payment) is TransactionStatus.CANCELLED


def test_after_the_lock_nothing_is_sent(
    cloud: Cloud, store: CheckoutStore, provider: StandIn, session: SessionKey
) -> None:
    scenes.cancel(cloud, session)
    with pytest.raises(after.NotSentError) as refused:
        after.pay(store, provider, session, EUROS)
    assert isinstance(refused.value.__cause__, SessionLockedError)
    assert provider.created == []


def test_a_payment_that_races_with_the_lock_is_cancelled_or_was_never_sent(
    cloud: Cloud, store: CheckoutStore
) -> None:
    for _ in range(ROUNDS):
        provider = StandIn()
        key = SessionKey(scenes.merchant(), after.open_checkout(store, scenes.merchant()))

        def pay(key: SessionKey = key, provider: StandIn = provider) -> None:
            try:
                after.pay(store, provider, key, EUROS)
            except after.NotSentError:
                assert provider.created == []

        def cancel(key: SessionKey = key) -> None:
            scenes.cancel(cloud, key)

        at_once(pay, cancel)
        scenes.cancel(cloud, key)
        ended = {payment: status(store, key, payment) for payment in provider.created}
        assert ended == dict.fromkeys(provider.created, TransactionStatus.CANCELLED)


def test_after_its_moment_a_payment_is_not_sent_and_blocks_no_cancellation(
    cloud: Cloud, store: CheckoutStore, provider: StandIn, session: SessionKey
) -> None:
    now = bootstrap.utc_now()
    moments: Iterator[datetime] = iter([now, now, now + SEND_DEADLINE, now + SEND_DEADLINE])
    with pytest.raises(after.NotSentError):
        after.pay(store, provider, session, EUROS, lambda: next(moments))
    assert provider.created == []
    assert scenes.cancel(cloud, session).body["status"] == "CANCELLED"


def test_a_declined_payment_has_failed(
    cloud: Cloud, store: CheckoutStore, session: SessionKey
) -> None:
    provider = Failing()
    with pytest.raises(DeclinedError):
        after.pay(store, provider, session, EUROS)
    (payment,) = provider.created
    assert status(store, session, payment) is TransactionStatus.FAILED


def test_a_payment_without_an_answer_is_still_in_flight(
    cloud: Cloud, store: CheckoutStore, session: SessionKey
) -> None:
    provider = Failing()
    provider.error = ProviderTimeoutError()
    with pytest.raises(ProviderTimeoutError):
        after.pay(store, provider, session, EUROS)
    assert scenes.cancel(cloud, session).pending == provider.created


def test_a_payment_that_a_cancellation_took_for_never_sent_is_voided(
    cloud: Cloud, store: CheckoutStore, session: SessionKey
) -> None:
    provider = Meanwhile()

    def given_up(payment: str) -> None:
        cloud.clock.advance(timedelta(minutes=5))
        assert scenes.cancel(cloud, session).body["status"] == "CANCELLED"
        assert status(store, session, payment) is TransactionStatus.FAILED

    provider.happens = given_up
    with pytest.raises(after.NotSentError):
        after.pay(store, provider, session, EUROS)
    assert provider.voided == [f"ok_{each}" for each in provider.created]
    assert len(provider.voided) == 1


def test_without_the_table_nothing_is_sent(
    cloud: Cloud, store: CheckoutStore, provider: StandIn, session: SessionKey
) -> None:
    cloud.wire.meddle = Trouble(named("UpdateItem"), 500, "InternalServerError")
    with pytest.raises(after.NotSentError) as refused:
        after.pay(store, provider, session, EUROS)
    assert isinstance(refused.value.__cause__, StoreUnavailableError)
    assert provider.created == []


def test_the_service_answers_what_the_payer_may_be_told(
    cloud: Cloud, store: CheckoutStore, provider: StandIn
) -> None:
    service = PaymentService(store, provider, scenes.merchant())
    opened, body = service.answer("/checkouts")
    path = f"/checkouts/{body['sessionId']}/payments"
    paid, told = service.answer(path)
    assert (opened, paid, [told["paymentId"]]) == (201, 201, provider.created)
    payment = TransactionKey(SessionKey(scenes.merchant(), body["sessionId"]), told["paymentId"])
    payments.record_status(store, payment, TransactionStatus.SETTLED, bootstrap.utc_now())
    scenes.cancel(cloud, payment.session)
    assert service.answer(path) == (
        409,
        {"message": "the checkout is CANCELLED", "status": "CANCELLED"},
    )
    assert service.answer(f"/checkouts/{bootstrap.new_id()}/payments")[0] == 404
    assert service.answer("/elsewhere")[0] == 404
    cloud.wire.meddle = Trouble(named("PutItem"), 500, "InternalServerError")
    assert service.answer(path)[0] == 503


def test_the_service_needs_just_the_permissions_that_the_page_names(
    cloud: Cloud, store: CheckoutStore, provider: StandIn
) -> None:
    (policy,) = [
        json.loads(each.text)["Statement"]
        for each in blocks()
        if each.page == "docs/integrate.md" and each.language == "json"
    ]
    cloud.wire.calls.clear()
    service = PaymentService(store, provider, scenes.merchant())
    _, body = service.open_checkout()
    key = SessionKey(scenes.merchant(), body["sessionId"])
    _, told = service.pay(key.session_id)
    payment = TransactionKey(key, told["paymentId"])
    payments.record_status(store, payment, TransactionStatus.SETTLED, bootstrap.utc_now())
    _, told = service.pay(key.session_id)
    failed = TransactionKey(key, told["paymentId"])
    # Paid all the same: whether that is late, its session is asked.
    for status in (TransactionStatus.FAILED, TransactionStatus.SETTLED):
        payments.record_status(store, failed, status, bootstrap.utc_now())
    payments.complete_session(store, key, bootstrap.utc_now())
    assert service.pay(key.session_id)[0] == 409
    called = {f"dynamodb:{each}" for each in cloud.wire.names()}
    assert called == {action for statement in policy for action in statement["Action"]}

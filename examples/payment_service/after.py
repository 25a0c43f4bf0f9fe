"""The same two steps, so that a cancellation and a payment never miss each other.

An attempt is attached to its session before the provider is called, or it is never sent.
"""

from collections.abc import Callable
from datetime import datetime

from checkout import payments
from checkout.bootstrap import new_id, utc_now
from checkout.errors import GiveUpError, PaymentGivenUpError, StoreError
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus
from examples.payment_service.provider import DeclinedError, PaymentProvider

# The cancellation counts on it: a payment that is not there this long after the deadline never is.
CREATE_TIMEOUT = 30.0


class NotSentError(Exception):
    """The provider holds no payment of this attempt. The cause says why."""


def open_checkout(store: CheckoutStore, merchant_id: str) -> str:
    """A new checkout's id."""
    session = SessionKey(merchant_id, new_id())
    payments.open_session(store, session, utc_now())
    return session.session_id


def pay(
    store: CheckoutStore,
    provider: PaymentProvider,
    session: SessionKey,
    money: Money,
    clock: Callable[[], datetime] = utc_now,
) -> str:
    """A new payment's id. Raises NotSentError, DeclinedError, ProviderTimeoutError."""
    payment = TransactionKey(session, new_id())
    attempt = Attempt(payment, provider.name, "default", money)
    try:
        send_until = payments.begin_transaction(store, attempt, clock)
    except (GiveUpError, StoreError) as error:
        raise NotSentError from error
    if clock() >= send_until:
        payments.record_status(store, payment, TransactionStatus.FAILED, clock())
        raise NotSentError
    try:
        reference = provider.create_payment(payment.transaction_id, money, CREATE_TIMEOUT)
    except DeclinedError:
        payments.record_status(store, payment, TransactionStatus.FAILED, clock())
        raise
    try:
        payments.record_reference(store, payment, provider.name, reference)
    except PaymentGivenUpError as error:
        provider.void(reference)
        raise NotSentError from error
    return payment.transaction_id

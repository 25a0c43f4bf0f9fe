"""A payment service's two steps, before sessions can be cancelled."""

from checkout.bootstrap import new_id
from checkout.transactions import Money
from examples.payment_service.provider import PaymentProvider

CREATE_TIMEOUT = 30.0


def open_checkout() -> str:
    """A new checkout's id."""
    return new_id()


def pay(provider: PaymentProvider, money: Money) -> str:
    """A new payment's id. Raises DeclinedError, ProviderTimeoutError."""
    payment_id = new_id()
    provider.create_payment(payment_id, money, CREATE_TIMEOUT)
    return payment_id

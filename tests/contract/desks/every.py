"""The desk of every adapter that calls its provider over HTTP."""

from collections.abc import Callable

from tests.contract.desks.adyen import adyen_desk
from tests.contract.desks.base import Desk
from tests.contract.desks.checkout_com import checkout_com_desk
from tests.contract.desks.gocardless import gocardless_desk
from tests.contract.desks.mollie import mollie_desk
from tests.contract.desks.mpesa import mpesa_desk
from tests.contract.desks.paypal import paypal_desk
from tests.contract.desks.square import square_desk
from tests.contract.desks.stripe import stripe_desk

DESKS: dict[str, Callable[[], Desk]] = {
    "adyen": adyen_desk,
    "checkout-com": checkout_com_desk,
    "gocardless": gocardless_desk,
    "mollie": mollie_desk,
    "mpesa": mpesa_desk,
    "paypal": paypal_desk,
    "square": square_desk,
    "stripe": stripe_desk,
}

"""Checkout.com, whose voids are confirmed later."""

from checkout.providers.base import CancelOutcome
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.desks.base import Desk, Expected, State
from tests.doubles.checkout_com import KEY, WEBHOOK_SECRET, CheckoutCom

STATUSES = {
    State.CANCELLABLE: "Authorized",
    State.CANCELLED: "Voided",
    State.SETTLED: "Captured",
    State.PROCESSING: "Pending",
}
EXPECTED = {
    State.CANCELLABLE: Expected(
        CancelOutcome.REQUESTED, TransactionStatus.AUTHORIZED, None, PendingReason.REQUESTED
    ),
    State.CANCELLED: Expected(
        CancelOutcome.REFUSED, TransactionStatus.CANCELLED, TransactionStatus.CANCELLED
    ),
    State.SETTLED: Expected(
        CancelOutcome.REFUSED, TransactionStatus.SETTLED, TransactionStatus.SETTLED
    ),
    State.PROCESSING: Expected(
        CancelOutcome.REFUSED, TransactionStatus.PENDING, None, PendingReason.REFUSED
    ),
    State.MISSING: Expected(
        CancelOutcome.NOT_FOUND, None, None, PendingReason.NOT_FOUND, found=False
    ),
}


def checkout_com_desk(checkout_com: CheckoutCom | None = None) -> Desk:
    checkout_com = checkout_com or CheckoutCom()

    def make(reference: str, state: State) -> None:
        if state in STATUSES:
            checkout_com.payments[reference] = STATUSES[state]

    return Desk(
        name="checkout-com",
        double=checkout_com.double,
        secret={
            "environment": "sandbox",
            "prefix": "vkuhvk4v",
            "secretKey": KEY,
            "webhookSecrets": [WEBHOOK_SECRET],
        },
        expected=EXPECTED,
        make=make,
        cancels=checkout_com.cancels.count,
        voids=checkout_com.voids.count,
        credentials=("secretKey",),
        reference="pay_{}",
    )

"""PayPal, by its authorizations."""

from checkout.providers.base import CancelOutcome
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.desks.base import Desk, Expected, State
from tests.doubles.paypal import CLIENT, WEBHOOK_ID, PayPal

STATUSES = {
    State.CANCELLABLE: "CREATED",
    State.CANCELLED: "VOIDED",
    State.SETTLED: "CAPTURED",
}
EXPECTED = {
    State.CANCELLABLE: Expected(
        CancelOutcome.CANCELLED, TransactionStatus.AUTHORIZED, TransactionStatus.CANCELLED
    ),
    State.CANCELLED: Expected(
        CancelOutcome.CANCELLED, TransactionStatus.CANCELLED, TransactionStatus.CANCELLED
    ),
    State.SETTLED: Expected(
        CancelOutcome.TERMINAL, TransactionStatus.SETTLED, TransactionStatus.SETTLED
    ),
    # A reauthorization, which is the one that cannot be voided.
    State.PROCESSING: Expected(
        CancelOutcome.UNSUPPORTED, TransactionStatus.AUTHORIZED, None, PendingReason.UNSUPPORTED
    ),
    State.MISSING: Expected(
        CancelOutcome.NOT_FOUND, None, None, PendingReason.NOT_FOUND, found=False
    ),
}


def paypal_double_and_desk() -> tuple[PayPal, Desk]:
    paypal = PayPal()

    def make(reference: str, state: State) -> None:
        if state in STATUSES:
            paypal.put("authorization", reference, STATUSES[state])
        elif state is State.PROCESSING:
            paypal.put("authorization", reference, "CREATED", parent="0AW2184448108334S")

    desk = Desk(
        name="paypal",
        double=paypal.double,
        secret={
            "environment": "sandbox",
            "clientId": CLIENT[0],
            "clientSecret": CLIENT[1],
            "webhookId": WEBHOOK_ID,
        },
        expected=EXPECTED,
        make=make,
        cancels=paypal.cancels.count,
        voids=paypal.voids.count,
        credentials=("clientId", "clientSecret"),
        reference="AUTH{}",
        fetches_tokens=True,
    )
    return paypal, desk


def paypal_desk() -> Desk:
    return paypal_double_and_desk()[1]

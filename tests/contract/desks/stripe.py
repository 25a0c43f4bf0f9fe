"""Stripe, by its PaymentIntents."""

from checkout.providers.base import CancelOutcome
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.desks.base import Desk, Expected, State
from tests.doubles.stripe import KEY, WEBHOOK_SECRET, Stripe

STATUSES = {
    State.CANCELLABLE: "requires_capture",
    State.CANCELLED: "canceled",
    State.SETTLED: "succeeded",
    State.PROCESSING: "processing",
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
    State.PROCESSING: Expected(
        CancelOutcome.UNSUPPORTED, TransactionStatus.PROCESSING, None, PendingReason.UNSUPPORTED
    ),
    State.MISSING: Expected(
        CancelOutcome.NOT_FOUND, None, None, PendingReason.NOT_FOUND, found=False
    ),
}


def stripe_desk() -> Desk:
    stripe = Stripe()

    def make(reference: str, state: State) -> None:
        if state in STATUSES:
            stripe.intent(reference, STATUSES[state])

    return Desk(
        name="stripe",
        double=stripe.double,
        secret={"environment": "sandbox", "secretKey": KEY, "webhookSecrets": [WEBHOOK_SECRET]},
        expected=EXPECTED,
        make=make,
        cancels=stripe.cancels.count,
        voids=stripe.voids.count,
        credentials=("secretKey",),
        reference="pi_{}",
    )

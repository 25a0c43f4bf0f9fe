"""GoCardless, whose refusals do not say why."""

from checkout.providers.base import CancelOutcome
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.desks.base import Desk, Expected, State
from tests.doubles.gocardless import TOKEN, WEBHOOK_SECRET, GoCardless

STATUSES = {
    State.CANCELLABLE: "pending_submission",
    State.CANCELLED: "cancelled",
    State.SETTLED: "confirmed",
    State.PROCESSING: "submitted",
}
EXPECTED = {
    State.CANCELLABLE: Expected(
        CancelOutcome.CANCELLED, TransactionStatus.PENDING, TransactionStatus.CANCELLED
    ),
    State.CANCELLED: Expected(
        CancelOutcome.REFUSED, TransactionStatus.CANCELLED, TransactionStatus.CANCELLED
    ),
    State.SETTLED: Expected(
        CancelOutcome.REFUSED, TransactionStatus.SETTLED, TransactionStatus.SETTLED
    ),
    State.PROCESSING: Expected(
        CancelOutcome.REFUSED, TransactionStatus.PROCESSING, None, PendingReason.REFUSED
    ),
    State.MISSING: Expected(
        CancelOutcome.NOT_FOUND, None, None, PendingReason.NOT_FOUND, found=False
    ),
}


def gocardless_desk(gocardless: GoCardless | None = None) -> Desk:
    gocardless = gocardless or GoCardless()

    def make(reference: str, state: State) -> None:
        if state in STATUSES:
            gocardless.payments[reference] = STATUSES[state]

    return Desk(
        name="gocardless",
        double=gocardless.double,
        secret={
            "environment": "sandbox",
            "accessToken": TOKEN,
            "webhookSecrets": [WEBHOOK_SECRET],
        },
        expected=EXPECTED,
        make=make,
        cancels=gocardless.cancels.count,
        voids=gocardless.voids.count,
        credentials=("accessToken",),
        reference="PM{}",
    )

"""Mollie, by payments that are not authorised yet; its own tests have the authorised ones."""

from checkout.providers.base import CancelOutcome
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.desks.base import Desk, Expected, State
from tests.doubles.mollie import KEY, WEBHOOK_SECRET, WEBHOOK_TOKEN, Mollie

STATUSES = {
    State.CANCELLABLE: ("open", True),
    State.CANCELLED: ("canceled", False),
    State.SETTLED: ("paid", False),
    State.PROCESSING: ("pending", False),
}
EXPECTED = {
    State.CANCELLABLE: Expected(
        CancelOutcome.CANCELLED, TransactionStatus.PENDING, TransactionStatus.CANCELLED
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


def mollie_desk(mollie: Mollie | None = None) -> Desk:
    mollie = mollie or Mollie()

    def make(reference: str, state: State) -> None:
        if state in STATUSES:
            mollie.payment(reference, *STATUSES[state])

    return Desk(
        name="mollie",
        double=mollie.double,
        secret={
            "environment": "sandbox",
            "apiKey": KEY,
            "webhookTokens": [WEBHOOK_TOKEN],
            "webhookSecrets": [WEBHOOK_SECRET],
        },
        expected=EXPECTED,
        make=make,
        cancels=mollie.cancels.count,
        voids=mollie.voids.count,
        credentials=("apiKey",),
        reference="tr_{}",
    )

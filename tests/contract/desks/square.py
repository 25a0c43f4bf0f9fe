"""Square, by its payments."""

from checkout.providers.base import CancelOutcome
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.desks.base import Desk, Expected, State
from tests.doubles.square import NOTIFICATION_URL, TOKEN, WEBHOOK_SECRET, Square

STATUSES = {
    State.CANCELLABLE: "APPROVED",
    State.CANCELLED: "CANCELED",
    State.SETTLED: "COMPLETED",
    State.PROCESSING: "PENDING",
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
        CancelOutcome.REFUSED, TransactionStatus.PROCESSING, None, PendingReason.REFUSED
    ),
    State.MISSING: Expected(
        CancelOutcome.NOT_FOUND, None, None, PendingReason.NOT_FOUND, found=False
    ),
}


def square_double_and_desk() -> tuple[Square, Desk]:
    square = Square()

    def make(reference: str, state: State) -> None:
        if state in STATUSES:
            square.put(reference, STATUSES[state])

    desk = Desk(
        name="square",
        double=square.double,
        secret={
            "environment": "sandbox",
            "accessToken": TOKEN,
            "webhookSecrets": [WEBHOOK_SECRET],
            "notificationUrl": NOTIFICATION_URL,
        },
        expected=EXPECTED,
        make=make,
        cancels=square.cancels.count,
        voids=square.voids.count,
        credentials=("accessToken",),
        reference="pay_{}",
    )
    return square, desk


def square_desk() -> Desk:
    return square_double_and_desk()[1]

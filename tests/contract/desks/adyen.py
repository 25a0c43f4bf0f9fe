"""Adyen, which confirms or refuses later whatever it has received."""

from checkout.providers.base import CancelOutcome
from checkout.transactions import PendingReason
from tests.contract.desks.base import Desk, Expected, State
from tests.doubles.adyen import HMAC_KEY, KEY, MERCHANT, Adyen

STATES = {
    State.CANCELLABLE: "AUTHORISED",
    State.CANCELLED: "CANCELLED",
    State.SETTLED: "CAPTURED",
    State.PROCESSING: "PENDING",
}
RECEIVED = Expected(CancelOutcome.REQUESTED, None, None, PendingReason.REQUESTED)
EXPECTED = {
    **dict.fromkeys(STATES, RECEIVED),
    State.MISSING: Expected(CancelOutcome.NOT_FOUND, None, None, PendingReason.NOT_FOUND),
}


def adyen_desk() -> Desk:
    adyen = Adyen()

    def make(reference: str, state: State) -> None:
        if state in STATES:
            adyen.payments[reference] = STATES[state]

    return Desk(
        name="adyen",
        double=adyen.double,
        secret={
            "environment": "sandbox",
            "apiKey": KEY,
            "merchantAccount": MERCHANT,
            "hmacKeys": [HMAC_KEY],
        },
        expected=EXPECTED,
        make=make,
        cancels=adyen.cancels.count,
        voids=adyen.voids.count,
        credentials=("apiKey",),
        reference="psp_{}",
    )

"""M-Pesa, which cancels nothing, and is asked until the payment has ended."""

from checkout.providers.base import CancelOutcome
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.desks.base import Desk, Expected, State
from tests.doubles.mpesa import CONSUMER, PASSKEY, SHORT_CODE, Mpesa

RESULTS = {
    State.CANCELLABLE: None,
    State.PROCESSING: None,
    State.CANCELLED: "1032",
    State.SETTLED: "0",
}
WAITS = Expected(
    CancelOutcome.UNSUPPORTED, TransactionStatus.PROCESSING, None, PendingReason.UNSUPPORTED
)
CANCELLED, SETTLED = TransactionStatus.CANCELLED, TransactionStatus.SETTLED
EXPECTED = {
    State.CANCELLABLE: WAITS,
    State.PROCESSING: WAITS,
    State.CANCELLED: Expected(CancelOutcome.UNSUPPORTED, CANCELLED, CANCELLED),
    State.SETTLED: Expected(CancelOutcome.UNSUPPORTED, SETTLED, SETTLED),
    # Its answer is the one to wrong credentials, too: so it is never taken for "not found".
    State.MISSING: Expected(CancelOutcome.UNSUPPORTED, None, None, PendingReason.UNSUPPORTED),
}


def mpesa_desk() -> Desk:
    mpesa = Mpesa()

    def make(reference: str, state: State) -> None:
        if state in RESULTS:
            mpesa.results[reference] = RESULTS[state]

    def nothing(reference: str) -> int:
        return 0

    return Desk(
        name="mpesa",
        double=mpesa.double,
        secret={
            "environment": "sandbox",
            "consumerKey": CONSUMER[0],
            "consumerSecret": CONSUMER[1],
            "shortCode": SHORT_CODE,
            "passkey": PASSKEY,
            "webhookTokens": ["webhook_token_1"],
        },
        expected=EXPECTED,
        make=make,
        cancels=nothing,
        voids=nothing,
        credentials=("consumerSecret",),
        reference="ws_CO_{}",
        fetches_tokens=True,
    )

"""The payment side of a running stack: opens sessions and attaches attempts, through the layer."""

from dataclasses import dataclass

from checkout.bootstrap import new_id, utc_now
from checkout.payments import begin_transaction, open_session, record_reference
from checkout.providers.sandbox.behaviour import behaviour_of
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import Attempt, Money, TransactionKey
from local.console import Problem
from local.stack import Stack

USAGE = 2
PROVIDERS = ("sandbox", "sandbox-b", "sandbox-c")
TWENTY_EUROS = Money(2000, "EUR")


@dataclass(frozen=True)
class Payment:
    """An attempt to be made: the provider, and the reference that it will answer with.

    `account` is the merchant's at the provider. Each has a circuit of its own.
    """

    provider: str
    reference: str
    account: str = "default"


def parse(text: str) -> Payment:
    """`provider:reference`. Raises Problem (exit code 2) for anything else."""
    provider, _, reference = text.partition(":")
    if provider not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise Problem(f"'{text}': write <provider>:<reference>; providers are {known}.", USAGE)
    try:
        behaviour_of(reference)
    except ValueError:
        raise Problem(
            f"'{text}': the sandbox has no such reference; e.g. ok_1, slow_200_1, async_2_1, "
            "unstoppable_5_SETTLED_1, settled_1, refused_1, down_1, hang_1, flaky_1_1.",
            USAGE,
        ) from None
    return Payment(provider, reference)


@dataclass(frozen=True)
class PaymentSide:
    stack: Stack
    merchant_id: str

    @property
    def store(self) -> CheckoutStore:
        return CheckoutStore(self.stack.aws.dynamodb, self.stack.table)

    def new_id(self) -> str:
        """An id that nothing has."""
        return new_id()

    def open(self) -> str:
        """A new session's id."""
        session_id = new_id()
        open_session(self.store, SessionKey(self.merchant_id, session_id), utc_now())
        return session_id

    def attempt(self, session_id: str, payment: Payment) -> str:
        """A new transaction's id, in flight at its provider.

        Raises SessionLockedError, SessionNotFoundError, TooManyTransactionsError.
        """
        key = TransactionKey(SessionKey(self.merchant_id, session_id), new_id())
        attempt = Attempt(key, payment.provider, payment.account, TWENTY_EUROS)
        begin_transaction(self.store, attempt, utc_now)
        record_reference(self.store, key, payment.provider, payment.reference)
        return key.transaction_id

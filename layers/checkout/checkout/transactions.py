"""A transaction: one payment attempt on a session, at one provider."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from checkout.sessions import Session, SessionKey


class TransactionStatus(StrEnum):
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    AUTHORIZED = "AUTHORIZED"
    SETTLED = "SETTLED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


IN_FLIGHT = frozenset(
    {TransactionStatus.PENDING, TransactionStatus.PROCESSING, TransactionStatus.AUTHORIZED}
)
TERMINAL = frozenset(TransactionStatus) - IN_FLIGHT

# The payer's money came, whatever became of it.
PAID = frozenset({TransactionStatus.SETTLED, TransactionStatus.REFUNDED})

# Flagged as late they are so, whatever their session says. What had failed or expired may have done
# so in an open session, and be paid all the same: no matter of a cancellation.
DECIDED_BY_ITSELF = PAID | {TransactionStatus.CANCELLED}

# A status moves forward only, and a terminal one not at all, but for a settlement's refund.
MAY_BECOME: dict[TransactionStatus, frozenset[TransactionStatus]] = {
    TransactionStatus.PENDING: TERMINAL
    | {TransactionStatus.PROCESSING, TransactionStatus.AUTHORIZED},
    TransactionStatus.PROCESSING: TERMINAL | {TransactionStatus.AUTHORIZED},
    TransactionStatus.AUTHORIZED: TERMINAL,
    TransactionStatus.SETTLED: frozenset({TransactionStatus.REFUNDED}),
    TransactionStatus.FAILED: frozenset(),
    TransactionStatus.REFUNDED: frozenset(),
    TransactionStatus.CANCELLED: frozenset(),
    TransactionStatus.EXPIRED: frozenset(),
}

# A session's item and the input of an Express execution (256 KB) stay small.
MAX_TRANSACTIONS = 100

# The payment service calls the provider within this time of the attach, or never.
SEND_DEADLINE = timedelta(seconds=60)
# `attached_at` is written before the attach; an attach that takes longer than this is not sent.
ATTACH_LIMIT = timedelta(seconds=10)
# How long a call that creates a payment may take, begun at the deadline's last moment.
CREATE_LIMIT = timedelta(seconds=30)
CLOCK_SKEW = timedelta(seconds=5)
# From then on a transaction that its provider does not know was never created there.
NEVER_SENT_AFTER = SEND_DEADLINE + ATTACH_LIMIT + CREATE_LIMIT + CLOCK_SKEW


def may_come_from(status: TransactionStatus) -> frozenset[TransactionStatus]:
    """The statuses that `status` may follow."""
    return frozenset(before for before, after in MAY_BECOME.items() if status in after)


class PendingReason(StrEnum):
    """Why a transaction of a cancelled session is still in flight."""

    REQUESTED = "REQUESTED"  # the provider accepted the cancellation and will confirm it later
    UNSUPPORTED = "UNSUPPORTED"  # the provider cannot cancel this one in progress
    REFUSED = "REFUSED"  # the provider refused, and says that it is still in flight
    UNKNOWN = "UNKNOWN"  # the provider could not be asked, or its answer could not be read
    NOT_FOUND = "NOT_FOUND"  # the provider does not know it yet; it may be about to be sent


@dataclass(frozen=True, slots=True)
class TransactionKey:
    session: SessionKey
    transaction_id: str


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` in minor units of `currency` (ISO 4217): 1999 EUR is 19.99 euros."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the payment side knows of a transaction before the provider is called.

    `provider_account` names whose credentials at the provider are used.
    """

    key: TransactionKey
    provider: str
    provider_account: str
    money: Money


@dataclass(frozen=True, slots=True)
class Transaction:
    """`cancel_attempt` counts the refusals that the provider has answered to our cancellations.

    `awaited` is set while its cancelled session waits for its end. `never_sent` is set with a
    `FAILED` that a cancellation concluded from the provider's not knowing it. `status_at` is when
    its status was recorded, `first_tried_at` and `last_tried_at` when a worker had tried to cancel
    it; older releases did not record them.
    """

    key: TransactionKey
    provider: str
    provider_account: str
    money: Money
    status: TransactionStatus
    created_at: datetime
    attached_at: datetime
    provider_reference: str | None = None
    cancel_attempt: int = 0
    pending_reason: PendingReason | None = None
    awaited: bool = False
    driver: str | None = None
    settled_at: datetime | None = None
    settled_after_cancel: bool = False
    never_sent: bool = False
    status_at: datetime | None = None
    first_tried_at: datetime | None = None
    last_tried_at: datetime | None = None

    @property
    def transaction_id(self) -> str:
        return self.key.transaction_id

    @property
    def in_flight(self) -> bool:
        return self.status in IN_FLIGHT


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """A session and its attached transactions, read together."""

    session: Session
    transactions: tuple[Transaction, ...]

    @property
    def in_flight(self) -> tuple[Transaction, ...]:
        return tuple(each for each in self.transactions if each.in_flight)

    @property
    def drained(self) -> bool:
        """Every attached transaction was read, and none of them is in flight."""
        read = {each.transaction_id for each in self.transactions}
        return not self.in_flight and read == self.session.attempts

    def settled_after_cancel(self, transaction: Transaction) -> bool:
        """Whether the payer's money arrived although the session, or it, was being cancelled."""
        if transaction.settled_after_cancel and transaction.status in DECIDED_BY_ITSELF:
            return True
        return self._settles_late(transaction)

    def untold_settlements(self, seen_in_flight: frozenset[str]) -> tuple[Transaction, ...]:
        """The late settlements that nobody has recorded as late, and of which nobody will tell.

        `seen_in_flight` are transactions that were in flight after the lock. Of one that was marked
        before it settled, its report tells.
        """
        return tuple(
            each
            for each in self.transactions
            if not (each.settled_after_cancel or each.awaited)
            and each.status in PAID
            and (each.transaction_id in seen_in_flight or self._settles_late(each))
        )

    def _settles_late(self, transaction: Transaction) -> bool:
        requested, settled = self.session.cancel_requested_at, transaction.settled_at
        if settled is None or requested is None:
            return False
        if transaction.status in PAID:
            # The clocks alone decide only where nobody knew of the lock: between it and the
            # driver's first look.
            return transaction.awaited or settled > requested
        # Release 0.1.0 flagged it in an open session, too. That of a later one is never too early.
        return transaction.settled_after_cancel and settled >= requested - CLOCK_SKEW

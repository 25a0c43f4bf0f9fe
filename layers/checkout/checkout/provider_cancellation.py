"""Cancelling the transactions of one session at one provider: what a worker does."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from checkout.errors import StoreError
from checkout.fan_out import TransactionOutcome, WorkOrder
from checkout.parallel import Claim, Unfinished, do_all
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer
from checkout.timestamps import from_millis
from checkout.transactions import (
    CLOCK_SKEW,
    IN_FLIGHT,
    NEVER_SENT_AFTER,
    PAID,
    TERMINAL,
    PendingReason,
    Transaction,
    TransactionKey,
    TransactionStatus,
)

# Seconds that one call at a provider may take, connecting included.
PROVIDER_TIMEOUT = 8.0
# Seconds for a question about a payment, which leaves time to cancel it.
RETRIEVE_TIMEOUT = 3.0
# What is left for storing the outcome before the worker's own time-out.
STORE_RESERVE = timedelta(seconds=2)
# Seconds after which an adapter that had to be back has overrun. A thread may have to wait for its
# turn on a busy machine; given up in error, its session would stay locked for the whole lease.
OVERRUN_LIMIT = 0.5
# A call with less time than this would tell nothing.
SHORTEST_CALL = 0.2
MAX_PARALLEL_CALLS = 50

# With these the provider has spoken of the payment, so it exists there.
SPOKEN = frozenset({PendingReason.REQUESTED, PendingReason.UNSUPPORTED, PendingReason.REFUSED})

_ENDS = frozenset({CancelOutcome.CANCELLED, CancelOutcome.TERMINAL})
_FAILED = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.FAILED)
_NOT_FOUND = ProviderAnswer(CancelOutcome.NOT_FOUND)
_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """What is to be stored about one transaction, in the name of `driver`.

    `next_attempt` replaces the transaction's `cancel_attempt`, so that the next key is a new one.
    `never_sent` says that the answer holds only if nothing tells that the payment was sent.
    """

    driver: str
    answer: ProviderAnswer
    now: datetime
    next_attempt: int | None = None
    never_sent: bool = False


class OutcomeStore(Protocol):
    def record_outcome(
        self, key: TransactionKey, record: OutcomeRecord
    ) -> tuple[TransactionStatus, bool]:
        """The transaction's status afterwards, and whether it is this driver's record.

        Raises StoreError, and TransactionNotFoundError.
        """

    def record_late_settlement(self, key: TransactionKey, now: datetime) -> bool:
        """The payer's money arrived although we were cancelling. Raises StoreError."""


def cancel_transactions(
    provider: Provider,
    store: OutcomeStore,
    order: WorkOrder,
    deadline: datetime,
    clock: Callable[[], datetime],
    report: Callable[[str, Exception], None],
    parallel: int = MAX_PARALLEL_CALLS,
) -> list[TransactionOutcome]:
    """Cancel all of them, `parallel` at once; every outcome is stored before it is returned.

    `deadline` is when this worker is stopped. No call at the provider ends after it or after the
    lease. `report` tells operators of an outcome that is not stored, and of an adapter that raised
    or overran: that is UNKNOWN for its transaction, and nothing to the others.
    """
    stop = min(deadline - STORE_RESERVE, from_millis(order.lease_until) - CLOCK_SKEW)
    worker = _Worker(provider, store, order.driver, stop, clock, report)
    seconds = max(0.0, (stop - clock()).total_seconds()) + OVERRUN_LIMIT
    done = do_all(worker.cancel, order.transactions, parallel, seconds)
    return [worker.outcome(*each) for each in zip(order.transactions, done, strict=True)]


@dataclass(frozen=True, slots=True)
class _Asked:
    """`new_key`: its answer is kept under the old one. `known`: it spoke of the payment."""

    answer: ProviderAnswer
    new_key: bool = False
    known: bool = False


@dataclass(frozen=True, slots=True)
class _Worker:
    provider: Provider
    store: OutcomeStore
    driver: str
    stop: datetime
    clock: Callable[[], datetime]
    report: Callable[[str, Exception], None]
    failed: set[str] = field(default_factory=set)

    def cancel(self, transaction: Transaction, claim: Claim) -> TransactionOutcome:
        asked_at = self.clock()
        asked = self._ask(transaction)
        if not claim():
            # Too late: the driver has told of it without this answer, and another may have taken
            # over, or settled money be counted by nobody. The next drive asks again.
            return _not_stored(transaction)
        never_sent = self._was_never_sent(transaction, asked, asked_at)
        record = OutcomeRecord(
            driver=self.driver,
            answer=_FAILED if never_sent else asked.answer,
            now=self.clock(),
            # A provider may replay its stored answer for the old key, so a refusal asks for a new
            # one. After no answer the old one keeps a second void from being made.
            next_attempt=transaction.cancel_attempt + 1 if asked.new_key else None,
            never_sent=never_sent,
        )
        try:
            return self._store(transaction, record)
        except StoreError as error:
            self.report("storing an outcome failed", error)
            return _not_stored(transaction, asked.answer.outcome)

    def outcome(
        self, transaction: Transaction, done: TransactionOutcome | Unfinished
    ) -> TransactionOutcome:
        if isinstance(done, TransactionOutcome):
            return replace(done, failed=done.transaction_id in self.failed)
        running = done is Unfinished.STILL_RUNNING
        if running:
            self.report("provider adapter overran its time-out", TimeoutError())
        # Not stored: the driver marks it. A lease whose call may be running is kept.
        return replace(_not_stored(transaction), running=running, failed=running)

    def _ask(self, transaction: Transaction) -> _Asked:
        known, ended = False, None
        if transaction.pending_reason:
            # A drive before this one asked already: it may have ended, or be cancelled, since.
            ended = self._ended(transaction)
            if ended and ended.outcome in _ENDS:
                return _Asked(ended)
            known = ended is None and self.provider.supports_retrieve
        answer = self._cancel(transaction)
        if answer.outcome not in (CancelOutcome.REFUSED, CancelOutcome.UNSUPPORTED):
            return _Asked(answer, answer.new_key, known)
        new_key = answer.new_key or answer.outcome is CancelOutcome.REFUSED
        if self.provider.supports_cancel or not transaction.pending_reason:
            ended = self._ended(transaction)  # which decides; a refusal alone never does
        if ended and ended.outcome in _ENDS:
            return _Asked(ended, new_key)
        if ended == _NOT_FOUND and not self.provider.supports_cancel:
            return _Asked(_NOT_FOUND, known=known)
        return _Asked(answer, new_key, known=known or self.provider.supports_cancel)

    def _cancel(self, transaction: Transaction) -> ProviderAnswer:
        if not self.provider.supports_cancel:
            return ProviderAnswer(CancelOutcome.UNSUPPORTED)
        timeout = self._timeout(PROVIDER_TIMEOUT)
        if timeout < SHORTEST_CALL:
            return _UNKNOWN
        key = f"{transaction.transaction_id}-{transaction.cancel_attempt}"

        def call() -> ProviderAnswer:
            return self.provider.cancel(transaction, key, timeout)

        return self._survive(transaction, call)

    def _ended(self, transaction: Transaction) -> ProviderAnswer | None:
        """How it has ended, if it has; None if it is in flight or the provider cannot tell."""
        timeout = self._timeout(RETRIEVE_TIMEOUT)
        if not self.provider.supports_retrieve:
            return None
        if timeout < SHORTEST_CALL:
            return _UNKNOWN

        def call() -> ProviderAnswer | None:
            return self.provider.retrieve(transaction, timeout).as_answer()

        return self._survive(transaction, call)

    def _survive(
        self, transaction: Transaction, call: Callable[[], Answer]
    ) -> Answer | ProviderAnswer:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - one adapter's bug must not lose other outcomes
            self.failed.add(transaction.transaction_id)
            self.report("provider adapter failed", error)
            return _UNKNOWN

    def _timeout(self, most: float) -> float:
        return min(most, (self.stop - self.clock()).total_seconds())

    def _was_never_sent(self, transaction: Transaction, asked: _Asked, asked_at: datetime) -> bool:
        """Whether the provider does not know it, and nothing tells that it ever did.

        Where something does, not finding it is a contradiction (the wrong account, say): it stays
        in flight. So does one that could still be sent when the provider was asked.
        """
        too_late = asked_at > transaction.attached_at + NEVER_SENT_AFTER
        untouched = (
            transaction.status is TransactionStatus.PENDING
            and transaction.provider_reference is None
            and transaction.pending_reason not in SPOKEN
            and transaction.cancel_attempt == 0
        )
        not_found = asked.answer.outcome is CancelOutcome.NOT_FOUND and not asked.known
        return not_found and too_late and untouched

    def _store(self, transaction: Transaction, record: OutcomeRecord) -> TransactionOutcome:
        outcome = record.answer.outcome
        status, ours = self.store.record_outcome(transaction.key, record)
        if record.never_sent and status in IN_FLIGHT:
            # Sent after all, since the driver read it.
            return self._store(transaction, replace(record, answer=_NOT_FOUND, never_sent=False))
        # A webhook may have told of our own void before us: then it is cancelled all the same.
        confirmed = outcome is CancelOutcome.CANCELLED and status is TransactionStatus.CANCELLED
        if not (ours or confirmed) and status in TERMINAL:
            outcome = CancelOutcome.TERMINAL
        settled = status is TransactionStatus.SETTLED
        late = settled if ours else status in PAID and self._is_news(transaction, record.now)
        return TransactionOutcome(transaction.transaction_id, outcome, status, late)

    def _is_news(self, transaction: Transaction, now: datetime) -> bool:
        """Whether this worker is the one to tell of a settlement; of an awaited one the stream."""
        first = self.store.record_late_settlement(transaction.key, now)
        return first and not transaction.awaited


def _not_stored(
    transaction: Transaction, outcome: CancelOutcome = CancelOutcome.UNKNOWN
) -> TransactionOutcome:
    return TransactionOutcome(transaction.transaction_id, outcome, None)

"""Cancelling the transactions of one session at one provider: what a worker does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from checkout.errors import StoreError
from checkout.fan_out import TransactionOutcome, WorkOrder
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.timestamps import from_millis
from checkout.transactions import (
    NEVER_SENT_AFTER,
    TERMINAL,
    PendingReason,
    Transaction,
    TransactionKey,
    TransactionStatus,
)

# Seconds that one call at a provider may take, connecting included.
PROVIDER_TIMEOUT = 8.0
# What is left for storing the outcome before the worker's own time-out.
STORE_RESERVE = timedelta(seconds=2)
# A call with less time than this would only tell that there was no time.
SHORTEST_CALL = 0.2
MAX_PARALLEL_CALLS = 50

# After these the provider has spoken: ask what became of it before cancelling once more.
ASK_FIRST = frozenset({PendingReason.REQUESTED, PendingReason.UNSUPPORTED, PendingReason.REFUSED})

_FAILED = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.FAILED)
_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """What is to be stored about one transaction, in the name of `driver`.

    `next_attempt` replaces the transaction's `cancel_attempt` after an answered refusal.
    """

    driver: str
    answer: ProviderAnswer
    now: datetime
    next_attempt: int | None = None


class OutcomeStore(Protocol):
    def record_outcome(
        self, key: TransactionKey, record: OutcomeRecord
    ) -> tuple[TransactionStatus, bool]:
        """The transaction's status afterwards, and whether it is this driver's record.

        Raises StoreError, and TransactionNotFoundError.
        """


def cancel_transactions(
    provider: Provider,
    store: OutcomeStore,
    order: WorkOrder,
    deadline: datetime,
    clock: Callable[[], datetime],
) -> list[TransactionOutcome]:
    """Cancel all of them at once; every outcome is stored before it is returned.

    `deadline` is when this worker is stopped. No call at the provider ends after it or after
    the lease.
    """
    stop = min(deadline - STORE_RESERVE, from_millis(order.lease_until))
    worker = _Worker(provider, store, order.driver, stop, clock)
    with ThreadPoolExecutor(min(len(order.transactions) or 1, MAX_PARALLEL_CALLS)) as pool:
        return list(pool.map(worker.cancel, order.transactions))


@dataclass(frozen=True, slots=True)
class _Worker:
    provider: Provider
    store: OutcomeStore
    driver: str
    stop: datetime
    clock: Callable[[], datetime]

    def cancel(self, transaction: Transaction) -> TransactionOutcome:
        answer, refused = self._ask(transaction)
        record = OutcomeRecord(
            driver=self.driver,
            answer=self._judge(transaction, answer),
            now=self.clock(),
            # A provider may replay its stored refusal for an old key, so a refusal asks for a
            # new one; after no answer the old key keeps a second void from being made.
            next_attempt=transaction.cancel_attempt + 1 if refused else None,
        )
        return self._store(transaction, record)

    def _ask(self, transaction: Transaction) -> tuple[ProviderAnswer, bool]:
        """The provider's answer, and whether it refused a cancellation."""
        if transaction.pending_reason in ASK_FIRST:
            ended = self._ended(transaction)
            if ended and ended.outcome is not CancelOutcome.UNKNOWN:
                return ended, False
            if transaction.pending_reason is PendingReason.REQUESTED:
                return ProviderAnswer(CancelOutcome.REQUESTED), False
        answer = self._cancel(transaction)
        if answer.outcome not in (CancelOutcome.REFUSED, CancelOutcome.UNSUPPORTED):
            return answer, False
        refused = answer.outcome is CancelOutcome.REFUSED
        return self._ended(transaction) or answer, refused

    def _cancel(self, transaction: Transaction) -> ProviderAnswer:
        if not self.provider.supports_cancel:
            return ProviderAnswer(CancelOutcome.UNSUPPORTED)
        timeout = self._timeout()
        if timeout < SHORTEST_CALL:
            return _UNKNOWN
        key = f"{transaction.transaction_id}-{transaction.cancel_attempt}"
        return self.provider.cancel(transaction, key, timeout)

    def _ended(self, transaction: Transaction) -> ProviderAnswer | None:
        """How it has ended, if it has; None if it is in flight or the provider cannot tell."""
        timeout = self._timeout()
        if not self.provider.supports_retrieve:
            return None
        if timeout < SHORTEST_CALL:
            return _UNKNOWN
        return _from_status(self.provider.retrieve(transaction, timeout))

    def _timeout(self) -> float:
        return min(PROVIDER_TIMEOUT, (self.stop - self.clock()).total_seconds())

    def _judge(self, transaction: Transaction, answer: ProviderAnswer) -> ProviderAnswer:
        """A payment that the provider does not know was never created, once it is too late to be.

        A transaction with a reference was created there: that it is not found is a contradiction
        (the wrong account, say), and stays in flight.
        """
        never_sent = self.clock() > transaction.attached_at + NEVER_SENT_AFTER
        unknown = answer.outcome is CancelOutcome.NOT_FOUND
        if unknown and never_sent and transaction.provider_reference is None:
            return _FAILED
        return answer

    def _store(self, transaction: Transaction, record: OutcomeRecord) -> TransactionOutcome:
        outcome = record.answer.outcome
        try:
            status, ours = self.store.record_outcome(transaction.key, record)
        except StoreError:
            return TransactionOutcome(transaction.transaction_id, outcome, status=None)
        if not ours and status in TERMINAL:
            outcome = CancelOutcome.TERMINAL
        return TransactionOutcome(transaction.transaction_id, outcome, status)


def _from_status(answer: ProviderStatus) -> ProviderAnswer | None:
    if not answer.found:
        return ProviderAnswer(CancelOutcome.NOT_FOUND)
    if answer.status is None:
        return _UNKNOWN
    if answer.status is TransactionStatus.CANCELLED:
        return ProviderAnswer(CancelOutcome.CANCELLED)
    if answer.status in TERMINAL:
        return ProviderAnswer(CancelOutcome.TERMINAL, answer.status)
    return None

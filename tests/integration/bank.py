"""A provider that knows what was sent, voided and captured, and never does two of them at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.transactions import Transaction, TransactionStatus


class Temper(StrEnum):
    """How a payment takes a cancellation."""

    WILLING = "willing"  # voided at once
    LATE = "late"  # accepted, carried out later
    UNSTOPPABLE = "unstoppable"
    MOODY = "moody"  # refuses the first void
    DEAF = "deaf"  # does not answer the first void
    FORGETFUL = "forgetful"  # carries out the first void, and does not answer


@dataclass
class Payment:
    """`voids` are those carried out; `asked` are the requests, as (driver, idempotency key)."""

    temper: Temper
    sent: bool = False
    captured: bool = False
    refunded: bool = False
    promised: bool = False
    voids: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        return self.sent and not self.captured and not self.voids

    @property
    def status(self) -> TransactionStatus:
        if self.refunded:
            return TransactionStatus.REFUNDED
        if self.captured:
            return TransactionStatus.SETTLED
        return TransactionStatus.CANCELLED if self.voids else TransactionStatus.AUTHORIZED

    def void(self) -> None:
        if self.alive:
            self.voids += 1


class Bank:
    def __init__(self) -> None:
        self.payments: dict[str, Payment] = {}
        self.drivers: list[str] = []

    def send(self, transaction_id: str) -> None:
        self.payments[transaction_id].sent = True

    def capture(self, transaction_id: str) -> bool:
        payment = self.payments[transaction_id]
        payment.captured = payment.captured or payment.alive
        return payment.captured

    def finish(self, transaction_id: str) -> None:
        """What it does by itself: a late void is carried out, an unstoppable payment captured."""
        payment = self.payments[transaction_id]
        if payment.promised:
            payment.void()
        if payment.temper is Temper.UNSTOPPABLE:
            self.capture(transaction_id)

    def calm_down(self) -> None:
        """From now on it does what it is asked."""
        for payment in self.payments.values():
            payment.temper = Temper.WILLING

    def cancel(self, transaction_id: str, driver: str, key: str) -> ProviderAnswer:
        payment = self.payments[transaction_id]
        first = not payment.asked
        payment.asked.append((driver, key))
        self.drivers.append(driver)
        if not payment.sent:
            return ProviderAnswer(CancelOutcome.NOT_FOUND)
        if payment.captured:
            return ProviderAnswer(CancelOutcome.REFUSED)
        return ProviderAnswer(_take(payment, first=first))

    def retrieve(self, transaction_id: str) -> ProviderStatus:
        payment = self.payments[transaction_id]
        if not payment.sent:
            return ProviderStatus(None, found=False)
        return ProviderStatus(payment.status)


def _take(payment: Payment, *, first: bool) -> CancelOutcome:
    if payment.temper is Temper.UNSTOPPABLE:
        return CancelOutcome.UNSUPPORTED
    if payment.temper is Temper.LATE and payment.alive:
        payment.promised = True
        return CancelOutcome.REQUESTED
    if payment.temper is Temper.MOODY and first:
        return CancelOutcome.REFUSED
    if payment.temper is Temper.DEAF and first:
        return CancelOutcome.UNKNOWN
    payment.void()
    forgotten = payment.temper is Temper.FORGETFUL and first
    return CancelOutcome.UNKNOWN if forgotten else CancelOutcome.CANCELLED


@dataclass(frozen=True, slots=True)
class BankProvider:
    """The adapter to the bank, of one worker; every call of it is a step."""

    name: str
    bank: Bank
    driver: str
    step: Callable[[str], None]
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        self.step("void")
        return self.bank.cancel(transaction.transaction_id, self.driver, idempotency_key)

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        self.step("retrieve")
        return self.bank.retrieve(transaction.transaction_id)

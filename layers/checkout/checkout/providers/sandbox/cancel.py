"""The sandbox provider: behaves as a payment's reference tells, and keeps a ledger of its voids."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.parts import Parts
from checkout.providers.sandbox.behaviour import Kind, behaviour_of, status_at
from checkout.providers.sandbox.ledger import Ledger
from checkout.settings import SandboxSettings
from checkout.transactions import Transaction

_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)
_REFUSALS = {
    Kind.SETTLED: CancelOutcome.REFUSED,
    Kind.REFUSED: CancelOutcome.REFUSED,
    Kind.UNSTOPPABLE: CancelOutcome.UNSUPPORTED,
}


@dataclass(frozen=True, slots=True)
class SandboxProvider:
    """`sleep` takes seconds. It stands for the provider's time, so it is given from outside."""

    name: str
    ledger: Ledger
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        try:
            return self._void(transaction, idempotency_key, timeout)
        except (BotoCoreError, ClientError):
            return _UNKNOWN

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        reference = transaction.provider_reference
        try:
            behaviour = behaviour_of(reference or "")
            entry = self.ledger.read(self.name, transaction.transaction_id)
        except ValueError:
            return ProviderStatus(None, found=False)
        except (BotoCoreError, ClientError):
            return ProviderStatus(None)
        if behaviour.kind is Kind.HANG:
            self.sleep(timeout)
        if behaviour.kind in (Kind.HANG, Kind.DOWN):
            return ProviderStatus(None)
        now = self.clock()
        return ProviderStatus(
            status_at(reference or "", transaction.created_at, entry.voided_at, now)
        )

    def _void(self, transaction: Transaction, key: str, timeout: float) -> ProviderAnswer:
        until = self.clock() + timedelta(seconds=timeout)
        entry = self.ledger.count_request(self.name, transaction.transaction_id, key)
        try:
            behaviour = behaviour_of(transaction.provider_reference or "")
        except ValueError:
            return ProviderAnswer(CancelOutcome.NOT_FOUND)
        if refusal := _REFUSALS.get(behaviour.kind):
            return ProviderAnswer(refusal)
        if behaviour.kind is Kind.HANG:
            self.sleep(self._left(until))
        out_of_order = behaviour.kind in (Kind.HANG, Kind.DOWN)
        if out_of_order or entry.void_requests <= behaviour.failures:
            return _UNKNOWN
        return self._accept(transaction, until)

    def _accept(self, transaction: Transaction, until: datetime) -> ProviderAnswer:
        behaviour = behaviour_of(transaction.provider_reference or "")
        entry = self.ledger.void(self.name, transaction.transaction_id, self.clock())
        voided_at = entry.voided_at or self.clock()
        answers_at = voided_at + behaviour.wait
        if answers_at > self.clock() and behaviour.kind is Kind.ASYNC:
            return ProviderAnswer(CancelOutcome.REQUESTED)
        # It is voided from the start, as at a real provider that answers too late.
        self.sleep(self._left(min(answers_at, until)))
        return _UNKNOWN if answers_at > until else ProviderAnswer(CancelOutcome.CANCELLED)

    def _left(self, until: datetime) -> float:
        return max(0.0, (until - self.clock()).total_seconds())


def provider(parts: Parts) -> Provider:
    """Raises MisconfiguredError."""
    table = SandboxSettings.read(parts.environment).sandbox_ledger_table_name
    return SandboxProvider(parts.name, Ledger(parts.dynamodb(), table), parts.clock, time.sleep)

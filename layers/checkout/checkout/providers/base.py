"""What a payment provider can be asked, and what it may answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from checkout.transactions import TERMINAL, Transaction, TransactionStatus


class CancelOutcome(StrEnum):
    """What became of one cancellation at the provider."""

    CANCELLED = "CANCELLED"  # confirmed, now or by an earlier call
    REQUESTED = "REQUESTED"  # accepted, to be confirmed later
    UNSUPPORTED = "UNSUPPORTED"  # this one cannot be cancelled in progress
    REFUSED = "REFUSED"  # answered with a refusal, which alone says nothing about the status
    NOT_FOUND = "NOT_FOUND"  # the provider does not know the payment
    UNKNOWN = "UNKNOWN"  # time-out, 5xx, rate limit, unreadable answer, open circuit
    TERMINAL = "TERMINAL"  # it had ended in another way


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """`status` is set with `TERMINAL`, and says how it had ended.

    `new_key`: this answer is kept at the provider under the idempotency key, and a repeat with
    that key would only get it again. A refusal implies it. `retry_after` is in seconds.
    """

    outcome: CancelOutcome
    status: TransactionStatus | None = None
    new_key: bool = False
    retry_after: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether the provider has said something that tells what became of the call."""
        return self.outcome is not CancelOutcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """`status` is None when the provider could not be asked or its answer not be read."""

    status: TransactionStatus | None
    found: bool = True
    retry_after: int | None = None

    @property
    def is_known(self) -> bool:
        return self.status is not None or not self.found

    def as_answer(self) -> ProviderAnswer | None:
        """The same said in answer to a cancellation; None of a payment that is in flight."""
        if not self.found:
            return ProviderAnswer(CancelOutcome.NOT_FOUND)
        if self.status is None:
            return ProviderAnswer(CancelOutcome.UNKNOWN)
        if self.status is TransactionStatus.CANCELLED:
            return ProviderAnswer(CancelOutcome.CANCELLED)
        if self.status in TERMINAL:
            return ProviderAnswer(CancelOutcome.TERMINAL, self.status)
        return None


class Provider(Protocol):
    """An adapter. It raises ProviderTroubleError where nothing is known, and else only for bugs.

    `timeout` is in seconds, for the whole call: no request of it is under way afterwards.
    A transaction without a provider's reference is looked up by our own id; an adapter that
    cannot do that answers `UNKNOWN`, never `NOT_FOUND`, which says that it looked.
    """

    @property
    def name(self) -> str: ...

    @property
    def supports_cancel(self) -> bool: ...

    @property
    def supports_retrieve(self) -> bool: ...

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer: ...

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus: ...

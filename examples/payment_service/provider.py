"""What the service needs of a provider, and a stand-in that counts what it is sent."""

from dataclasses import dataclass, field
from typing import Protocol

from checkout.transactions import Money


class ProviderTimeoutError(Exception):
    """No answer in time: the payment may exist or not."""


class DeclinedError(Exception):
    """The provider refused to make the payment: it does not exist, and never will."""


class PaymentProvider(Protocol):
    @property
    def name(self) -> str: ...

    def create_payment(self, payment_id: str, money: Money, timeout: float) -> str:
        """The provider's reference. `payment_id` is the idempotency key; `timeout` is in seconds.

        Raises DeclinedError, ProviderTimeoutError.
        """

    def void(self, reference: str) -> None: ...


@dataclass
class StandIn:
    """Payments that the sandbox of this project can cancel, made without any network."""

    name: str = "sandbox"
    created: list[str] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)

    def create_payment(self, payment_id: str, money: Money, timeout: float) -> str:  # noqa: ARG002 - a provider's own
        self.created.append(payment_id)
        return f"ok_{payment_id}"

    def void(self, reference: str) -> None:
        self.voided.append(reference)

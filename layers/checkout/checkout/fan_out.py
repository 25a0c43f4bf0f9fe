"""What the driver of a cancellation and its workers say to each other, one worker a provider.

The messages cross Lambda and the state machine as JSON, so their forms are written down here, once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from checkout.providers.base import CancelOutcome
from checkout.sessions import SessionKey
from checkout.timestamps import from_text, to_text
from checkout.transactions import (
    TERMINAL,
    Money,
    PendingReason,
    Transaction,
    TransactionKey,
    TransactionStatus,
)


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """The transactions to cancel. No provider call may end after `lease_until` (epoch ms).

    `correlation_id` is that of the cancellation; it is the driver's token if there is no other.
    """

    session: SessionKey
    driver: str
    lease_until: int
    transactions: tuple[Transaction, ...]
    correlation_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "correlation_id", self.correlation_id or self.driver)


@dataclass(frozen=True, slots=True)
class TransactionOutcome:
    """What one worker did to one transaction.

    `status` is the transaction's stored status afterwards, None where it could not be stored.
    `late_settlement`: this worker is the first to tell that the payer's money arrived all the same.
    `running`: its adapter was not back in time, so its call at the provider may be running still.
    `failed`: its adapter raised or overran; the worker counts that, and does not tell the driver.
    """

    transaction_id: str
    outcome: CancelOutcome
    status: TransactionStatus | None
    late_settlement: bool = False
    running: bool = False
    failed: bool = False

    @property
    def ended(self) -> bool:
        return self.status in TERMINAL

    @property
    def cancelled(self) -> bool:
        """Cancelled by this drive, confirmed by the provider, and stored."""
        cancelled = self.status is TransactionStatus.CANCELLED
        return cancelled and self.outcome is CancelOutcome.CANCELLED


@dataclass(frozen=True, slots=True)
class FanOutResult:
    """`finished` is false when a worker may still be running: then the lease is not given back."""

    outcomes: tuple[TransactionOutcome, ...]
    finished: bool


class FanOut(Protocol):
    """Cancels at all providers at once. Never raises: trouble is a result with fewer outcomes."""

    def cancel(self, order: WorkOrder) -> FanOutResult: ...


def order_to_message(order: WorkOrder) -> dict[str, Any]:
    """The state machine's input: the order, grouped by provider.

    Its correlation id is the execution's name: the machine finds that one in any case, and would
    fail of a field that a driver of an older release does not send.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for transaction in order.transactions:
        groups.setdefault(transaction.provider, []).append(_transaction_to_message(transaction))
    return {
        "merchantId": order.session.merchant_id,
        "sessionId": order.session.session_id,
        "driver": order.driver,
        "leaseUntil": order.lease_until,
        "groups": [
            {"provider": provider, "transactions": transactions}
            for provider, transactions in sorted(groups.items())
        ],
    }


def message_to_worker(order: WorkOrder) -> dict[str, Any]:
    """Of an order to one provider: what the state machine would hand to its worker."""
    message = order_to_message(order)
    (group,) = message.pop("groups")
    return {**message, **group, "correlationId": order.correlation_id}


def order_from_message(message: Mapping[str, Any]) -> WorkOrder:
    """One worker's part of the order."""
    session = SessionKey(message["merchantId"], message["sessionId"])
    return WorkOrder(
        session=session,
        driver=message["driver"],
        lease_until=int(message["leaseUntil"]),
        transactions=tuple(
            _transaction_from_message(session, message["provider"], each)
            for each in message["transactions"]
        ),
        # A driver, or a machine, of an older release does not send it.
        correlation_id=message.get("correlationId", ""),
    )


def outcomes_to_message(outcomes: Iterable[TransactionOutcome]) -> list[dict[str, Any]]:
    return [
        {
            "transactionId": each.transaction_id,
            "outcome": each.outcome.value,
            "status": each.status and each.status.value,
            "lateSettlement": each.late_settlement,
            "running": each.running,
        }
        for each in outcomes
    ]


def outcomes_from_message(message: Iterable[Mapping[str, Any]]) -> list[TransactionOutcome]:
    return [
        TransactionOutcome(
            transaction_id=each["transactionId"],
            outcome=CancelOutcome(each["outcome"]),
            status=TransactionStatus(each["status"]) if each["status"] else None,
            late_settlement=each.get("lateSettlement") is True,
            running=each.get("running") is True,
        )
        for each in message
    ]


def _transaction_to_message(transaction: Transaction) -> dict[str, Any]:
    reason = transaction.pending_reason
    return {
        "transactionId": transaction.transaction_id,
        "providerAccount": transaction.provider_account,
        "providerReference": transaction.provider_reference,
        "amount": transaction.money.amount,
        "currency": transaction.money.currency,
        "status": transaction.status.value,
        "createdAt": to_text(transaction.created_at),
        "attachedAt": to_text(transaction.attached_at),
        "cancelAttempt": transaction.cancel_attempt,
        "pendingReason": reason and reason.value,
    }


def _transaction_from_message(
    session: SessionKey, provider: str, message: Mapping[str, Any]
) -> Transaction:
    reason = message["pendingReason"]
    return Transaction(
        key=TransactionKey(session, message["transactionId"]),
        provider=provider,
        provider_account=message["providerAccount"],
        provider_reference=message["providerReference"],
        money=Money(int(message["amount"]), message["currency"]),
        status=TransactionStatus(message["status"]),
        created_at=from_text(message["createdAt"]),
        attached_at=from_text(message["attachedAt"]),
        cancel_attempt=int(message["cancelAttempt"]),
        pending_reason=PendingReason(reason) if reason else None,
    )

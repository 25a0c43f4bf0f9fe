"""Cancelling at GoCardless: only until the payment is submitted to the bank; then it takes days.

https://developer.gocardless.com/api-reference/
"""

from dataclasses import dataclass
from typing import Any

from checkout.providers.answers import status_in
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.documents import part, text
from checkout.providers.gocardless.client import GoCardlessClient, GoCardlessSecret
from checkout.providers.http import Answer
from checkout.providers.parts import Parts
from checkout.transactions import Transaction, TransactionStatus

# `charged_back` is money that was settled and has gone back. A payment can fail after it was
# `confirmed`, which never makes it anything but settled here (docs/providers/gocardless.md).
PAYMENT = {
    "pending_customer_approval": TransactionStatus.PENDING,
    "pending_submission": TransactionStatus.PENDING,
    "submitted": TransactionStatus.PROCESSING,
    "confirmed": TransactionStatus.SETTLED,
    "paid_out": TransactionStatus.SETTLED,
    "cancelled": TransactionStatus.CANCELLED,
    "customer_approval_denied": TransactionStatus.FAILED,
    "failed": TransactionStatus.FAILED,
    "charged_back": TransactionStatus.REFUNDED,
}
# Errors by their type. `invalid_state` has the reason `cancellation_failed`, and is the same for a
# payment that is cancelled, has failed, or can no more be stopped.
REFUSALS = frozenset({"invalid_state", "validation_failed"})

_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class GoCardlessProvider:
    name: str
    client: GoCardlessClient
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        reference = transaction.provider_reference
        if reference is None:
            return _UNKNOWN
        left = self.client.exchange.budget(timeout)
        account = transaction.provider_account
        answer = self.client.cancel_payment(account, reference, idempotency_key, left)
        if answer.status >= 400:
            return _refusal(answer)
        cancelled = payment_status(answer.json) is TransactionStatus.CANCELLED
        return ProviderAnswer(CancelOutcome.CANCELLED) if cancelled else _UNKNOWN

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        reference = transaction.provider_reference
        if reference is None:
            return ProviderStatus(None)
        left = self.client.exchange.budget(timeout)
        answer = self.client.payment(transaction.provider_account, reference, left)
        return status_in(answer, payment_status)


def payment_status(document: Any) -> TransactionStatus | None:
    status = PAYMENT.get(text(document, "payments", "status"))
    again = part(document, "payments", "retry_if_possible") is True
    # It may be collected once more: the event that says it is not tells of the end.
    return TransactionStatus.PROCESSING if status is TransactionStatus.FAILED and again else status


def _refusal(answer: Answer) -> ProviderAnswer:
    if answer.status == 404:
        return ProviderAnswer(CancelOutcome.NOT_FOUND, new_key=True)
    error = part(answer.json, "error")
    if text(error, "type") in REFUSALS or "cancellation_failed" in _reasons(error):
        return ProviderAnswer(CancelOutcome.REFUSED)
    return _UNKNOWN


def _reasons(error: Any) -> list[str]:
    errors = part(error, "errors")
    return [text(each, "reason") for each in errors] if isinstance(errors, list) else []


def provider(parts: Parts) -> Provider:
    exchange = parts.exchange()
    return GoCardlessProvider(
        parts.name, GoCardlessClient(parts.accounts(GoCardlessSecret), exchange)
    )

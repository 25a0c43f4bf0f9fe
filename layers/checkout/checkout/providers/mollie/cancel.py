"""Cancelling at Mollie: a payment is cancelled, the authorisation of an authorised one released.

Mollie's refusals have no code, so the payment itself is read after one. Cancelling comes first:
whatever the payment has become meanwhile, it takes no money. To look first, and then to choose,
would be a race with the payer.
https://github.com/mollie/openapi/blob/main/specs.yaml
"""

from dataclasses import dataclass
from typing import Any

from checkout.providers.answers import status_in
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.documents import part, text
from checkout.providers.http import Answer, Budget
from checkout.providers.mollie.client import MollieClient, MollieSecret
from checkout.providers.parts import Parts
from checkout.transactions import Transaction, TransactionStatus

# https://docs.mollie.com/docs/status-change
PAYMENT = {
    "open": TransactionStatus.PENDING,
    "pending": TransactionStatus.PROCESSING,
    "authorized": TransactionStatus.AUTHORIZED,
    "paid": TransactionStatus.SETTLED,
    "failed": TransactionStatus.FAILED,
    "canceled": TransactionStatus.CANCELLED,
    "expired": TransactionStatus.EXPIRED,
}
# By HTTP status: Mollie's errors have no code. 422 is of a payment that cannot be cancelled, or
# whose authorisation cannot be released, for whatever reason.
REFUSALS = {404: CancelOutcome.NOT_FOUND, 422: CancelOutcome.REFUSED}
ACCEPTED = 202

_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)
_REFUSED = ProviderAnswer(CancelOutcome.REFUSED, new_key=True)


@dataclass(frozen=True, slots=True)
class MollieProvider:
    name: str
    client: MollieClient
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
        if answer.status < 400:
            cancelled = payment_status(answer.json) is TransactionStatus.CANCELLED
            return ProviderAnswer(CancelOutcome.CANCELLED) if cancelled else _UNKNOWN
        refusal = _refusal(answer)
        if refusal != _REFUSED:
            return refusal
        found = self.client.payment(account, reference, left)
        if payment_status(found.json) is TransactionStatus.AUTHORIZED:
            return self._release(account, reference, f"{idempotency_key}-release", left)
        return _why(found)

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        reference = transaction.provider_reference
        if reference is None:
            return ProviderStatus(None)
        left = self.client.exchange.budget(timeout)
        found = self.client.payment(transaction.provider_account, reference, left)
        return status_in(found, payment_status)

    def _release(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> ProviderAnswer:
        answer = self.client.release_authorization(account, reference, idempotency_key, left)
        if answer.status == ACCEPTED:
            # It may come to nothing, and nothing tells of that. So the next drive asks anew, and
            # not for what is kept under this key.
            return ProviderAnswer(CancelOutcome.REQUESTED, new_key=True)
        return _refusal(answer)


def payment_status(payment: Any) -> TransactionStatus | None:
    status = PAYMENT.get(text(payment, "status"))
    amount, refunded = part(payment, "amount"), part(payment, "amountRefunded")
    if status is TransactionStatus.SETTLED and amount and refunded == amount:
        return TransactionStatus.REFUNDED
    return status


def _refusal(answer: Answer) -> ProviderAnswer:
    outcome = REFUSALS.get(answer.status, CancelOutcome.UNKNOWN)
    # For how long an answer is kept under its key is not documented.
    return ProviderAnswer(outcome, new_key=outcome is not CancelOutcome.UNKNOWN)


def _why(found: Answer) -> ProviderAnswer:
    """What the refusal of a cancellation means for the payment that was read after it."""
    status = status_in(found, payment_status)
    ended = status.as_answer()
    if status.status and ended:
        return ended
    if status.status and part(found.json, "isCancelable") is False:
        return ProviderAnswer(CancelOutcome.UNSUPPORTED, new_key=True)
    return _REFUSED


def provider(parts: Parts) -> Provider:
    exchange = parts.exchange()
    return MollieProvider(parts.name, MollieClient(parts.accounts(MollieSecret), exchange))

"""Cancelling at Square: a payment that is approved and not completed.

Before its id is recorded, it is cancelled by the key that it was created with: the payment side
creates a payment with its transaction's id as `idempotency_key`.
https://developer.squareup.com/reference/square/payments-api/cancel-payment-by-idempotency-key
"""

from dataclasses import dataclass
from typing import Any

from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.documents import part, text
from checkout.providers.http import Answer
from checkout.providers.parts import Parts
from checkout.providers.square.client import SquareClient, SquareSecret
from checkout.transactions import Transaction, TransactionStatus

PAYMENT = {
    "APPROVED": TransactionStatus.AUTHORIZED,
    "PENDING": TransactionStatus.PROCESSING,  # under way, and not to be cancelled
    "COMPLETED": TransactionStatus.SETTLED,
    "CANCELED": TransactionStatus.CANCELLED,
    "FAILED": TransactionStatus.FAILED,
}

_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)
_CANCELLED = ProviderAnswer(CancelOutcome.CANCELLED)
_REFUSED = ProviderAnswer(CancelOutcome.REFUSED)
_NOT_FOUND = ProviderAnswer(CancelOutcome.NOT_FOUND)
# What a cancellation's error means, by `errors[].code`.
CODES = {
    "DELAYED_TRANSACTION_CANCELED": _CANCELLED,
    "DELAYED_TRANSACTION_CAPTURED": ProviderAnswer(
        CancelOutcome.TERMINAL, TransactionStatus.SETTLED
    ),
    "DELAYED_TRANSACTION_EXPIRED": ProviderAnswer(
        CancelOutcome.TERMINAL, TransactionStatus.EXPIRED
    ),
    "DELAYED_TRANSACTION_FAILED": ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.FAILED),
    "NOT_FOUND": _NOT_FOUND,
    "BAD_REQUEST": _REFUSED,
}
# Nothing is known, whatever the HTTP status is: which one comes with a code is not documented.
NOT_NOW = frozenset(
    {
        "CONFLICT",
        "GATEWAY_TIMEOUT",
        "INTERNAL_SERVER_ERROR",
        "RATE_LIMITED",
        "RATE_LIMIT_ERROR",
        "SERVICE_UNAVAILABLE",
        "TEMPORARY_ERROR",
    }
)


@dataclass(frozen=True, slots=True)
class SquareProvider:
    name: str
    client: SquareClient
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(
        self,
        transaction: Transaction,
        idempotency_key: str,  # noqa: ARG002 - neither call takes one, and a repeat changes nothing
        timeout: float,
    ) -> ProviderAnswer:
        account, reference = transaction.provider_account, transaction.provider_reference
        left = self.client.exchange.budget(timeout)
        if reference is None:
            answer = self.client.cancel_by_key(account, transaction.transaction_id, left)
            # Square says the same of a payment that it has cancelled now and of one that never
            # was, and does not say what it says of one that is completed. So nothing is alive
            # there that could be stopped, and how it stands is not known.
            said = _UNKNOWN if answer.status < 400 else _refusal(answer)
            return _REFUSED if said == _NOT_FOUND else said
        answer = self.client.cancel(account, reference, left)
        if answer.status >= 400:
            return _refusal(answer)
        status = payment_status(part(answer.json, "payment"))
        return _CANCELLED if status is TransactionStatus.CANCELLED else _UNKNOWN

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        reference = transaction.provider_reference
        if reference is None:
            return ProviderStatus(None)  # only a cancellation can be asked for by its key
        left = self.client.exchange.budget(timeout)
        answer = self.client.payment(transaction.provider_account, reference, left)
        if answer.status >= 400:
            return ProviderStatus(None, found=_codes(answer) != {"NOT_FOUND"})
        return ProviderStatus(payment_status(part(answer.json, "payment")))


def payment_status(payment: Any) -> TransactionStatus | None:
    status = PAYMENT.get(text(payment, "status"))
    refunded = part(payment, "refunded_money")
    whole = refunded is not None and refunded == part(payment, "amount_money")
    if status is TransactionStatus.SETTLED and whole:
        return TransactionStatus.REFUNDED
    return status


def _refusal(answer: Answer) -> ProviderAnswer:
    codes = _codes(answer)
    if codes & NOT_NOW:
        return _UNKNOWN
    meanings = {CODES[code] for code in codes if code in CODES}
    # Errors that contradict each other tell nothing: then the payment's status decides.
    return meanings.pop() if len(meanings) == 1 else _REFUSED


def _codes(answer: Answer) -> set[str]:
    errors = part(answer.json, "errors")
    return {text(each, "code") for each in errors} if isinstance(errors, list) else set()


def provider(parts: Parts) -> Provider:
    exchange = parts.exchange()
    return SquareProvider(parts.name, SquareClient(parts.accounts(SquareSecret), exchange))

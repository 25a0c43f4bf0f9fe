"""Cancelling at Checkout.com: an authorised payment is voided, and a webhook tells of the end.

https://checkout.com/docs/payments/manage-payments/void-a-payment
"""

from dataclasses import dataclass
from typing import Any

from checkout.providers.answers import status_in
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.checkout_com.client import CheckoutComClient, CheckoutComSecret
from checkout.providers.documents import text
from checkout.providers.parts import Parts
from checkout.transactions import Transaction, TransactionStatus

# A payment with a void under way is `Authorized` still. A partial refund or capture leaves money
# with the merchant. `Card Verified` is of a check of the card, with which there is nothing to void.
PAYMENT = {
    "Active": TransactionStatus.PENDING,
    "Requested": TransactionStatus.PENDING,
    "Pending": TransactionStatus.PENDING,
    "Authentication Requested": TransactionStatus.PENDING,
    "Authorized": TransactionStatus.AUTHORIZED,
    "Captured": TransactionStatus.SETTLED,
    "Partially Captured": TransactionStatus.SETTLED,
    "Paid": TransactionStatus.SETTLED,
    "Card Verified": TransactionStatus.SETTLED,
    "Partially Refunded": TransactionStatus.SETTLED,
    "Refunded": TransactionStatus.REFUNDED,
    "Declined": TransactionStatus.FAILED,
    "Voided": TransactionStatus.CANCELLED,
    "Canceled": TransactionStatus.CANCELLED,
    "Expired": TransactionStatus.EXPIRED,
}
# By HTTP status: only some errors have a code. 403 is of a payment that is captured, voided or not
# authorised yet, and does not say which.
VOID = {
    202: CancelOutcome.REQUESTED,
    403: CancelOutcome.REFUSED,
    404: CancelOutcome.NOT_FOUND,
    422: CancelOutcome.REFUSED,
}


@dataclass(frozen=True, slots=True)
class CheckoutComProvider:
    name: str
    client: CheckoutComClient
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        reference = transaction.provider_reference
        if reference is None:
            return ProviderAnswer(CancelOutcome.UNKNOWN)
        left = self.client.exchange.budget(timeout)
        answer = self.client.void(transaction.provider_account, reference, idempotency_key, left)
        return ProviderAnswer(VOID.get(answer.status, CancelOutcome.UNKNOWN))

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        reference = transaction.provider_reference
        if reference is None:
            return ProviderStatus(None)
        left = self.client.exchange.budget(timeout)
        answer = self.client.payment(transaction.provider_account, reference, left)
        return status_in(answer, payment_status)


def payment_status(payment: Any) -> TransactionStatus | None:
    return PAYMENT.get(text(payment, "status"))


def provider(parts: Parts) -> Provider:
    exchange = parts.exchange()
    client = CheckoutComClient(parts.accounts(CheckoutComSecret), exchange)
    return CheckoutComProvider(parts.name, client)

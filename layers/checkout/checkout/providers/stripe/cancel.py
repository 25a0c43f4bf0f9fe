"""Cancelling at Stripe: a PaymentIntent is cancelled, a Checkout Session is expired.

A reference `cs_...` is a Checkout Session's, any other a PaymentIntent's. Stripe cancels the
PaymentIntent of a Checkout Session by itself only once it is `requires_capture`.
https://docs.stripe.com/api/payment_intents/cancel
https://docs.stripe.com/api/checkout/sessions/expire
"""

from dataclasses import dataclass
from typing import Any

from checkout.errors import ProviderFailedError, ProviderTrouble
from checkout.providers.answers import status_in
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.documents import part, text
from checkout.providers.http import Answer, Budget
from checkout.providers.parts import Parts
from checkout.providers.stripe.client import StripeClient, StripeSecret
from checkout.transactions import Transaction, TransactionStatus

# https://docs.stripe.com/payments/paymentintents/lifecycle. None of them is a failure: after a
# decline a PaymentIntent waits for another payment method.
PAYMENT_INTENT = {
    "requires_payment_method": TransactionStatus.PENDING,
    "requires_confirmation": TransactionStatus.PENDING,
    "requires_action": TransactionStatus.PENDING,
    "processing": TransactionStatus.PROCESSING,
    "requires_capture": TransactionStatus.AUTHORIZED,
    "succeeded": TransactionStatus.SETTLED,
    "canceled": TransactionStatus.CANCELLED,
}
CHECKOUT_SESSION = {
    "open": TransactionStatus.PENDING,
    "expired": TransactionStatus.EXPIRED,
}
# Of a complete Checkout Session, where it does not say how its PaymentIntent stands.
PAYMENT_STATUS = {
    "paid": TransactionStatus.SETTLED,
    "no_payment_required": TransactionStatus.SETTLED,
    "unpaid": TransactionStatus.PROCESSING,
}
# Nothing was carried out, or it is not known what; a repeat has the same key.
NOT_NOW = frozenset({"lock_timeout", "rate_limit", "idempotency_key_in_use"})

_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)
_CANCELLED = ProviderAnswer(CancelOutcome.CANCELLED)


@dataclass(frozen=True, slots=True)
class StripeProvider:
    name: str
    client: StripeClient
    supports_cancel: bool = True
    supports_retrieve: bool = True

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        reference = transaction.provider_reference
        if reference is None:
            return _UNKNOWN  # its search lags behind: not finding it there would tell nothing
        left = self.client.exchange.budget(timeout)
        cancel = self._expire if reference.startswith("cs_") else self._cancel
        try:
            return cancel(transaction.provider_account, reference, idempotency_key, left)
        except ProviderFailedError as error:
            if error.code is not ProviderTrouble.SERVER_ERROR:
                raise
            # Stripe keeps its 500 under the key for a day, and would only say it again.
            retry_after = error.retry_after
            return ProviderAnswer(CancelOutcome.UNKNOWN, new_key=True, retry_after=retry_after)

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        reference = transaction.provider_reference
        if reference is None:
            return ProviderStatus(None)
        left = self.client.exchange.budget(timeout)
        account = transaction.provider_account
        if reference.startswith("cs_"):
            answer = self.client.checkout_session(account, reference, left)
            return status_in(answer, checkout_session_status)
        answer = self.client.payment_intent(account, reference, left)
        return status_in(answer, payment_intent_status)

    def _cancel(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> ProviderAnswer:
        answer = self.client.cancel_payment_intent(account, reference, idempotency_key, left)
        if answer.status < 400:
            cancelled = payment_intent_status(answer.json) is TransactionStatus.CANCELLED
            return _CANCELLED if cancelled else _UNKNOWN
        return _refusal(answer)

    def _expire(
        self, account: str, reference: str, idempotency_key: str, left: Budget
    ) -> ProviderAnswer:
        answer = self.client.expire_checkout_session(account, reference, idempotency_key, left)
        if answer.status < 400:
            return _CANCELLED if text(answer.json, "status") == "expired" else _UNKNOWN
        refusal = _refusal(answer)
        if refusal.outcome is not CancelOutcome.REFUSED:
            return refusal
        # Paid, expired, or authorised and to be captured: then there is an intent to cancel.
        session = self.client.checkout_session(account, reference, left)
        intent = part(session.json, "payment_intent")
        if payment_intent_status(intent) is not TransactionStatus.AUTHORIZED:
            return refusal
        return self._cancel(account, text(intent, "id"), f"{idempotency_key}-intent", left)


def payment_intent_status(intent: Any) -> TransactionStatus | None:
    status = PAYMENT_INTENT.get(text(intent, "status"))
    refunded = part(intent, "latest_charge", "refunded") is True
    if status is TransactionStatus.SETTLED and refunded:
        return TransactionStatus.REFUNDED
    return status


def checkout_session_status(session: Any) -> TransactionStatus | None:
    if text(session, "status") != "complete":
        return CHECKOUT_SESSION.get(text(session, "status"))
    intent = part(session, "payment_intent")
    if isinstance(intent, dict):
        # What is complete cannot be paid again: a debit that failed has ended.
        declined = text(intent, "status") == "requires_payment_method"
        return TransactionStatus.FAILED if declined else payment_intent_status(intent)
    return PAYMENT_STATUS.get(text(session, "payment_status"))


def _refusal(answer: Answer) -> ProviderAnswer:
    """What an error means. It carries the PaymentIntent that it is about, where there is one."""
    code = text(answer.json, "error", "code")
    if code == "resource_missing":
        return ProviderAnswer(CancelOutcome.NOT_FOUND, new_key=True)
    if answer.status == 409 or code in NOT_NOW:
        return _UNKNOWN
    status = payment_intent_status(part(answer.json, "error", "payment_intent"))
    if status is TransactionStatus.PROCESSING:
        return ProviderAnswer(CancelOutcome.UNSUPPORTED, new_key=True)
    ended = ProviderStatus(status).as_answer()
    if ended is None or not ended.is_known:
        return ProviderAnswer(CancelOutcome.REFUSED)
    return ended


def provider(parts: Parts) -> Provider:
    exchange = parts.exchange()
    return StripeProvider(parts.name, StripeClient(parts.accounts(StripeSecret), exchange))

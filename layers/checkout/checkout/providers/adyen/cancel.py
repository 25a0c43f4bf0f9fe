"""Cancelling at Adyen, which always confirms or refuses it later, by webhook.

It has no call that tells how a payment stands: a webhook is the only way to learn of its end.
https://docs.adyen.com/online-payments/cancel
"""

from dataclasses import dataclass

from checkout.providers.adyen.client import AdyenClient, AdyenSecret
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.documents import text
from checkout.providers.http import Answer
from checkout.providers.parts import Parts
from checkout.transactions import Transaction

# By `errorCode`. Any other refusal says nothing of the payment.
ERRORS = {
    "167": CancelOutcome.NOT_FOUND,  # "Original pspReference required for this operation"
}

_REFUSED = ProviderAnswer(CancelOutcome.REFUSED, new_key=True)


@dataclass(frozen=True, slots=True)
class AdyenProvider:
    name: str
    client: AdyenClient
    supports_cancel: bool = True
    supports_retrieve: bool = False

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        left = self.client.exchange.budget(timeout)
        account, reference = transaction.provider_account, transaction.provider_reference
        if reference is not None:
            return _said(self.client.cancel_payment(account, reference, idempotency_key, left))
        # Another request than the one above, so under another key: this one's answer is kept.
        own, key = transaction.transaction_id, f"{idempotency_key}-own"
        said = _said(self.client.cancel_by_own_reference(account, own, key, left))
        # Whatever is said of a payment that may be about to be made concludes nothing.
        return _REFUSED if said.outcome is CancelOutcome.NOT_FOUND else said

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:  # noqa: ARG002
        return ProviderStatus(None)


def _said(answer: Answer) -> ProviderAnswer:
    if answer.status >= 400:
        code = text(answer.json, "errorCode")
        # It is kept under the key, also for when the payment is known.
        return ProviderAnswer(ERRORS.get(code, CancelOutcome.REFUSED), new_key=True)
    received = text(answer.json, "status") == "received"
    return ProviderAnswer(CancelOutcome.REQUESTED if received else CancelOutcome.UNKNOWN)


def provider(parts: Parts) -> Provider:
    exchange = parts.exchange()
    return AdyenProvider(parts.name, AdyenClient(parts.accounts(AdyenSecret), exchange))

"""M-Pesa cannot cancel a payment: the prompt on the payer's phone ends by itself, within minutes.

So the only thing to do is to ask, until it has.
"""

from dataclasses import dataclass

from checkout.errors import ProviderTrouble
from checkout.providers.access_tokens import AccessTokens
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.providers.documents import part, text
from checkout.providers.mpesa.client import MpesaClient, MpesaSecret
from checkout.providers.parts import Parts
from checkout.transactions import Transaction, TransactionStatus

# By `ResultCode`, which is a number or a text.
RESULTS = {
    "0": TransactionStatus.SETTLED,
    "1032": TransactionStatus.CANCELLED,  # by the payer
    "1019": TransactionStatus.EXPIRED,
    "1037": TransactionStatus.EXPIRED,  # the phone did not answer
    "1": TransactionStatus.FAILED,  # insufficient balance
    "17": TransactionStatus.FAILED,
    "26": TransactionStatus.FAILED,
    "1001": TransactionStatus.FAILED,
    "1025": TransactionStatus.FAILED,
    "2001": TransactionStatus.FAILED,  # wrong PIN
    "9999": TransactionStatus.FAILED,
}
# This one code means "still being processed", and also wrong credentials and more. Only its text
# tells them apart.
AMBIGUOUS = "500.001.1001"
STILL_PROCESSED = "the transaction is being processed"
LIMITS = frozenset({"500.003.02", "500.003.03"})


@dataclass(frozen=True, slots=True)
class MpesaProvider:
    name: str
    client: MpesaClient
    supports_cancel: bool = False
    supports_retrieve: bool = True

    def cancel(
        self,
        transaction: Transaction,  # noqa: ARG002
        idempotency_key: str,  # noqa: ARG002
        timeout: float,  # noqa: ARG002
    ) -> ProviderAnswer:
        return ProviderAnswer(CancelOutcome.UNSUPPORTED)

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        reference = transaction.provider_reference
        if reference is None:
            return ProviderStatus(None)
        exchange = self.client.exchange
        left = exchange.budget(timeout)
        answer = self.client.query(transaction.provider_account, reference, left)
        if answer.status < 400:
            return ProviderStatus(RESULTS.get(str(part(answer.json, "ResultCode"))))
        code, message = text(answer.json, "errorCode"), text(answer.json, "errorMessage")
        if code == AMBIGUOUS and message.lower().rstrip(".") == STILL_PROCESSED:
            return ProviderStatus(TransactionStatus.PROCESSING)
        limited = code in LIMITS
        kind = ProviderTrouble.RATE_LIMITED if limited else ProviderTrouble.SERVER_ERROR
        raise exchange.trouble(kind, answer)


def provider(parts: Parts) -> Provider:
    accounts, exchange = parts.accounts(MpesaSecret), parts.exchange()
    client = MpesaClient(accounts, AccessTokens(parts.monotonic), exchange, parts.clock)
    return MpesaProvider(parts.name, client)

"""M-Pesa's callback, which nobody signs: it only says that there is something to ask for."""

from dataclasses import dataclass

from checkout.errors import InvalidRequestError
from checkout.providers.accounts import Accounts
from checkout.providers.documents import json_object, text
from checkout.providers.mpesa.client import MpesaSecret
from checkout.providers.parts import Parts
from checkout.providers.webhook import (
    Acknowledgement,
    Delivery,
    Report,
    WebhookReader,
    require_token,
)

TAKEN = Acknowledgement('{"ResultCode":0,"ResultDesc":"Accepted"}')


@dataclass(frozen=True, slots=True)
class MpesaWebhook:
    accounts: Accounts[MpesaSecret]
    acknowledgement: Acknowledgement = TAKEN

    def read(self, delivery: Delivery) -> list[Report]:
        self.accounts.call(
            delivery.account, lambda secret: require_token(delivery, secret.webhook_tokens)
        )
        document = json_object(delivery.body)
        reference = text(document, "Body", "stkCallback", "CheckoutRequestID")
        if not reference:
            raise InvalidRequestError("CheckoutRequestID", "is missing")
        # It comes once, when all is over, and the query may be behind.
        return [Report(reference, ask=True, ends=True)]


def reader(parts: Parts) -> WebhookReader:
    return MpesaWebhook(parts.accounts(MpesaSecret))

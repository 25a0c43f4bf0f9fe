"""M-Pesa's callback, which nobody signs: it only says that there is something to ask for."""

from dataclasses import dataclass

from checkout.errors import InvalidRequestError
from checkout.providers.accounts import Accounts
from checkout.providers.documents import json_object, text
from checkout.providers.mpesa.client import MpesaSecret
from checkout.providers.parts import Parts
from checkout.providers.webhook import Delivery, Report, WebhookReader, require_token


@dataclass(frozen=True, slots=True)
class MpesaWebhook:
    accounts: Accounts[MpesaSecret]
    acknowledgement: str = '{"ResultCode":0,"ResultDesc":"Accepted"}'

    def read(self, delivery: Delivery) -> list[Report]:
        require_token(delivery, self.accounts.secret_of(delivery.account).webhook_token)
        document = json_object(delivery.body)
        reference = text(document, "Body", "stkCallback", "CheckoutRequestID")
        if not reference:
            raise InvalidRequestError("CheckoutRequestID", "is missing")
        return [Report(reference, ask=True)]


def reader(parts: Parts) -> WebhookReader:
    return MpesaWebhook(parts.accounts(MpesaSecret))

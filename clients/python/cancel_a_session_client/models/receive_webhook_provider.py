from enum import StrEnum


class ReceiveWebhookProvider(StrEnum):
    ADYEN = "adyen"
    CHECKOUT_COM = "checkout-com"
    GOCARDLESS = "gocardless"
    MOLLIE = "mollie"
    MPESA = "mpesa"
    PAYPAL = "paypal"
    SQUARE = "square"
    STRIPE = "stripe"

    def __str__(self) -> str:
        return str(self.value)

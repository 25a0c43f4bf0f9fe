"""What a provider sends with a webhook so that it is known to be its own, as parameters.

Adyen's is the header Authorization, which OpenAPI does not take for a parameter.
"""

from typing import Any

# Each provider sends its own, so that none of them is required.
HEADERS = {
    "Cko-Signature": "Checkout.com's signature of the body.",
    "Webhook-Signature": "GoCardless's signature of the body.",
    "X-Mollie-Signature": "Mollie's signature of the body.",
    "PayPal-Transmission-Id": "With the next four, what PayPal's signature is checked by.",
    "PayPal-Transmission-Time": "When PayPal sent it.",
    "PayPal-Transmission-Sig": "PayPal's signature.",
    "PayPal-Cert-Url": "Where the certificate of PayPal's signature is.",
    "PayPal-Auth-Algo": "The algorithm of PayPal's signature.",
    "X-Square-HmacSha256-Signature": "Square's signature of the URL and the body.",
    "Stripe-Signature": "Stripe's signature of the body, with its moment.",
}
QUERY = {"token": "In the address that a provider was given which does not sign."}


def parameters() -> list[dict[str, Any]]:
    return [
        {"name": name, "in": place, "description": meant, "schema": {"type": "string"}}
        for place, named in (("query", QUERY), ("header", HEADERS))
        for name, meant in named.items()
    ]

"""Every provider, by the name that a transaction carries.

Its package is imported when it is named: a function loads its own adapter, and no other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from checkout.errors import MisconfiguredError, NoSuchWebhookError

if TYPE_CHECKING:
    from collections.abc import Callable

    from checkout.providers.base import Provider
    from checkout.providers.parts import Parts
    from checkout.providers.webhook import WebhookReader

# Each package has a module `cancel` with a function `provider`; and, where the provider sends
# webhooks, a module `webhook` with a function `reader`. Both take the parts.
PROVIDERS = {
    "sandbox": "checkout.providers.sandbox",
    "sandbox-b": "checkout.providers.sandbox",
    "sandbox-c": "checkout.providers.sandbox",
    "adyen": "checkout.providers.adyen",
    "checkout-com": "checkout.providers.checkout_com",
    "gocardless": "checkout.providers.gocardless",
    "mollie": "checkout.providers.mollie",
    "mpesa": "checkout.providers.mpesa",
    "paypal": "checkout.providers.paypal",
    "square": "checkout.providers.square",
    "stripe": "checkout.providers.stripe",
}
# The sandbox reports by nothing but being asked.
WITHOUT_WEBHOOKS = frozenset({"sandbox", "sandbox-b", "sandbox-c"})


def provider_of(parts: Parts) -> Provider:
    """Raises MisconfiguredError for a name that no adapter has."""
    if parts.name not in PROVIDERS:
        raise MisconfiguredError(f"no such provider: {parts.name}")
    module = import_module(f"{PROVIDERS[parts.name]}.cancel")
    return cast("Callable[[Parts], Provider]", module.provider)(parts)


def webhook_reader_of(parts: Parts) -> WebhookReader:
    """Raises NoSuchWebhookError, MisconfiguredError."""
    if parts.name not in PROVIDERS or parts.name in WITHOUT_WEBHOOKS:
        raise NoSuchWebhookError
    module = import_module(f"{PROVIDERS[parts.name]}.webhook")
    return cast("Callable[[Parts], WebhookReader]", module.reader)(parts)

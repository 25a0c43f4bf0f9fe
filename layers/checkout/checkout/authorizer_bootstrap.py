"""The wiring of the authorizer, which needs neither the table nor any other part of AWS."""

from __future__ import annotations

import os
import ssl
import time
from functools import cache

from checkout.bearer_tokens import Expected
from checkout.bootstrap import utc_now
from checkout.issuer import SigningKeys
from checkout.providers.http import HttpExchange
from checkout.settings import IssuerSettings


@cache
def settings() -> IssuerSettings:
    """Raises MisconfiguredError."""
    return IssuerSettings.read(os.environ)


@cache
def expected_token() -> Expected:
    found = settings()
    return Expected(found.jwt_issuer, found.jwt_audience, found.merchant_claim)


@cache
def signing_keys() -> SigningKeys:
    exchange = HttpExchange(ssl.create_default_context(), time.monotonic)
    return SigningKeys(settings().jwt_issuer, exchange, utc_now)


def forget() -> None:
    """Make everything anew at its next use."""
    for each in (settings, expected_token, signing_keys):
        each.cache_clear()

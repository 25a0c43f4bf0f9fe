"""The wiring of what tells merchants, which one function alone does."""

from __future__ import annotations

import os
import random
import re
import time
from functools import cache
from typing import TYPE_CHECKING

from checkout.aws import QUEUE_CONFIG, SECRETS_CONFIG, make_client
from checkout.bootstrap import utc_now
from checkout.merchant_deliveries import DeliveryPorts
from checkout.merchant_endpoints import MerchantEndpoints, is_public, trusting_context
from checkout.merchant_queue import SqsMerchantEvents
from checkout.merchant_webhooks import Endpoint
from checkout.observability import logger
from checkout.providers.accounts import Accounts, Keeping
from checkout.providers.circuit_breaker import CircuitBreaker
from checkout.providers.secrets_manager import SecretsManager
from checkout.settings import MerchantWebhookSettings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from checkout.errors import ProviderTrouble

# Seconds until a changed endpoint, or a new one, is seen.
KEPT_FOR = 60.0
# Whatever a secret can be called. Of other merchants there is none.
_MERCHANT = re.compile(r"[A-Za-z0-9/_+=.@-]{1,256}")


@cache
def delivery_ports() -> DeliveryPorts:
    """Raises MisconfiguredError."""
    settings = MerchantWebhookSettings.read(os.environ)
    sqs: SQSClient = make_client("sqs", QUEUE_CONFIG)
    may_call = _anywhere if settings.private_endpoints == "allowed" else is_public
    return DeliveryPorts(
        endpoint_of=_endpoints_known(settings.merchant_secrets_prefix).secret_of,
        endpoints=MerchantEndpoints(trusting_context(), time.monotonic, may_call),
        queue=SqsMerchantEvents(
            sqs,
            settings.merchant_events_queue_url,
            settings.merchant_events_dead_letter_queue_url,
        ),
        breaker=CircuitBreaker(utc_now, _tell_held_back),
        clock=utc_now,
        # The system's: a generator of our own would be the same in all copies of a snapshot.
        jitter=random.SystemRandom().random,
    )


def _endpoints_known(prefix: str) -> Accounts[Endpoint]:
    client: SecretsManagerClient = make_client("secretsmanager", SECRETS_CONFIG)
    # No secret is nothing special here: it is remembered for as long as one that there is.
    keeping = Keeping(_MERCHANT, KEPT_FOR, KEPT_FOR, _told_elsewhere)
    return Accounts(SecretsManager(client), prefix, Endpoint, time.monotonic, keeping)


def _anywhere(address: str) -> bool:  # noqa: ARG001 - a stack on one's own machine
    return True


def _tell_held_back(merchant_id: str) -> None:
    logger.warning("merchant endpoint is silent", merchant_id=merchant_id)


def _told_elsewhere(trouble: ProviderTrouble) -> None:
    """It is counted with each message that waits for it."""


def forget() -> None:
    """Make everything anew at its next use."""
    delivery_ports.cache_clear()

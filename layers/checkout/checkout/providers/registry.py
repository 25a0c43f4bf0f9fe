"""Every provider, by the name that a transaction carries."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from checkout.errors import MisconfiguredError
from checkout.providers.sandbox.cancel import SandboxProvider
from checkout.providers.sandbox.ledger import Ledger
from checkout.settings import SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.providers.base import Provider


def _sandbox(
    name: str,
    environment: Mapping[str, str],
    client: DynamoDBClient,
    clock: Callable[[], datetime],
) -> Provider:
    ledger = Ledger(client, SandboxSettings.read(environment).sandbox_ledger_table_name)
    return SandboxProvider(name, ledger, clock, time.sleep)


PROVIDERS = {
    "sandbox": _sandbox,
    "sandbox-b": _sandbox,
    "sandbox-c": _sandbox,
}


def provider_named(
    name: str,
    environment: Mapping[str, str],
    client: DynamoDBClient,
    clock: Callable[[], datetime],
) -> Provider:
    """Raises MisconfiguredError for a name that no adapter has."""
    if name not in PROVIDERS:
        raise MisconfiguredError(f"no such provider: {name}")
    return PROVIDERS[name](name, environment, client, clock)

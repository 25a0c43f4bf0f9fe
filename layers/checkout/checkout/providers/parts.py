"""What adapters are made of. Each part is made at its first use: not every adapter needs each."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

from checkout.providers.accounts import Accounts, Secret
from checkout.providers.http import HttpExchange
from checkout.providers.secrets_manager import SecretsManager
from checkout.settings import ProviderSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient


class Parts:
    """`name` is the provider's, as transactions carry it. `monotonic` is in seconds."""

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        clock: Callable[[], datetime],
        dynamodb: Callable[[], DynamoDBClient],
        secrets_manager: Callable[[], SecretsManagerClient],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.environment = environment
        self.clock = clock
        self.dynamodb = dynamodb
        self._secrets_manager = secrets_manager
        self.monotonic = monotonic

    def exchange(self) -> HttpExchange:
        return HttpExchange(ssl.create_default_context(), self.monotonic)

    def accounts(self, form: type[Secret]) -> Accounts[Secret]:
        """Raises MisconfiguredError."""
        prefix = ProviderSettings.read(self.environment).secrets_prefix
        store = SecretsManager(self._secrets_manager())
        return Accounts(store, f"{prefix}{self.name}/", form, self.monotonic)

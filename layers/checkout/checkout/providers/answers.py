"""What most providers' answers to a question have in common."""

from collections.abc import Callable
from typing import Any

from checkout.providers.base import ProviderStatus
from checkout.providers.http import Answer
from checkout.transactions import TransactionStatus


def status_in(
    answer: Answer, status_of: Callable[[Any], TransactionStatus | None]
) -> ProviderStatus:
    """404: there is no such payment. Any other refusal tells nothing of it."""
    if answer.status == 404:
        return ProviderStatus(None, found=False)
    return ProviderStatus(status_of(answer.json) if answer.status < 400 else None)

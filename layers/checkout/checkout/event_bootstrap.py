"""The wiring of what tells events, which is only ever needed behind the table's stream."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from checkout.aws import QUEUE_CONFIG, make_client
from checkout.event_bus import EventBridgeBus, SqsAside
from checkout.settings import EventSettings

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient


@cache
def event_bus() -> EventBridgeBus:
    """Raises MisconfiguredError."""
    settings = EventSettings.read(os.environ)
    client: EventBridgeClient = make_client("events", QUEUE_CONFIG)
    return EventBridgeBus(client, settings.event_bus_name, settings.event_origin)


@cache
def aside() -> SqsAside:
    """Raises MisconfiguredError."""
    client: SQSClient = make_client("sqs", QUEUE_CONFIG)
    return SqsAside(client, EventSettings.read(os.environ).event_failures_queue_url)


def forget() -> None:
    """Make everything anew at its next use."""
    event_bus.cache_clear()
    aside.cache_clear()

"""The bus that events go out on, in EventBridge; and the queue of what could not be told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from checkout.events import Event, envelope
from checkout.observability import log_failure, logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

# What rules match on, whatever the stack is called.
SOURCE = "cancel-a-session"
# The CloudEvents `source` of a stack is this and its name.
ORIGIN = "/cancel-a-session/"
# EventBridge takes no more in one call.
AT_ONCE = 10


class EventBridgeBus:
    """`origin` is the CloudEvents `source`: which stack tells it."""

    def __init__(self, client: EventBridgeClient, name: str, origin: str) -> None:
        self._client = client
        self._name = name
        self._origin = origin

    def publish(self, events: Sequence[Event]) -> list[bool]:
        """Whether each was taken. One that was not has to be told again, which is always safe."""
        taken: list[bool] = []
        for at in range(0, len(events), AT_ONCE):
            taken += self._publish(events[at : at + AT_ONCE])
        return taken

    def _publish(self, events: Sequence[Event]) -> Iterator[bool]:
        try:
            answer = self._client.put_events(
                Entries=[
                    {
                        "EventBusName": self._name,
                        "Source": SOURCE,
                        "DetailType": each.type.value,
                        "Time": each.time,
                        "Detail": json.dumps(envelope(each, self._origin)),
                    }
                    for each in events
                ]
            )
        except (BotoCoreError, ClientError) as error:
            log_failure("events were not published", error)
            return iter([False] * len(events))
        # A 200 may hold refusals of single events, in the order in which they were sent.
        refused = [each.get("ErrorCode") for each in answer["Entries"]]
        if any(refused):
            logger.error("events were refused", codes=sorted({each for each in refused if each}))
        return (not code for code in refused)


class SqsAside:
    """Where a record goes of which no event can be made, so that it holds up no other."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def put(self, record: Mapping[str, Any]) -> None:
        """Which item it was of, and nothing else of it. Raises ClientError, BotoCoreError."""
        told = {"eventID": record.get("eventID"), "keys": record["dynamodb"].get("Keys")}
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(told))

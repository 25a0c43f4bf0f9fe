"""The bus that events go out on, in EventBridge; and the queue of what could not be told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from checkout.events import Event, Told, envelope
from checkout.observability import log_failure, logger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef
    from mypy_boto3_sqs import SQSClient

# What rules match on, whatever the stack is called.
SOURCE = "cancel-a-session"
# The CloudEvents `source` of a stack is this and its name.
ORIGIN = "/cancel-a-session/"
# EventBridge takes no more in one call.
AT_ONCE = 10
# What is wrong is the event itself, or the size of all. The first two are of a whole call, the last
# two of an entry (PutEventsResultEntry). All other codes another deployment or moment may cure.
REFUSALS = frozenset(
    {"SerializationException", "ValidationException", "InvalidArgument", "MalformedDetail"}
)
TOO_LARGE = 413


class EventBridgeBus:
    """`origin` is the CloudEvents `source`: which stack tells it."""

    def __init__(self, client: EventBridgeClient, name: str, origin: str) -> None:
        self._client = client
        self._name = name
        self._origin = origin

    def publish(self, events: Sequence[Event]) -> list[Told]:
        """What became of each. One of them never decides what becomes of another."""
        entries = [self._entry(each) for each in events]
        sound = [each for each in entries if each]
        told: list[Told] = []
        for at in range(0, len(sound), AT_ONCE):
            told += self._publish(sound[at : at + AT_ONCE])
        outcomes = iter(told)
        return [next(outcomes) if each else Told.REFUSED for each in entries]

    def _entry(self, event: Event) -> PutEventsRequestEntryTypeDef | None:
        """None of one that holds what JSON cannot: no moment could cure it."""
        try:
            detail = json.dumps(envelope(event, self._origin))
        except (TypeError, ValueError) as error:
            log_failure("event cannot be written", error)
            return None
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.type.value,
            "Time": event.time,
            "Detail": detail,
        }

    def _publish(self, entries: Sequence[PutEventsRequestEntryTypeDef]) -> list[Told]:
        try:
            answer = self._client.put_events(Entries=entries)
        except (BotoCoreError, ClientError) as error:
            log_failure("events were not published", error)
            if not _is_refusal(error):
                return [Told.LATER] * len(entries)
            return self._one_by_one(entries) if len(entries) > 1 else [Told.REFUSED]
        # A 200 may hold refusals of single events, in the order in which they were sent.
        codes = [each.get("ErrorCode") for each in answer["Entries"]]
        if any(codes):
            logger.error("events were refused", codes=sorted({each for each in codes if each}))
        return [_told(each) for each in codes]

    def _one_by_one(self, entries: Sequence[PutEventsRequestEntryTypeDef]) -> list[Told]:
        """All were refused, for one of them, or for what they are together."""
        told: list[Told] = []
        for each in entries:
            told += self._publish([each])
            if told[-1] is Told.LATER:
                # A bus that does not answer now would take all our time.
                break
        return told + [Told.LATER] * (len(entries) - len(told))


def _is_refusal(error: BotoCoreError | ClientError) -> bool:
    """Of what was sent, and not of us, of the moment or of the bus."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return error.response["Error"]["Code"] in REFUSALS or status == TOO_LARGE
    return isinstance(error, ParamValidationError)


def _told(code: str | None) -> Told:
    if code is None:
        return Told.TAKEN
    return Told.REFUSED if code in REFUSALS else Told.LATER


class SqsAside:
    """Where a record goes of which no event can be made, so that it holds up no other."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def put(self, record: Mapping[str, Any]) -> None:
        """Which item it was of, and nothing else of it. Raises ClientError, BotoCoreError."""
        told = {"eventID": record.get("eventID"), "keys": record["dynamodb"].get("Keys")}
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(told))

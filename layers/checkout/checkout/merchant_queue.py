"""The queue of what merchants are to be told, and that of what they could not be, in SQS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Any, Self

from checkout.timestamps import from_millis, to_millis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs import SQSClient

# SQS delays a message for no longer. What waits for more is sent on from delay to delay.
LONGEST_DELAY_OF_SQS = timedelta(minutes=15)
# So long after it was due nobody but a human has sent it, whatever the clocks say.
MOVED_BACK_MS = 5 * 60 * 1000


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """`tried` is how often its endpoint was called. `due_at`: when it is next; None: at once."""

    body: str
    tried: int = 0
    due_at: datetime | None = None

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Self:
        """As Lambda hands it over. Raises KeyError, ValueError: nobody of ours has sent it so.

        What somebody has moved back from the dead letters begins anew. EventBridge puts attributes
        of its own on what it gives up.
        """
        numbers = record.get("messageAttributes") or {}
        if "tried" not in numbers:
            return cls(record["body"])
        tried, due = (int(numbers[name]["stringValue"]) for name in ("tried", "due"))
        # We send before it is due, and SQS gives a message that is moved a new time.
        if int(record["attributes"]["SentTimestamp"]) > due + MOVED_BACK_MS:
            return cls(record["body"])
        return cls(record["body"], tried, from_millis(due))


class SqsMerchantEvents:
    """Both raise ClientError, BotoCoreError: then the message comes back by itself, later.

    Each puts a copy of a message somewhere. It is for the caller to have the message deleted: who
    dies in between leaves both, which is an event more and never one less.
    """

    def __init__(self, client: SQSClient, url: str, dead_letters_url: str) -> None:
        self._client = client
        self._url = url
        self._dead_letters_url = dead_letters_url

    def send_on(self, waiting: QueuedEvent, due_at: datetime, now: datetime) -> None:
        """It comes when it is due, or when SQS lets it wait no longer.

        Not hidden with ChangeMessageVisibility, which would be in flight for as long: one merchant
        whose endpoint is dead could fill all that a queue has room for.
        """
        left = min(max(due_at - now, timedelta(0)), LONGEST_DELAY_OF_SQS)
        numbers = {"tried": waiting.tried, "due": to_millis(due_at)}
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=waiting.body,
            DelaySeconds=ceil(left.total_seconds()),
            MessageAttributes={
                name: {"DataType": "Number", "StringValue": str(number)}
                for name, number in numbers.items()
            },
        )

    def give_up(self, queued: QueuedEvent) -> None:
        """Into the dead letters, as one that was never tried: whoever moves it back begins anew."""
        self._client.send_message(QueueUrl=self._dead_letters_url, MessageBody=queued.body)

"""The queue of what merchants are to be told, and that of what they could not be, in SQS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """`tries` is how often it was received, this time included."""

    body: str
    receipt: str
    tries: int

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Self:
        """As Lambda hands it over."""
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        return cls(record["body"], record["receiptHandle"], tries)


class SqsMerchantEvents:
    """Both raise ClientError, BotoCoreError: then the message comes back by itself, later."""

    def __init__(self, client: SQSClient, url: str, dead_letters_url: str) -> None:
        self._client = client
        self._url = url
        self._dead_letters_url = dead_letters_url

    def postpone(self, queued: QueuedEvent, by: timedelta) -> None:
        """It is hidden for as long as that, from now."""
        self._client.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=queued.receipt,
            VisibilityTimeout=int(by.total_seconds()),
        )

    def give_up(self, queued: QueuedEvent) -> None:
        """Into the dead letters at once; it is for the caller to have it deleted here."""
        self._client.send_message(QueueUrl=self._dead_letters_url, MessageBody=queued.body)

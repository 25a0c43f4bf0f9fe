"""What the sandbox remembers of its payments: the voids that it was asked for, and made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from checkout.storage.items import deserialize, serialize
from checkout.timestamps import from_text, to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """`void_requests` counts what arrived, `keys` their idempotency keys.

    `voids` counts what was carried out: a repeat of a key, and a void of a voided payment, is not.
    """

    void_requests: int = 0
    voids: int = 0
    keys: frozenset[str] = frozenset()
    voided_at: datetime | None = None


class Ledger:
    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def read(self, provider: str, transaction_id: str) -> LedgerEntry:
        answer = self._client.get_item(
            TableName=self._table, Key=_key(provider, transaction_id), ConsistentRead=True
        )
        return entry_from(answer.get("Item", {}))

    def count_request(self, provider: str, transaction_id: str, key: str) -> LedgerEntry:
        answer = self._client.update_item(
            TableName=self._table,
            Key=_key(provider, transaction_id),
            UpdateExpression="ADD voidRequests :one, voidKeys :keys",
            ExpressionAttributeValues=serialize({":one": 1, ":keys": {key}}),
            ReturnValues="ALL_NEW",
        )
        return entry_from(answer["Attributes"])

    def void(self, provider: str, transaction_id: str, now: datetime) -> LedgerEntry:
        """Void the payment, unless it was voided before."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(provider, transaction_id),
                ConditionExpression="attribute_not_exists(voidedAt)",
                UpdateExpression="SET voidedAt = :now ADD voids :one",
                ExpressionAttributeValues=serialize({":now": to_text(now), ":one": 1}),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            before: Any = error.response
            return entry_from(before["Item"])
        return entry_from(answer["Attributes"])


def _key(provider: str, transaction_id: str) -> dict[str, Any]:
    return serialize({"payment": f"{provider}#{transaction_id}"})


def entry_from(raw: dict[str, Any]) -> LedgerEntry:
    item = deserialize(raw)
    return LedgerEntry(
        void_requests=int(item.get("voidRequests", 0)),
        voids=int(item.get("voids", 0)),
        keys=frozenset(item.get("voidKeys", ())),
        voided_at=from_text(item["voidedAt"]) if "voidedAt" in item else None,
    )

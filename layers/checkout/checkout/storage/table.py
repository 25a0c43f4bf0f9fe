"""One table in DynamoDB: the only place that calls it.

Only a failed condition is translated into an answer. Any other trouble is a StoreError, since
the use cases have to know that the outcome of a write may be unknown, and nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from checkout.errors import StoreError, StoreRefusedError, StoreUnavailableError
from checkout.storage.expressions import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

CONDITION_FAILED = "ConditionalCheckFailedException"
# Client errors that another moment may cure; all others need another deployment or another call.
PASSING = frozenset(
    {
        "InternalServerError",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

Answer = TypeVar("Answer")


class Table:
    """All raise StoreError."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def change(self, request: Request) -> tuple[Request | None, bool]:
        """The item as it is now, if there is one, and whether this request changed it."""
        try:
            answer = self._call(self._client.update_item, request)
        except ClientError as refusal:
            return _item_of(refusal), False
        return answer["Attributes"], True

    def put(self, request: Request) -> bool:
        """Whether the item is there as requested: put now, or by a try whose answer was lost."""
        try:
            self._call(self._client.put_item, request)
        except ClientError as refusal:
            there = _item_of(refusal) or {}
            return all(there.get(name) == value for name, value in request["Item"].items())
        return True

    def query(self, request: Request) -> list[dict[str, Any]]:
        """All pages of it."""
        items: list[dict[str, Any]] = []
        while True:
            answer = self.page(request)
            items += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return items
            request = {**request, "ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def page(self, request: Request) -> Request:
        """The answer to a query, as it is."""
        answer: Request = dict(self._call(self._client.query, request))
        return answer

    def scan(self, request: Request) -> Request:
        """The answer to a scan, as it is."""
        answer: Request = dict(self._call(self._client.scan, request))
        return answer

    def items_about(self) -> int:
        """How many items there are, as they were counted some hours ago."""
        return self._call(self._client.describe_table, {})["Table"]["ItemCount"]

    def get(self, request: Request) -> Request | None:
        answer = self._call(self._client.get_item, request)
        return answer.get("Item")

    def _call(self, operation: Callable[..., Answer], request: Request) -> Answer:
        try:
            return operation(TableName=self._name, **request)
        except ClientError as error:
            if error.response["Error"]["Code"] == CONDITION_FAILED:
                raise
            raise _store_error(error) from error
        except BotoCoreError as error:
            raise StoreUnavailableError(type(error).__name__) from error


def _item_of(refusal: ClientError) -> Request | None:
    """The item that did not meet the condition; the types of botocore do not know of it."""
    item: Request | None = cast(Request, refusal.response).get("Item")
    return item


def _store_error(error: ClientError) -> StoreError:
    code = error.response["Error"]["Code"]
    broken = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return StoreUnavailableError(code) if code in PASSING or broken else StoreRefusedError(code)

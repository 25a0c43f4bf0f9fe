"""A table in memory, behind the few methods of DynamoDB's client that the store calls."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from checkout.storage.table import CONDITION_FAILED
from tests.exploration.expressions import Item, Meanings, condition, update

Request = dict[str, Any]
ItemKey = tuple[str, str]
UNDERSTOOD = {
    "ConditionExpression",
    "ConsistentRead",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "Item",
    "Key",
    "KeyConditionExpression",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
    "TableName",
    "UpdateExpression",
}


def refused(operation: str, item: Item | None) -> ClientError:
    """As botocore raises it: the item stands beside the error."""
    response: Any = {
        "Error": {"Code": CONDITION_FAILED, "Message": "The conditional request failed"},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    if item:
        response["Item"] = item
    return ClientError(response, operation)


class MemoryTable:
    """The items by their keys. An item is never changed in place, so tables can share them.

    `on_change` gets the old and the new image of every write that changed something.
    """

    def __init__(self, items: dict[ItemKey, Item] | None = None) -> None:
        self.items = dict(items or {})
        self.on_change: Callable[[Item, Item], None] = lambda old, new: None

    def put_item(self, **request: Any) -> Request:
        item = _in_order(request["Item"])
        self._write("PutItem", request, _key(item), lambda before, meanings: item)
        return {}

    def update_item(self, **request: Any) -> Request:
        def change(before: Item, meanings: Meanings) -> Item:
            after = {**request["Key"], **before}
            for step in update(request["UpdateExpression"]):
                step(before, after, meanings)
            return after

        after = self._write("UpdateItem", request, _key(request["Key"]), change)
        return {"Attributes": after} if request.get("ReturnValues") == "ALL_NEW" else {}

    def get_item(self, **request: Any) -> Request:
        _check_consistent(request)
        item = self.items.get(_key(request["Key"]))
        return {"Item": item} if item else {}

    def query(self, **request: Any) -> Request:
        _check_consistent(request)
        meanings = _meanings(request)
        wanted = condition(request["KeyConditionExpression"])
        found = [self.items[key] for key in sorted(self.items)]
        return {"Items": [item for item in found if wanted(item, meanings)]}

    def _write(
        self,
        operation: str,
        request: Request,
        key: ItemKey,
        change: Callable[[Item, Meanings], Item],
    ) -> Item:
        _check_understood(request)
        before, meanings = self.items.get(key, {}), _meanings(request)
        holds = True
        if "ConditionExpression" in request:
            holds = condition(request["ConditionExpression"])(before, meanings)
        # Before the refusal: an expression that DynamoDB would not read must not look refused.
        after = change(before, meanings)
        _check_used(meanings)
        if not holds:
            old = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            raise refused(operation, before if old else None)
        self.items[key] = after
        if before != after:
            self.on_change(before, after)
        return after


def _key(item: Item) -> ItemKey:
    return item["PK"]["S"], item["SK"]["S"]


def _in_order(item: Item) -> Item:
    return {
        name: {"SS": sorted(value["SS"])} if "SS" in value else value
        for name, value in item.items()
    }


def _meanings(request: Request) -> Meanings:
    values = request.get("ExpressionAttributeValues", {})
    return Meanings(values, request.get("ExpressionAttributeNames", {}))


def _check_understood(request: Request) -> None:
    if strange := request.keys() - UNDERSTOOD:
        raise ValueError(f"not understood: {sorted(strange)}")


def _check_consistent(request: Request) -> None:
    _check_understood(request)
    if request.get("ConsistentRead") is not True:
        raise ValueError("an inconsistent read may see anything")


def _check_used(meanings: Meanings) -> None:
    if unused := ({*meanings.values} | {*meanings.names}) - meanings.used:
        raise ValueError(f"declared and not used: {sorted(unused)}")

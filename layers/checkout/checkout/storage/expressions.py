"""The parts that every request to the table is made of."""

from collections.abc import Mapping
from typing import Any

from checkout.storage.items import serialize

Request = dict[str, Any]


def update_if(
    key: Request,
    condition: str,
    update: str,
    values: Mapping[str, Any],
    *,
    escape_status: bool = True,
) -> Request:
    """`status` is a reserved word of DynamoDB; a name that is declared has to be used."""
    request: Request = {
        "Key": key,
        "ConditionExpression": condition,
        "UpdateExpression": update,
        "ExpressionAttributeValues": serialize(values),
        "ReturnValues": "ALL_NEW",
        # Tells why it failed without a second read, and whether it was our own write.
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if escape_status:
        request["ExpressionAttributeNames"] = {"#status": "status"}
    return request


def put_new(item: Mapping[str, Any]) -> Request:
    return {
        "Item": serialize(item),
        "ConditionExpression": "attribute_not_exists(PK)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }

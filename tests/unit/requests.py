"""Requests to the table, in a form that is easy to compare."""

import re
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

PLACEHOLDER = re.compile(r"[:#]\w+")

_deserializer = TypeDeserializer()


def plain(typed: dict[str, Any]) -> dict[str, Any]:
    """Values as Python has them, not as DynamoDB types them."""
    return {name: _deserializer.deserialize(value) for name, value in typed.items()}


def placeholders(request: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Those that the request's expressions use, and those that it declares."""
    expressions = " ".join(value for name, value in request.items() if name.endswith("Expression"))
    declared = {*request.get("ExpressionAttributeValues", {})}
    return set(PLACEHOLDER.findall(expressions)), declared | {
        *request.get("ExpressionAttributeNames", {})
    }

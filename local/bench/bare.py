"""What every cold start is measured against: a function that makes one client and one call."""

from typing import Any

import boto3

client = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: object) -> dict[str, int]:  # noqa: ARG001
    found = client.query(
        TableName="checkout",
        KeyConditionExpression="PK = :key",
        ExpressionAttributeValues={":key": {"S": "nothing"}},
    )
    return {"found": found["Count"]}

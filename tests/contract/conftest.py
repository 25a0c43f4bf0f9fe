"""DynamoDB in process, and a bench for every provider of the registry."""

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from checkout.providers.registry import PROVIDERS
from tests.contract.benches import BENCHES, LEDGER_TABLE, Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

CHECKOUT_TABLE = "checkout"


@pytest.fixture(scope="session")
def dynamodb() -> "Iterator[DynamoDBClient]":
    """One for all tests, since no two of them use the same session or payment."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        _make_table(client, LEDGER_TABLE, "payment")
        _make_table(client, CHECKOUT_TABLE, "PK", "SK")
        yield client


@pytest.fixture(params=sorted(PROVIDERS))
def bench(request: pytest.FixtureRequest, dynamodb: "DynamoDBClient") -> Bench:
    assert request.param in BENCHES, "a provider without a bench is not tested at all"
    return BENCHES[request.param](request.param, dynamodb)


def _make_table(client: "DynamoDBClient", name: str, partition: str, sort: str = "") -> None:
    keys = [partition, sort] if sort else [partition]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": "RANGE" if key == sort else "HASH"} for key in keys
        ],
    )

"""DynamoDB in process, and a bench for every sandbox provider."""

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.contract.benches import BENCHES, LEDGER_TABLE, Bench
from tests.integration.stack import TABLE as CHECKOUT_TABLE
from tests.integration.stack import make_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="session")
def dynamodb() -> "Iterator[DynamoDBClient]":
    """One for all tests, since no two of them use the same session or payment."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client, LEDGER_TABLE)
        make_table(client, CHECKOUT_TABLE)
        yield client


@pytest.fixture(params=sorted(BENCHES))
def bench(request: pytest.FixtureRequest, dynamodb: "DynamoDBClient") -> Bench:
    return BENCHES[request.param](request.param, dynamodb)


@pytest.fixture(autouse=True)
def namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that each metric needs, which the template gives to every function."""
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CancelASession")

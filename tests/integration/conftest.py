"""A stack in moto, made anew for each test from template.yaml's own definitions."""

import os
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from checkout import bootstrap
from checkout.storage.dynamodb import CheckoutStore
from tests.contract.loopback import Double
from tests.integration import merchants
from tests.integration.access import Access
from tests.integration.cloud import Cloud, run_cloud
from tests.integration.journal import Journal
from tests.integration.merchants import MerchantEvents
from tests.integration.stack import REGION, environment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="module")
def running_cloud() -> Iterator[Cloud]:
    yield from run_cloud()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The variables that all functions have, and none of who runs the tests."""
    for name in [name for name in os.environ if name.startswith(("AWS_PROFILE", "AWS_ENDPOINT"))]:
        monkeypatch.delenv(name)
    for name, value in {**environment(), "AWS_DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    # The SDK waits up to a second before each retry; the order of things stays the same.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=_no_sleep, time=time.time))
    bootstrap.forget()
    yield
    bootstrap.forget()


@pytest.fixture(autouse=True)
def _nothing_is_denied() -> Iterator[None]:
    """No function calls what the template does not let it, in any test."""
    Access.denied.clear()
    Access.calls.clear()
    yield
    assert Access.denied == []


@pytest.fixture
def cloud(running_cloud: Cloud, _clean_environment: None) -> Cloud:
    running_cloud.reset()
    return running_cloud


@pytest.fixture
def client(cloud: Cloud) -> "DynamoDBClient":
    return bootstrap.dynamodb()


@pytest.fixture
def store(cloud: Cloud) -> CheckoutStore:
    return bootstrap.checkout_store()


@pytest.fixture
def journal(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> Iterator[Journal]:
    with Journal(capsys).kept() as journal:
        yield journal


@pytest.fixture
def queue(cloud: Cloud) -> MerchantEvents:
    """Of events for merchants."""
    return merchants.prepare(cloud)


@pytest.fixture
def shop() -> Double:
    """A merchant who takes what comes to /x."""
    return Double({"/x": merchants.OK})


@pytest.fixture
def port(shop: Double) -> Iterator[int]:
    with shop.listening() as port:
        yield port


def _no_sleep(seconds: float) -> None:
    return None

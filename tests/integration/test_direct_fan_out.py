"""One provider's worker, invoked directly: it gets what the machine would give it, and no more."""

from typing import Any

import pytest

from checkout import bootstrap
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from tests.integration import scenes
from tests.integration.cloud import Cloud, FunctionError
from tests.integration.stack import STACK

WORKER = f"{STACK}-cancel-with-sandbox:live"
WORKER_B = f"{STACK}-cancel-with-sandbox-b:live"
CHANGES = ("driver", "leaseUntil", "sessionId", "transactions")


def lease(key: SessionKey) -> int:
    return int(scenes.session_item(bootstrap.dynamodb(), key).get("leaseUntil", 0))


def keeping(cloud: Cloud, name: str, resource: str, kept: list[dict[str, Any]]) -> None:
    def work(event: dict[str, Any]) -> Any:
        kept.append(event)
        return cloud.function(resource)(event)

    cloud.replaced[name] = work


def test_the_worker_gets_what_the_machine_gives(cloud: Cloud, store: CheckoutStore) -> None:
    kept: list[dict[str, Any]] = []
    keeping(cloud, WORKER, "CancelWithSandboxFunction", kept)
    one = scenes.open_session(store)
    scenes.attach(store, one, "ok_1")
    two = scenes.open_session(store)
    scenes.attach(store, two, "ok_1")
    scenes.attach(store, two, "ok_1", "sandbox-b")
    scenes.cancel(cloud, one)
    assert cloud.executions == []
    scenes.cancel(cloud, two)
    assert len(cloud.executions) == 1
    direct, by_the_machine = kept
    assert direct.keys() == by_the_machine.keys()
    assert direct["transactions"][0].keys() == by_the_machine["transactions"][0].keys()
    same = [{k: v for k, v in each.items() if k not in CHANGES} for each in kept]
    assert same[0] == same[1]


def test_a_throttled_worker_is_run_by_the_machine(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    cloud.throttled = 1
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.cancelled) == ("CANCELLED", ids)
    assert (cloud.invoked, len(cloud.executions)) == ([WORKER, WORKER], 1)


def test_a_worker_whose_environment_died_runs_again(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    deaths = [True]

    def work(event: dict[str, Any]) -> Any:
        answer = cloud.function("CancelWithSandboxFunction")(event)
        if deaths.pop() if deaths else False:
            raise FunctionError("Runtime.ExitError")
        return answer

    cloud.replaced[WORKER] = work
    answer = scenes.cancel(cloud, key)
    assert answer.body["status"] == "CANCELLED"
    assert cloud.invoked == [WORKER, WORKER]
    # The first run cancelled it and could not say so: its key made it one void.
    assert answer.cancelled == ids
    ledger = bootstrap.dynamodb().scan(TableName="SandboxLedgerTable")["Items"]
    assert [each["voids"]["N"] for each in ledger] == ["1"]


@pytest.mark.parametrize("error", ["Sandbox.Timedout", "KeyError"])
def test_a_worker_that_failed_is_not_run_again(
    cloud: Cloud, store: CheckoutStore, error: str
) -> None:
    key, ids = scenes.session_with(store, "ok_1")

    def fail(event: dict[str, Any]) -> Any:
        raise FunctionError(error)

    cloud.replaced[WORKER] = fail
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.pending) == ("PENDING_CANCELLATION", ids)
    assert (cloud.invoked, cloud.executions) == ([WORKER], [])
    # It may be running still, so nobody else may drive yet.
    assert lease(key) > 0
    assert scenes.cancel(cloud, key).status == 409


def test_a_provider_without_a_function_is_pending(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    cloud.missing.add(WORKER)
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.pending) == ("PENDING_CANCELLATION", ids)


def test_what_did_not_run_says_so(
    cloud: Cloud, store: CheckoutStore, caplog: pytest.LogCaptureFixture
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    cloud.throttled = 1
    scenes.cancel(cloud, key)
    (said,) = [each for each in caplog.records if each.message == "worker did not answer"]
    assert (vars(said)["code"], vars(said)["provider"]) == ("TooManyRequestsException", "sandbox")

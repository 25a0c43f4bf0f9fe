"""The real definition of the state machine, run by moto, with the real workers behind it.

moto knows no StartSyncExecution: it is an asynchronous execution here, awaited. Of the machine's
own TimeoutSeconds and of quotas nothing is seen; retries wait as long as the definition says.
"""

import itertools
import json
from typing import Any

import pytest

from checkout import bootstrap
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey
from tests.integration import scenes
from tests.integration.cloud import Cloud, FunctionError
from tests.integration.stack import LEDGER_TABLE, STACK

SANDBOXES = ["sandbox", "sandbox-b", "sandbox-c"]
WORKER_B = f"{STACK}-cancel-with-sandbox-b:live"


@pytest.fixture
def session(store: CheckoutStore) -> tuple[SessionKey, dict[str, str]]:
    """One transaction at each of three providers."""
    key = scenes.open_session(store)
    ids = {each: scenes.attach(store, key, "ok_1", each).transaction_id for each in SANDBOXES}
    return key, ids


Session = tuple[SessionKey, dict[str, str]]


def lease(key: SessionKey) -> int:
    return int(scenes.session_item(bootstrap.dynamodb(), key).get("leaseUntil", 0))


def failing(*errors: str) -> Any:
    """A worker that fails with these, one after the other, and then works."""
    left = iter(errors)

    def work(event: dict[str, Any]) -> dict[str, Any]:
        if error := next(left, None):
            raise FunctionError(error)
        outcomes = [
            {"transactionId": each["transactionId"], "outcome": "UNKNOWN", "status": "PENDING"}
            for each in event["transactions"]
        ]
        return {"provider": event["provider"], "outcomes": outcomes}

    return work


def test_three_providers_are_cancelled_by_three_workers(cloud: Cloud, session: Session) -> None:
    key, ids = session
    answer = scenes.cancel(cloud, key)
    assert answer.cancelled == sorted(ids.values())
    assert {*cloud.invoked} == {f"{STACK}-cancel-with-{each}:live" for each in SANDBOXES}
    assert len(cloud.invoked) == len(SANDBOXES)
    (execution,) = cloud.executions
    groups = json.loads(execution["output"])
    assert [each["provider"] for each in groups] == SANDBOXES


def test_three_slow_providers_are_waited_for_at_once(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    for each in SANDBOXES:
        scenes.attach(store, key, "slow_1500_1", each)
    cloud.wire.calls.clear()
    answer = scenes.cancel(cloud, key)
    assert len(answer.cancelled) == 3
    voids = [n for n, each in enumerate(cloud.wire.calls) if each.table == LEDGER_TABLE]
    outcomes = [
        n
        for n, each in enumerate(cloud.wire.calls)
        if each.name == "UpdateItem" and "TRANSACTION" in str(each.parameters.get("Key"))
    ]
    assert len(outcomes) == 3
    assert max(voids) < min(outcomes), "each provider was asked before the first had answered"


@pytest.mark.parametrize("error", ["Runtime.ImportModuleError", "KeyError", "Sandbox.Timedout"])
def test_a_worker_that_crashes_takes_no_other_with_it(
    cloud: Cloud, session: Session, error: str
) -> None:
    key, ids = session
    cloud.replaced[WORKER_B] = failing(error, error, error)
    answer = scenes.cancel(cloud, key)
    assert answer.body["status"] == "PENDING_CANCELLATION"
    assert answer.pending == [ids["sandbox-b"]]
    assert answer.cancelled == sorted([ids["sandbox"], ids["sandbox-c"]])
    assert cloud.invoked.count(WORKER_B) == 1
    # It may be running still, so nobody else may drive yet.
    assert lease(key) > 0
    assert scenes.cancel(cloud, key).status == 409


def test_what_a_crashed_worker_left_wakes_the_completion(
    cloud: Cloud, session: Session, store: CheckoutStore
) -> None:
    key, ids = session
    cloud.replaced[WORKER_B] = failing("KeyError")
    scenes.cancel(cloud, key)
    left = TransactionKey(key, ids["sandbox-b"])
    assert scenes.transaction_item(bootstrap.dynamodb(), left)["cancellation"] == "PENDING"


def test_a_worker_that_cancelled_and_died_is_believed_by_its_writes(
    cloud: Cloud, session: Session
) -> None:
    key, ids = session

    def work_and_die(event: dict[str, Any]) -> dict[str, Any]:
        cloud.function("CancelWithSandboxBFunction")(event)
        raise FunctionError("Sandbox.Timedout")

    cloud.replaced[WORKER_B] = work_and_die
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.cancelled) == ("CANCELLED", sorted(ids.values()))


def test_a_provider_without_a_function_is_pending(cloud: Cloud, session: Session) -> None:
    key, ids = session
    cloud.missing.add(WORKER_B)
    answer = scenes.cancel(cloud, key)
    assert answer.pending == [ids["sandbox-b"]]
    assert len(answer.cancelled) == 2


@pytest.mark.parametrize("error", ["Lambda.TooManyRequestsException", "Runtime.ExitError"])
def test_a_worker_that_did_not_run_is_started_again(
    cloud: Cloud, session: Session, error: str
) -> None:
    key, ids = session
    once = itertools.chain([True], itertools.repeat(False))

    def work(event: dict[str, Any]) -> Any:
        if next(once):
            raise FunctionError(error)
        return cloud.function("CancelWithSandboxBFunction")(event)

    cloud.replaced[WORKER_B] = work
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.cancelled) == ("CANCELLED", sorted(ids.values()))
    assert cloud.invoked.count(WORKER_B) == 2


def test_retries_come_to_an_end(cloud: Cloud, session: Session) -> None:
    key, ids = session
    cloud.replaced[WORKER_B] = failing(*["Lambda.ServiceException"] * 9)
    answer = scenes.cancel(cloud, key)
    assert answer.pending == [ids["sandbox-b"]]
    assert cloud.invoked.count(WORKER_B) == 3


@pytest.mark.parametrize("nonsense", [None, "text", {}, {"provider": "sandbox-b"}, [1]])
def test_a_worker_that_answers_nonsense_is_pending(
    cloud: Cloud, session: Session, nonsense: object
) -> None:
    key, ids = session
    cloud.replaced[WORKER_B] = lambda _: nonsense
    answer = scenes.cancel(cloud, key)
    assert (answer.status, answer.pending) == (200, [ids["sandbox-b"]])


def test_an_error_says_no_more_than_its_name(cloud: Cloud, session: Session) -> None:
    key, _ = session

    def crash(event: dict[str, Any]) -> None:
        raise ValueError("what a provider said")

    cloud.replaced[WORKER_B] = crash
    scenes.cancel(cloud, key)
    (execution,) = cloud.executions
    assert {"provider": "sandbox-b", "error": "ValueError"} in json.loads(execution["output"])
    assert "what a provider said" not in execution["output"]

"""The time budgets, as arithmetic over what the template, the machine and the code say."""

from datetime import timedelta
from typing import Any

import pytest

from checkout.aws import FAN_OUT_CONFIG, STORE_CONFIG
from checkout.bootstrap import ANSWER_RESERVE, RECORD_RESERVE
from checkout.cancellation import FAN_OUT_TIME, LONGEST_DRIVE, STORE_TIME
from checkout.direct_fan_out import AT_ONCE_SECONDS
from checkout.lease import LEASE
from checkout.provider_cancellation import OVERRUN_LIMIT, PROVIDER_TIMEOUT, STORE_RESERVE
from checkout.transactions import CLOCK_SKEW
from tests.template.cloudformation import functions, properties, state_machine
from tests.template.filter_pattern import stream_mapping

# AWS, "API Gateway quotas": the longest that a regional API waits for its integration by default.
GATEWAY = 29


def task() -> dict[str, Any]:
    found: dict[str, Any] = state_machine()["States"]["CancelGroups"]["ItemProcessor"]["States"][
        "CancelGroup"
    ]
    return found


def function_seconds(name: str) -> int:
    seconds: int = properties(name)["Timeout"]
    return seconds


def workers() -> list[str]:
    return [name for name in functions() if name.startswith("CancelWith")]


def machine() -> int:
    seconds: int = state_machine()["TimeoutSeconds"]
    return seconds


def waits(retry: dict[str, Any]) -> float:
    """The longest that a retrier waits between its attempts, all of them together."""
    first, rate = float(retry["IntervalSeconds"]), float(retry.get("BackoffRate", 2.0))
    return sum(first * rate**n for n in range(int(retry["MaxAttempts"])))


def test_each_caller_outlives_what_it_calls() -> None:
    cancel = function_seconds("CancelSessionFunction")
    assert function_seconds("OperatorCancelFunction") == cancel
    for worker in workers():
        assert PROVIDER_TIMEOUT + STORE_RESERVE.total_seconds() < function_seconds(worker)
        assert function_seconds(worker) < task()["TimeoutSeconds"] < machine() < cancel < GATEWAY
    for reads in ("GetSessionFunction", "ListSessionsFunction", "OperateFunction"):
        assert function_seconds(reads) < GATEWAY


def test_a_worker_that_gives_an_adapter_up_has_time_to_say_so() -> None:
    assert 2 * timedelta(seconds=OVERRUN_LIMIT) <= STORE_RESERVE


@pytest.mark.parametrize("worker", workers())
def test_the_lease_outlives_everything_that_a_driver_can_have_started(worker: str) -> None:
    latest = function_seconds("CancelSessionFunction") + machine() + function_seconds(worker)
    assert timedelta(seconds=latest) <= LEASE


@pytest.mark.parametrize("worker", workers())
def test_clocks_may_disagree_since_a_driver_starts_its_fan_out_early(worker: str) -> None:
    at_once = timedelta(seconds=AT_ONCE_SECONDS)  # for a worker that did not answer
    latest_start = LONGEST_DRIVE - FAN_OUT_TIME - STORE_TIME + at_once
    latest = timedelta(seconds=machine() + function_seconds(worker))
    assert latest_start + latest + CLOCK_SKEW <= LEASE


def test_a_drive_counts_on_what_its_clients_may_take() -> None:
    # Their options are attributes that no stub lists.
    fan_out_config: Any = FAN_OUT_CONFIG
    store_config: Any = STORE_CONFIG
    listens = fan_out_config.connect_timeout + fan_out_config.read_timeout
    # A single worker that did not run at once is the machine's.
    assert timedelta(seconds=AT_ONCE_SECONDS + listens) <= FAN_OUT_TIME
    assert listens > max(map(function_seconds, workers()))
    tries = store_config.retries["total_max_attempts"]
    # botocore's standard mode waits up to 2**n s before its n-th retry, counted from 0.
    waits = sum(2**retry for retry in range(tries - 1))
    each = store_config.connect_timeout + store_config.read_timeout
    assert timedelta(seconds=tries * each + waits) <= STORE_TIME <= RECORD_RESERVE


@pytest.mark.parametrize("worker", workers())
def test_a_driver_listens_for_as_long_as_a_worker_may_run(worker: str) -> None:
    assert FAN_OUT_TIME > timedelta(seconds=function_seconds(worker))


def test_a_function_that_starts_at_once_has_time_for_its_fan_out() -> None:
    cancel = timedelta(seconds=function_seconds("CancelSessionFunction"))
    assert FAN_OUT_TIME + 2 * STORE_TIME + ANSWER_RESERVE <= cancel
    assert cancel <= LONGEST_DRIVE


def test_a_worker_that_did_not_start_can_still_run_to_its_end_within_the_machine() -> None:
    assert sum(waits(each) for each in task()["Retry"]) + task()["TimeoutSeconds"] <= machine()


def test_a_batch_of_the_stream_has_time_for_a_store_that_hardly_answers() -> None:
    # Each record costs a query and a write.
    longest = stream_mapping()["BatchSize"] * 2 * STORE_TIME
    function = timedelta(seconds=function_seconds("CompleteCancellationsFunction"))
    assert longest + 2 * STORE_TIME <= function

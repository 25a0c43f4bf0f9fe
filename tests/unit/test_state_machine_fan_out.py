"""What the answers of StartSyncExecution mean: which outcomes, and whether anyone may still run."""

import json
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from checkout.fan_out import FanOutResult, TransactionOutcome, WorkOrder
from checkout.providers.base import CancelOutcome
from checkout.state_machine import StateMachineFanOut
from checkout.transactions import TransactionStatus
from tests.unit.samples import KEY, a_transaction

ORDER = WorkOrder(KEY, "driver-1", 10**12, (a_transaction(),))
TOLD = {"transactionId": "t-1", "outcome": "CANCELLED", "status": "CANCELLED"}
HEARD = TransactionOutcome("t-1", CancelOutcome.CANCELLED, TransactionStatus.CANCELLED)
UNKNOWN = CancelOutcome.UNKNOWN
NOTHING_RUNS = FanOutResult((), finished=True)
MAY_RUN = FanOutResult((), finished=False)


class Machine:
    """Stands for the client; keeps the inputs of the executions it was asked to start."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self._answer = answer
        self.inputs: list[Any] = []

    def start_sync_execution(self, **request: str) -> dict[str, Any]:
        self.inputs.append(json.loads(request["input"]))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def _result(answer: dict[str, Any] | Exception) -> FanOutResult:
    fan_out = StateMachineFanOut(cast(Any, Machine(answer)), "arn:machine")
    return fan_out.cancel(ORDER)


def _succeeded(output: object) -> FanOutResult:
    return _result({"status": "SUCCEEDED", "output": json.dumps(output)})


def _client_error(code: str, status: int) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(cast(Any, response), "StartSyncExecution")


def test_the_order_is_the_input_of_one_execution() -> None:
    machine = Machine({"status": "SUCCEEDED", "output": "[]"})
    StateMachineFanOut(cast(Any, machine), "arn:machine").cancel(ORDER)
    (started,) = machine.inputs
    assert started["sessionId"] == KEY.session_id
    assert [each["provider"] for each in started["groups"]] == ["bank"]


def test_the_outcomes_of_all_groups_are_heard() -> None:
    groups = [{"provider": each, "outcomes": [TOLD]} for each in ("bank", "card")]
    assert _succeeded(groups) == FanOutResult((HEARD, HEARD), finished=True)


def test_a_failed_group_keeps_the_lease_and_does_not_hide_the_others() -> None:
    groups = [
        {"provider": "bank", "error": "States.Timeout"},
        {"provider": "card", "outcomes": [TOLD]},
    ]
    assert _succeeded(groups) == FanOutResult((HEARD,), finished=False)


def test_a_call_that_may_be_running_still_keeps_the_lease_and_hides_nothing() -> None:
    running = {"transactionId": "t-2", "outcome": "UNKNOWN", "status": None, "running": True}
    result = _succeeded([{"provider": "bank", "outcomes": [TOLD, running]}])
    assert result.outcomes == (HEARD, TransactionOutcome("t-2", UNKNOWN, None, running=True))
    assert not result.finished


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT"])
def test_an_execution_that_failed_with_a_200_is_not_finished(status: str) -> None:
    assert _result({"status": status, "error": "States.Runtime"}) == MAY_RUN
    assert _result({"status": status}) == MAY_RUN


@pytest.mark.parametrize(("code", "status"), [("AccessDeniedException", 400), ("Throttling", 429)])
def test_a_refused_start_started_nothing(code: str, status: int) -> None:
    assert _result(_client_error(code, status)) == NOTHING_RUNS


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_broken_answer_may_hide_an_execution(status: int) -> None:
    assert _result(_client_error("InternalFailure", status)) == MAY_RUN


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="https://states"),
        EndpointConnectionError(endpoint_url="https://states"),
    ],
)
def test_an_answer_that_did_not_come_may_hide_an_execution(error: Exception) -> None:
    assert _result(error) == MAY_RUN


UNREADABLE: list[Any] = [
    None,
    {},
    "text",
    [1],
    [{"provider": "bank", "outcomes": None}],
    [{"provider": "bank", "outcomes": ["text"]}],
    [{"provider": "bank", "outcomes": [{**TOLD, "outcome": "NEW"}]}],
    [{"provider": "bank", "outcomes": [{**TOLD, "status": "NEW"}]}],
    [{"provider": "bank", "outcomes": [{"transactionId": "t-1"}]}],
    [{"provider": "bank", "outcomes": 3}],
    [{}],
]


@pytest.mark.parametrize("output", UNREADABLE)
def test_an_answer_that_is_none_of_ours_is_no_outcome_and_not_finished(output: object) -> None:
    assert _succeeded(output) == MAY_RUN


def test_an_answer_that_is_no_json_is_no_outcome_and_not_finished() -> None:
    assert _result({"status": "SUCCEEDED", "output": "<html>"}) == MAY_RUN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["provider", "outcomes", "outcome", "status", "error"]), inner
        )
    ),
    max_leaves=8,
)


@given(output=JSON)
def test_no_answer_makes_the_fan_out_raise(output: object) -> None:
    assert _succeeded(output).outcomes == ()

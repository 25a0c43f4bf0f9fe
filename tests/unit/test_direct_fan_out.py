"""Which orders go straight to a worker, and which answers hand them to the machine after all."""

import io
import json
from typing import Any, cast

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from checkout.direct_fan_out import AT_ONCE_SECONDS, DirectFanOut
from checkout.fan_out import FanOutResult, TransactionOutcome, WorkOrder, order_from_message
from checkout.providers.base import CancelOutcome
from checkout.transactions import TransactionStatus
from tests.unit.samples import KEY, a_transaction

ORDER = WorkOrder(KEY, "driver-1", 10**12, (a_transaction(), a_transaction(2)))
OF_TWO_PROVIDERS = WorkOrder(
    KEY, "driver-1", 10**12, (a_transaction(), a_transaction(2, provider="card"))
)
TOLD = {"transactionId": "t-1", "outcome": "CANCELLED", "status": "CANCELLED"}
HEARD = TransactionOutcome("t-1", CancelOutcome.CANCELLED, TransactionStatus.CANCELLED)
MAY_RUN = FanOutResult((), finished=False)
BY_THE_MACHINE = FanOutResult((HEARD,), finished=True)
NOTHING_RUNS = FanOutResult((), finished=True)
REFUSED, BROKEN = ("TooManyRequestsException", 429), ("ServiceException", 500)


class Machine:
    """Stands for the fan-out by the machine."""

    def __init__(self) -> None:
        self.orders: list[WorkOrder] = []

    def cancel(self, order: WorkOrder) -> FanOutResult:
        self.orders.append(order)
        return BY_THE_MACHINE


class Functions:
    """Lambda's client: `answer` is what every function says, after `seconds`."""

    def __init__(self, answer: object, error: str | None = None, seconds: float = 0.0) -> None:
        self._answer = answer
        self._error = error
        self._seconds = seconds
        self.now = 0.0
        self.invoked: list[tuple[str, Any]] = []

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.invoked.append((request["FunctionName"], json.loads(request["Payload"])))
        self.now += self._seconds
        if isinstance(self._answer, Exception):
            raise self._answer
        answer = self._answer
        said = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        failed = {"FunctionError": self._error} if self._error else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(said), **failed}


def fan_out(functions: Functions, machine: Machine) -> DirectFanOut:
    return DirectFanOut(
        lambda: cast(Any, functions), "stack-cancel-with-", lambda: machine, lambda: functions.now
    )


def result_of(functions: Functions) -> tuple[FanOutResult, int]:
    """And how often the machine was asked."""
    machine = Machine()
    return fan_out(functions, machine).cancel(ORDER), len(machine.orders)


def refusal(code: str, status: int) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(cast(Any, response), "Invoke")


def test_one_providers_worker_gets_the_order() -> None:
    functions = Functions({"provider": "bank", "outcomes": [TOLD]})
    assert result_of(functions) == (FanOutResult((HEARD,), finished=True), 0)
    ((name, message),) = functions.invoked
    assert name == "stack-cancel-with-bank:live"
    assert order_from_message(message) == ORDER


def test_several_providers_are_the_machines() -> None:
    functions, machine = Functions({}), Machine()
    assert fan_out(functions, machine).cancel(OF_TWO_PROVIDERS) == BY_THE_MACHINE
    assert (functions.invoked, machine.orders) == ([], [OF_TWO_PROVIDERS])


def test_no_client_is_made_that_is_not_needed() -> None:
    def never() -> Any:
        raise AssertionError("made for nothing")

    machine = Machine()
    DirectFanOut(never, "stack-", lambda: machine).cancel(OF_TWO_PROVIDERS)
    functions = Functions({"provider": "bank", "outcomes": [TOLD]})
    DirectFanOut(lambda: cast(Any, functions), "stack-", never).cancel(ORDER)
    assert len(functions.invoked) == len(machine.orders) == 1


@pytest.mark.parametrize("refused", [REFUSED, ("ResourceNotFoundException", 404)])
def test_what_lambda_refuses_to_run_is_the_machines(refused: tuple[str, int]) -> None:
    functions = Functions(refusal(*refused), seconds=AT_ONCE_SECONDS * 0.9)
    assert result_of(functions) == (BY_THE_MACHINE, 1)
    assert len(functions.invoked) == 1


def test_behind_a_broken_answer_a_worker_may_run_beside_the_machines() -> None:
    result, asked = result_of(Functions(refusal(*BROKEN)))
    assert asked == 1
    assert result == FanOutResult((HEARD,), finished=False), "the lease is not given back"


# Lambda may give a dead environment no name; the machine calls that Lambda.Unknown.
DEATHS = [{"errorType": "Runtime.ExitError"}, {}, {"errorMessage": "exited"}]


@pytest.mark.parametrize("said", DEATHS)
def test_an_environment_that_died_at_once_is_the_machines(said: dict[str, str]) -> None:
    assert result_of(Functions(said, "Unhandled")) == (BY_THE_MACHINE, 1)


@pytest.mark.parametrize(
    ("answer", "error", "known"),
    [
        (refusal(*REFUSED), None, NOTHING_RUNS),
        (refusal(*BROKEN), None, MAY_RUN),
        ({"errorType": "Runtime.ExitError"}, "Unhandled", NOTHING_RUNS),
    ],
)
def test_later_there_is_no_time_for_the_machine(
    answer: Any, error: str | None, known: FanOutResult
) -> None:
    assert result_of(Functions(answer, error, seconds=AT_ONCE_SECONDS)) == (known, 0)


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="lambda"),
        ConnectTimeoutError(endpoint_url="lambda"),
        EndpointConnectionError(endpoint_url="lambda"),
    ],
)
def test_after_a_lost_answer_the_worker_may_be_running(error: Exception) -> None:
    assert result_of(Functions(error)) == (MAY_RUN, 0)


@pytest.mark.parametrize("name", ["Sandbox.Timedout", "KeyError"])
def test_a_worker_that_failed_may_have_called_its_provider(name: str) -> None:
    said = {"errorType": name, "errorMessage": "a secret"}
    assert result_of(Functions(said, "Unhandled")) == (MAY_RUN, 0)


def test_outcomes_beside_an_error_are_not_believed() -> None:
    said = {"provider": "bank", "outcomes": [TOLD], "errorType": "KeyError"}
    assert result_of(Functions(said, "Unhandled")) == (MAY_RUN, 0)


@pytest.mark.parametrize("said", [b"", b"[]", b"null", b"nonsense", b'"text"', b'{"outcomes": 1}'])
def test_an_answer_that_is_not_ours_keeps_the_lease(said: bytes) -> None:
    assert result_of(Functions(said)) == (MAY_RUN, 0)


def test_the_errors_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    result_of(Functions({"errorType": "KeyError", "errorMessage": "a secret"}, "Unhandled"))
    (record,) = caplog.records
    assert vars(record)["code"] == "KeyError"
    assert "a secret" not in str(vars(record))

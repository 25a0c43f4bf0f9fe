"""AWS in this process: moto behind the wire, our functions behind Lambda, the ASL run by moto."""

from __future__ import annotations

import io
import json
import time
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from checkout import aws
from tests.integration import stack
from tests.integration.functions import Clock, Function
from tests.integration.wire import Answer, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest
    from mypy_boto3_dynamodb import DynamoDBClient

Parsed = tuple[SimpleNamespace, dict[str, Any]]


class FunctionError(Exception):
    """A worker's failure under the name that Lambda gives it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Cloud:
    """One stack. `replaced` functions run instead of ours; `missing` ones were never deployed.

    So many of the next invocations are `throttled`.
    """

    def __init__(self) -> None:
        self.wire = Wire()
        self.clock = Clock()
        self.replaced: dict[str, Callable[[Any], Any]] = {}
        self.missing: set[str] = set()
        self.throttled = 0
        self.invoked: list[str] = []
        self.executions: list[dict[str, Any]] = []
        self._functions: dict[str, Function] = {}
        self._machine = ""

    def function(self, resource: str) -> Function:
        if resource not in self._functions:
            self._functions[resource] = Function(resource, self.clock)
        return self._functions[resource]

    def reset(self) -> DynamoDBClient:
        """Empty tables, and nothing left of the test before."""
        machine = self._machine
        self.__init__()  # type: ignore[misc] # the same cloud, since the hooks know it
        self._machine = machine
        client: DynamoDBClient = boto3.client("dynamodb")
        stack.make_tables(client)
        self.wire.calls.clear()
        return client

    def invoke(self, name: str, payload: bytes) -> Parsed:
        self.wire.note("Invoke")
        self.invoked.append(name)
        resource = stack.function_names().get(name)
        if resource is None or name in self.missing:
            return _refused(404, "ResourceNotFoundException")
        if self.throttled:
            self.throttled -= 1
            return _refused(429, "TooManyRequestsException")
        run = self.replaced.get(name) or self.function(resource)
        try:
            answer, failed = run(json.loads(payload)), {}
        except FunctionError as error:
            answer, failed = {"errorType": error.name}, {"FunctionError": "Unhandled"}
        except Exception as error:  # noqa: BLE001 - as Lambda's runtime does
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            failed = {"FunctionError": "Unhandled"}
        body = io.BytesIO(json.dumps(answer).encode())
        return _http(200), {"StatusCode": 200, "Payload": body, **failed}

    def start_sync(self, message: str, name: str) -> Parsed:
        """StartSyncExecution, which moto lacks, by the asynchronous start, which it has."""
        self.wire.note("StartSyncExecution")
        client = boto3.client("stepfunctions")
        arn = client.start_execution(stateMachineArn=self._deploy(), name=name, input=message)
        while True:
            execution: dict[str, Any] = {
                **client.describe_execution(executionArn=arn["executionArn"])
            }
            if execution["status"] != "RUNNING":
                break
            time.sleep(0.002)
        self.executions.append(execution)
        # Of an Express machine many may have the same name, and moto knows only the others.
        machine = stepfunctions_parser_backends[stack.ACCOUNT][stack.REGION].state_machines[0]
        done = [each for each in machine.executions if each.execution_arn == arn["executionArn"]]
        machine.executions.remove(*done)
        answer: dict[str, Any] = {"ResponseMetadata": _metadata(200)}
        for name in ("status", "output", "error"):
            if name in execution:
                answer[name] = execution[name]
        return _http(200), answer

    def _deploy(self) -> str:
        if not self._machine:
            answer = boto3.client("stepfunctions").create_state_machine(
                name=stack.MACHINE_NAME,
                definition=stack.machine_definition(),
                roleArn=stack.MACHINE_ROLE,
                type="EXPRESS",
            )
            self._machine = answer["stateMachineArn"]
        return self._machine


def run_cloud() -> Iterator[Cloud]:
    """moto, started and stopped, with a cloud in front of it."""
    cloud = Cloud()
    perform = BotocoreStubber.process_request

    def send(self: BotocoreStubber, request: AWSPreparedRequest) -> Answer:
        return cloud.wire.send(request, lambda each: perform(self, each))

    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        BotocoreStubber.process_request = send  # type: ignore[method-assign]
        boto3.DEFAULT_SESSION = _session()
        for event, hook in _hooks(cloud).items():
            boto3.DEFAULT_SESSION.events.register(event, hook, unique_id=event)
        yield cloud
        for event in _hooks(cloud):
            boto3.DEFAULT_SESSION.events.unregister(event, unique_id=event)
        BotocoreStubber.process_request = perform  # type: ignore[method-assign]


def _hooks(cloud: Cloud) -> dict[str, Callable[..., Any]]:
    def invoke(params: dict[str, Any], **_: Any) -> Parsed:
        name = unquote(params["url_path"].split("/functions/")[1].split("/")[0])
        return cloud.invoke(name, params["body"])

    def start_sync(params: dict[str, Any], **_: Any) -> Parsed:
        asked = json.loads(params["body"])
        return cloud.start_sync(asked["input"], asked["name"])

    return {
        "before-call.lambda.Invoke": invoke,
        "before-call.sfn.StartSyncExecution": start_sync,
    }


@cache
def _session() -> boto3.Session:
    """One for all tests, and for all our functions: so the hooks on it see every client."""
    return boto3.Session(region_name=stack.REGION, botocore_session=aws.session())


def _refused(status: int, code: str) -> Parsed:
    error = {"Code": code, "Message": "refused"}
    return _http(status), {"Error": error, "ResponseMetadata": _metadata(status)}


def _http(status: int) -> SimpleNamespace:
    return SimpleNamespace(status_code=status)


def _metadata(status: int) -> dict[str, Any]:
    return {"HTTPStatusCode": status, "RequestId": "request"}

"""The fan-out to several providers: one synchronous execution of the state machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from checkout.fan_out import FanOutResult, WorkOrder, order_to_message
from checkout.observability import count, logger
from checkout.worker_answers import result_of

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StateMachineFanOut:
    """The client must not retry: a repeated start would be a second fan-out.

    StartSyncExecution is at-most-once, keeps no state, and answers 200 for an execution that
    failed (AWS, API_StartSyncExecution). Nothing hangs on its answer: the workers store what
    they do.
    """

    def __init__(self, client: SFNClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def cancel(self, order: WorkOrder) -> FanOutResult:
        message = json.dumps(order_to_message(order))
        try:
            answer = self._client.start_sync_execution(
                stateMachineArn=self._arn, name=order.correlation_id, input=message
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            logger.error("fan-out was not started", code=code)
            count("FanOutFailures")
            # A refusal started nothing; a broken answer may hide an execution that runs.
            refused = error.response["ResponseMetadata"]["HTTPStatusCode"] < 500
            return FanOutResult((), finished=refused)
        except BotoCoreError as error:
            logger.error("fan-out gave no answer", code=type(error).__name__)
            count("FanOutFailures")
            return FanOutResult((), finished=False)
        if answer["status"] != "SUCCEEDED":
            logger.error("fan-out failed", code=answer.get("error", answer["status"]))
            count("FanOutFailures")
            return FanOutResult((), finished=False)
        return result_of(_groups(answer["output"]))


def _groups(output: str) -> list[dict[str, Any]]:
    """What cannot be read stands as an empty group, which no outcome can be read from."""
    try:
        groups = json.loads(output)
    except ValueError:
        return [{}]
    readable = isinstance(groups, list) and all(isinstance(each, dict) for each in groups)
    return groups if readable else [{}]

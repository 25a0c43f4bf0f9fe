"""The fan-out to a single provider: its worker is invoked, without a state machine between.

Most sessions have payments at one provider. For them the machine would be a hop and a price more,
and do nothing (docs/adr/0016).
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from checkout.fan_out import FanOutResult, WorkOrder, message_to_worker
from checkout.observability import count, logger
from checkout.worker_answers import result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_lambda import LambdaClient

    from checkout.fan_out import FanOut

# Of the version that gets calls, as the state machine's definition names it too.
ALIAS = "live"
# Lambda says so at once if it does not run a function, and a broken environment dies early. Later
# than this there is no time left for the machine's own tries.
AT_ONCE_SECONDS = 1.0
# The runtime is gone, and the function runs no more: Lambda's name for it, or none at all.
DIED = frozenset({"Runtime.ExitError", None})
NOT_HEARD = FanOutResult((), finished=False)
NOTHING_RUNS = FanOutResult((), finished=True)


class _NoAnswerError(Exception):
    """Of a worker that may be run again. `result`: what is known if it is not."""

    def __init__(self, code: str, result: FanOutResult) -> None:
        super().__init__(code)
        self.result = result


class DirectFanOut:
    """Invokes the worker of an order to one provider. Every other order is the machine's.

    So is one that Lambda did not carry out, or whose worker died at once: the machine has the
    retries. The client must not retry, and is made, like the machine's, when it is needed.
    """

    def __init__(
        self,
        client: Callable[[], LambdaClient],
        worker_prefix: str,
        machine: Callable[[], FanOut],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._worker_prefix = worker_prefix
        self._machine = machine
        self._clock = clock

    def cancel(self, order: WorkOrder) -> FanOutResult:
        providers = {each.provider for each in order.transactions}
        if len(providers) > 1:
            return self._machine().cancel(order)
        (provider,) = providers
        began = self._clock()
        try:
            return self._invoke(order, provider)
        except _NoAnswerError as error:
            logger.warning("worker did not answer", provider=provider, code=str(error))
            known = error.result
        if self._clock() - began >= AT_ONCE_SECONDS:
            count("FanOutFailures")
            return known
        result = self._machine().cancel(order)
        # The first worker may be running beside the machine's: then nobody else may drive yet.
        return replace(result, finished=result.finished and known.finished)

    def _invoke(self, order: WorkOrder, provider: str) -> FanOutResult:
        """The worker's answer. Raises _NoAnswerError."""
        message = json.dumps(message_to_worker(order)).encode()
        function = f"{self._worker_prefix}{provider}:{ALIAS}"
        try:
            answer = self._client().invoke(FunctionName=function, Payload=message)
            group = _group(answer["Payload"].read())
        except ClientError as error:
            # A refusal ran nothing; a broken answer may hide a worker that runs.
            refused = error.response["ResponseMetadata"]["HTTPStatusCode"] < 500
            code = error.response["Error"]["Code"]
            raise _NoAnswerError(code, NOTHING_RUNS if refused else NOT_HEARD) from None
        except BotoCoreError as error:
            logger.error("worker gave no answer", provider=provider, code=type(error).__name__)
            count("FanOutFailures")
            return NOT_HEARD
        if not answer.get("FunctionError"):
            return result_of([{"provider": provider, **group}])
        failure = group.get("errorType")
        if failure in DIED:
            # Its environment is gone, and with it what could still call the provider.
            raise _NoAnswerError(str(failure), NOTHING_RUNS)
        return result_of([{"provider": provider, "error": failure}])


def _group(said: bytes) -> dict[str, Any]:
    """What cannot be read is a group that no outcome can be read from."""
    try:
        group = json.loads(said)
    except ValueError:
        return {}
    return group if isinstance(group, dict) else {}

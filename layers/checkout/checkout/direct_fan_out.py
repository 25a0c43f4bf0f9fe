"""The fan-out to a single provider: its worker is invoked, without a state machine between.

Most sessions have payments at one provider. For them the machine would be a hop and a price more,
and do nothing (docs/adr/0016).
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from checkout.fan_out import FanOutResult, WorkOrder, message_to_worker
from checkout.observability import logger
from checkout.worker_answers import result_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_lambda import LambdaClient

    from checkout.fan_out import FanOut

# Lambda says so at once if it does not run a function, and a broken environment dies early. Later
# than this there is no time left for the machine's own tries.
AT_ONCE_SECONDS = 1.0
# The runtime is gone: the function did not answer, and does not run any more (AWS, Lambda runtime).
DIED = "Runtime.ExitError"
NOT_HEARD = FanOutResult((), finished=False)


class _DidNotRunError(Exception):
    """Lambda's name for why. It may be run again."""


class DirectFanOut:
    """Invokes the worker of an order to one provider. Every other order is the machine's.

    So is one that Lambda refused to run, or whose worker died at once: the machine has the retries.
    The client must not retry, and clients are made only when they are needed.
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
        except _DidNotRunError as error:
            logger.warning("worker did not run", provider=provider, code=str(error))
        if self._clock() - began < AT_ONCE_SECONDS:
            return self._machine().cancel(order)
        return NOT_HEARD

    def _invoke(self, order: WorkOrder, provider: str) -> FanOutResult:
        """The worker's answer. Raises _DidNotRunError."""
        message = json.dumps(message_to_worker(order)).encode()
        function = f"{self._worker_prefix}{provider}"
        try:
            answer = self._client().invoke(FunctionName=function, Payload=message)
            group = _group(answer["Payload"].read())
        except ClientError as error:
            raise _DidNotRunError(error.response["Error"]["Code"]) from None
        except BotoCoreError as error:
            logger.error("worker gave no answer", provider=provider, code=type(error).__name__)
            return NOT_HEARD
        if "FunctionError" in answer:
            failure = str(group.get("errorType"))
            if failure == DIED:
                raise _DidNotRunError(failure)
            group = {"provider": provider, "error": failure}
        return result_of([group])


def _group(said: bytes) -> dict[str, Any]:
    """What cannot be read is a group that no outcome can be read from."""
    try:
        group = json.loads(said)
    except ValueError:
        return {}
    return group if isinstance(group, dict) else {}

"""The wire between the SDK and moto: every HTTP try of every AWS call crosses it.

Tests count the tries here, lose their answers, refuse them, and decide whose turn it is. Here and
not in a stub of the client, so that the SDK's own retries run.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ConnectionClosedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.awsrequest import AWSPreparedRequest

# Status, headers, body; None would mean that moto does not know the address.
Answer = tuple[int, dict[str, Any], str | bytes] | None


@dataclass(frozen=True, slots=True)
class Call:
    """One try. `name` is the operation's, `sort_key` of an item's, if it addresses one."""

    name: str
    table: str
    parameters: dict[str, Any]
    thread: int

    @property
    def partition(self) -> str:
        key = self.parameters.get("Key") or self.parameters.get("Item") or {}
        values = self.parameters.get("ExpressionAttributeValues", {})
        found: str = (key.get("PK") or values.get(":pk") or {}).get("S", "")
        return found


class Wire:
    """Keeps every try. `meddle` is given each one, and `proceed`, which lets it through."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.meddle: Callable[[Call, Callable[[], Answer]], Answer] = _let_through
        # DynamoDB checks and writes an item in one step; moto needs to be told to.
        self._one_at_a_time = threading.RLock()

    def send(
        self, request: AWSPreparedRequest, perform: Callable[[AWSPreparedRequest], Answer]
    ) -> Answer:
        call = _call_of(request)
        if call is None:
            return perform(request)

        def proceed() -> Answer:
            with self._one_at_a_time:
                return perform(request)

        self.calls.append(call)
        return self.meddle(call, proceed)

    def note(self, name: str) -> None:
        """A call of another service, answered before it came here."""
        self.calls.append(Call(name, "", {}, threading.get_ident()))

    def names(self, thread: int | None = None) -> list[str]:
        return [each.name for each in self.calls if thread in (None, each.thread)]


def _let_through(call: Call, proceed: Callable[[], Answer]) -> Answer:
    return proceed()


def _call_of(request: AWSPreparedRequest) -> Call | None:
    target: Any = request.headers.get("X-Amz-Target", "")
    name = target.decode() if isinstance(target, bytes) else target
    service, _, operation = name.partition(".")
    if service != "DynamoDB_20120810":
        return None
    body = request.body or b"{}"
    assert isinstance(body, bytes)
    parameters = json.loads(body)
    table = parameters.get("TableName", "")
    return Call(operation, table, parameters, threading.get_ident())


class LostAnswers:
    """Lets a call through and loses its answer, `times` times; `wanted` chooses the calls."""

    def __init__(
        self, wanted: Callable[[Call], bool], error: Exception | None = None, times: int = 1
    ) -> None:
        self._wanted = wanted
        self._error = error or ConnectionClosedError(endpoint_url="https://lost")
        self.left = times

    def __call__(self, call: Call, proceed: Callable[[], Answer]) -> Answer:
        answer = proceed()
        if not (self.left and self._wanted(call)):
            return answer
        self.left -= 1
        raise self._error


class Trouble:
    """Answers calls with an error, and lets none of them through, `times` times."""

    def __init__(
        self,
        wanted: Callable[[Call], bool],
        status: int,
        code: str,
        times: int = 1000,
    ) -> None:
        self._wanted = wanted
        self._answer: Answer = (status, {}, json.dumps({"__type": f"com.amazonaws#{code}"}))
        self.left = times

    def __call__(self, call: Call, proceed: Callable[[], Answer]) -> Answer:
        if not (self.left and self._wanted(call)):
            return proceed()
        self.left -= 1
        return self._answer


class Silence:
    """The call never arrives: the SDK sees `error`."""

    def __init__(self, wanted: Callable[[Call], bool], error: Exception) -> None:
        self._wanted = wanted
        self._error = error

    def __call__(self, call: Call, proceed: Callable[[], Answer]) -> Answer:
        if self._wanted(call):
            raise self._error
        return proceed()


def all_calls(call: Call) -> bool:
    return True


def named(*names: str, table: str | None = None) -> Callable[[Call], bool]:
    return lambda call: call.name in names and table in (None, call.table)

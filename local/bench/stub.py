"""An AWS on 127.0.0.1 that answers at once: for the time that our own code takes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from local.bench.plain_http import header, serving

# From an operation and its request to a status and a document, both ways in AWS's JSON.
Answers = Callable[[str, dict[str, Any]], tuple[int, Any]]

NOTHING: dict[str, Any] = {"Items": [], "Count": 0, "ScannedCount": 0}
# By the operation; any other one is answered with an empty object.
ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "Query": (200, NOTHING),
    "GetItem": (200, {}),
    "PutItem": (200, {}),
    "UpdateItem": (400, {"__type": "x#ConditionalCheckFailedException", "message": "no item"}),
    "PutEvents": (200, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}),
    "GetSecretValue": (400, {"__type": "ResourceNotFoundException", "message": "none"}),
}


def has_nothing(operation: str, request: dict[str, Any]) -> tuple[int, Any]:  # noqa: ARG001
    return ANSWERS.get(operation, (200, {}))


@contextmanager
def listening(answers: Answers = has_nothing) -> Iterator[str]:
    """Its URL."""

    def respond(head: str, body: bytes) -> tuple[int, bytes]:
        status, answer = answers(_operation(head), json.loads(body or b"{}"))
        return status, json.dumps(answer).encode()

    with serving(respond) as url:
        yield url


def _operation(head: str) -> str:
    """Lambda is told it by the path, as a REST API; all others by a header."""
    path = head.split(" ", 2)[1]
    target = header(head, "x-amz-target").rpartition(".")[2]
    return "Invoke" if path.endswith("/invocations") else target

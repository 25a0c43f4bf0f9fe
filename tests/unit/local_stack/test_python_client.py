"""The client of clients/python reads every answer that docs/openapi.json tells of."""

import asyncio
import json
import tomllib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cancel_a_session_client import AuthenticatedClient
from cancel_a_session_client.errors import UnexpectedStatus
from cancel_a_session_client.models import CancelRequest, SessionAnswer
from cancel_a_session_client.types import UNSET
from local.python_client import CLIENT
from local.typed_calls import client as client_of
from tests.unit.client_operations import DOCUMENT, Operation, operations

BASE = "https://api.test/prod"
Case = tuple[Operation, int, Any]


def answered(status: int, body: Any, seen: list[httpx.Request]) -> AuthenticatedClient:
    """A client to which everything is answered alike; `seen` are the requests."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        content = {"text": body} if isinstance(body, str) else {"json": body}
        return httpx.Response(status, headers={"Retry-After": "7"}, **content)

    made = client_of(BASE, "a-token")
    headers = {"Authorization": f"Bearer {made.token}"}
    transport = httpx.MockTransport(answer)
    made.set_httpx_client(httpx.Client(base_url=BASE, headers=headers, transport=transport))
    later = httpx.AsyncClient(base_url=BASE, headers=headers, transport=transport)
    made.set_async_httpx_client(later)
    return made


def cases() -> Iterator[Case]:
    for operation in operations():
        for status, response in operation.told["responses"].items():
            for content in response["content"].values():
                for each in content["examples"].values():
                    yield operation, int(status), each["value"]


ALL = [*cases()]
NAMES = [f"{operation.id}-{status}" for operation, status, _ in ALL]


def test_there_is_a_call_for_every_operation() -> None:
    assert len(operations()) >= 3
    assert all(callable(each.module.sync_detailed) for each in operations())


@pytest.mark.parametrize("case", ALL, ids=NAMES)
def test_every_answer_becomes_its_model_and_back(case: Case) -> None:
    operation, status, body = case
    seen: list[httpx.Request] = []
    answer = operation.call(answered(status, body, seen))
    assert (int(answer.status_code), answer.headers["Retry-After"]) == (status, "7")
    model = operation.model(status)
    assert type(answer.parsed) is model
    if model is str:
        assert answer.parsed == (body if isinstance(body, str) else json.dumps(body))
    else:
        assert written(answer.parsed) == as_python_writes(body)
    assert asyncio.run(operation.call_later(answered(status, body, seen))).parsed == answer.parsed
    assert [(each.method, str(each.url), each.content) for each in seen[:1] * 2] == [
        (each.method, str(each.url), each.content) for each in seen
    ]


def written(parsed: Any) -> Any:
    return parsed.to_dict()


def as_python_writes(body: Any) -> Any:
    return json.loads(json.dumps(body).replace(".000Z", "+00:00"))


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.id)
def test_an_answer_that_is_not_told_of_is_an_error(operation: Operation) -> None:
    with pytest.raises(UnexpectedStatus):
        operation.call(answered(418, {}, []))


def test_what_is_sent_is_what_the_document_tells() -> None:
    (cancel,) = [each for each in operations() if each.id == "cancelSession"]
    seen: list[httpx.Request] = []
    example = DOCUMENT["paths"]["/v1/checkout/session/cancel"]["post"]["parameters"][0]["example"]
    client = answered(200, ALL[0][2], seen)
    cancel.call(client, idempotency_key=example)
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", f"{BASE}/v1/checkout/session/cancel")
    assert request.headers["Authorization"] == "Bearer a-token"
    assert request.headers["Idempotency-Key"] == example
    assert request.headers["Content-Type"] == "application/json"
    (content,) = cancel.told["requestBody"]["content"].values()
    assert json.loads(request.content) == content["example"]


def test_a_reason_that_is_not_given_is_not_sent() -> None:
    assert CancelRequest("id", UNSET).to_dict() == {"sessionId": "id"}


def test_a_moment_knows_its_zone() -> None:
    (read,) = [each for each in operations() if each.id == "getSession"]
    body = read.told["responses"]["200"]["content"]["application/json"]["examples"]["open"]["value"]
    session = read.call(answered(200, body, [])).parsed
    assert isinstance(session, SessionAnswer)
    assert session.created_at.utcoffset() is not None


def test_it_has_the_version_of_the_document_and_nothing_more_to_install() -> None:
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
    assert project["version"] == DOCUMENT["info"]["version"]
    names = [each.partition(">")[0] for each in project["dependencies"]]
    assert names == ["attrs", "httpx"]

"""The reference page of a local stack, over HTTP."""

import json
import os

import pytest

from local.calls import Answer, Connection
from local.openapi.document import FILE
from local.reference import HEADERS
from local.stack import Stack

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("STACK_NAME")), reason="is about the emulator's stack"
)


def get(stack: Stack, path: str) -> Answer:
    return Connection().send("GET", stack.reference_url.rstrip("/") + path, {}, None)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/page.js", "text/javascript"),
        ("/page.css", "text/css"),
        ("/swagger-ui-bundle.js", "text/javascript"),
        ("/swagger-ui.css", "text/css"),
        ("/openapi.json", "application/json"),
    ],
)
def test_a_part_of_the_page_is_served_with_its_rules(stack: Stack, path: str, kind: str) -> None:
    assert stack.reference_url.startswith("http://127.0.0.1:")
    answer = get(stack, path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_it_shows_the_document_of_the_repository(stack: Stack) -> None:
    assert get(stack, "/openapi.json?v=1").json() == json.loads(FILE.read_text())


def test_nothing_else_is_there(stack: Stack) -> None:
    for path in ("/../pyproject.toml", "/docs", "/stack.json"):
        answer = get(stack, path)
        assert (answer.status, answer.body) == (404, b"There is no such page.\n")
        assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]

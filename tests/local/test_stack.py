"""The local stack itself: what make up promises."""

import json
import os
from pathlib import Path

import pytest

from local import listeners
from local.calls import Client
from local.stack import Stack

pytestmark = pytest.mark.skipif("STACK_NAME" in os.environ, reason="about the emulator's stack")


def test_nothing_of_it_listens_beyond_this_machine(stack: Stack) -> None:
    for pid in stack.processes.values():
        assert all(each.address.is_loopback for each in listeners.of_session(pid))


def test_an_error_of_the_gateway_has_the_body_of_the_template(merchant: Client) -> None:
    answer = merchant.request(
        "GET", "/v1/checkout/session/x", headers={"Authorization": "Bearer x"}
    )
    assert answer.status == 401
    assert set(answer.json()) == {"message", "error", "statusCode"}
    assert answer.headers["x-request-id"]


def test_the_description_is_readable_only_by_its_owner() -> None:
    file = Path(os.environ["STACK_JSON"])
    assert file.stat().st_mode & 0o077 == 0
    assert set(json.loads(file.read_text())) >= {
        "baseUrl",
        "tokenUrl",
        "endpointUrl",
        "table",
        "merchants",
    }

"""stack.json, and what is concluded from what is there."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from local import emulator, lifecycle, processes, stack
from local.console import Problem
from local.lifecycle import State
from local.places import Places
from local.processes import Process
from local.stack import Merchant, Stack

ME = Process("ministack", os.getpid(), processes.born(os.getpid()))
GONE = Process("world", os.getpid(), "long ago")


@pytest.fixture
def a_stack() -> Stack:
    return Stack(
        stack_name="s",
        base_url="http://127.0.0.1:4566/restapis/a/live/_user_request_",
        token_url="http://127.0.0.1:4566/oauth2/token",
        endpoint_url="http://127.0.0.1:4566",
        table="t",
        idempotency_table="i",
        ledger_table="l",
        state_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:m",
        completion_failures_queue_url="http://localhost:4566/000000000000/q",
        event_bus="shop-checkout",
        user_pool_id="us-east-1_x",
        merchants=(Merchant("one", "first"), Merchant("two", "second")),
        processes={"ministack": 7},
        logs={"functions": "/f.log"},
        built_from="abc",
    )


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_what_is_written_is_what_is_read(a_stack: Stack, places: Places) -> None:
    stack.write(a_stack, places.stack_json)
    assert stack.read(places.stack_json) == a_stack
    assert list(places.home.iterdir()) == [places.stack_json]


def test_the_names_are_those_that_callers_know(a_stack: Stack) -> None:
    document = json.loads(a_stack.as_json())
    assert document["baseUrl"] == a_stack.base_url
    assert document["merchants"][0] == {"clientId": "one", "clientSecret": "first"}
    assert {"tokenUrl", "endpointUrl", "table", "ledgerTable", "idempotencyTable"} <= set(document)


def test_the_secrets_in_it_are_for_its_owner_only(a_stack: Stack, places: Places) -> None:
    stack.write(a_stack, places.stack_json)
    assert places.stack_json.stat().st_mode & 0o077 == 0


def test_no_stack_is_said_with_the_cure(places: Places) -> None:
    with pytest.raises(Problem, match="make up") as found:
        stack.read(places.stack_json)
    assert found.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"baseUrl": 1}'])
def test_an_unreadable_one_is_said_with_the_cure(places: Places, text: str) -> None:
    places.stack_json.write_text(text)
    with pytest.raises(Problem, match="make down"):
        stack.read(places.stack_json)


def remember(places: Places, *known: Process) -> None:
    places.processes.write_text(json.dumps([asdict(each) for each in known]))


def test_an_empty_folder_is_no_stack(places: Places) -> None:
    assert lifecycle.examine(places) is State.DOWN


def test_processes_without_a_description_are_a_stack_that_was_never_finished(
    places: Places,
) -> None:
    remember(places, ME)
    assert lifecycle.examine(places) is State.HALF_STARTED


def test_a_description_without_its_processes_is_stale(a_stack: Stack, places: Places) -> None:
    stack.write(a_stack, places.stack_json)
    assert lifecycle.examine(places) is State.BROKEN
    remember(places, GONE)
    assert lifecycle.examine(places) is State.BROKEN


def test_one_process_gone_is_a_broken_stack(
    a_stack: Stack, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator, "is_healthy", lambda _: True)
    stack.write(a_stack, places.stack_json)
    remember(places, ME, GONE)
    assert lifecycle.examine(places) is State.BROKEN


def test_all_alive_and_answering_is_a_running_stack(
    a_stack: Stack, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator, "is_healthy", lambda _: True)
    stack.write(a_stack, places.stack_json)
    remember(places, ME)
    assert lifecycle.examine(places) is State.UP


def test_an_emulator_is_only_ever_asked_on_loopback(a_stack: Stack) -> None:
    elsewhere = replace(a_stack, endpoint_url="http://10.0.0.1:4566")
    assert not emulator.is_healthy(elsewhere.endpoint_url or "")

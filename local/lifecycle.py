"""Starting and stopping a local stack, from whatever state the last run left it in."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

from local import (
    build,
    deploy,
    emulator,
    gateway_responses,
    merchants,
    processes,
    reference,
    stack,
    token_server,
)
from local.alone import alone
from local.aws import Aws
from local.console import Problem, say, step, undisturbed
from local.isolation import isolated
from local.places import BUILD, ROOT, Places, tool
from local.processes import Process
from local.stack import Stack

WAITING = "another make is starting or stopping this stack: waiting for it"


class State(Enum):
    """What is there, and what to tell the user about it."""

    DOWN = ""
    UP = "the local stack is running"
    HALF_STARTED = "a stack was being started here when its make was killed: clearing it away"
    BROKEN = "part of the stack that ran here has gone: clearing the rest away"


def examine(places: Places) -> State:
    known = processes.read(places.processes)
    alive = [process for process in known if processes.is_alive(process)]
    if not places.stack_json.exists():
        return State.HALF_STARTED if alive else State.DOWN
    try:
        endpoint_url = stack.read(places.stack_json).endpoint_url or ""
    except Problem:
        return State.BROKEN
    whole = known and alive == known and emulator.is_healthy(endpoint_url)
    return State.UP if whole else State.BROKEN


def require(places: Places) -> Stack:
    """The stack that is running. Raises Problem (exit code 2): there is none."""
    described = stack.read(places.stack_json)
    if not emulator.is_healthy(described.endpoint_url or ""):
        raise Problem(
            f"The stack of {places.stack_json} has gone: 'make up' starts a new one.",
            stack.NOT_RUNNING,
        )
    return described


def down(places: Places) -> list[Process]:
    """Stop all that was started here, also by a run that was killed; returns what was running."""
    with alone(places.busy, WAITING):
        return _clear(places)


def _clear(places: Places) -> list[Process]:
    with undisturbed():
        stopped = processes.stop(processes.read(places.processes))
        for file in (places.stack_json, places.processes):
            file.unlink(missing_ok=True)
        shutil.rmtree(places.emulator_data, ignore_errors=True)
    return stopped


def up(places: Places, port: int | None, *, openid: bool = False) -> tuple[Stack, bool]:
    """A running stack of the sources as they are, and whether this call has started it.

    With `openid` its tokens are those of a token server, and not Cognito's.

    Raises:
        Problem: the port is taken, or a step failed; then nothing is left running.
    """
    if examine(places) is State.DOWN:
        # It is checked again at the start; but who can be told now need not wait for the build.
        emulator.check_port(port or emulator.DEFAULT_PORT)
    built_from = build.build(build.this_machine(), BUILD)
    with alone(places.busy, WAITING):
        running = _reusable(places, port, built_from, openid)
        if running is not None:
            return running, False
        try:
            return _start(places, port or emulator.DEFAULT_PORT, built_from, openid), True
        except BaseException:
            _clear(places)
            raise


def _reusable(places: Places, port: int | None, built_from: str, openid: bool) -> Stack | None:
    state = examine(places)
    if state is State.UP:
        running = stack.read(places.stack_json)
        asked_for = f"http://127.0.0.1:{port}" if port else running.endpoint_url
        same = running.endpoint_url == asked_for and bool(running.issuer) == openid
        if same and running.built_from == built_from:
            return running
        say("  the stack that runs here is of other sources, or on another port: starting it anew")
    elif state is not State.DOWN:
        say(f"  {state.value}")
    _clear(places)
    return None


def _start(places: Places, port: int, built_from: str, openid: bool) -> Stack:
    for log in places.logs.glob("*.log"):
        if not log.name.startswith("env-"):
            log.unlink()
    endpoint_url = emulator.start(places, port)
    aws = Aws(endpoint_url)
    issuer = token_server.start(places) if openid else ""
    outputs = deploy.deploy(aws, places.logs, token_server.parameters(issuer) if issuer else ())
    with step("gateway responses, merchants, the outside world"):
        api, stage = outputs["RestApiId"], outputs["ApiStageName"]
        gateway_responses.put(aws, deploy.STACK_NAME, api, stage)
        _start_helpers(places, endpoint_url, outputs)
        page = reference.start(places, port)
        running = _describe(places, endpoint_url, outputs, issuer, built_from)
        running = replace(running, reference_url=page)
        stack.write(running, places.stack_json)
    return running


def _start_helpers(places: Places, endpoint_url: str, outputs: Mapping[str, str]) -> None:
    environment = isolated(os.environ, endpoint_url) | {"PYTHONPATH": str(ROOT)}
    tables = [outputs["TableName"], outputs["SandboxLedgerTableName"]]
    python = str(tool("dev", "python"))
    for name, arguments in (
        ("world", tables),
        ("function_logs", [deploy.STACK_NAME, str(places.logs / "functions.log")]),
    ):
        command = [python, "-m", f"local.{name}", endpoint_url, *arguments]
        log = places.logs / f"{name}.log"
        processes.start(name, command, environment, log, places.processes)


def _describe(
    places: Places, endpoint_url: str, outputs: Mapping[str, str], issuer: str, built_from: str
) -> Stack:
    deployed = Stack.from_outputs(deploy.STACK_NAME, outputs, endpoint_url)
    if issuer:
        deployed = replace(deployed, issuer=issuer, token_url=f"{issuer}/token")
    return replace(
        deployed,
        merchants=tuple(merchants.make(deployed, name) for name in ("first", "second")),
        processes={each.name: each.pid for each in processes.read(places.processes)},
        logs={
            "functions": str(places.logs / "functions.log"),
            "ministack": str(places.logs / "ministack.log"),
            "world": str(places.logs / "world.log"),
        },
        built_from=built_from,
    )

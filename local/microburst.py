"""microburst, a proxy that fails as AWS fails: between a stack's functions and its emulator.

Its rules are told what to match and what to do as its own documentation has it (PyPI, 0.10).
"""

import json
import os
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from local import listeners, processes
from local.aws import Aws
from local.console import Problem
from local.function_variables import add_variables, further_variables
from local.isolation import isolated
from local.places import tool
from local.stack import Stack

NAME = "microburst"
# It passes the body of an invocation on unread, and our rules tell invocations by their bodies.
PROGRAM = """
import sys
from microburst import detection
from microburst.cli import main
detection._STREAMING_OPS.discard(("lambda", "Invoke"))
sys.exit(main())
"""
READY_WITHIN_SECONDS = 20.0
# It keeps the last two thousand.
ALL_EVENTS = 2000

Rule = Mapping[str, Any]


def caller(function: str) -> dict[str, str]:
    """The header by which a rule tells whose call it is."""
    return {"user-agent": f"app/{_app_id(function)}"}


def _app_id(function: str) -> str:
    # Headers are matched by part: with its end marked, no name is a part of another.
    return f"{function}."


@dataclass(frozen=True)
class Microburst:
    """A running proxy."""

    url: str

    def set_rules(self, rules: Sequence[Rule]) -> list[int]:
        """These instead of all before; of several that match a request the first decides.

        Returns the id of each.
        """
        return [rule["id"] for rule in self._ask("POST", "rules", rules)]

    def fired(self) -> dict[int, int]:
        """By a rule's id, how often it was applied."""
        return {rule["id"]: rule["fired_count"] for rule in self._ask("GET", "rules")}

    def events(self) -> list[dict[str, Any]]:
        """Each application of a rule, with `rule_id`, `service`, `operation`, `resource`."""
        found: list[dict[str, Any]] = self._ask("GET", f"fired?limit={ALL_EVENTS}")
        return found

    def faults(self) -> int:
        """How often any rule was applied, those that are gone included."""
        return int(self._ask("GET", "stats")["requests"]["faulted"])

    def is_ready(self) -> bool:
        try:
            return bool(self._ask("GET", "health")["status"] == "ok")
        except OSError:
            return False

    def _ask(self, method: str, path: str, body: Sequence[Rule] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_microburst/{path}", data, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)


def _start(upstream: str, logs: Path) -> tuple[Microburst, processes.Process]:
    python = tool(NAME, "python")
    if not python.exists():
        raise Problem("There is no microburst: 'python3 -m local.environments microburst'.")
    port = listeners.any_free_port()
    options = ["--upstream", upstream, "--host", "127.0.0.1", "--port", str(port)]
    book, log = logs.parent / f"{NAME}.json", logs / f"{NAME}.log"
    # What a killed run has left behind.
    processes.stop(processes.read(book))
    book.unlink(missing_ok=True)
    process = processes.start(
        NAME, [python, "-c", PROGRAM, *options], isolated(os.environ), log, book
    )
    proxy = Microburst(f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while not proxy.is_ready():
        if not processes.is_alive(process) or time.monotonic() > deadline:
            processes.stop([process])
            raise Problem(f"microburst did not start; its log is {log}.")
        time.sleep(0.05)
    # It reads the model of a service at its first call, for longer than a function waits.
    through_it = Aws(proxy.url)
    through_it.dynamodb.list_tables()
    through_it.machines.list_state_machines()
    through_it.functions.list_functions()
    return proxy, process


@contextmanager
def in_front_of(
    stack: Stack,
    functions: Iterable[str],
    further: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    *,
    for_good: bool = False,
) -> Iterator[Microburst]:
    """Send every AWS call of the functions, e.g. `cancel-session`, through a proxy for as long.

    `further` are variables that some of them get with it: to change them takes seconds. `for_good`
    leaves them all as they are: the stack is about to go.
    """
    assert stack.endpoint_url, "only the emulator's functions can be led astray"
    proxy, process = _start(stack.endpoint_url, Path(stack.logs["ministack"]).parent)

    def variables(function: str) -> dict[str, str]:
        route = {"AWS_ENDPOINT_URL": proxy.url, "AWS_SDK_UA_APP_ID": _app_id(function)}
        return {**further.get(function, {}), **route}

    try:
        if for_good:
            add_variables(stack, list(functions), variables)
            yield proxy
            return
        with further_variables(stack, list(functions), variables):
            yield proxy
    finally:
        processes.stop([process])

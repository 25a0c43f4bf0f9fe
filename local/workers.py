"""The processes in which the emulator runs the functions, one an execution environment."""

import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from local.stack import Stack

PROC = Path("/proc")


def _parent(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def _environment(pid: int) -> dict[str, str]:
    try:
        text = (PROC / str(pid) / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return {}
    pairs = (entry.partition("=") for entry in text.split("\0"))
    return {name: value for name, _, value in pairs}


def of_function(stack: Stack, name: str) -> list[int]:
    """The pids of this stack's environments of the function, e.g. `cancel-session`."""
    emulator = stack.processes["ministack"]
    children = [
        int(path.name) for path in PROC.glob("[0-9]*") if _parent(int(path.name)) == emulator
    ]
    wanted = f"{stack.stack_name}-{name}"
    return [pid for pid in children if _environment(pid).get("AWS_LAMBDA_FUNCTION_NAME") == wanted]


def with_variables(stack: Stack, name: str, variables: Mapping[str, str]) -> list[int]:
    """Those that were started with these variables."""
    return [
        pid for pid in of_function(stack, name) if variables.items() <= _environment(pid).items()
    ]


def _is_idle(pid: int) -> bool:
    """Whether it waits for its next event, which comes on its standard input."""
    try:
        system_call = (PROC / str(pid) / "syscall").read_text().split()
    except OSError:
        return False
    return system_call[1:2] == ["0x0"]


def kill_one(stack: Stack, name: str, choose: Callable[[list[int]], int]) -> bool:
    """kill -9 of one environment of the function that is busy, if there is any."""
    busy = [pid for pid in of_function(stack, name) if not _is_idle(pid)]
    if busy:
        with suppress(ProcessLookupError):
            os.kill(choose(busy), signal.SIGKILL)
    return bool(busy)


def kill(stack: Stack, *names: str) -> None:
    """kill -9 of every environment of the functions; there is at least one of each."""
    for name in names:
        pids = of_function(stack, name)
        assert pids, f"no environment of {name} is running"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

"""Background processes: started, remembered in a file, and stopped by pid, even by a later make."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

# None of them keeps anything that is worth a longer wait.
GRACE_SECONDS = 1.5


@dataclass(frozen=True)
class Process:
    """`born` tells a process from a later one that was given the same pid."""

    name: str
    pid: int
    born: str


def born(pid: int) -> str:
    """When the process started, in the system's own words; empty if it is gone or a zombie."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = shown.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


def is_alive(process: Process) -> bool:
    return born(process.pid) == process.born != ""


def read(path: Path) -> list[Process]:
    """The remembered processes, dead or alive; none if the file is missing or was cut short."""
    try:
        return [Process(**each) for each in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError):
        return []


def start(
    name: str, command: Sequence[str | Path], environment: Mapping[str, str], log: Path, book: Path
) -> Process:
    """Start in a session of its own (Ctrl-C does not reach it) and write it down in `book`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        started = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    process = Process(name, started.pid, born(started.pid))
    book.write_text(json.dumps([asdict(each) for each in [*read(book), process]]))
    return process


def _signal_group(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _wait_until_gone(processes: Sequence[Process]) -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        _reap()
        if not any(is_alive(process) for process in processes):
            return
        time.sleep(0.05)


def _reap() -> None:
    """Collect children of ours that have ended: until then they would count as running."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def stop(processes: Sequence[Process]) -> list[Process]:
    """Stop those that still run, with all they started; returns the ones that were running."""
    running = [process for process in processes if is_alive(process)]
    for process in running:
        _signal_group(process, signal.SIGTERM)
    _wait_until_gone(running)
    for process in running:
        # The stubborn, and whoever of a group has outlived its leader.
        _signal_group(process, signal.SIGKILL)
    _wait_until_gone(running)
    return running

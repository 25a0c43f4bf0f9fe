"""A cancellation as on AWS, but for the network: real functions, each in a process of its own.

Around them is an AWS that is as far away as AWS is, and a provider that takes its time
(delayed.py). Nothing is known of what an invocation or an execution of the machine takes on AWS:
here they take what loopback takes, and the figures say so.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.request import Request, urlopen

from checkout.provider_cancellation import MAX_PARALLEL_CALLS
from local.bench import cases
from local.bench.delayed import LONG
from local.bench.designs import WHOLE_PROCESSOR_MB
from local.console import Problem
from local.isolation import isolated
from local.places import ROOT
from tests.integration import stack
from tests.template.cloudformation import REAL

# PutItem from Lambda, median: alexdebrie/dynamodb-performance-testing, about 2020.
STORE_MS = 7.55
# Lock, query, [each worker's outcome], completion.
TRIPS = 4
DRIVER = "CancelSessionFunction"
# The most that any provider is given.
PARALLEL_CALLS = str(MAX_PARALLEL_CALLS)


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds: of the function that was called, and of each worker."""

    driver: float
    workers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Function:
    process: subprocess.Popen[str]
    url: str

    def took(self) -> float:
        return float(_line(self.process.stdout))


class Rig:
    """`providers` are as many as there are workers; a session's transactions are theirs in turn."""

    def __init__(self, driver: _Function, workers: Sequence[_Function]) -> None:
        self._driver = driver
        self._workers = workers
        self._serial = 0

    def memory(self, driver_mb: int, worker_mb: int) -> dict[int, int]:
        """By the processes' ids, for `confined`."""
        of_workers = {each.process.pid: worker_mb for each in self._workers}
        return {self._driver.process.pid: driver_mb, **of_workers}

    def peak_mb(self) -> list[int]:
        """The most memory that each of them has had so far, of Linux."""
        pids = [each.process.pid for each in (self._driver, *self._workers)]
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
        return [int(text.split("VmHWM:")[1].split()[0]) // 1024 for text in texts]

    def cancel(self, transactions: int) -> Took:
        """Of a session with so many in flight, all of which are cancelled."""
        case = cases.cancel(transactions)
        self._serial += 1
        body = json.dumps(case.event(self._serial)).encode()
        with urlopen(Request(self._driver.url, body), timeout=LONG) as answer:  # noqa: S310 - on 127.0.0.1
            said = json.load(answer)
        if not case.right(said):
            raise AssertionError(said)
        busy = self._workers[: min(transactions, len(self._workers))]
        return Took(self._driver.took(), tuple(each.took() for each in busy))


@contextmanager
def running(
    providers: int, provider_ms: float, worker_mb: int = WHOLE_PROCESSOR_MB
) -> Iterator[Rig]:
    """The workers know their memory, by which they choose how much they do at once."""
    with ExitStack() as processes:
        aws = processes.enter_context(_process("delayed", [STORE_MS, provider_ms], None))
        url = _line(aws.stdout)
        workers = {
            name: processes.enter_context(_function(resource, url, worker_mb))
            for resource, name in list(REAL.items())[:providers]
        }
        assert aws.stdin
        print(json.dumps({name: each.url for name, each in workers.items()}), file=aws.stdin)
        aws.stdin.flush()
        driver = processes.enter_context(
            _function("CancelSessionFunction", url, WHOLE_PROCESSOR_MB)
        )
        yield Rig(driver, list(workers.values()))


@contextmanager
def _function(resource: str, aws: str, memory_mb: int) -> Iterator[_Function]:
    environment = stack.environment(resource) | {
        # Else StartSyncExecution would go to a host named sync-<address>.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "PARALLEL_CALLS": PARALLEL_CALLS,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
    }
    with _process("hosted", [resource], isolated(os.environ, aws) | environment) as process:
        yield _Function(process, _line(process.stdout))


@contextmanager
def _process(
    module: str, arguments: Sequence[object], environment: Mapping[str, str] | None
) -> Iterator[subprocess.Popen[str]]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "checkout")])
    process = subprocess.Popen(
        [sys.executable, "-m", f"local.bench.{module}", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**(environment or os.environ), "PYTHONPATH": path},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _line(out: IO[str] | None) -> str:
    assert out
    line = out.readline().strip()
    if not line:
        raise Problem("A process of the bench has ended; it says why above.")
    return line

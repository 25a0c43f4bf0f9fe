"""The processes of the handlers that are measured (measured.py), which take turns."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from local.bench import answering
from local.bench.cases import BARE, Case, bare
from local.isolation import isolated
from local.places import ROOT
from tests.integration import stack


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each request, of the processor, all threads together, and on the wall."""

    processor: list[float]
    wall: list[float]


@dataclass(frozen=True, slots=True)
class Profile:
    """Percent of the processor's time by owner, and calls of AWS in a request."""

    shares: dict[str, float]
    calls: float


@dataclass(frozen=True, slots=True)
class Subject:
    name: str
    process: subprocess.Popen[str]

    def times(self, requests: int) -> Times:
        return Times(**self._ask("times", requests))

    def profile(self, requests: int) -> Profile:
        return Profile(**self._ask("profile", requests))

    def _ask(self, of: str, requests: int) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps({"of": of, "requests": requests}), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, f"{self.name} has failed, as it says above"
        return json.loads(answer)


@contextmanager
def subjects(cases: Sequence[Case], sizes: Sequence[int] = ()) -> Iterator[list[Subject]]:
    """A process of each case, and of the bare handler, which is the first; one AWS for all."""
    with answering.running() as aws, ExitStack() as running:
        yield [
            Subject(each.name, running.enter_context(_process(each, sizes, aws)))
            for each in (bare(), *cases)
        ]


def _process(case: Case, sizes: Sequence[int], aws: str) -> subprocess.Popen[str]:
    variables = stack.environment(case.resource) if case.resource else {}
    environment = isolated(os.environ, aws) | variables | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "checkout")]),
        # Else StartSyncExecution would go to a host named sync-<address>.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "local.bench.measured", case.name, *map(str, sizes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one request, in milliseconds: the processor's median, and two means in the best round.

    `ratio` is the processor's to the bare handler's, of the fastest: noise disturbs them least.
    """

    processor: float
    ratio: float
    best_processor: float
    best_wall: float


def compare(
    measured: Sequence[Subject], rounds: int, requests: Mapping[str, int]
) -> dict[str, Figures]:
    """All in turn, so that what disturbs the machine disturbs all; by name.

    `requests` are those of one round. One round more is made before, and not counted.
    """
    turns = [
        {each.name: each.times(requests[each.name]) for each in measured} for _ in range(rounds + 1)
    ][1:]
    return {each.name: _figures(each.name, turns) for each in measured}


def _figures(name: str, turns: Sequence[Mapping[str, Times]]) -> Figures:
    mine, bare = ([turn[of] for turn in turns] for of in (name, BARE))
    fastest, least = (min(ms for each in of for ms in each.processor) for of in (mine, bare))
    return Figures(
        processor=median(ms for each in mine for ms in each.processor),
        ratio=fastest / least,
        best_processor=min(mean(each.processor) for each in mine),
        best_wall=min(mean(each.wall) for each in mine),
    )

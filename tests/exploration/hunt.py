"""Looking for a schedule that shows a weakness: few pre-emptions first, small worlds first."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import get_context

from tests.exploration.actors import without_threads
from tests.exploration.conditions import mutants
from tests.exploration.explore import PROCESSES, quiet
from tests.exploration.explorer import Exploration
from tests.exploration.weaknesses import WEAKNESSES
from tests.exploration.world import TRIPLES, WORLDS, Bound, Stage
from tests.integration.changes import BrokenPromiseError

BOUNDS = (Bound(0, 0), Bound(1, 0), Bound(0, 1))
SMALLEST_FIRST = sorted(WORLDS, key=lambda world: len(world.payments))


@dataclass(frozen=True)
class Verdict:
    """`shown` is the promise that was broken, None if none was."""

    weakness: str
    shown: str | None

    def __str__(self) -> str:
        return f"{'killed  ' if self.shown else 'SURVIVED'} {self.weakness}: {self.shown or ''}"


def weaknesses() -> dict[str, Callable[[], AbstractContextManager[object]]]:
    return {str(each): each.active for each in mutants()} | WEAKNESSES


def hunt(weakness: str) -> Verdict:
    with quiet(), without_threads(), weaknesses()[weakness]():
        return Verdict(weakness, next(_violations(), None))


def _violations() -> Iterator[str]:
    stages: dict[str, Stage] = {}
    for bound in BOUNDS:
        for world in SMALLEST_FIRST:
            for names in TRIPLES:
                try:
                    stage = stages[world.name] if world.name in stages else Stage(world)
                    stages[world.name] = stage
                    found = Exploration(stage, names, bound).run()
                except BrokenPromiseError as violation:
                    # Broken before anybody raced: in what the world begins with.
                    yield f"{violation} ({world.name})"
                    continue
                if found.violation:
                    promise, *_ = found.violation.splitlines()
                    yield f"{promise} ({world.name}: {' + '.join(names)})"


def hunt_all() -> list[Verdict]:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        return list(pool.map(hunt, weaknesses()))

"""Looking for a schedule that shows a weakness: few pre-emptions first, small worlds first."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.exploration.actors import without_threads
from tests.exploration.conditions import mutants
from tests.exploration.explore import processes, quiet
from tests.exploration.explorer import Exploration
from tests.exploration.weaknesses import WEAKNESSES
from tests.exploration.world import TRIPLES, WORLDS, Bound, Stage
from tests.integration.changes import BrokenPromiseError

SHORT = (Bound(0, 0), Bound(1, 0))
LONG = (*SHORT, Bound(0, 1), Bound(1, 1))
SMALLEST_FIRST = sorted(WORLDS, key=lambda world: len(world.payments))
# Those with fewest schedules first, so that most weaknesses show soon.
QUICKEST_FIRST = sorted(TRIPLES, key=lambda names: ("payment" in names) + 2 * ("repeat" in names))


@dataclass(frozen=True)
class Verdict:
    """`shown` is the promise that was broken, None if none was."""

    weakness: str
    shown: str | None

    def __str__(self) -> str:
        return f"{'killed  ' if self.shown else 'SURVIVED'} {self.weakness}: {self.shown or ''}"


def weaknesses() -> dict[str, Callable[[], AbstractContextManager[object]]]:
    return {str(each): each.active for each in mutants()} | WEAKNESSES


def hunt(weakness: str, bounds: tuple[Bound, ...] = LONG) -> Verdict:
    with quiet(), without_threads(), weaknesses()[weakness]():
        return Verdict(weakness, next(_violations(bounds), None))


def _violations(bounds: tuple[Bound, ...]) -> Iterator[str]:
    stages: dict[str, Stage] = {}
    for bound in bounds:
        for world in SMALLEST_FIRST:
            for names in QUICKEST_FIRST:
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


def hunt_all(harmless: Collection[str]) -> list[Verdict]:
    """The `harmless` ones are not hunted for long."""
    every = weaknesses()
    bounds = [SHORT if each in harmless else LONG for each in every]
    with processes() as pool:
        return list(pool.map(hunt, every, bounds))

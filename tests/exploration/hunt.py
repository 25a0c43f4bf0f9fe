"""Looking for a schedule that shows a weakness: few pre-emptions first, small worlds first."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import product

from tests.exploration.actors import without_threads
from tests.exploration.conditions import mutants
from tests.exploration.explore import processes, quiet
from tests.exploration.explorer import Exploration
from tests.exploration.weaknesses import WEAKNESSES
from tests.exploration.world import TRIPLES, WORLDS, Bound, Stage, World

MORE = (Bound(0, 1), Bound(1, 1))
# With few schedules, and enough to show most of what takes a fault.
TELLING = ("cancel", "webhook", "stream")
SMALLEST_FIRST = sorted(WORLDS, key=lambda world: len(world.payments))
Place = tuple[Bound, World, tuple[str, ...]]


@dataclass(frozen=True)
class Verdict:
    """`shown` is the promise that was broken, None if none was."""

    weakness: str
    shown: str | None

    def __str__(self) -> str:
        return f"{'killed  ' if self.shown else 'SURVIVED'} {self.weakness}: {self.shown or ''}"


def weaknesses() -> dict[str, Callable[[], AbstractContextManager[object]]]:
    return {str(each): each.active for each in mutants()} | WEAKNESSES


def places(*, long: bool) -> Iterator[Place]:
    """Where to look, in this order."""
    yield from product([Bound(0, 0)], SMALLEST_FIRST, TRIPLES)
    if long:
        yield from product([Bound(1, 0)], SMALLEST_FIRST, TRIPLES)
        yield from product(MORE, SMALLEST_FIRST, [TELLING])
        yield from product([Bound(0, 1)], SMALLEST_FIRST, TRIPLES)


def hunt(weakness: str, *, long: bool) -> Verdict:
    stages: dict[str, Stage] = {}
    with quiet(), without_threads(), weaknesses()[weakness]():
        shown = (_violation(place, stages) for place in places(long=long))
        return Verdict(weakness, next(filter(None, shown), None))


def _violation(place: Place, stages: dict[str, Stage]) -> str | None:
    bound, world, names = place
    if world.name not in stages:
        stages[world.name] = Stage(world)
    found = Exploration(stages[world.name], names, bound).run()
    if not found.violation:
        return None
    return f"{found.violation.splitlines()[0]} ({world.name}: {' + '.join(names)})"


def hunt_all(harmless: Collection[str]) -> list[Verdict]:
    """The `harmless` ones are not hunted for long."""
    every = weaknesses()
    with processes() as pool:
        hunts = [pool.submit(hunt, each, long=each not in harmless) for each in every]
        return [each.result() for each in hunts]

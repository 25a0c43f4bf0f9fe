"""`make explore`: all schedules of any three actors, and what came of it, as a table.

On two processors at once. Exits with 1 if a promise was broken, after telling how, step by step.
"""

import gc
import logging
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from tests.exploration.actors import without_threads
from tests.exploration.explorer import Exploration, Found
from tests.exploration.world import TRIPLES, WORLDS, Stage, World

PROCESSES = 2


@contextmanager
def quiet() -> Iterator[None]:
    """What our code logs about faults is no news here."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def explore(world: World) -> list[Found]:
    """All triples; what they have in common is computed once."""
    with quiet(), without_threads():
        stage = Stage(world)
        return [Exploration(stage, names).run() for names in TRIPLES]


def processes() -> ProcessPoolExecutor:
    # Millions of tuples and hardly a cycle: to look for those again and again takes time.
    fork = get_context("fork")
    return ProcessPoolExecutor(PROCESSES, mp_context=fork, initializer=gc.disable)


def explore_all() -> list[Found]:
    largest_first = sorted(WORLDS, key=lambda world: -len(world.payments))
    with processes() as pool:
        return [found for each in pool.map(explore, largest_first) for found in each]


def table(found: Iterable[Found]) -> str:
    every = list(found)
    lines = [f"{'actors':36}{'schedules':>14}{'steps':>12}{'states':>12}"]
    lines += [_line(" + ".join(names), _of(every, names)) for names in TRIPLES]
    lines += [
        _line(world.name, [each for each in every if each.world == world.name]) for world in WORLDS
    ]
    return "\n".join([*lines, _line("all", every)])


def _of(found: list[Found], names: tuple[str, ...]) -> list[Found]:
    return [each for each in found if each.actors == names]


def _line(title: str, found: list[Found]) -> str:
    schedules = sum(each.schedules for each in found)
    steps = sum(each.steps for each in found)
    states = sum(each.states for each in found)
    return f"{title:36}{schedules:>14,}{steps:>12,}{states:>12,}"


def main() -> int:
    found = explore_all()
    print(table(found))
    violations = [each for each in found if each.violation]
    for each in violations:
        print(f"\n{each.world}: {' + '.join(each.actors)}: {each.violation}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())

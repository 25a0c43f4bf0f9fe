"""Every schedule of some actors in one world, equal states visited once."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from tests.exploration.ending import Ending
from tests.exploration.state import CLOCK, Move, State
from tests.exploration.world import Bound, Stage
from tests.integration.changes import BrokenPromiseError

LONGEST_LINE = 400


@dataclass(frozen=True)
class Found:
    """`steps` were made once in each state; `schedules` are all the ways through them.

    `ends` are the session's statuses when everybody has done; `writes` were asked for on the way,
    each as its condition and its update.
    """

    world: str
    actors: tuple[str, ...]
    schedules: int
    states: int
    steps: int
    ends: frozenset[str]
    writes: frozenset[tuple[str | None, str | None]]
    violation: str | None = None


class Exploration:
    def __init__(self, stage: Stage, names: tuple[str, ...], bound: Bound | None = None) -> None:
        """`bound` instead of the world's own."""
        self._bound = bound or stage.world.bound
        self._stage = stage
        self._names = names
        self._ending = Ending(stage)
        self._schedules: dict[State, int] = {}
        self._path: list[tuple[State, Move]] = []
        self._steps = 0

    def run(self) -> Found:
        violation = None
        schedules = 0
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(10_000)
        try:
            with self._stage.limited():
                schedules = self._explore(self._stage.first_state(self._names, self._bound))
        except BrokenPromiseError as broken:
            violation = "\n".join([str(broken), *self._trace()])
        finally:
            sys.setrecursionlimit(limit)
        return Found(
            world=self._stage.world.name,
            actors=self._names,
            schedules=schedules,
            states=len(self._schedules),
            steps=self._steps,
            ends=frozenset(self._ending.ends),
            writes=self._stage.mechanics.writes(),
            violation=violation,
        )

    def _explore(self, state: State) -> int:
        """How many ways the world can go from here."""
        total = self._schedules.get(state)
        if total is not None:
            return total
        total = 0
        if self._stage.rules.is_end(state):
            self._ending.check(state)
            total = 1
        for move in self._stage.rules.moves(state):
            self._path.append((state, move))
            self._steps += 1
            total += self._explore(self._stage.steps.after(state, move))
            self._path.pop()
        self._schedules[state] = total
        return total

    def _trace(self) -> Iterable[str]:
        return (self._line(state, move) for state, move in self._path)

    def _line(self, state: State, move: Move) -> str:
        if move.slot == CLOCK:
            return "  time passes until the session is due"
        mechanics = self._stage.mechanics
        actor = state.slots[move.slot]
        doing = "hears of its workers" if actor.workers else "begins"
        if actor.standing >= 0 and not actor.workers:
            request = mechanics.standings[actor.standing].situation.request
            doing = str(request)[:LONGEST_LINE]
        luck = f" - {move.luck.value}" if move.luck.value else ""
        return f"  {mechanics.casts[actor.cast].name}: {doing}{luck}"

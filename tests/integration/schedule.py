"""Threads that run one at a time, one step at a time, in an order that a seed decides.

An actor's steps are its calls of AWS and of a provider: before each it waits for its turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from checkout.parallel import Claim


class Died(BaseException):
    """The process of an actor is gone. Nothing of ours can catch it."""


def _always() -> bool:
    return True


@dataclass(eq=False)
class Actor:
    """`dies_at` is the number of the step that it does not live to make.

    It goes on when it is `ready`; the play does not wait for one that never is.
    """

    name: str
    action: Callable[[], Any]
    dies_at: int | None = None
    steps: int = 0
    started: bool = False
    done: bool = False
    died: bool = False
    result: Any = None
    ready: Callable[[], bool] = _always
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Schedule:
    """`trace` names who made which step, `broken` is what nobody expected."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.actors: list[Actor] = []
        self._control = threading.Semaphore(0)
        self._here = threading.local()
        self.trace: list[str] = []
        self.broken: list[BaseException] = []
        self.after_step: Callable[[], None] = lambda: None

    def add(self, name: str, action: Callable[[], Any], dies_at: int | None = None) -> Actor:
        actor = Actor(name, action, dies_at)
        self.actors.append(actor)
        return actor

    def run(self) -> None:
        """Until nobody can go on."""
        while ready := [each for each in self.actors if not each.done and each.ready()]:
            self._give_turn(self._random.choice(ready))
            self.after_step()
        stuck = [each.name for each in self.actors if each.started and not each.done]
        assert not stuck, f"waiting for ever: {stuck}"

    def step(self, what: str) -> None:
        """Wait for the turn to do `what`, in an actor's thread; nothing in any other."""
        actor: Actor | None = getattr(self._here, "actor", None)
        if actor is None:
            return
        self._wait(actor)
        actor.steps += 1
        if actor.dies_at is not None and actor.steps >= actor.dies_at:
            raise Died
        self.trace.append(f"{actor.name}: {what}")

    def wait_for(self, others: Iterable[Actor]) -> None:
        actor: Actor = self._here.actor
        awaited = list(others)
        actor.ready = lambda: all(each.done for each in awaited)
        self._wait(actor)
        actor.ready = _always

    def _wait(self, actor: Actor) -> None:
        self._control.release()
        actor.turn.acquire()

    def _give_turn(self, actor: Actor) -> None:
        if actor.started:
            actor.turn.release()
        else:
            actor.started = True
            threading.Thread(target=self._live, args=(actor,), daemon=True).start()
        self._control.acquire()

    def _live(self, actor: Actor) -> None:
        self._here.actor = actor
        try:
            actor.result = actor.action()
        except Died:
            actor.died = True
        except BaseException as error:  # noqa: BLE001 - told to whoever started the play
            actor.died = True
            self.broken.append(error)
        actor.done = True
        self._control.release()


class Pool:
    """Stands for `do_all`, with actors of a schedule for threads. None of them overruns."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def __call__(
        self, work: Callable[[Any, Claim], Any], items: Iterable[Any], threads: int, seconds: float
    ) -> list[Any]:
        actors = [self._schedule.add("worker", _bound(work, each)) for each in items]
        self._schedule.wait_for(actors)
        if any(each.died for each in actors):
            raise Died
        return [each.result for each in actors]


def _bound(work: Callable[[Any, Claim], Any], item: Any) -> Callable[[], Any]:
    return lambda: work(item, _granted)


def _granted() -> bool:
    return True

"""Cancellations whose processes were killed with kill -9 at a call that they made of the store.

Made once for all tests: the lease of a dead driver lasts a minute, in which others run.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from local import workers
from local.calls import Answer, Client
from local.stack import Stack
from tests.local.conftest import Seed, Seeded
from tests.local.faulty_store import Fate, faulty_store
from tests.local.moments import warm_up_fan_out

DRIVER, WORKER = "cancel-session", "cancel-with-sandbox"


@dataclass(frozen=True)
class Crash:
    """Who dies at the call number `at` that `caller` makes of the store, and when.

    The driver's calls are the lock, the query, the completion; the worker's are the sandbox's two,
    and the outcome.
    """

    caller: str
    at: int
    after: bool
    dead: tuple[str, ...] = (DRIVER,)


CRASHES = {
    "before the lock": Crash(DRIVER, 0, after=False),
    "after the lock": Crash(DRIVER, 0, after=True),
    "after the query": Crash(DRIVER, 1, after=True),
    "the provider said yes, before our write": Crash(WORKER, 2, False, (DRIVER, WORKER)),
    "the worker alone, before its write": Crash(WORKER, 2, False, (WORKER,)),
    "after our write, before the driver hears of it": Crash(WORKER, 2, True, (DRIVER, WORKER)),
    "before the completion": Crash(DRIVER, 2, after=False),
    "completed, before the answer": Crash(DRIVER, 2, after=True),
}


@dataclass(frozen=True)
class Scene:
    """A cancellation that was killed: its answer, what was found right after it, and when."""

    session: Seeded
    answer: Answer
    status: str
    killed_at: float


_made: dict[str, Scene] = {}


def scenes(stack: Stack, merchant: Client, seed: Seed) -> Mapping[str, Scene]:
    if not _made:
        warm_up_fan_out(merchant, seed)
        _made.update(_die(stack, merchant, seed, DRIVER) | _die(stack, merchant, seed, WORKER))
    return _made


def _die(stack: Stack, merchant: Client, seed: Seed, caller: str) -> dict[str, Scene]:
    """All crashes at calls of `caller`; a function that dies comes back with its faulty store."""
    assassin, made = Assassin(stack), {}
    with faulty_store(stack, caller, assassin.before) as store:
        store.afterwards = assassin.after
        for name, crash in CRASHES.items():
            if crash.caller == caller:
                store.operations.clear()
                made[name] = _kill(merchant, seed("sandbox:ok_1"), assassin, crash)
    return made


@dataclass
class Assassin:
    """Kills once for each crash that it is given, at the call of the store that it names."""

    stack: Stack
    crash: Crash | None = None
    killed_at: float = 0.0

    def before(self, operation: str, number: int) -> Fate:
        if self.crash and not self.crash.after and self._strike(number):
            return Fate.DROP
        return Fate.PASS

    def after(self, operation: str, number: int) -> None:
        if self.crash and self.crash.after:
            self._strike(number)

    def _strike(self, number: int) -> bool:
        if self.crash is None or number != self.crash.at:
            return False
        workers.kill(self.stack, *self.crash.dead)
        self.crash, self.killed_at = None, time.monotonic()
        return True


def _kill(merchant: Client, session: Seeded, assassin: Assassin, crash: Crash) -> Scene:
    assassin.crash, assassin.killed_at = crash, 0.0
    answer = merchant.cancel(session.session_id)
    assert assassin.killed_at, "nobody came to the call at which to die"
    status = merchant.get(session.session_id).json()["status"]
    return Scene(session, answer, status, assassin.killed_at)

"""Cancellations whose processes were killed with kill -9 at a call that they made of the store.

Made once for all tests: the lease of a dead driver lasts a minute, in which others run.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from local.calls import Answer, Client
from local.stack import Stack
from tests.local import workers
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
        _made.update({name: _kill(stack, merchant, seed, each) for name, each in CRASHES.items()})
    return _made


def _kill(stack: Stack, merchant: Client, seed: Seed, crash: Crash) -> Scene:
    session = seed("sandbox:ok_1")
    killed: list[float] = []

    def die(operation: str, number: int) -> None:
        if number == crash.at and not killed:
            workers.kill(stack, *crash.dead)
            killed.append(time.monotonic())

    def fate(operation: str, number: int) -> Fate:
        if crash.after:
            return Fate.PASS
        die(operation, number)
        return Fate.DROP if killed else Fate.PASS

    with faulty_store(stack, crash.caller, fate) as store:
        store.afterwards = die if crash.after else store.afterwards
        answer = merchant.cancel(session.session_id)
    assert killed, "nobody came to the call at which to die"
    status = merchant.get(session.session_id).json()["status"]
    return Scene(session, answer, status, killed[0])

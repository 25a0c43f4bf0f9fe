"""The troubles of a soak: a store that fails now and then, and processes that are killed."""

import threading
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

from local import workers
from local.microburst import Rule
from local.stack import Stack

# Of a hundred calls of the store, of a worker, and of the state machine, so many fail in each of
# the ways.
PERCENT = 0.35
# Longer than a function waits for the store (bootstrap.py).
SLOW_MS = 1_500
KILL_EVERY_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.1
KILLED = ("cancel-session", "cancel-with-sandbox", "cancel-with-sandbox-b", "cancel-with-sandbox-c")


def _error(code: str, status: int = 400) -> dict[str, Any]:
    return {"error": {"code": code, "status": status}}


EFFECTS_ON_THE_STORE = (
    _error("ProvisionedThroughputExceededException"),
    _error("ThrottlingException"),
    _error("InternalServerError", 500),
    _error("TransactionConflictException"),
    {"reset": True},
    {"timeout_ms": SLOW_MS},
    # Carried out after its caller has given up; and carried out, with its answer lost.
    {"latency": SLOW_MS},
    {"response": {"abort_bytes": 0}},
)
EFFECTS_ON_THE_FAN_OUT = (
    _error("ThrottlingException"),
    _error("InternalServerError", 500),
    {"reset": True},
    {"response": {"abort_bytes": 0}},
)


def rules() -> list[Rule]:
    """For microburst, which draws for each call whether it fails, and knows of no seed."""
    chance = {"probability": PERCENT / 100}
    store = [{"service": "dynamodb", **effect, **chance} for effect in EFFECTS_ON_THE_STORE]
    fan_out = [
        {"operation": operation, **effect, **chance}
        for operation in ("Invoke", "StartSyncExecution")
        for effect in EFFECTS_ON_THE_FAN_OUT
    ]
    return [*store, *fan_out]


@dataclass
class Killer:
    """Kills a process of a driver or a worker now and then. `kills` are of the monotonic clock."""

    stack: Stack
    random: Random
    kills: list[float] = field(default_factory=list)

    def run(self, over: threading.Event) -> None:
        while not over.wait(self.random.expovariate(1 / KILL_EVERY_SECONDS)):
            function = self.random.choice(KILLED)
            while not (over.is_set() or self._kill(function)):
                over.wait(LOOK_EVERY_SECONDS)

    def _kill(self, function: str) -> bool:
        """Whether one of them was busy, and is dead."""
        # Taken before: an answer that comes of it must not seem to have come first.
        now = time.monotonic()
        killed = workers.kill_one(self.stack, function, self.random.choice)
        if killed:
            self.kills.append(now)
        return killed

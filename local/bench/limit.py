"""How near a cancellation is to the least that it can take: the provider, and four trips.

Lock, query, outcome and completion follow each other, and the slowest provider lies between. All of
that is injected (rig.py), what is above it is ours: processor time, and the ways between processes
on loopback. The ways on AWS are not in it, since nobody publishes what they take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from local.bench import rig
from local.bench.confined import confined, possible
from local.bench.designs import ours
from local.bench.rig import STORE_MS, TRIPS, Rig
from local.markdown import rows

PROVIDER_MS = (0, 50, 300)
# Transactions, by the number of providers that they are spread over.
SHAPES = {1: (1, 3, 12, 100), 3: (3, 12, 100), 8: (12, 100)}
# Of the goal: at most so many times the limit, where the provider takes so long.
GOAL, GOAL_MS = 1.10, 300


@dataclass(frozen=True, slots=True)
class Point:
    """Medians in milliseconds: with a whole processor, and with what the functions are given."""

    providers: int
    transactions: int
    provider_ms: float
    took_ms: float
    deployed_ms: float | None

    @property
    def limit_ms(self) -> float:
        return self.provider_ms + TRIPS * STORE_MS

    @property
    def ratio(self) -> float:
        return self.took_ms / self.limit_ms


def measure(
    rounds: int = 9,
    times: Sequence[float] = PROVIDER_MS,
    shapes: Mapping[int, Sequence[int]] = SHAPES,
) -> list[Point]:
    found: list[Point] = []
    for providers, numbers in shapes.items():
        for provider_ms in times:
            with rig.running(providers, provider_ms) as running:
                took = {each: _median(running, each, rounds) for each in numbers}
            deployed = _deployed(providers, numbers, rounds) if provider_ms == GOAL_MS else {}
            found += [
                Point(providers, each, provider_ms, took[each], deployed.get(each))
                for each in numbers
            ]
    return found


def _deployed(providers: int, numbers: Sequence[int], rounds: int) -> dict[int, float]:
    """Each function with what its memory buys; nothing where that cannot be had."""
    if not possible():
        return {}
    driver_mb, worker_mb = ours().api_mb, ours().worker_mb
    with (
        rig.running(providers, GOAL_MS, worker_mb) as running,
        confined(running.memory(driver_mb, worker_mb)),
    ):
        return {each: _median(running, each, rounds) for each in numbers}


def _median(running: Rig, transactions: int, rounds: int) -> float:
    for _ in range(2):  # connections, and what is imported late
        running.cancel(transactions)
    # Few of a hundred: they take long.
    turns = rounds if transactions < 100 else 3
    return median(running.cancel(transactions).driver for _ in range(turns))


def tables(points: Sequence[Point]) -> dict[str, str]:
    lines = [
        (
            each.providers, each.transactions, f"{each.provider_ms:.0f}", f"{each.limit_ms:.0f}",
            f"{each.took_ms:.0f}", f"{each.took_ms - each.limit_ms:.0f}", f"{each.ratio:.2f}",
            f"{each.deployed_ms:.0f}" if each.deployed_ms else "",
        )
        for each in points
    ]  # fmt: skip
    one = next(each for each in points if is_goal(each) and each.transactions == 1)
    within = [each for each in points if is_goal(each) and each.ratio <= GOAL]
    beyond = [each for each in points if is_goal(each) and each.ratio > GOAL]
    return {
        "limit_rows": rows(lines),
        "limit_one": f"{one.ratio:.2f}",
        "limit_within": _told(within),
        "limit_beyond": _told(beyond),
    }


def is_goal(point: Point) -> bool:
    return point.provider_ms == GOAL_MS


def _told(points: Sequence[Point]) -> str:
    return ", ".join(f"{p.transactions} at {p.providers} ({p.ratio:.2f})" for p in points) or "none"


def picture(points: Sequence[Point]) -> dict[str, Any]:
    lines = [
        {
            "name": f"{providers} provider{'s' * (providers > 1)}",
            "x": [p.transactions for p in points if is_goal(p) and p.providers == providers],
            "y": [p.ratio for p in points if is_goal(p) and p.providers == providers],
        }
        for providers in dict.fromkeys(each.providers for each in points)
    ]
    return {
        "title": f"Latency as times the limit, with providers of {GOAL_MS} ms",
        "x": "transactions in the session",
        "y": "times the limit",
        "log": True,
        "goal": GOAL,
        "lines": lines,
    }

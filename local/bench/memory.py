"""What a function takes, and costs, with less memory and so with less of a processor.

The same cancellation as in limit.py, with each function held to what Lambda would give it
(confined.py). What does not wait is what memory buys: from it come the prices of all designs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from local.bench import rig
from local.bench.confined import confined, possible
from local.bench.designs import TIMINGS, Timings, ours
from local.bench.rig import STORE_MS, Rig
from local.markdown import rows

SIZES = (128, 160, 192, 256, 384, 512, 1769)
PROVIDER_MS = 300
# Of sessions with many payments at one provider: transactions, and memory of the worker.
HEAVY = (1, 3, 12, 50, 100)
HEAVY_SIZES = (192, 256, 512, 1024)
# Of the driver's four trips one is in its worker.
DRIVERS_TRIPS = 3


@dataclass(frozen=True, slots=True)
class Size:
    """Medians in milliseconds, of one transaction and of three; `peak_mb` of driver and worker."""

    memory_mb: int
    driver_ms: float
    worker_ms: float
    driver_of_three_ms: float
    worker_of_three_ms: float
    peak_mb: tuple[int, int]

    @property
    def driver_busy(self) -> float:
        """Milliseconds that the driver did not wait for the store or for its worker."""
        return self.driver_ms - self.worker_ms - DRIVERS_TRIPS * STORE_MS

    @property
    def worker_busy(self) -> float:
        return self.worker_ms - PROVIDER_MS - STORE_MS


def measure(rounds: int = 15, sizes: Sequence[int] = SIZES) -> list[Size]:
    """Empty where processes cannot be confined: elsewhere than on Linux, and for users."""
    if not possible():
        return []
    with rig.running(1, PROVIDER_MS) as one, rig.running(3, PROVIDER_MS) as three:
        for each, number in ((one, 1), (three, 3)):
            for _ in range(3):
                each.cancel(number)
        return [_size(one, three, each, rounds) for each in sizes]


def _size(one: Rig, three: Rig, memory_mb: int, rounds: int) -> Size:
    driver, worker = _took(one, 1, memory_mb, rounds)
    driver_of_three, worker_of_three = _took(three, 3, memory_mb, rounds)
    peak = one.peak_mb()
    return Size(memory_mb, driver, worker, driver_of_three, worker_of_three, (peak[0], peak[1]))


def _took(running: Rig, transactions: int, memory_mb: int, rounds: int) -> tuple[float, float]:
    with confined(running.memory(memory_mb, memory_mb)):
        running.cancel(transactions)
        took = [running.cancel(transactions) for _ in range(rounds)]
    workers = [median(each.workers) for each in took]
    return median(each.driver for each in took), median(workers)


@dataclass(frozen=True, slots=True)
class Heavy:
    """Median milliseconds of a whole cancellation at one provider, by its transactions."""

    worker_mb: int
    took_ms: dict[int, float]


def measure_heavy(rounds: int = 3, sizes: Sequence[int] = HEAVY_SIZES) -> list[Heavy]:
    """With the driver as it is deployed. Empty where processes cannot be confined."""
    if not possible():
        return []
    return [Heavy(each, _heavy(each, rounds)) for each in sizes]


def _heavy(worker_mb: int, rounds: int) -> dict[int, float]:
    found = {}
    with (
        rig.running(1, PROVIDER_MS, worker_mb) as running,
        confined(running.memory(ours().api_mb, worker_mb)),
    ):
        running.cancel(max(HEAVY))
        for number in HEAVY:
            running.cancel(number)
            found[number] = median(running.cancel(number).driver for _ in range(rounds))
    return found


def heavy_rows(found: Sequence[Heavy]) -> str:
    return rows((each.worker_mb, *(f"{ms:.0f}" for ms in each.took_ms.values())) for each in found)


def timings(sizes: Sequence[Size]) -> Timings:
    """With the curves of this run, or where there are none those that were kept."""
    if not sizes:
        return TIMINGS
    return replace(
        TIMINGS,
        driver_curve=tuple((each.memory_mb, each.driver_busy) for each in sizes),
        worker_curve=tuple((each.memory_mb, each.worker_busy) for each in sizes),
    )


def tables(sizes: Sequence[Size]) -> dict[str, str]:
    lines = [
        (
            each.memory_mb, f"{each.driver_ms:.0f}", f"{each.worker_ms:.0f}",
            f"{each.driver_of_three_ms:.0f}", f"{each.worker_of_three_ms:.0f}",
            f"{each.driver_busy:.0f}", f"{each.worker_busy:.0f}",
        )
        for each in sizes
    ]  # fmt: skip
    driver, worker = sizes[-1].peak_mb if sizes else ("?", "?")
    return {
        "memory_rows": rows(lines) or "| not measured here: needs Linux and root | | | | | | |",
        "peak_driver": str(driver),
        "peak_worker": str(worker),
    }


def picture(sizes: Sequence[Size]) -> dict[str, Any]:
    memory = [each.memory_mb for each in sizes]
    of_three = [each.driver_of_three_ms for each in sizes]
    return {
        "title": "What a cancellation takes with less memory, providers of 300 ms",
        "x": "memory of both functions, MB",
        "y": "milliseconds",
        "log": True,
        "lines": [
            {"name": "1 transaction", "x": memory, "y": [each.driver_ms for each in sizes]},
            {
                "name": "3 transactions",
                "x": memory,
                "y": of_three,
            },
            {"name": "one worker", "x": memory, "y": [each.worker_ms for each in sizes]},
        ],
    }

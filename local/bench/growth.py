"""How a cancellation grows: with the transactions of its session, and with the table.

Calls and units are counted (counted.py), dollars follow from them (designs.py, cost.py). Latency is
in process on moto, as a ratio. It grows with the transactions more than on AWS: here all workers
and their threads, moto and its state machine included, share this process, and there they run side
by side, for as long as the driver's calls take, one after the other, and a worker's `turns`. And it
is no proof of DynamoDB's own speed in a large table: it says that nothing on our side grows.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from local.bench import cost, designs, filled
from local.bench.capacity import Counts
from local.bench.counted import SANDBOXES, count_of, one_cloud, printed
from local.markdown import number, rows
from tests.integration import scenes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checkout.sessions import SessionKey
    from tests.integration.cloud import Cloud

NUMBERS = (1, 3, 12, 30, 100)
FILLINGS = (10, 1_000, 100_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """A session with a payment at each provider, in a table with so many other `sessions`."""

    providers: tuple[str, ...]
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One cancellation. `dollars` are for a million. `latency` is a ratio to the first row's.

    `turns` are how often in a row a worker calls its provider, as PARALLEL_CALLS lets it.
    """

    transactions: int
    providers: int
    sessions: int
    counts: Counts
    dollars: float
    turns: int
    latency: float


@dataclass(frozen=True, slots=True)
class Growth:
    by_transactions: tuple[Row, ...]
    by_sessions: tuple[Row, ...]


def measure(
    numbers: Sequence[int] = NUMBERS, fillings: Sequence[int] = FILLINGS, rounds: int = 3
) -> Growth:
    """A table's latencies are close together, and quick: they have eight times the rounds."""
    spread = [Plan(_cycled(n, width)) for width in (1, len(SANDBOXES)) for n in numbers]
    filled_ones = [Plan(SANDBOXES, sessions) for sessions in fillings]
    with one_cloud() as cloud, printed():
        cloud.reset()
        filled.look_up_by_key()
        return Growth(
            tuple(_rows(cloud, list(dict.fromkeys(spread)), rounds)),
            tuple(_rows(cloud, filled_ones, 8 * rounds)),
        )


def _cycled(number: int, width: int) -> tuple[str, ...]:
    return tuple(SANDBOXES[each % width] for each in range(number))


def _rows(cloud: Cloud, plans: Sequence[Plan], rounds: int) -> Iterator[Row]:
    tables = {sessions: filled.many(sessions) for sessions in {each.sessions for each in plans}}
    with _uncollected():
        turns = [{each: _seconds(cloud, each, tables) for each in plans} for _ in range(rounds)]
        best = {each: min(turn[each] for turn in turns) for each in plans}
        for plan in plans:
            counts = count_of(cloud, _open(plan, tables), len(plan.providers))
            usage = designs.estimate(designs.ours(), counts).usage
            yield Row(
                transactions=len(plan.providers),
                providers=len(set(plan.providers)),
                sessions=plan.sessions,
                counts=counts,
                dollars=cost.dollars(usage),
                turns=turns_of(plan),
                latency=best[plan] / best[plans[0]],
            )


def _open(plan: Plan, tables: Mapping[int, filled.Items]) -> SessionKey:
    filled.table().items = tables[plan.sessions]
    return filled.open_session(plan.providers)


def _seconds(cloud: Cloud, plan: Plan, tables: Mapping[int, filled.Items]) -> float:
    key = _open(plan, tables)
    began = time.perf_counter()
    answer = scenes.cancel(cloud, key)
    took = time.perf_counter() - began
    assert (answer.body["status"], len(answer.cancelled)) == ("CANCELLED", len(plan.providers))
    cloud.wire.calls.clear()
    return took


def turns_of(plan: Plan) -> int:
    """All workers run side by side."""
    most = max(Counter(plan.providers).values())
    return ceil(most / designs.at_once(designs.ours().worker_mb))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Else the garbage collector would look through moto's whole table again and again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def tables(result: Growth) -> dict[str, str]:
    """Both: transactions or sessions, then calls of the driver, workers, units, dollars.

    `growth_transactions` has the providers after the first, and the turns at the end; what they
    take is in limit.py. `growth_sessions` ends with the ratio of the latencies.
    """
    return {
        "growth_transactions": rows(
            [each.transactions, each.providers, *_cells(each), each.turns]
            for each in result.by_transactions
        ),
        "growth_sessions": rows(
            [number(each.sessions), *_cells(each), f"{each.latency:.2f}"]
            for each in result.by_sessions
        ),
    }


def _cells(row: Row) -> list[str]:
    counts = row.counts
    return [
        str(len(counts.calls)),
        str(counts.workers),
        str(counts.table_writes),
        str(counts.index_writes),
        str(counts.reads),
        f"{row.dollars:.2f}",
    ]


def picture(result: Growth) -> dict[str, Any]:
    """Dollars for a million cancellations, by the transactions of each."""
    lines = []
    for name, providers in (("at one provider", 1), ("over three", len(SANDBOXES))):
        mine = [each for each in result.by_transactions if each.providers == providers]
        x, y = [each.transactions for each in mine], [each.dollars for each in mine]
        lines.append({"name": name, "x": x, "y": y})
    return {
        "title": "Cost of a million cancellations",
        "x": "transactions of the session",
        "y": "dollars",
        "log": True,
        "lines": lines,
    }


if __name__ == "__main__":
    for name, text in tables(measure()).items():
        print(f"{name}\n{text}\n")

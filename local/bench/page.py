"""Writes docs/benchmarks.md and its pictures: `make bench`, some ten minutes.

The words are in template.md beside this file; each section measures, and says its part as rows.
"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from local.bench import (
    cold_starts,
    counted,
    gate,
    growth,
    limit,
    memory,
    overhead,
    processor,
    size,
    starts,
    stream,
    verdicts,
)
from local.bench.cost_report import Tables
from local.bench.designs import at_once, ours
from local.bench.memory import Heavy
from local.console import run, step
from local.pictures import draw
from local.places import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ROOT / "docs" / "benchmarks.md"
STARTS = 10


@dataclass(frozen=True)
class Results:
    """Of one run."""

    limit: list[limit.Point]
    memory: list[memory.Size]
    heavy: list[Heavy]
    starts: dict[str, list[cold_starts.Start]]
    size: size.Size
    processor: processor.Processor
    stream: stream.Stream
    growth: growth.Growth
    overhead: list[overhead.Overhead]
    cost: Tables
    minutes: float


def measure() -> Results:
    """One after the other: what runs at the same time would be measured too."""
    began = time.monotonic()
    found: dict[str, Any] = {}
    cases = [cold_starts.bare(), *cold_starts.functions(), *cold_starts.workers()]
    sections: dict[str, Callable[[], Any]] = {
        "size": size.measure,
        "starts": lambda: cold_starts.measure(cases, STARTS),
        "limit": limit.measure,
        "memory": memory.measure,
        "heavy": memory.measure_heavy,
        "processor": processor.measure,
        "stream": stream.measure,
        "growth": growth.measure,
        "overhead": overhead.measure,
    }
    for name, section in sections.items():
        with step(f"bench: {name}"):
            found[name] = section()
    timings = memory.timings(found["memory"])
    cost = Tables(ours(), counted.counts(), timings)
    return Results(cost=cost, minutes=(time.monotonic() - began) / 60, **found)


def text(results: Results) -> str:
    template = Template((Path(__file__).parent / "template.md").read_text())
    parts = {
        "date": datetime.now(UTC).strftime("%d %B %Y"),
        "machine": _machine(),
        "cores": str(os.cpu_count()),
        "minutes": f"{results.minutes:.0f}",
        "goals": verdicts.rows_of(results),
        "start_rounds": str(STARTS),
        "heavy_rows": memory.heavy_rows(results.heavy),
        "parallel": str(at_once(results.cost.ours.worker_mb)),
        "function_mb": str(results.cost.ours.api_mb),
        "worker_mb": str(results.cost.ours.worker_mb),
        "gate_rows": gate.rows_of(gate.baseline()),
    }
    return template.substitute(
        parts
        | limit.tables(results.limit)
        | memory.tables(results.memory)
        | starts.tables(results.starts)
        | size.tables(results.size)
        | processor.tables(results.processor)
        | stream.tables(results.stream)
        | growth.tables(results.growth)
        | overhead.tables(results.overhead)
        | results.cost.sections()
    )


def _machine() -> str:
    """Without its name."""
    model = "a processor of unknown make"
    with Path("/proc/cpuinfo").open() as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} processors ({model}, shared with others), {system}"


def pictures(results: Results) -> dict[str, dict[str, Any]]:
    drawn = {
        "limit": limit.picture(results.limit),
        "memory": memory.picture(results.memory),
        "processor": processor.picture(results.processor),
        "growth": growth.picture(results.growth),
    }
    return {name: each for name, each in drawn.items() if any(each["lines"])}


def main() -> None:
    results = measure()
    PAGE.write_text(text(results))
    for name, picture in pictures(results).items():
        target = PAGE.with_name(f"{PAGE.stem}-{name}.svg")
        draw(Path(__file__).with_name("plot.py"), picture, target)
    print(f"   wrote {PAGE.relative_to(ROOT)} and its pictures")


if __name__ == "__main__":
    run(main)

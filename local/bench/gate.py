"""`make bench-gate`: nothing that can be compared from run to run has got worse.

Counts and dollars are the same on every machine; `make counts` looks at these alone. What is timed
is a ratio to something else of the same run; where it seems worse, it is measured again, and for
longer.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.bench import (
    cold_starts,
    cost,
    counted,
    designs,
    imported,
    processor,
    size,
    starts,
    stream,
)
from local.bench.capacity import Counts
from local.console import Problem, run, say
from local.markdown import rows

BASELINE = Path(__file__).parent / "baseline.json"
# How much longer each further try measures what is timed: the last one decides.
EFFORTS = (1, 2, 4)
COUNTED = ("workers", "executions", "table_writes", "index_writes", "reads", "stream_wakes")
# The names that those begin with which stand for all of their kind.
EXAMPLES = ("1: driver", "1: dollars", "cancel_session")

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """Figures that are measured together. They may be worse by `margin`, a fraction.

    `measure` is told how long to measure, as times the least. What is not `timed` is exact.
    """

    name: str
    margin: float
    measure: Callable[[int], Figures]
    timed: bool = False


def _counts(effort: int) -> Figures:  # noqa: ARG001 - counting needs no second look
    figures: Figures = {}
    for of, found in counted.counts().items():
        figures[f"{of}: driver's calls"] = len(found.calls)
        figures |= {f"{of}: {name}": getattr(found, name) for name in COUNTED}
    batches = stream.measure(sizes=(1, 10), rounds=1, records=10)
    for each in batches.batches:
        of = "one session" if each.one_session else "as many"
        figures[f"stream, {each.records} records of {of}: calls"] = each.calls
    return figures | {f"stream, {each.what}: wakes": each.woken for each in batches.wakes}


def _dollars(effort: int) -> Figures:  # noqa: ARG001
    return {f"{of}: dollars": _cost(found) for of, found in counted.counts().items()}


def _cost(found: Counts) -> float:
    return round(cost.dollars(designs.estimate(designs.ours(), found).usage), 2)


def _layer(effort: int) -> Figures:  # noqa: ARG001
    found = size.measure()
    return {
        "function and layer without bytecode, MB": round(found.megabytes_of_source, 1),
        "sources without bytecode": found.without_bytecode,
        **{f"{name}: packages imported": n for name, n in imported.packages().items()},
    }


def _cold_starts(effort: int) -> Figures:
    cases = [cold_starts.bare(), *cold_starts.functions(), cold_starts.workers()[0]]
    found = cold_starts.measure(cases, rounds=6 * effort)
    return {
        f"{name}: {title}": round(ratio, 2)
        for title, time in starts.TIMES.items()
        for name, ratio in cold_starts.ratios(found, cold_starts.BARE, time).items()
        if name != cold_starts.BARE
    }


def _processor(effort: int) -> Figures:
    costs = processor.measure(rounds=5 * effort, requests=10, profiled=1).costs
    return {each.name: round(each.ratio, 1) for each in costs[1:]}


KINDS = (
    Kind("calls, units, executions and wakes", 0.0, _counts),
    Kind("dollars per million, by transactions", 0.005, _dollars),
    Kind("the layer: size, bytecode, imports", 0.0, _layer),
    Kind("cold start, times the bare handler's", 0.15, _cold_starts, timed=True),
    Kind("processor, times the bare handler's", 0.25, _processor, timed=True),
)


def baseline() -> dict[str, Figures]:
    """By kind. Raises Problem: there is none."""
    if not BASELINE.exists():
        raise Problem("There is no baseline: make bench-gate ARGS=--write.")
    found: dict[str, Figures] = json.loads(BASELINE.read_text())
    return found


def worse(found: Mapping[str, float], before: Mapping[str, float], margin: float) -> list[str]:
    """What is, and what is measured and has no baseline, or the other way round."""
    said = [
        f"{name}: {found[name]:g}, at most {before[name]:g} and {100 * margin:g} %"
        for name in sorted(found.keys() & before.keys())
        # Two figures that were rounded may differ by that much.
        if found[name] > before[name] * (1 + margin) + 1e-9
    ]
    new, gone = sorted(found.keys() - before.keys()), sorted(before.keys() - found.keys())
    said += [f"{name}: not in the baseline" for name in new]
    return said + [f"{name}: not measured any more" for name in gone]


def check(kind: Kind, before: Figures) -> list[str]:
    said: list[str] = []
    for effort in EFFORTS if kind.timed else EFFORTS[:1]:
        said = worse(kind.measure(effort), before, kind.margin)
        if not said:
            break
    return [f"{kind.name}: {each}" for each in said]


def rows_of(figures: Mapping[str, Figures]) -> str:
    """Of each kind how many there are, one of them, and the margin."""
    found = [(kind, figures[kind.name]) for kind in KINDS]
    return rows(
        (kind.name, len(of), _example(of), f"{100 * kind.margin:g} %") for kind, of in found
    )


def _example(figures: Figures) -> str:
    name = next((each for each in figures if each.startswith(EXAMPLES)), next(iter(figures)))
    return f"{name}: {figures[name]:g}"


def write() -> None:
    figures = {kind.name: kind.measure(EFFORTS[-1]) for kind in KINDS}
    BASELINE.write_text(json.dumps(figures, indent=2) + "\n")
    say(f"  wrote {BASELINE.name}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-gate")
    parser.add_argument("--write", action="store_true", help="make a new baseline")
    parser.add_argument("--counted", action="store_true", help="only what is not timed")
    asked = parser.parse_args()
    if asked.write:
        write()
        return
    before = baseline()
    kinds = [kind for kind in KINDS if not (asked.counted and kind.timed)]
    said = [each for kind in kinds for each in check(kind, before.get(kind.name, {}))]
    if said:
        raise Problem("\n".join(["Worse than the baseline:", *said]))
    say("  nothing is worse than the baseline")


if __name__ == "__main__":
    run(main)

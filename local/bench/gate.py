"""`make bench-gate`: nothing that can be compared from run to run has got worse.

Counts and dollars are the same on every machine. What is timed is a ratio to something else of the
same run; where it seems worse, it is measured again, since noise only adds.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.bench import cold_starts, cost, counted, designs, limit, processor, size, starts, stream
from local.bench.capacity import Counts
from local.console import Problem, run, say
from local.markdown import rows

BASELINE = Path(__file__).parent / "baseline.json"
TRIES = 3
# The names that those begin with which stand for all of their kind.
EXAMPLES = ("1: ", "1 at 1", "cancel_session: init", "cancel_session, 1")
COUNTED = ("workers", "executions", "table_writes", "index_writes", "reads", "stream_wakes")

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """Figures that are measured together. They may be worse by `margin`, a fraction."""

    name: str
    margin: float
    measure: Callable[[], Figures]
    noisy: bool = False


def _counts() -> Figures:
    figures: Figures = {}
    for of, found in counted.counts().items():
        figures[f"{of}: driver's calls"] = len(found.calls)
        figures |= {f"{of}: {name}": getattr(found, name) for name in COUNTED}
    batches = stream.measure(sizes=(1, 10), rounds=1, records=10)
    for each in batches.batches:
        of = "one session" if each.one_session else "as many"
        figures[f"stream, {each.records} records of {of}: calls"] = each.calls
    figures |= {f"stream, {each.what}: wakes": each.woken for each in batches.wakes}
    return figures


def _dollars() -> Figures:
    return {of: _cost(found) for of, found in counted.counts().items()}


def _cost(found: Counts) -> float:
    return round(cost.dollars(designs.estimate(designs.ours(), found).usage), 2)


def _size() -> Figures:
    return {"function and layer, MB": round(size.measure().megabytes, 1)}


def _cold_starts() -> Figures:
    cases = [cold_starts.bare(), *cold_starts.functions(), cold_starts.workers()[0]]
    found = cold_starts.measure(cases, rounds=6)
    return {
        f"{name}: {title}": round(ratio, 2)
        for title, time in starts.TIMES.items()
        for name, ratio in cold_starts.ratios(found, cold_starts.BARE, time).items()
        if name != cold_starts.BARE
    }


def _processor() -> Figures:
    costs = processor.measure(rounds=5, requests=10, profiled=1).costs
    return {each.name: round(each.ratio, 1) for each in costs[1:]}


def _limit() -> Figures:
    shapes = {1: (1, 12), 3: (3,)}
    points = limit.measure(rounds=7, times=(limit.GOAL_MS,), shapes=shapes)
    return {f"{p.transactions} at {p.providers}": round(p.ratio, 2) for p in points}


KINDS = (
    Kind("counted", 0.0, _counts),
    Kind("dollars per million, by transactions", 0.005, _dollars),
    Kind("size", 0.02, _size),
    Kind("cold start, times the bare handler's", 0.15, _cold_starts, noisy=True),
    Kind("processor, times the bare handler's", 0.25, _processor, noisy=True),
    Kind("latency, times the limit, at 300 ms", 0.08, _limit, noisy=True),
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


def best(first: Figures, second: Mapping[str, float]) -> Figures:
    return {name: min(value, second.get(name, value)) for name, value in first.items()}


def check(kind: Kind, before: Figures) -> list[str]:
    found = kind.measure()
    for _ in range(TRIES - 1):
        if not (kind.noisy and worse(found, before, kind.margin)):
            break
        found = best(found, kind.measure())
    return [f"{kind.name}: {each}" for each in worse(found, before, kind.margin)]


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
    """The best of some runs, so that a quiet moment is what is compared with."""
    figures = {}
    for kind in KINDS:
        figures[kind.name] = kind.measure()
        for _ in range(TRIES - 1 if kind.noisy else 0):
            figures[kind.name] = best(figures[kind.name], kind.measure())
    BASELINE.write_text(json.dumps(figures, indent=2) + "\n")
    say(f"  wrote {BASELINE.name}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-gate")
    parser.add_argument("--write", action="store_true", help="make a new baseline")
    if parser.parse_args().write:
        write()
        return
    before = baseline()
    said = [each for kind in KINDS for each in check(kind, before[kind.name])]
    if said:
        raise Problem("\n".join(["Worse than the baseline:", *said]))
    say("  nothing is worse than the baseline")


if __name__ == "__main__":
    run(main)

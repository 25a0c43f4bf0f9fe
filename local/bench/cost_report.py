"""The tables of `python -m local.bench.cost`: dollars per million cancellations, us-east-1."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from local import show
from local.bench import cost, designs
from local.bench.capacity import Counts
from local.bench.cost import HTTP, X86, Express, Function, Usage
from local.bench.designs import (
    API,
    BEFORE,
    PLAIN,
    TIMINGS,
    WORKERS,
    Design,
    FanOut,
    Timings,
    estimate,
)
from local.bench.prices import PRICES

# What a million cancellations may cost, by the number of transactions.
GOALS = {"3": 14.0, "1": 11.0}
# A start of 1024 MB, with bytecode, under the Runtime Interface Emulator: 490 to 720, median 640.
# It is nearly all processor, so less memory makes it longer and hardly cheaper.
COLD_START_MS = 640

Named = dict[str, Design]


def alternatives(ours: Design) -> Named:
    return {
        "ours: A, machine for several": ours,
        "plain: 512 MB x86, machine always": PLAIN,
        "B gateway starts the machine": replace(ours, fan_out=FanOut.GATEWAY),
        "C threads in one function": replace(ours, fan_out=FanOut.THREADS),
        "D workers not waited for, 202": replace(ours, fan_out=FanOut.LATER),
        "E durable function, at least": replace(ours, fan_out=FanOut.DURABLE),
        "Standard machine, 202, at least": replace(ours, fan_out=FanOut.STANDARD),
    }


def levers(ours: Design) -> Named:
    """Ours, with one thing changed."""
    return {
        "a single worker by the machine": replace(ours, fan_out=FanOut.MACHINE),
        "all workers called directly": replace(ours, fan_out=FanOut.DIRECT),
        "threads in one function (C)": replace(ours, fan_out=FanOut.THREADS),
        "workers of 512 MB": replace(ours, worker_mb=512),
        "workers of 256 MB": replace(ours, worker_mb=256),
        "cancel_session of 512 MB": replace(ours, api_mb=512),
        "cancel_session of 256 MB": replace(ours, api_mb=256),
        "HTTP API for REST": replace(ours, gateway=HTTP),
        "no index due (no recovery)": replace(ours, due_index=False),
        "x86_64 for arm64": replace(ours, architecture=X86),
    }


def steps(ours: Design) -> Named:
    """One change after the other, and what could still be done."""
    single = replace(BEFORE, fan_out=FanOut.SINGLE_DIRECT)
    small = replace(single, worker_mb=ours.worker_mb)
    threads = replace(ours, fan_out=FanOut.THREADS)
    return {
        "before: 1024 MB, the machine": BEFORE,
        "a single worker directly": single,
        f"and workers of {ours.worker_mb} MB": small,
        f"and the others of {ours.api_mb} MB: ours": replace(small, api_mb=ours.api_mb),
        "not done: all workers directly": replace(ours, fan_out=FanOut.DIRECT),
        "not done: HTTP API": replace(ours, gateway=HTTP),
        "not done: threads (C)": threads,
    }


def published() -> Usage:
    """The sum that the plain design is known by: three providers of 400 ms, HTTP API, no table."""
    return Usage(
        gateway=HTTP,
        functions=(Function(API, 1, 640, 512, X86), Function(WORKERS, 3, 420, 256, X86)),
        express=Express(1, 600),
    )


@dataclass(frozen=True, slots=True)
class Tables:
    ours: Design
    found: Mapping[str, Counts]
    timings: Timings = TIMINGS

    def dollars(self, design: Design, of: str) -> float:
        return cost.dollars(estimate(design, self.found[of], self.timings).usage)

    def all_dollars(self, design: Design) -> list[float]:
        return [self.dollars(design, of) for of in self.found]

    def answer_ms(self, design: Design) -> float:
        return estimate(design, self.found["1"], self.timings).answer_ms

    def counts(self) -> str:
        names = [each.name for each in fields(Counts) if each.name != "calls"]
        rows = [["driver's calls", *(str(len(each.calls)) for each in self.found.values())]]
        rows += [[n, *(str(getattr(e, n)) for e in self.found.values())] for n in names]
        return show.table(["counted, of one cancellation", *self.found], rows)

    def bill(self, title: str, design: Design) -> str:
        usages = [estimate(design, each, self.timings).usage for each in self.found.values()]
        bills = [cost.bill(each) for each in usages]
        # A session without transactions has no workers, and so no line of theirs.
        lines = [line for line in bills[-1] if any(each.get(line) for each in bills)]
        rows = [[line, *(f"{each.get(line, 0):.2f}" for each in bills)] for line in lines]
        rows.append(["together", *(f"{cost.total(each):.2f}" for each in bills)])
        watching = [cost.apart(each) for each in usages]
        rows += [[f"apart: {name}", *(f"{e[name]:.2f}" for e in watching)] for name in watching[0]]
        return show.table([title, *self.found], rows)

    def compared(self, head: str, named: Named) -> str:
        rows = [
            [name, *(f"{d:.2f}" for d in self.all_dollars(each)), f"{self.answer_ms(each):.0f}"]
            for name, each in named.items()
        ]
        return show.table([head, *self.found, "ms, 1"], rows)

    def goals(self, named: Named) -> str:
        """How far each is from the goals; below 0 is kept."""
        rows = [[name, *(self._distance(each, of) for of in GOALS)] for name, each in named.items()]
        head = [f"{of}: at most {goal:.0f}" for of, goal in GOALS.items()]
        return show.table(["distance from the goal, $", *head], rows)

    def _distance(self, design: Design, of: str) -> str:
        over = self.dollars(design, of) - GOALS[of]
        return f"{over:+.2f} {'missed' if over > 0 else 'kept'}"

    def levers(self) -> str:
        """What each is worth alone; below 0 is saved."""
        before, rows = self.all_dollars(self.ours), []
        for name, design in levers(self.ours).items():
            changes = zip(self.all_dollars(design), before, strict=True)
            longer = self.answer_ms(design) - self.answer_ms(self.ours)
            rows.append([name, *(f"{a - b:+.2f}" for a, b in changes), f"{longer:+.0f}"])
        return show.table(["ours, but: change in $", *self.found, "ms, 1"], rows)

    def sensitivity(self) -> str:
        """What the sums hang on: ours, and the plain design, assumed otherwise."""
        rows = []
        for name, value in OTHERWISE:
            changed: Any = {name: value}
            other = replace(self, timings=replace(self.timings, **changed))
            sums = [other.dollars(design, of) for design in (self.ours, PLAIN) for of in GOALS]
            rows.append([f"{name} {value:g}", *(f"{each:.2f}" for each in sums)])
        head = [f"{who}, {of}" for who in ("ours", "plain") for of in GOALS]
        return show.table(["if it were, $", *head], rows)

    def sections(self) -> dict[str, str]:
        """For docs/benchmarks.md."""
        return {
            "cost_bill": self.bill("ours, $ per million", self.ours),
            "cost_plain": self.bill("plain design, $", PLAIN),
            "cost_designs": self.compared("$ per million", alternatives(self.ours)),
            "cost_goals": self.goals(alternatives(self.ours)),
            "cost_steps": self.compared("step by step, $", steps(self.ours)),
            "cost_levers": self.levers(),
            "cost_sensitivity": self.sensitivity(),
            "cost_assumptions": self.assumptions(),
        }

    def cold_starts(self) -> str:
        start = Function(API, 0.01, COLD_START_MS, self.ours.api_mb, self.ours.architecture)
        # The start is time of an invocation that is paid for anyway.
        added = cost.bill(Usage(functions=(start,)))[f"Lambda time, {API}"]
        return f"   Of each function, one cold start in a hundred adds {added:.2f}"

    def assumptions(self) -> str:
        rows = [[name, f"{value:g}"] for name, value in assumptions(self.timings).items()]
        return show.table(["assumed", "ms"], rows)


OTHERWISE = (
    ("provider", 1000.0),
    ("store_call", 4.0),
    ("slower", 2.0),
    ("slower", 4.0),
    ("machine", 100.0),
)


def assumptions(timings: Timings) -> dict[str, float]:
    return {name: value for name, value in asdict(timings).items() if not name.endswith("curve")}


def price_table() -> str:
    rows = []
    for each in PRICES:
        dollars = f"{each.dollars:.10f}".rstrip("0").rstrip(".")
        unit = f"{each.number:,} {each.unit}"
        rows.append([each.what, dollars, unit, each.read, each.source])
    return show.table(["price of", "dollars", "for", "read", "source"], rows, whole=True)


def report(tables: Tables) -> str:
    ours = tables.ours
    known = cost.dollars(published())
    sizes = f"{ours.api_mb} MB, workers {ours.worker_mb} MB, {ours.architecture}"
    return "\n\n".join(
        [
            tables.counts(),
            f"   Ours, from template.yaml: {sizes}; ms are of an answer, warm, without the network",
            tables.bill("ours, $ per million", ours),
            tables.bill("plain design, $", PLAIN),
            tables.compared("$ per million", alternatives(ours)),
            tables.goals(alternatives(ours)),
            tables.levers(),
            tables.compared("step by step, $", steps(ours)),
            tables.goals(steps(ours)),
            tables.sensitivity(),
            f"   A of 512 and 256 MB x86, 400 ms, HTTP API, no table: {known:.2f}",
            tables.cold_starts(),
            tables.assumptions(),
            price_table(),
        ]
    )


def main() -> None:
    from local.bench import counted  # moto takes a second to import

    parser = argparse.ArgumentParser(prog="python -m local.bench.cost")
    for name, assumed in assumptions(TIMINGS).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=assumed)
    timings = Timings(**vars(parser.parse_args()))
    print(report(Tables(designs.ours(), counted.counts(), timings)))

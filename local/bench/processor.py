"""What a request costs of the processor in every handler, and whose code that is.

Real handlers, each in a warm process of its own, and an AWS in another one, that answers at once.
The provider is one that confirms in process, since its HTTP is the adapter's: what a call of a real
one costs, TLS included, comes on top. Milliseconds are this machine's; ratios to a handler of one
query, taken in the same rounds, compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.bench.cases import BARE, of_every_handler
from local.bench.subjects import compare, subjects
from local.markdown import number, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.bench.cases import Case

# Percent of every request: an owner of less than this is one of the others.
LEAST_SHOWN = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one request: milliseconds of all threads, calls of AWS, and percent by owner."""

    name: str
    milliseconds: float
    ratio: float
    calls: float
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Processor:
    """`costs` has the bare handler first."""

    costs: tuple[Cost, ...]
    requests: int


def measure(
    rounds: int = 9, requests: int = 15, profiled: int = 20, cases: Sequence[Case] | None = None
) -> Processor:
    """Of each handler `rounds` times `requests` requests; `profiled` others are looked into."""
    chosen = of_every_handler() if cases is None else cases
    with subjects(chosen) as measured:
        found = compare(measured, rounds, {each.name: requests for each in measured})
        profiles = {each.name: each.profile(profiled) for each in measured}
    costs = tuple(
        Cost(
            name=name,
            milliseconds=figures.processor,
            ratio=figures.ratio,
            calls=profiles[name].calls,
            shares=profiles[name].shares,
        )
        for name, figures in found.items()
    )
    return Processor(costs, rounds * requests)


def tables(result: Processor) -> dict[str, str]:
    """`processor_requests`: request, calls of AWS, median ms, ratio of the fastest.

    `processor_shares`: request, and percent by owner, as `processor_owners` heads it.
    `processor_sample` is the number of requests of each.
    """
    shown = _shown(result)
    return {
        "processor_requests": rows(
            [each.name, number(each.calls), f"{each.milliseconds:.2f}", f"{each.ratio:.1f}"]
            for each in result.costs
        ),
        "processor_owners": rows([["request", *shown, "others"], ["---"] * (len(shown) + 2)]),
        "processor_shares": rows([each.name, *_cells(each, shown)] for each in result.costs),
        "processor_sample": str(result.requests),
    }


def _shown(result: Processor) -> list[str]:
    """The owners, the largest of the bare handler's first, and then those of all others."""
    owners = dict.fromkeys(owner for each in result.costs for owner in each.shares)
    return [
        owner
        for owner in owners
        if any(each.shares.get(owner, 0) >= LEAST_SHOWN for each in result.costs)
    ]


def _cells(cost: Cost, shown: Sequence[str]) -> list[str]:
    others = sum(share for owner, share in cost.shares.items() if owner not in shown)
    return [f"{each:.0f}" for each in (*(cost.shares.get(owner, 0) for owner in shown), others)]


def picture(result: Processor) -> dict[str, Any]:
    """A handler's requests against the calls of AWS in them; and what as many bare ones cost."""
    bare = result.costs[0]
    most = max(each.calls for each in result.costs)
    lines = [{"name": BARE, "x": [0, most], "y": [0, most * bare.milliseconds]}]
    for folder in dict.fromkeys(each.name.partition(",")[0] for each in result.costs[1:]):
        mine = [each for each in result.costs if each.name.partition(",")[0] == folder]
        x, y = [each.calls for each in mine], [each.milliseconds for each in mine]
        lines.append({"name": folder, "x": x, "y": y})
    return {
        "title": "Processor time of a request",
        "x": "calls of AWS in it",
        "y": "ms",
        "log": False,
        "lines": lines,
    }


if __name__ == "__main__":
    for name, text in tables(measure()).items():
        print(f"{name}\n{text}\n")

"""The goals, what was found, and whether they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.bench import limit, overhead, size, starts
from local.bench.cost_report import GOALS
from local.markdown import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.bench.page import Results

Line = tuple[str, str, str]


def rows_of(results: Results) -> str:
    return rows(
        [*_limit(results), *_starts(results), _size(results), *_cost(results), _overhead(results)]
    )


def verdict(found: float, goal: float) -> str:
    return "kept" if found <= goal else f"**missed by {100 * (found / goal - 1):.0f} %**"


def _limit(results: Results) -> Iterator[Line]:
    goals = [each for each in results.limit if limit.is_goal(each)]
    few = max((each for each in goals if each.transactions <= 12), key=lambda each: each.ratio)
    many = max((each for each in goals if each.transactions > 12), key=lambda each: each.ratio)
    one = next(each for each in goals if each.transactions == 1)
    for what, point in (
        ("one transaction", one),
        (f"up to 12, worst {few.transactions} at {_providers(few)}", few),
        (f"100, worst at {_providers(many)}", many),
    ):
        goal = f"limit, provider of {limit.GOAL_MS} ms, {what}: at most {limit.GOAL:.2f} times"
        yield goal, f"{point.ratio:.2f}", verdict(point.ratio, limit.GOAL)


def _providers(point: limit.Point) -> str:
    return f"{point.providers} provider{'s' * (point.providers > 1)}"


def _starts(results: Results) -> Iterator[Line]:
    for name, goal in starts.LIMITS.items():
        found = starts.ratio_of(results.starts, name)
        what = f"cold start of {name}, INIT REPORT: at most {goal} times the bare handler's"
        yield what, f"{found:.2f}", verdict(found, goal)


def _size(results: Results) -> Line:
    found = results.size.megabytes
    return f"size: at most {size.GOAL_MB} MB", f"{found:.1f}", verdict(found, size.GOAL_MB)


def _cost(results: Results) -> Iterator[Line]:
    for of, goal in GOALS.items():
        found = results.cost.dollars(results.cost.ours, of)
        what = f"cost, {of} transaction{'s' * (of != '1')}: at most {goal:.0f} dollars per million"
        yield what, f"{found:.2f}", verdict(found, goal)


def _overhead(results: Results) -> Line:
    found = results.overhead[0].over_ms
    goal = f"over a provider of 50 ms, on the local stack: at most {overhead.GOAL_MS} ms"
    return goal, f"{found:.0f}", verdict(found, overhead.GOAL_MS)

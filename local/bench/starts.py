"""`make cold-starts`: every function against a bare handler, each worker against the sandbox's."""

import argparse
import statistics
from collections.abc import Mapping, Sequence

from local import show
from local.bench.cold_starts import BARE, SANDBOX, bare, functions, measure, ratios, workers
from local.console import Problem, run, say

# A provider's worker may take this much more than the sandbox's.
LIMIT = 1.15


def table(times: Mapping[str, Sequence[float]], names: Sequence[str], to: str) -> str:
    found = ratios(times, to)
    rows = [
        [name, f"{min(times[name]):.0f}", f"{statistics.median(times[name]):.0f}", f"{ratio:.2f}"]
        for name, ratio in sorted(found.items(), key=lambda each: each[1])
        if name in (to, *names)
    ]
    return show.table(["first call of", "fastest ms", "median ms", f"ratio to the {to}'s"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make cold-starts")
    parser.add_argument("--rounds", type=int, default=10)
    times = measure([bare(), *functions(), *workers()], parser.parse_args().rounds)
    of_workers = [case.name for case in workers()]
    print(table(times, [*(case.name for case in functions()), SANDBOX], BARE))
    print()
    print(table(times, of_workers, SANDBOX))
    found = ratios(times, SANDBOX)
    slow = [name for name in of_workers if found[name] > LIMIT]
    if slow:
        raise Problem(f"More than {LIMIT} times the sandbox's: {', '.join(slow)}.")
    say(f"  no provider's worker takes more than {LIMIT} times the sandbox's")


if __name__ == "__main__":
    run(main)

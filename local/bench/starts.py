"""`make cold-starts`: every function against a bare handler, each worker against the sandbox's."""

import argparse
import statistics
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from local import show
from local.bench.cold_starts import (
    BARE,
    SANDBOX,
    Start,
    Time,
    bare,
    fastest,
    functions,
    measure,
    ratios,
    workers,
)
from local.console import Problem, run, say
from local.markdown import rows

INIT: Time = attrgetter("init_ms")
TIMES: dict[str, Time] = {"init ms": INIT, "first call ms": attrgetter("first_call_ms")}
# How many times as long as the bare handler's an init phase may be: where somebody waits for it...
AN_ANSWER = 1.35
# ...and where only we do.
BEHIND_THE_SCENES = 1.2
# One that speaks TLS to others loads the certificates that it trusts, too.
WITH_CERTIFICATES = 1.35
LIMITS = {
    "cancel_session": AN_ANSWER,
    "get_session": AN_ANSWER,
    "list_sessions": AN_ANSWER,
    "operate": AN_ANSWER,
    "receive_webhook": AN_ANSWER,
    "complete_cancellations": BEHIND_THE_SCENES,
    "reconcile": BEHIND_THE_SCENES,
    "match_reports": BEHIND_THE_SCENES,
    "publish_events": BEHIND_THE_SCENES,
    "send_webhooks": WITH_CERTIFICATES,
    SANDBOX: BEHIND_THE_SCENES,
}
# And a provider's worker's, as against the sandbox's, which reads no secret and has no certificates
# to load: that alone takes a sixth of its time.
OF_A_PROVIDER = 1.25


def table(starts: Mapping[str, Sequence[Start]], names: Sequence[str], to: str) -> str:
    """The fastest and the median of either time, and the ratio of the fastest to that of `to`."""
    head = [f"against the {to}"]
    rows = {name: [name] for name in starts if name in (to, *names)}
    for title, time in TIMES.items():
        head += [title, "median", "ratio"]
        found = ratios(starts, to, time)
        for name, row in rows.items():
            median = statistics.median(map(time, starts[name]))
            row += [f"{fastest(starts[name], time):.0f}", f"{median:.0f}", f"{found[name]:.2f}"]
    return show.table(head, list(rows.values()))


def ratio_of(starts: Mapping[str, Sequence[Start]], name: str) -> float:
    """Of the init phase, to the bare handler's."""
    return ratios(starts, BARE, INIT)[name]


def tables(starts: Mapping[str, Sequence[Start]]) -> dict[str, str]:
    """For docs/benchmarks.md: init ms, ratio, first call ms, ratio."""
    of_workers = [case.name for case in workers()]
    return {
        "start_functions": _rows(starts, [BARE, *LIMITS], BARE),
        "start_workers": _rows(starts, of_workers, SANDBOX),
    }


def _rows(starts: Mapping[str, Sequence[Start]], names: Sequence[str], to: str) -> str:
    def cells(name: str) -> Iterator[str]:
        for time in TIMES.values():
            yield f"{fastest(starts[name], time):.0f}"
            yield f"{ratios(starts, to, time)[name]:.2f}"

    return rows((name, *cells(name)) for name in names)


def missed(
    starts: Mapping[str, Sequence[Start]], limits: Mapping[str, float], to: str
) -> list[str]:
    """Whose init phase takes longer than it may."""
    found = ratios(starts, to, INIT)
    return [
        f"{name}: init {found[name]:.2f} times the {to}'s, at most {limit}"
        for name, limit in limits.items()
        if found[name] > limit
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make cold-starts")
    parser.add_argument("--rounds", type=int, default=10)
    starts = measure([bare(), *functions(), *workers()], parser.parse_args().rounds)
    of_workers = [case.name for case in workers()]
    print(table(starts, list(LIMITS), BARE))
    print()
    print(table(starts, of_workers, SANDBOX))
    slow = missed(starts, LIMITS, BARE)
    slow += missed(starts, dict.fromkeys(of_workers, OF_A_PROVIDER), SANDBOX)
    if slow:
        raise Problem("\n".join(slow))
    say("  every init phase is as short as it has to be")


if __name__ == "__main__":
    run(main)

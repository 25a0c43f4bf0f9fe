"""`make soak`: many sessions for a while, with faults and kills; then what has to hold of each.

On a stack of its own (.local/soak). Ends with 1 if something did not hold.
"""

import argparse
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from local import lifecycle, listeners, soak_report
from local.alone import alone
from local.console import run, step
from local.function_variables import functions_of
from local.microburst import in_front_of
from local.places import LOCAL, Places
from local.soak_checks import Evidence, violations
from local.soak_evidence import gather
from local.soak_history import Follower
from local.soak_load import Load
from local.soak_report import Figures
from local.soak_trouble import Killer
from local.stack import Stack

HOME = LOCAL / "soak"
# An environment of a function that starts cold takes seconds of this machine: the recovery's usual
# pace would have it do nothing else.
PACE = {"reconcile": {"RECOVERY_STARTS_PER_SECOND": "3"}}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", default="", help="of what the clients do; random if not given")
    return parser.parse_args()


@contextmanager
def a_stack_of_its_own() -> Iterator[Stack]:
    places = Places(HOME)
    with alone(HOME / "soaking.lock", "another soak is running here: waiting for it"):
        lifecycle.down(places)
        try:
            yield lifecycle.up(places, listeners.any_free_port())[0]
        finally:
            lifecycle.down(places)


def figures(load: Load, found: int) -> Figures:
    return Figures(
        sessions=len(load.records),
        transactions=sum(len(record.sent) for record in load.records),
        faults=load.proxy.faults(),
        kills=len(load.killer.kills),
        violations=found,
    )


def soak(stack: Stack, seconds: float, seed: str) -> int:
    """The number of violations."""
    killer = Killer(stack, Random(seed))  # noqa: S311

    def say(elapsed: float) -> None:
        seen = len(follower.history.violations) + len(load.records.troubles)
        soak_report.progress(elapsed, follower.history.counts(), figures(load, seen))

    with in_front_of(stack, functions_of(stack), PACE, for_good=True) as proxy:
        began = time.monotonic()
        follower = Follower(stack.aws, stack.table, began)
        load = Load(stack, proxy, seed, follower, killer, say, began)
        load.run(seconds)
        with step("what the tables hold, and what GET shows"):
            evidence = gather(stack, load.records, follower.history, killer.kills)
        found = all_violations(load, follower, evidence)
        told = figures(load, len(found))
    kills = [kill - load.began for kill in killer.kills]
    picture = soak_report.draw(follower.history.samples, kills, load.loaded, HOME)
    print(soak_report.table(evidence, load.repeated))
    soak_report.tell(found)
    print(f"picture: {picture}")
    print(f"seed: {seed}")
    print(f"soak: {told} in {seconds:.0f} s")
    return told.violations


def all_violations(
    load: Load, follower: Follower, evidence: list[Evidence]
) -> list[tuple[str, str]]:
    """By session id: what clients met, what the stream showed, what does not hold in the end."""
    in_the_end = [(each.record.session_id, what) for each in evidence for what in violations(each)]
    return [*load.records.troubles, *follower.history.violations, *in_the_end]


def main() -> int:
    asked = arguments()
    seed = asked.seed or secrets.token_hex(4)
    print(f"soak: {asked.seconds:.0f} s, seed {seed}", flush=True)
    with a_stack_of_its_own() as stack:
        return min(soak(stack, asked.seconds, seed), 1)


if __name__ == "__main__":
    run(main)

"""`make test`: every tier but e2e, the local one on a stack that is deployed for this run alone.

`make faults` likewise runs what takes minutes. That stack has a folder (.local/test) and a port of
its own: what `make up` runs is not disturbed.
"""

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence

from local import lifecycle, listeners, pythons
from local.alone import alone
from local.console import Problem, run
from local.isolation import isolated
from local.places import LOCAL, ROOT, Places, tool
from local.up import port_asked_for

FAST = ("unit", "contract", "integration", "template")
# Files on as many processors as there are. The others use all of them by themselves, or one stack.
SIDE_BY_SIDE = (*FAST, "oracles")
ALONE = ("exploration", "local")
PYTEST_GRACE_SECONDS = 15
NO_TESTS = 5
# Minutes of injected faults: `make faults`.
FAULTS = ("local/test_injected_faults.py",)
# Whether the exploration sees what is missing in the code: `make hunt`.
HUNT = ("exploration/test_mutants.py",)
# Once more, with the tokens of a token server in place of Cognito's: `make test-openid`. What is
# behind the authorizer is the same, so those tests that kill and wait are not among them.
CONSOLE = "console"
# A cancellation of it on the whole stack; the others have a service of their own.
CONSOLE_ON_A_STACK = "console/test_on_the_stack.py"
OPENID = (
    "local/test_contract_errors.py",
    "local/test_contract_idempotency.py",
    "local/test_contract_musts.py",
    "local/test_contract_reading.py",
    "local/test_contract_repeats.py",
    "local/test_smoke.py",
    "local/test_tenancy.py",
    "local/test_what_was_logged.py",
)


def check_there(tiers: Sequence[str]) -> None:
    """Raises Problem: a tier has no tests. None is ever skipped in silence."""
    absent = [tier for tier in tiers if not list((ROOT / "tests" / tier).rglob("test_*.py"))]
    if absent:
        raise Problem(f"No tests in tests/{', tests/'.join(absent)}: it is not whole.")


def pytest(
    tiers: Sequence[str], more: Mapping[str, str], *options: str, environment: str = "dev"
) -> int:
    """Run the tiers in one pytest; returns its exit code."""
    python = str(tool(environment, "python"))
    command = [python, "-m", "pytest", *(f"tests/{tier}" for tier in tiers)]
    command += [*options, *shlex.split(os.environ.get("ARGS", ""))]
    # A STACK_NAME that happens to be set would take the local tier to AWS.
    variables = isolated(os.environ) | pythons.UNIFORM | {"STACK_NAME": ""} | dict(more)
    child = subprocess.Popen(command, cwd=ROOT, env=variables)
    try:
        return child.wait()
    except KeyboardInterrupt:
        # Ctrl-C reached pytest too: it is about to say what it got to.
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(PYTEST_GRACE_SECONDS)
        raise
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()


def side_by_side(tiers: Sequence[str]) -> int:
    return pytest(tiers, {}, *pythons.IN_PARALLEL)


def on_a_stack_of_its_own(
    tiers: Sequence[str], *options: str, openid: bool = False, environment: str = "dev"
) -> int:
    places = Places(LOCAL / "test")
    with alone(places.home / "testing.lock", "another make test is running here: waiting for it"):
        lifecycle.down(places)
        try:
            port = port_asked_for() or listeners.any_free_port()
            lifecycle.up(places, port, openid=openid)
            more = {"STACK_JSON": str(places.stack_json)}
            return pytest(tiers, more, *options, environment=environment)
        finally:
            lifecycle.down(places)


def console() -> int:
    """The console in a browser, by pytest of the environment `browser`."""
    without = f"--ignore=tests/{CONSOLE_ON_A_STACK}"
    by_itself = pytest([CONSOLE], {}, without, environment="browser")
    return either(by_itself, on_a_stack_of_its_own([CONSOLE_ON_A_STACK], environment="browser"))


def either(*codes: int) -> int:
    """Of both parts together: ARGS may have chosen tests of one of the two only."""
    return max({*codes} - {NO_TESTS}, default=NO_TESTS)


def main() -> int:
    """`python -m local.testing`; with `fast`, FAST alone; `faults`, `hunt`, `openid` likewise.

    `console` are those that need a browser.
    """
    asked = sys.argv[1:]
    if asked == ["fast"]:
        return side_by_side(FAST)
    if asked == ["faults"]:
        return on_a_stack_of_its_own(FAULTS)
    if asked == ["hunt"]:
        return pytest(HUNT, {})
    if asked == ["openid"]:
        return on_a_stack_of_its_own(OPENID, openid=True)
    if asked == ["console"]:
        return console()
    check_there([*SIDE_BY_SIDE, *ALONE])
    without = [f"--ignore=tests/{each}" for each in (*FAULTS, *HUNT)]
    return either(side_by_side(SIDE_BY_SIDE), on_a_stack_of_its_own(ALONE, *without))


if __name__ == "__main__":
    run(main)

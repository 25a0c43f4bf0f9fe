"""Which packages of the layer each function imports on its way to the first call.

A count is the same on every machine, where a cold start's milliseconds are not: what comes back
that was taken out for them is seen at once.
"""

import os
import subprocess

from local.bench import cold_starts
from local.bench.cold_starts import Case
from local.bench.size import LAYER
from local.isolation import isolated
from local.places import tool

# As the runtime does it; only the packages of the layer are told.
PROGRAM = """
import os, sys
import app
layer = {each.removesuffix(".py") for each in os.listdir(sys.argv[1])}
print(*sorted({name.partition(".")[0] for name in sys.modules} & layer))
"""


def packages() -> dict[str, int]:
    """By function. Needs the build."""
    cases = [*cold_starts.functions(), *cold_starts.workers()]
    return {case.name: len(names(case)) for case in cases}


def names(case: Case) -> list[str]:
    environment = isolated(os.environ) | cold_starts.VARIABLES | dict(case.variables) | {
        "PYTHONPATH": os.pathsep.join([str(LAYER), str(case.code)]),
    }  # fmt: skip
    command = [str(tool("ric", "python")), "-c", PROGRAM, str(LAYER)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()

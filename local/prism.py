"""Prism, which serves an OpenAPI document as a mock: made with npm, in .local/env/prism.

Only for the documents of providers, where they are at hand; nothing else needs node.
"""

import shutil
import subprocess
from pathlib import Path

from local.alone import alone
from local.console import Problem, step
from local.environments import ENVIRONMENTS, ROOT

LOCK = ROOT / "requirements" / "prism"
PLACE = ENVIRONMENTS / "prism"


def ensure() -> Path:
    """The command. Raises Problem: npm is missing, or could not install it."""
    command, stamp = PLACE / "node_modules" / ".bin" / "prism", PLACE / ".made-from"
    wanted = (LOCK / "package-lock.json").read_text()
    with alone(ENVIRONMENTS / ".prism.lock", "another make is making this environment: waiting"):
        if not (stamp.is_file() and stamp.read_text() == wanted and command.exists()):
            with step("environment prism"):
                _install()
            stamp.write_text(wanted)
    return command


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Problem("There is no npm: install Node.js, or do without the documents to check.")
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(LOCK / name, PLACE / name)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        [npm, "ci", *options], cwd=PLACE, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Problem(f"{done.stderr[-2000:]}\n'npm ci' failed: the lines above say why.")

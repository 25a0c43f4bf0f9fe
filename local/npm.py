"""Environments of node: made with npm from a lock in requirements/, in .local/env."""

import shutil
import subprocess
from pathlib import Path

from local.alone import alone
from local.console import Problem, step
from local.environments import ENVIRONMENTS, ROOT

FILES = ("package.json", "package-lock.json")


def ensure(name: str, without: str) -> Path:
    """The folder of the installed packages.

    `without` ends the sentence for who has no npm: what to do then. Raises Problem: npm is
    missing, or could not install it.
    """
    place, lock = ENVIRONMENTS / name, ROOT / "requirements" / name
    modules, stamp = place / "node_modules", place / ".made-from"
    wanted = (lock / "package-lock.json").read_text()
    with alone(ENVIRONMENTS / f".{name}.lock", "another make is making this environment: waiting"):
        if not (stamp.is_file() and stamp.read_text() == wanted and modules.is_dir()):
            with step(f"environment {name}"):
                _install(lock, place, without)
            stamp.write_text(wanted)
    return modules


def _install(lock: Path, place: Path, without: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Problem(f"There is no npm: install Node.js, or {without}.")
    place.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(lock / name, place / name)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        [npm, "ci", *options], cwd=place, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Problem(f"{done.stderr[-2000:]}\n'npm ci' failed: the lines above say why.")

"""Packages of npm, each set in an environment of its own from a lock in requirements/.

Nothing that ships, and nothing that `make test` needs, is made with it: prism, for the documents of
providers where they are at hand; and the console's library, to compare with what is committed.
"""

import shutil
import subprocess
from pathlib import Path

from local.alone import alone
from local.console import Problem, step
from local.environments import ENVIRONMENTS, ROOT


def ensure(name: str) -> Path:
    """The folder node_modules of requirements/<name>.

    Raises Problem: npm is missing, or could not install it.
    """
    place, lock = ENVIRONMENTS / name, ROOT / "requirements" / name
    stamp, modules = place / ".made-from", place / "node_modules"
    wanted = (lock / "package-lock.json").read_text()
    with alone(ENVIRONMENTS / f".{name}.lock", "another make is making this environment: waiting"):
        if not (stamp.is_file() and stamp.read_text() == wanted and modules.exists()):
            with step(f"environment {name}"):
                _install(lock, place)
            stamp.write_text(wanted)
    return modules


def _install(lock: Path, place: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Problem("There is no npm: install Node.js.")
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(lock / name, place / name)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        [npm, "ci", *options], cwd=place, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Problem(f"{done.stderr[-2000:]}\n'npm ci' failed: the lines above say why.")

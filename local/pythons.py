"""The tiers that need neither AWS's emulator nor much time, on every other CPython at hand."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.console import Problem, run, say, step
from local.interpreter import NEWEST, OLDEST
from local.places import LOCAL, ROOT, tool

TIERS = ("tests/unit", "tests/contract", "tests/template")
IN_PARALLEL = ("-n", "auto", "--dist", "loadfile")
# Processes that share the tests must agree on their order, and some come out of a set.
UNIFORM = {"PYTHONHASHSEED": "0"}
SAYS_ITS_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def supported() -> list[str]:
    return [f"{OLDEST[0]}.{minor}" for minor in range(OLDEST[1], NEWEST[1] + 1)]


def _candidates(version: str) -> Iterator[Path]:
    """On the PATH, or where pyenv keeps what its shims hide."""
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))


def interpreter(version: str) -> Path | None:
    """One that really runs, and is what its name says."""
    for each in _candidates(version):
        said = subprocess.run(
            [each, "-c", SAYS_ITS_VERSION], capture_output=True, text=True, check=False
        )
        if said.stdout.strip() == version:
            return each
    return None


def _environment(version: str, python: Path) -> Path:
    place = LOCAL / "env" / f"py{version}"
    uv = tool("uv", "uv")
    commands: list[list[str | Path]] = [
        [uv, "venv", "--quiet", "--clear", "--python", python, place],
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", place / "bin" / "python",
         ROOT / "requirements" / "dev.txt"],
    ]  # fmt: skip
    with step(f"environment for Python {version}"):
        for command in commands:
            subprocess.run(command, cwd=ROOT, check=True)
    return place / "bin" / "python"


def main() -> None:
    ours = "{}.{}".format(*sys.version_info[:2])
    others = {each: interpreter(each) for each in supported() if each != ours}
    for version, python in others.items():
        if python is None:
            say(f"There is no CPython {version} at hand: not tested on it.")
            continue
        own = _environment(version, python)
        tests: list[str | Path] = [own, "-m", "pytest", "-q", *IN_PARALLEL, *TIERS]
        environment = os.environ | UNIFORM
        if subprocess.run(tests, cwd=ROOT, env=environment, check=False).returncode:
            raise Problem(f"These tests fail on Python {version}.")


if __name__ == "__main__":
    run(main)

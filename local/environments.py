"""The environments in .local/env: uv, made with pip; then all others, made with uv.

Standard library only, under the user's own python3. Each environment is rebuilt when its lock or
the interpreter has changed, and left alone otherwise: `python3 -m local.environments`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.alone import alone
from local.console import Problem, run, step

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".local" / "env"
LOGS = ROOT / ".local" / "logs"
# What an editable install would put on the path of the environment `dev`.
PACKAGES = (ROOT / "layers" / "checkout", ROOT / "clients" / "python")
NAMES = ("dev", "sam", "ministack", "reference")
# What only some targets need, which name them: `make run` is not to wait for them.
ON_DEMAND = (
    "audit", "browser", "client", "docs", "localstripe", "microburst", "plot", "reporting", "ric",
    "secrets",
)  # fmt: skip
MIRRORS = "PIP_INDEX_URL and UV_DEFAULT_INDEX name a mirror, if you need one"


def lock_file(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.txt"


def fingerprint(lock: bytes, interpreter: str, place: str) -> str:
    """Changes with all that makes an environment worthless: lock, interpreter, a moved checkout."""
    return hashlib.sha256(b"\0".join([lock, interpreter.encode(), place.encode()])).hexdigest()


def _wanted(name: str) -> str:
    interpreter = f"{sys.executable} {sys.version}"
    return fingerprint(lock_file(name).read_bytes(), interpreter, str(ENVIRONMENTS))


def _stamp(name: str) -> Path:
    return ENVIRONMENTS / name / ".made-from"


def is_current(name: str) -> bool:
    stamp = _stamp(name)
    return stamp.is_file() and stamp.read_text() == _wanted(name)


def _run(name: str, *command: str | Path) -> None:
    log = LOGS / f"env-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "PYTHONPATH": ""}
    with log.open("ab") as out:
        done = subprocess.run(
            command, env=os.environ | settings, stdout=out, stderr=out, cwd=ROOT, check=False
        )
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-12:])
        raise Problem(
            f"{tail}\nThe environment '{name}' could not be made (the lines above, all of them in "
            f"{log}): check the network and run the same command again; {MIRRORS}."
        )


def _python(name: str) -> Path:
    return ENVIRONMENTS / name / "bin" / "python"


def make_uv() -> None:
    place = ENVIRONMENTS / "uv"
    shutil.rmtree(place, ignore_errors=True)
    _run("uv", sys.executable, "-m", "venv", place)
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes")
    _run("uv", _python("uv"), "-m", "pip", "install", *options, "-r", lock_file("uv"))
    _stamp("uv").write_text(_wanted("uv"))


def make(name: str) -> None:
    uv = ENVIRONMENTS / "uv" / "bin" / "uv"
    _run(name, uv, "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENTS / name)
    options = ("--quiet", "--require-hashes", "--python", _python(name))
    _run(name, uv, "pip", "sync", *options, lock_file(name))
    if name == "dev":
        _put_on_path(PACKAGES)
    _stamp(name).write_text(_wanted(name))


def _put_on_path(folders: Sequence[Path]) -> None:
    """What an editable install would do, without building anything."""
    (site_packages,) = (ENVIRONMENTS / "dev" / "lib").glob("python3.*/site-packages")
    (site_packages / "checkout.pth").write_text("".join(f"{each}\n" for each in folders))


def ensure(names: Sequence[str]) -> None:
    """Make what is missing or out of date of `names`, in parallel.

    Raises:
        Problem: an installation failed; the message has its last lines and the cure.
    """
    if all(is_current(name) for name in ("uv", *names)):
        return
    with alone(ENVIRONMENTS / ".lock", "another make is making the environments: waiting for it"):
        if not is_current("uv"):
            with step("environment uv"):
                make_uv()
        stale = [name for name in names if not is_current(name)]
        if stale:
            with step(f"environments {', '.join(stale)}"), ThreadPoolExecutor() as pool:
                list(pool.map(make, stale))


def main() -> None:
    """`python3 -m local.environments` makes those of all targets, `... dev sam` the named ones."""
    ensure(sys.argv[1:] or NAMES)


if __name__ == "__main__":
    run(main)

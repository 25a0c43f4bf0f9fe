"""Runs `bin/checkout-admin` on the stack under test, as an operator does."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.isolation import isolated
from local.places import LOCAL, ROOT
from local.stack import Stack

HOME = Path(os.environ.get("STACK_JSON") or LOCAL / "stack.json").parent


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


def checkout_admin(*arguments: str, home: Path = HOME, **environment: str) -> Said:
    """On the local stack of `home`."""
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return _run(arguments, plain | {"STACK_HOME": str(home)} | environment)


def as_on_aws(stack: Stack, *arguments: str, name: str | None = None) -> Said:
    """It knows the stack's name alone, and asks AWS, here the emulator, for the rest."""
    environment = isolated(os.environ, stack.endpoint_url)
    return _run((*arguments, "--stack", name or stack.stack_name), environment)


def _run(arguments: tuple[str, ...], environment: dict[str, str]) -> Said:
    done = subprocess.run(
        [ROOT / "bin" / "checkout-admin", *arguments], env=environment, cwd="/",
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)

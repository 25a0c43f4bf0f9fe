"""Runs `bin/checkout-admin` on the stack under test, as an operator does."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from dataclasses import dataclass
from pathlib import Path

from local.isolation import isolated
from local.places import LOCAL, ROOT
from local.stack import Stack

HOME = Path(os.environ.get("STACK_JSON") or LOCAL / "stack.json").parent
COMMAND = ROOT / "bin" / "checkout-admin"
OF_A_TERMINAL = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM"}


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


def on_terminal(width: int, *arguments: str, **environment: str) -> str:
    """What a terminal of that width is sent: stdout and stderr."""
    plain = {name: value for name, value in os.environ.items() if name not in OF_A_TERMINAL}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    running = subprocess.Popen(
        [COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd="/",
        env=plain | {"STACK_HOME": str(HOME), "TERM": "xterm-256color"} | environment,
    )  # fmt: skip
    os.close(theirs)
    sent = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert running.wait(timeout=60) == 0
    return sent.decode()


def _read(terminal: int) -> bytes:
    """Empty at the end, which Linux tells by an error."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def _run(arguments: tuple[str, ...], environment: dict[str, str]) -> Said:
    done = subprocess.run(
        [COMMAND, *arguments], env=environment, cwd="/",
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return Said(done.returncode, done.stdout, done.stderr)

"""`bin/checkout-admin`: whatever goes wrong is one line on stderr, and an exit code."""

import io
import os
import sys

import typer
from typer.exceptions import TyperException

from admin.app import app
from admin.exits import FAILED, UNUSABLE
from admin.terminal import clean
from admin.troubles import TROUBLES, problem_of
from local.console import Problem, run

NAME = "checkout-admin"


def main() -> int:
    """Raises Problem, with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return _commanded()
    except TyperException as wrong:
        if not wrong.format_message():
            return UNUSABLE  # without a command: the help was shown
        raise Problem(_usage(wrong), UNUSABLE) from None
    except typer.Abort:
        raise Problem("Nothing was changed.", FAILED) from None
    except TROUBLES as trouble:
        raise problem_of(trouble) from None
    except BrokenPipeError:
        # Whoever reads has seen enough: nothing is left to be told, also not at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _commanded() -> int:
    code = app(prog_name=NAME, standalone_mode=False)
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _usage(wrong: TyperException) -> str:
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context else NAME
    sentence = clean(wrong.format_message())
    ended = sentence if sentence.endswith(("?", ".")) else f"{sentence}."
    return f"{ended} See '{path} --help'."


if __name__ == "__main__":
    run(main)

"""`bin/checkout-admin`: whatever goes wrong is one line on stderr, and an exit code."""

import io
import os
import sys
import traceback
from pathlib import Path

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
    except BrokenPipeError:
        # Whoever reads has seen enough: nothing is left to be told, also not at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - the edge: whatever it is becomes one line
        raise _problem(error) from None


def _commanded() -> int:
    try:
        code = app(prog_name=NAME, standalone_mode=False)
    except TyperException as wrong:
        if wrong.format_message():
            raise
        return UNUSABLE  # without a command: the help was shown
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, typer.Abort):
        return Problem("Nothing was changed.", FAILED)
    if isinstance(error, TyperException):
        return Problem(_usage(error), UNUSABLE)
    if isinstance(error, TROUBLES):
        return problem_of(error)
    if isinstance(error, OSError) and error.strerror:
        return Problem(f"It cannot be read or written: {error.strerror}.", FAILED)
    return Problem(_place(error), FAILED)


def _place(bug: Exception) -> str:
    """Without its text, which may hold a secret."""
    *_, last = traceback.extract_tb(bug.__traceback__)
    where = f"{Path(last.filename).name}, line {last.lineno}"
    return f"A bug of checkout-admin: {type(bug).__name__} in {where}. Please report it."


def _usage(wrong: TyperException) -> str:
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context else NAME
    sentence = clean(wrong.format_message())
    ended = sentence if sentence.endswith(("?", ".")) else f"{sentence}."
    return f"{ended} See '{path} --help'."


if __name__ == "__main__":
    run(main)

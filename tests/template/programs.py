"""What the pages' commands may call, and how each is checked: no program is taken on trust."""

import ast
import os
import re
import subprocess
from collections.abc import Callable
from functools import cache

from typer.testing import CliRunner

from admin.app import app as admin_commands
from tests.template import aws_commands
from tests.template.cloudformation import ROOT, functions
from tests.template.shell import ASSIGNMENT

Words = list[str]
MAKEFILE = (ROOT / "Makefile").read_text()
CURL_OPTIONS = {"-s": 0, "-i": 0, "-u": 1, "-d": 1, "-H": 1, "-w": 1, "-X": 1}


@cache
def _dry_run(words: tuple[str, ...]) -> str:
    command = ["make", "-n", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make(words: Words) -> None:
    """The targets are there, and every variable is one that the Makefile reads."""
    for word in words:
        if ASSIGNMENT.match(word):
            name = word.partition("=")[0]
            assert f"$({name})" in MAKEFILE or f"\n{name} ?=" in MAKEFILE, name
    assert _dry_run(tuple(each for each in words if not each.startswith("PYTHON=")))


def module(name: str) -> None:
    path = ROOT / name.replace(".", "/")
    known = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
    assert known or name == "http.server", f"no module {name}"


def python(words: Words) -> None:
    if words[0] == "-c":
        ast.parse(words[1])
    else:
        assert words[0] == "-m", words
        module(words[1])


def ours(program: str, words: Words) -> None:
    """A program of bin/ that takes these words, as its own help says."""
    assert os.access(ROOT / program, os.X_OK), program
    said = _help(program, tuple(words))
    for option in (each for each in words if each.startswith("--")):
        assert option in said, f"{program} has no {option}"


@cache
def _help(program: str, words: tuple[str, ...]) -> str:
    if program == "bin/checkout-admin":
        # In this process: it takes seconds to begin, and pages are full of it.
        asked = CliRunner().invoke(admin_commands, [*words, "--help"], color=False)
        assert asked.exit_code == 0, asked.output
        return asked.output
    command = [str(ROOT / program), *words, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def curl(words: Words) -> None:
    urls, given = [], iter(words)
    for word in given:
        if word in CURL_OPTIONS:
            assert all(next(given) is not None for _ in range(CURL_OPTIONS[word]))
        else:
            assert not word.startswith("-"), f"curl {word}"
            urls.append(word)
    assert len(urls) == 1
    assert urls[0] == "$TOKEN_URL" or urls[0].startswith("$BASE/v1/"), urls


def sam(words: Words) -> None:
    _, invoke, function, option, event = words
    assert (words[0], invoke, option) == ("local", "invoke", "-e")
    assert function in functions()
    assert (ROOT / event).is_file(), event


def pip(words: Words) -> None:
    """A package of ours, or what a lock names."""
    if words[0] == "install" and len(words) == 2:
        assert (ROOT / words[1] / "pyproject.toml").is_file(), words[1]
        return
    assert words[:3] == ["install", "--require-hashes", "-r"]
    assert (ROOT / words[3]).is_file(), words[3]


def openssl(words: Words) -> None:
    assert re.fullmatch(r"rand -hex \d+", " ".join(words))


def shell(words: Words) -> None:
    """Of the shell itself; what is in a substitution is checked on its own."""


PROGRAMS: dict[str, Callable[[Words], None]] = {
    "aws": aws_commands.check,
    "curl": curl,
    "eval": shell,
    "export": shell,
    "make": make,
    "openssl": openssl,
    "pip": pip,
    "python3": python,
    ".local/env/dev/bin/python": python,
    ".local/env/sam/bin/sam": sam,
}


def check(words: Words) -> None:
    """Raises AssertionError: nobody knows the program, or it would not take these words."""
    program, *rest = words
    if program.startswith("bin/"):
        ours(program, rest)
        return
    assert program in PROGRAMS, f"nothing here checks '{program}': add it to PROGRAMS"
    PROGRAMS[program](rest)

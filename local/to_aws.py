"""`make deploy STAGE=`: what was built goes to AWS, and is looked at once it is there."""

import hashlib
import os
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local import remote, smoke
from local.build import AWS, AWS_BUILD, build
from local.console import Problem, run, say, step
from local.places import ROOT, tool

USAGE = 2
# `local` is the emulator's.
STAGES = ("dev", "staging", "prod")


def profile(stage: str, samconfig: Path = ROOT / "samconfig.toml") -> Mapping[str, Any]:
    """Raises Problem (exit code 2): there is no such stage."""
    if stage not in STAGES:
        raise Problem(f"STAGE={stage} is no stage: choose one of {', '.join(STAGES)}.", USAGE)
    found: Mapping[str, Any] = tomllib.loads(samconfig.read_text())[stage]
    return found


def stack_name(stage: str) -> str:
    name: str = profile(stage)["global"]["parameters"]["stack_name"]
    return name


def parameters(stage: str, further: str, built_from: str) -> list[str]:
    """The profile's, and on top of them `further` ones (NAME=value NAME=value), with a release.

    SAM sees that code has changed and not that a parameter has: then it publishes no version, and
    who calls a function by its alias gets the old one. So the release changes with both.

    Raises Problem (exit code 2): `further` cannot be read.
    """
    chosen: dict[str, str] = {}
    own = profile(stage)["deploy"]["parameters"]["parameter_overrides"]
    for each in [*own, *shlex.split(further)]:
        name, found, value = each.partition("=")
        if not (name and found):
            raise Problem(f"PARAMETERS: write NAME=value and not '{each}'.", USAGE)
        chosen[name] = value
    chosen.pop("Release", None)
    listed = [f"{name}={value}" for name, value in sorted(chosen.items())]
    digest = hashlib.sha256("\0".join([built_from, *listed]).encode()).hexdigest()
    return [*listed, f"Release={digest}"]


def command(stage: str, given: list[str], more: list[str]) -> list[str]:
    """`more` are options of `sam deploy`, e.g. --no-confirm-changeset."""
    sam, built = str(tool("sam", "sam")), str(AWS_BUILD / "template.yaml")
    to = ["--config-env", stage, "--template-file", built]
    # In quotes: sam takes a blank in a value for its end, whatever the shell made of it.
    quoted = [f'{name}="{value}"' for name, _, value in (each.partition("=") for each in given)]
    return [sam, "deploy", *to, *more, "--parameter-overrides", *quoted]


def main() -> None:
    stage, *more = sys.argv[1:]
    name = stack_name(stage)
    given = parameters(stage, os.environ.get("PARAMETERS", ""), build(AWS, AWS_BUILD))
    # It asks, and tells what it does: its output is the user's.
    if subprocess.run(command(stage, given, more), cwd=ROOT, check=False).returncode != 0:
        raise Problem("'sam deploy' failed: the lines above say why. What ran before runs on.")
    with step("smoke test"):
        failed = smoke.smoke(remote.named(name))
    if failed:
        raise Problem(f"'{name}' is deployed and does not answer as it should; see above.")
    say(f"'{name}' is deployed and answers as it should.")


if __name__ == "__main__":
    run(main)

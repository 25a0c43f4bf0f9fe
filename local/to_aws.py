"""`make deploy STAGE=`: what was built goes to AWS, and is looked at once it is there."""

import subprocess
import sys
import tomllib
from pathlib import Path

from local import remote, smoke
from local.build import AWS_BUILD
from local.console import Problem, run, say, step
from local.places import ROOT, tool

USAGE = 2
# `local` is the emulator's.
STAGES = ("dev", "staging", "prod")


def stack_name(stage: str, samconfig: Path = ROOT / "samconfig.toml") -> str:
    """Raises Problem (exit code 2): there is no such stage."""
    if stage not in STAGES:
        raise Problem(f"STAGE={stage} is no stage: choose one of {', '.join(STAGES)}.", USAGE)
    profile = tomllib.loads(samconfig.read_text())[stage]
    name: str = profile["global"]["parameters"]["stack_name"]
    return name


def command(stage: str, more: list[str]) -> list[str]:
    """`more` are options of `sam deploy`, e.g. --no-confirm-changeset."""
    sam, built = str(tool("sam", "sam")), str(AWS_BUILD / "template.yaml")
    return [sam, "deploy", "--config-env", stage, "--template-file", built, *more]


def main() -> None:
    stage, *more = sys.argv[1:]
    name = stack_name(stage)
    # It asks, and tells what it does: its output is the user's.
    if subprocess.run(command(stage, more), cwd=ROOT, check=False).returncode != 0:
        raise Problem("'sam deploy' failed: the lines above say why. What ran before runs on.")
    with step("smoke test"):
        failed = smoke.smoke(remote.named(name))
    if failed:
        raise Problem(f"'{name}' is deployed and does not answer as it should; see above.")
    say(f"'{name}' is deployed and answers as it should.")


if __name__ == "__main__":
    run(main)

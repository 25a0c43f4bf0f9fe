"""The real template, deployed to the emulator with `sam deploy`, as a user would do it to AWS."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from local.aws import Aws
from local.build import this_machine
from local.console import Problem, step
from local.isolation import isolated
from local.places import BUILD, ROOT, tool

STACK_NAME = "cancel-a-session-local"
BUCKET = "sam-artifacts"
TELLING = re.compile(r"FAILED|Error|error|Reason", re.ASCII)


def relevant(output: str) -> str:
    """Of all that sam prints, the lines that say why it failed."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip(" -+")]
    return "\n".join([line for line in lines if TELLING.search(line)][-12:] or lines[-12:])


def _sam_deploy(endpoint_url: str, log: Path, more: Sequence[str]) -> None:
    common = ["Stage=local", "PointInTimeRecovery=false", "MerchantWebhooks=true"]
    parameters = [*common, *this_machine().parameters, *more]
    command = [
        str(tool("sam", "sam")), "deploy",
        "--config-env", "local", "--template-file", str(BUILD / "template.yaml"),
        "--stack-name", STACK_NAME, "--no-resolve-s3", "--s3-bucket", BUCKET,
        "--no-confirm-changeset", "--no-progressbar", "--parameter-overrides", *parameters,
    ]  # fmt: skip
    environment = isolated(os.environ, endpoint_url) | {"SAM_CLI_TELEMETRY": "0"}
    with log.open("w+") as out:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            check=False,
        )  # fmt: skip
        out.seek(0)
        output = out.read()
    if done.returncode != 0:
        raise Problem(f"{relevant(output)}\n'sam deploy' failed; all it said is in {log}.")


def deploy(aws: Aws, logs: Path, parameters: Sequence[str] = ()) -> dict[str, str]:
    """Deploy what was built, with `parameters` on top of a local stack's; returns its outputs.

    Raises:
        Problem: sam deploy failed; with the lines that say why.
    """
    assert aws.url is not None, "the local stack is never deployed to AWS"
    with step("sam deploy"):
        # A bucket of our own: the one that sam makes would be a stack more to wait for.
        aws.storage.create_bucket(Bucket=BUCKET)
        _sam_deploy(aws.url, logs / "sam-deploy.log", parameters)
    return outputs(aws, STACK_NAME)


def outputs(aws: Aws, stack_name: str) -> dict[str, str]:
    (described,) = aws.cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}

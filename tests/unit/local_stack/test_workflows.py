"""The pipelines: pinned, with few rights, without keys, and with commands that there are."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from local.places import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOWS[name].read_text())
    return found


def jobs(name: str) -> Iterator[dict[str, Any]]:
    yield from workflow(name)["jobs"].values()


def steps(name: str) -> Iterator[dict[str, Any]]:
    for job in jobs(name):
        yield from job["steps"]


def test_there_is_one_for_changes_and_one_for_stages() -> None:
    assert {"ci", "deploy"} <= set(WORKFLOWS)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is(name: str) -> None:
    lines = [line for line in WORKFLOWS[name].read_text().splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert re.search(r"uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9]+[.][0-9]+[.][0-9]+$", line)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_job_may_read_and_only_the_one_that_deploys_shows_who_it_is(name: str) -> None:
    assert workflow(name)["permissions"] == {"contents": "read"}
    more = [job["permissions"] for job in jobs(name) if "permissions" in job]
    deploys = [{"contents": "read", "id-token": "write"}]
    assert more == (deploys if name == "deploy" else [])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_no_key_of_aws_is_kept_and_the_checkout_leaves_no_token_behind(name: str) -> None:
    text = WORKFLOWS[name].read_text()
    assert "secrets." not in text
    assert not re.search(r"aws-(secret-)?access-key", text)
    for step in steps(name):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_shell_gets_what_others_have_written_by_variables_alone(name: str) -> None:
    """Put into a command it would be a part of it."""
    assert not [step["run"] for step in steps(name) if "${{" in step.get("run", "")]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_job_ends_and_its_commands_are_targets_of_the_makefile(name: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for job in jobs(name):
        assert job["timeout-minutes"] <= 90
    commands = [step["run"].split() for step in steps(name) if "run" in step]
    assert commands
    for make, target, *_ in commands:
        assert make == "make"
        assert target in targets


def test_deployments_of_one_stage_never_meet() -> None:
    found = workflow("deploy")["concurrency"]
    assert found["cancel-in-progress"] is False
    assert "inputs.stage" in found["group"]
    (job,) = jobs("deploy")
    assert "inputs.stage" in job["environment"]

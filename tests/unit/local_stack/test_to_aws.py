"""`make deploy`: which stack a stage is, and what it says to a stage that there is not."""

import json
import subprocess

import pytest

from local import to_aws
from local.console import Problem
from local.places import tool


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ("dev", "cancel-a-session-dev"),
        ("staging", "cancel-a-session-staging"),
        ("prod", "cancel-a-session"),
    ],
)
def test_each_stage_is_a_stack_of_its_own(stage: str, name: str) -> None:
    assert to_aws.stack_name(stage) == name


@pytest.mark.parametrize("stage", ["", "local", "production", "default"])
def test_a_stage_that_there_is_not_is_told_which_there_are(stage: str) -> None:
    with pytest.raises(Problem, match="dev, staging, prod") as found:
        to_aws.stack_name(stage)
    assert found.value.exit_code == 2


BUILT = "what was built"


def given(further: str = "", built_from: str = BUILT) -> dict[str, str]:
    found = to_aws.parameters("prod", further, built_from)
    return dict(each.split("=", 1) for each in found)


def test_further_parameters_come_on_top_of_the_stages_own() -> None:
    found = given("JwtIssuer=https://a.example/ DeletionProtection=false GiveUpHours='24 mpesa=1'")
    assert found["Stage"] == "prod"
    assert found["JwtIssuer"] == "https://a.example/"
    assert found["DeletionProtection"] == "false"
    assert found["GiveUpHours"] == "24 mpesa=1"


def test_a_release_changes_with_the_code_and_with_every_parameter_and_with_nothing_else() -> None:
    release = given()["Release"]
    assert given()["Release"] == given("Release=0000000000")["Release"] == release
    others = [given(built_from="other"), given("FunctionMemory=512"), given("Canary=false")]
    assert len({release, *(each["Release"] for each in others)}) == 4


@pytest.mark.parametrize("further", ["JwtIssuer", "=x", "--force-upload"])
def test_what_is_no_parameter_is_told(further: str) -> None:
    with pytest.raises(Problem, match="NAME=value"):
        given(further)


def test_what_was_built_is_deployed_with_the_stages_own_settings() -> None:
    asked = to_aws.command("staging", ["Stage=staging"], ["--no-confirm-changeset"])
    assert asked[1:4] == ["deploy", "--config-env", "staging"]
    assert asked[5].endswith(".aws-sam/build/template.yaml")
    assert asked[6:] == ["--no-confirm-changeset", "--parameter-overrides", 'Stage="staging"']


READ = """
import json, sys
from samcli.cli.types import CfnParameterOverridesType
print(json.dumps(CfnParameterOverridesType().convert(tuple(sys.argv[1:]), None, None)))
"""


def test_sam_reads_the_parameters_as_they_were_given() -> None:
    """Ages of several providers have blanks between them."""
    ages = "24 mpesa=1 stripe=336"
    chosen = to_aws.parameters("prod", f"GiveUpHours='{ages}'", BUILT)
    given = to_aws.command("prod", chosen, [])
    overrides = given[given.index("--parameter-overrides") + 1 :]
    done = subprocess.run(
        [tool("sam", "python"), "-c", READ, *overrides], capture_output=True, text=True, check=True
    )
    read = json.loads(done.stdout)
    assert read["GiveUpHours"] == ages
    assert read["Stage"] == "prod"

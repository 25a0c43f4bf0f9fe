"""`make deploy`: which stack a stage is, and what it says to a stage that there is not."""

import pytest

from local import to_aws
from local.console import Problem


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


def test_what_was_built_is_deployed_with_the_stages_own_settings() -> None:
    asked = to_aws.command("staging", ["--no-confirm-changeset"])
    assert asked[1:4] == ["deploy", "--config-env", "staging"]
    assert asked[5].endswith(".aws-sam/build/template.yaml")
    assert asked[-1] == "--no-confirm-changeset"

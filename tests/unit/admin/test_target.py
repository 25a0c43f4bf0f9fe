"""Which stack a command is about: never another one than was meant."""

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from admin import target
from admin.target import Target, find
from local import stack as stacks
from local.aws import Aws
from local.console import Problem
from tests.unit.admin.test_redriving import OUTPUTS
from tests.unit.local_stack.test_commands import STACK


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Of nobody: each answer is given by the test."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return Aws(None, region="eu-west-1")


@pytest.fixture
def cloudformation(aws: Aws) -> Iterator[Stubber]:
    with Stubber(aws.cloudformation) as stubber:
        yield stubber


def describe(cloudformation: Stubber, name: str, outputs: dict[str, str]) -> None:
    described = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    stack = {
        "StackName": name,
        "CreationTime": "2026-03-01T12:00:00Z",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": described,
    }
    cloudformation.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": name})


def test_of_two_stacks_each_name_means_its_own_table(aws: Aws, cloudformation: Stubber) -> None:
    for name in ("shop", "shop-dev"):
        describe(cloudformation, name, OUTPUTS | {"TableName": f"table-of-{name}"})
        there = target.on_aws(name, aws)
        assert (there.name, there.stack.table) == (name, f"table-of-{name}")
        assert there.aws is aws


def test_a_stack_that_is_not_there_is_said_with_where_it_was_looked_for(
    aws: Aws, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error("describe_stacks", "ValidationError", "of AWS")
    with pytest.raises(Problem, match="no stack 'shop' in eu-west-1") as found:
        target.on_aws("shop", aws)
    assert found.value.exit_code == 2


def test_a_stack_of_another_service_is_told_apart(aws: Aws, cloudformation: Stubber) -> None:
    describe(cloudformation, "other", {"BaseUrl": "https://api"})
    with pytest.raises(Problem, match="not one of this service") as found:
        target.on_aws("other", aws)
    assert found.value.exit_code == 2


@pytest.mark.parametrize(("profile", "region"), [("p", None), (None, "eu-west-1"), ("p", "r")])
def test_whoever_means_aws_does_not_get_the_local_stack(
    monkeypatch: pytest.MonkeyPatch, profile: str | None, region: str | None
) -> None:
    monkeypatch.setattr("local.lifecycle.require", lambda _: STACK)
    with pytest.raises(Problem, match="name it with --stack") as found:
        find(None, profile, region)
    assert found.value.exit_code == 2
    assert find(None, None, None) == Target(STACK, STACK.aws)


def test_a_profile_counts_more_than_keys_in_the_shell(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("aws") / "credentials"
    file.write_text("[ops]\naws_access_key_id = of-ops\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    chosen = Aws(None, "ops", "eu-west-1")._session.get_credentials()
    assert chosen is not None
    assert chosen.access_key == "of-ops"


def test_without_a_stack_it_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("STACK_HOME", str(tmp_path_factory.mktemp("empty")))
    with pytest.raises(Problem, match="make up") as found:
        find(None, None, None)
    assert found.value.exit_code == stacks.NOT_RUNNING == 2

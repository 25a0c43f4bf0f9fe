"""How a new version comes into being, who calls it, and what takes it back."""

import copy
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from checkout.direct_fan_out import ALIAS
from local.places import tool
from tests.template.cloudformation import (
    Resource,
    functions,
    properties,
    resource,
    state_machine,
    template,
)


def common() -> dict[str, Any]:
    found: dict[str, Any] = template()["Globals"]["Function"]
    return found


def transformed(layer: str = "one", **parameters: str) -> dict[str, Resource]:
    """All resources, as CloudFormation gets them; where the code is is made up."""
    written = copy.deepcopy(template())
    for each in written["Resources"].values():
        for place in ("CodeUri", "ContentUri", "DefinitionUri"):
            if place in each["Properties"]:
                each["Properties"][place] = f"s3://bucket/{layer if place == 'ContentUri' else 'x'}"
    command = [
        str(tool("sam", "python")),
        str(Path(__file__).with_name("transform.py")),
        *(f"{name}={value}" for name, value in parameters.items()),
    ]
    done = subprocess.run(
        command, input=json.dumps(written), capture_output=True, text=True, check=True,
        env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"},
    )  # fmt: skip
    found: dict[str, Resource] = json.loads(done.stdout)["Resources"]
    return found


def versions(resources: dict[str, Resource]) -> set[str]:
    return {name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Version"}


def test_another_layer_is_another_version_of_every_function() -> None:
    one, two = versions(transformed("one")), versions(transformed("two"))
    assert len(one) == len(two) == len(functions())
    assert not one & two


def test_another_release_is_another_version_of_every_function() -> None:
    """Parameters alone SAM does not see: `make deploy` gives a release that changes with each."""
    one, two = (versions(transformed(Release=each * 16)) for each in ("a1b2", "c3d4"))
    assert len(one) == len(two) == len(functions())
    assert not one & two


def test_without_a_release_the_same_code_is_the_same_version() -> None:
    assert versions(transformed()) == versions(transformed())


def test_only_with_canary_are_calls_moved_little_by_little() -> None:
    def moved(canary: str) -> int:
        found = transformed(Canary=canary).values()
        return len([each for each in found if "CodeDeployLambdaAliasUpdate" in str(each)])

    assert (moved("true"), moved("false")) == (len(functions()), 0)


def test_what_is_not_in_a_stage_has_no_group_there() -> None:
    found = transformed(Canary="true")
    for name, each in functions().items():
        group = found[f"{name}DeploymentGroup"]
        assert group.get("Condition") == each.get("Condition"), name


def test_all_who_call_a_function_call_one_alias() -> None:
    assert common()["AutoPublishAlias"] == ALIAS
    group = state_machine()["States"]["CancelGroups"]["ItemProcessor"]["States"]["CancelGroup"]
    assert f"cancel-with-{{}}:{ALIAS}'" in group["Parameters"]["FunctionName.$"]


def test_no_function_has_a_way_of_its_own() -> None:
    ways = ("AutoPublishAlias", "DeploymentPreference", "SnapStart")
    assert not [name for name, each in functions().items() if set(ways) & set(each["Properties"])]


def test_a_tenth_of_the_calls_tries_a_new_version_where_the_stage_says_so() -> None:
    preference = common()["DeploymentPreference"]
    assert preference["Type"] == "Canary10Percent5Minutes"
    assert preference["Enabled"] == {"Ref": "Canary"}
    # Else the groups of functions that a stage has not would have nothing to turn.
    assert preference["PassthroughCondition"] is True


def rollback_alarms() -> list[str]:
    condition, alarms, _ = common()["DeploymentPreference"]["Alarms"]["Fn::If"]
    assert condition == "OnAws", "the emulator knows no sums of metrics, and moves no calls"
    return [each["Ref"] for each in alarms]


@pytest.mark.parametrize("name", rollback_alarms())
def test_what_takes_a_version_back_is_an_alarm_that_is_seen_within_the_five_minutes(
    name: str,
) -> None:
    assert resource(name)["Type"] == "AWS::CloudWatch::Alarm"
    alarm = properties(name)
    period = alarm.get("Period") or alarm["Metrics"][1]["MetricStat"]["Period"]
    assert period * alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) <= 300
    # While nothing is told, nothing is wrong: or each first deployment would be taken back.
    assert alarm["TreatMissingData"] == "notBreaching"


def errors_of_new_versions() -> dict[str, list[dict[str, Any]]]:
    """The functions whose errors the two alarms count, with the dimensions."""
    found = {}
    for alarm in ("NewVersionErrorsAlarm", "NewWorkerErrorsAlarm"):
        whole, *each = properties(alarm)["Metrics"]
        assert whole["Expression"] == "SUM(FILL(METRICS(), 0))"
        assert (properties(alarm)["EvaluationPeriods"], properties(alarm)["Threshold"]) == (1, 0)
        for metric in [one["Fn::If"][1] if "Fn::If" in one else one for one in each]:
            assert (metric["ReturnData"], metric["MetricStat"]["Stat"]) == (False, "Sum")
            counted = metric["MetricStat"]["Metric"]
            assert (counted["Namespace"], counted["MetricName"]) == ("AWS/Lambda", "Errors")
            found[counted["Dimensions"][0]["Value"]["Ref"]] = counted["Dimensions"]
    return found


def test_every_function_of_every_stage_is_taken_back_by_an_error_of_its_new_version_alone() -> None:
    counted = errors_of_new_versions()
    # Sandboxes are no money. A refused token is an error of the authorizer, by its own word.
    everywhere = {name for name, each in functions().items() if "Condition" not in each}
    assert set(counted) == everywhere | {"SendWebhooksFunction"}
    for name, dimensions in counted.items():
        version = {"Fn::Select": [7, {"Fn::Split": [":", {"Ref": f"{name}.Version"}]}]}
        assert dimensions == [
            {"Name": "FunctionName", "Value": {"Ref": name}},
            {"Name": "Resource", "Value": {"Fn::Sub": f"${{{name}}}:{ALIAS}"}},
            {"Name": "ExecutedVersion", "Value": version},
        ]


@pytest.mark.parametrize("name", rollback_alarms())
def test_an_alarm_that_takes_versions_back_does_not_wait_for_the_alias_it_turns(name: str) -> None:
    """The alias waits for the group, the group for the alarm: the alarm must not for the alias."""
    text = json.dumps(resource(name))
    assert ".Alias" not in text
    assert "CheckoutApi" not in text, "the API calls the alias"


def test_snapshots_are_by_parameter() -> None:
    assert common()["SnapStart"] == {"ApplyOn": {"Ref": "SnapStart"}}
    assert template()["Parameters"]["SnapStart"]["Default"] == "None"

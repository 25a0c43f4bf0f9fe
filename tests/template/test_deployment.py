"""How a new version comes into being, who calls it, and what takes it back."""

import json
from typing import Any

import pytest

from checkout.direct_fan_out import ALIAS
from tests.template.cloudformation import (
    functions,
    of_type,
    properties,
    resource,
    state_machine,
    template,
)


def common() -> dict[str, Any]:
    found: dict[str, Any] = template()["Globals"]["Function"]
    return found


def test_whatever_changes_of_a_function_or_its_layers_is_a_version() -> None:
    assert common()["AutoPublishAliasAllProperties"] is True
    layers = of_type("AWS::Serverless::LayerVersion")
    assert {each["Properties"]["PublishLambdaVersion"] for each in layers.values()} == {True}


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
    assert preference["Enabled"] == {"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, "Canary"]}
    # Else the groups of functions that a stage has not would have nothing to turn.
    assert preference["PassthroughCondition"] is True


def rollback_alarms() -> list[str]:
    return [each["Ref"] for each in common()["DeploymentPreference"]["Alarms"]]


@pytest.mark.parametrize("name", rollback_alarms())
def test_what_takes_a_version_back_is_an_alarm_that_is_seen_within_the_five_minutes(
    name: str,
) -> None:
    assert resource(name)["Type"] == "AWS::CloudWatch::Alarm"
    alarm = properties(name)
    assert alarm["Period"] * alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) <= 300
    # While nothing is told, nothing is wrong: or each first deployment would be taken back.
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", rollback_alarms())
def test_an_alarm_that_takes_versions_back_does_not_wait_for_the_alias_it_turns(name: str) -> None:
    """The alias waits for the group, the group for the alarm: the alarm must not for the alias."""
    text = json.dumps(resource(name))
    assert ".Alias" not in text
    assert "CheckoutApi" not in text, "the API calls the alias"


def test_snapshots_are_by_parameter() -> None:
    assert common()["SnapStart"] == {"ApplyOn": {"Ref": "SnapStart"}}
    assert template()["Parameters"]["SnapStart"]["Default"] == "None"

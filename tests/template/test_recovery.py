"""What starts the recovery, and what sounds when it does not do its work."""

import re
from datetime import timedelta
from typing import Any

import pytest

from checkout.bootstrap import ANSWER_RESERVE
from checkout.cancellation import LONGEST_DRIVE
from checkout.recovery import RUN, GiveUpAges
from tests.template.cloudformation import ROOT, properties, template
from tests.template.metrics import published

MINUTE = 60
ALARMS = (
    "StuckSessionsAlarm",
    "RecoveryFailuresAlarm",
    "RecoveryUnavailableAlarm",
    "RecoveryBehindAlarm",
)


def function() -> dict[str, Any]:
    return properties("ReconcileFunction")


def test_it_is_started_each_minute_and_a_start_that_failed_is_not_repeated() -> None:
    (schedule,) = function()["Events"].values()
    assert schedule["Type"] == "ScheduleV2"
    assert schedule["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    no_repeat = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": MINUTE}
    assert schedule["Properties"]["RetryPolicy"] == no_repeat
    assert function()["EventInvokeConfig"] == no_repeat


def test_the_next_run_begins_when_this_one_has_stopped_beginning_drives() -> None:
    assert timedelta(0) < RUN < timedelta(seconds=MINUTE)


def test_the_last_drive_that_a_run_begins_ends_before_the_function_is_stopped() -> None:
    assert RUN + LONGEST_DRIVE + ANSWER_RESERVE <= timedelta(seconds=function()["Timeout"])


def test_the_default_give_up_age_is_a_day() -> None:
    parameter = template()["Parameters"]["GiveUpHours"]
    assert GiveUpAges.parse(parameter["Default"]).default == timedelta(hours=24)


@pytest.mark.parametrize("text", ["24", "0.5", "24 adyen=72", "24 adyen=72 m-pesa=1.5"])
def test_what_the_template_takes_for_ages_can_be_read(text: str) -> None:
    assert re.fullmatch(template()["Parameters"]["GiveUpHours"]["AllowedPattern"], text)
    assert GiveUpAges.parse(text).default > timedelta(0)


@pytest.mark.parametrize("name", ["RecoverySilentAlarm", "RecoveryErrorsAlarm"])
def test_silence_is_an_alarm_and_errors_are_the_functions_own(name: str) -> None:
    alarm = properties(name)
    assert alarm["Namespace"] == "AWS/Lambda"
    (dimension,) = alarm["Dimensions"]
    assert dimension == {"Name": "FunctionName", "Value": {"Ref": "ReconcileFunction"}}
    silent = name == "RecoverySilentAlarm"
    assert alarm["TreatMissingData"] == ("breaching" if silent else "notBreaching")


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_on_our_own_metric_listens_where_the_function_counts(name: str) -> None:
    alarm, shared = properties(name), template()["Globals"]["Function"]["Environment"]["Variables"]
    counted = (ROOT / function()["CodeUri"] / "app.py").read_text()
    assert f'"{alarm["MetricName"]}"' in counted
    assert alarm["MetricName"] in published()
    assert alarm["Namespace"] == shared["POWERTOOLS_METRICS_NAMESPACE"]
    assert alarm["Dimensions"] == [{"Name": "service", "Value": shared["POWERTOOLS_SERVICE_NAME"]}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", ["CircuitOpenedAlarm", "ProviderFailuresAlarm"])
def test_an_alarm_on_a_provider_listens_where_the_layer_counts(name: str) -> None:
    alarm = properties(name)
    assert alarm["MetricName"] in published()
    assert alarm["Namespace"] == properties("StuckSessionsAlarm")["Namespace"]
    assert alarm["Dimensions"] == properties("StuckSessionsAlarm")["Dimensions"]
    assert alarm["TreatMissingData"] == "notBreaching"


def test_two_stacks_of_one_account_do_not_share_their_metrics() -> None:
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert "${AWS::StackName}" in variables["POWERTOOLS_METRICS_NAMESPACE"]["Fn::Sub"]

"""Whom an alarm calls, and what it is about."""

import re
from typing import Any

import pytest

from tests.template.cloudformation import of_type, properties, resource, template, whole_text
from tests.template.metrics import published

ALARMS = of_type("AWS::CloudWatch::Alarm")
COMPOSITES = of_type("AWS::CloudWatch::CompositeAlarm")
OWN = {"Fn::Sub": "CancelASession/${AWS::StackName}"}
OF_OURS = [name for name in ALARMS if properties(name).get("Namespace") == OWN]
TO_THE_TOPIC = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
PART = re.compile(r'ALARM\("\$\{(\w+)\}"\)')
# Of whom a failure is an alarm: what merchants, providers, the stream, the queue or the clock call.
CALLED = {
    "CancelSessionFunction",
    "GetSessionFunction",
    "ListSessionsFunction",
    "ReceiveWebhookFunction",
    "CompleteCancellationsFunction",
    "MatchReportsFunction",
    "OperateFunction",
    "OperatorCancelFunction",
    "PublishEventsFunction",
    "ReconcileFunction",
    "SendWebhooksFunction",
}


def rule(composite: str) -> str:
    return whole_text(properties(composite)["AlarmRule"])


@pytest.mark.parametrize("name", COMPOSITES)
def test_a_composite_alarm_sounds_if_any_of_its_parts_does(name: str) -> None:
    terms = rule(name).split()
    assert set(terms[1::2]) == {"OR"}
    assert all(PART.fullmatch(each) for each in terms[::2])


def test_every_alarm_is_a_part_of_exactly_one_composite() -> None:
    parts = [part for name in COMPOSITES for part in PART.findall(rule(name))]
    assert sorted(parts) == sorted(ALARMS)


def test_what_is_about_money_or_stuck_sessions_calls_somebody_now() -> None:
    now = set(PART.findall(rule("CancellationsAtRisk")))
    assert now >= {
        "StuckSessionsAlarm",
        "RecoverySilentAlarm",
        "UnmatchedReportsAlarm",
        "ContradictingReportsAlarm",
        "ApiErrorsAlarm",
    }


# A composite that is red already makes no message for them, and they turn green by themselves or
# are worse than what had made it red.
BY_THEMSELVES = {
    "ApiErrorsAlarm",
    "CancelSessionErrorsAlarm",
    "ContradictingReportsAlarm",
    "RecoverySilentAlarm",
    "SettledAfterCancelAlarm",
}


def test_composite_alarms_go_to_the_topic_when_they_begin_and_when_they_end() -> None:
    for name in COMPOSITES:
        assert properties(name)["AlarmActions"] == TO_THE_TOPIC
        assert properties(name)["OKActions"] == TO_THE_TOPIC


def test_of_their_parts_only_those_of_money_and_of_outages_go_to_it_by_themselves() -> None:
    told = {name for name in ALARMS if properties(name).get("AlarmActions") == TO_THE_TOPIC}
    assert told == BY_THEMSELVES
    assert {name for name in ALARMS if "AlarmActions" in properties(name)} == BY_THEMSELVES
    for name in ALARMS:
        assert not {"OKActions", "InsufficientDataActions"} & set(properties(name))


def test_what_is_called_seldom_is_an_alarm_all_the_same() -> None:
    """At one call in some minutes three of five minutes would never be red."""
    of_calls = [
        "ApiErrorsAlarm", "CancelSessionErrorsAlarm", "FanOutFailuresAlarm", "WebhookErrorsAlarm",
    ]  # fmt: skip
    for name in of_calls:
        alarm = properties(name)
        assert (alarm["Period"], alarm["EvaluationPeriods"]) == (60, 15)
        assert alarm["DatapointsToAlarm"] == 2


@pytest.mark.parametrize("name", [*ALARMS, *COMPOSITES])
def test_a_description_links_to_its_section_of_the_runbook(name: str) -> None:
    text = properties(name)["AlarmDescription"]["Fn::Sub"]
    assert text.endswith(f". ${{RunbookUrl}}#{name.lower()}")
    # CloudWatch takes 1024 characters, and the address of the runbook needs some.
    assert len(text) < 512


def test_the_runbook_is_that_of_the_repository_unless_the_parameter_says_another() -> None:
    parameter = template()["Parameters"]["RunbookUrl"]
    assert parameter["Default"] == "docs/runbook.md"
    assert re.fullmatch(parameter["AllowedPattern"], "https://wiki.example/runbook?page=1")
    assert not re.fullmatch(parameter["AllowedPattern"], "a b")


@pytest.mark.parametrize(
    "name", [name for name in ALARMS if properties(name).get("Namespace") == OWN]
)
def test_an_alarm_on_a_metric_of_ours_listens_to_one_that_is_published(name: str) -> None:
    alarm = properties(name)
    assert alarm["MetricName"] in published()
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "checkout"}]
    assert alarm["TreatMissingData"] == "notBreaching"


def test_what_has_a_unit_of_its_own_is_measured_and_what_is_counted_is_summed() -> None:
    for each in map(properties, OF_OURS):
        counted = published()[each["MetricName"]].unit == "Count"
        assert each.get("Statistic") == ("Sum" if counted else None)
        assert ("ExtendedStatistic" in each) is not counted


def of_lambda(metric: str) -> list[dict[str, Any]]:
    found = [properties(name) for name in ALARMS]
    wanted = ("AWS/Lambda", metric)
    return [each for each in found if (each.get("Namespace"), each.get("MetricName")) == wanted]


def test_the_failures_of_every_function_that_is_called_from_outside_are_an_alarm() -> None:
    """A worker's are its drive's: FanOutFailuresAlarm."""
    listened = {each["Dimensions"][0]["Value"]["Ref"] for each in of_lambda("Errors")}
    assert listened == CALLED


def test_a_function_that_is_not_started_is_an_alarm_whoever_has_used_up_the_account() -> None:
    (throttles,) = of_lambda("Throttles")
    assert "Dimensions" not in throttles


def test_errors_of_the_api_are_a_share_of_its_requests() -> None:
    alarm = properties("ApiErrorsAlarm")
    assert (alarm["MetricName"], alarm["Statistic"]) == ("5XXError", "Average")
    assert 0 < alarm["Threshold"] <= 0.05
    names = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
    assert names["ApiName"] == properties("CheckoutApi")["Name"]


def test_the_emulator_has_no_composite_alarms() -> None:
    assert {each["Condition"] for each in COMPOSITES.values()} == {"OnAws"}
    assert template()["Conditions"]["OnAws"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]
    }
    assert "Condition" not in resource("StuckSessionsAlarm")

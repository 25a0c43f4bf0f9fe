"""The dashboard: what is on it exists, all that sounds is on it, and nothing hides another."""

import json
import re
from typing import Any

import pytest

from tests.template.cloudformation import of_type, properties, resource, template, whole_text
from tests.template.metrics import published

COLUMNS = 24
OWN = "CancelASession/stack"
SEARCH = re.compile(r"SEARCH\('\{\"(.+?)\",(.+?)\} MetricName=\"(\w+)\"', '(\w+)', \d+\)")
# In the order in which a session lives, and then of what it stands on.
SECTIONS = [
    "OPEN → the lock",
    "→ CANCELLED, or PENDING_CANCELLATION",
    "PENDING_CANCELLATION → CANCELLED",
    "Providers",
    "Webhooks",
    "Recovery",
    "Events",
    "The queues, and what is behind",
    # By parameter: at the end, so that nothing stands elsewhere without it.
    "Merchant webhooks",
]
# Of AWS, as its services publish them, with the names of their dimensions.
OF_AWS = {
    "AWS/ApiGateway": ({"Count", "4XXError", "5XXError", "Latency"}, ("ApiName", "Stage")),
    "AWS/DynamoDB": ({"ReadThrottleEvents", "WriteThrottleEvents"}, ("TableName",)),
    "AWS/Lambda": ({"Errors", "Invocations", "IteratorAge"}, ("FunctionName",)),
    "AWS/SQS": (
        {f"ApproximateNumberOfMessages{each}" for each in ("Visible", "NotVisible", "Delayed")},
        ("QueueName",),
    ),
    "AWS/States": ({"ExecutionsFailed", "ExecutionsTimedOut"}, ("StateMachineArn",)),
}
OF_THE_ACCOUNT = {"ConcurrentExecutions", "Throttles"}


def named(match: re.Match[str]) -> str:
    """What stands for a resource, a parameter or one of AWS's own names."""
    name = match[1].partition(".")[0]
    known = {*template()["Resources"], *template()["Parameters"]}
    assert name in known or name in ("AWS::StackName", "AWS::Region"), name
    return "stack" if name == "AWS::StackName" else match[1]


def widgets() -> list[dict[str, Any]]:
    text = whole_text(properties("OperationsDashboard")["DashboardBody"])
    body = json.loads(re.sub(r"\$\{([^}]+)\}", named, text))
    found: list[dict[str, Any]] = body["widgets"]
    return found


def metrics() -> list[list[Any]]:
    return [each for widget in widgets() for each in widget["properties"].get("metrics", [])]


def plain(metric: list[Any]) -> list[str]:
    return [part for part in metric if isinstance(part, str)]


def test_it_is_json_once_its_names_are_put_in() -> None:
    assert len(widgets()) >= 20
    assert {each["type"] for each in widgets()} == {"alarm", "metric", "text"}


def test_no_widget_overlaps_another_or_stands_out() -> None:
    taken: set[tuple[int, int]] = set()
    for each in widgets():
        assert each["x"] + each["width"] <= COLUMNS
        columns = range(each["x"], each["x"] + each["width"])
        own = {(x, y) for x in columns for y in range(each["y"], each["y"] + each["height"])}
        assert not taken & own, each["properties"]
        taken |= own
    rows = {y for _, y in taken}
    assert len(taken) == COLUMNS * len(rows) == COLUMNS * (1 + max(rows))


def test_it_reads_like_the_life_of_a_session() -> None:
    texts = [each for each in widgets() if each["type"] == "text"]
    headings = sorted((each["y"], each["properties"]["markdown"]) for each in texts)
    assert [heading for _, heading in headings[1:]] == [f"## {each}" for each in SECTIONS]


def test_every_alarm_is_on_it_and_those_that_call_somebody_are_first() -> None:
    (shown,) = [each["properties"]["alarms"] for each in widgets() if each["type"] == "alarm"]
    composites = [*of_type("AWS::CloudWatch::CompositeAlarm")]
    assert sorted(shown) == sorted(
        f"{name}.Arn" for name in (*composites, *of_type("AWS::CloudWatch::Alarm"))
    )
    assert shown[: len(composites)] == [f"{name}.Arn" for name in composites]


def test_every_metric_of_ours_on_it_is_published_with_these_dimensions() -> None:
    ours = [plain(each) for each in metrics() if each[0] == OWN]
    assert len(ours) >= 15
    for namespace, name, *dimensions in ours:
        assert (namespace, dimensions) == (OWN, ["service", "checkout"])
        assert name in published()
    searched = [found for each in metrics() for found in [search(each)] if found]
    assert len(searched) >= 5
    for namespace, dimensions, name in searched:
        assert namespace == OWN
        assert tuple(sorted(dimensions)) == tuple(
            sorted(("service", *published()[name].dimensions))
        )


def search(metric: list[Any]) -> tuple[str, list[str], str] | None:
    if not isinstance(metric[0], dict):
        return None
    found = SEARCH.fullmatch(metric[0]["expression"])
    assert found, metric
    return found[1], found[2].split(","), found[3]


def test_every_metric_of_ours_is_on_it() -> None:
    """What nobody can see is not worth its price."""
    shown = {plain(each)[1] for each in metrics() if each[0] == OWN}
    shown |= {found[2] for each in metrics() for found in [search(each)] if found}
    assert shown == set(published())


@pytest.mark.parametrize("namespace", OF_AWS)
def test_every_metric_of_aws_on_it_is_one_of_that_service(namespace: str) -> None:
    names, dimensions = OF_AWS[namespace]
    of_it = [plain(each)[1:] for each in metrics() if each[0] == namespace]
    of_resources = [each for each in of_it if len(each) > 1]
    assert of_resources
    for name, *given in of_resources:
        assert (name in names, tuple(given[::2])) == (True, dimensions)
    assert {each[0] for each in of_it if len(each) == 1} <= OF_THE_ACCOUNT
    assert all(isinstance(each[0], dict) or each[0] in (OWN, *OF_AWS) for each in metrics())


def test_it_can_be_left_out_and_the_emulator_has_none() -> None:
    assert resource("OperationsDashboard")["Condition"] == "HasDashboard"
    assert template()["Conditions"]["HasDashboard"] == {
        "Fn::And": [{"Condition": "OnAws"}, {"Fn::Equals": [{"Ref": "Dashboard"}, "true"]}]
    }
    assert template()["Parameters"]["Dashboard"]["Default"] == "true"

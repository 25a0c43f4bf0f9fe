"""What wakes the function that tells events, and how long what it could not tell is tried again."""

import json
import re
from itertools import product
from typing import Any

import pytest

from checkout.events import EventType, schema_id
from checkout.sessions import SessionStatus
from checkout.storage.items import MARK
from checkout.transactions import IN_FLIGHT, TERMINAL, TransactionStatus
from tests.template.cloudformation import ROOT, properties, template
from tests.template.filter_pattern import passes, stream_mapping
from tests.unit.event_schemas import SCHEMAS, by_id, problems

FUNCTION = "PublishEventsFunction"
STREAM_KEEPS = 24 * 3600


def image(status: str, mark: bool = False, late: bool = False) -> dict[str, Any]:
    marked = {"cancellation": {"S": MARK}} if mark else {}
    flagged = {"settledAfterCancel": {"BOOL": True}} if late else {}
    return {"status": {"S": status}, **marked, **flagged}


def wakes(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return passes({"dynamodb": {"OldImage": before, "NewImage": after}}, FUNCTION)


@pytest.mark.parametrize(("before", "after"), list(product(SessionStatus, SessionStatus)))
def test_a_session_wakes_when_it_is_locked_and_when_it_is_cancelled(
    before: str, after: str
) -> None:
    told = {("OPEN", "PENDING_CANCELLATION"), ("PENDING_CANCELLATION", "CANCELLED")}
    assert wakes(image(before), image(after)) is ((before, after) in told)


@pytest.mark.parametrize(("before", "after"), list(product(TransactionStatus, TransactionStatus)))
def test_an_ordinary_payment_wakes_only_when_it_is_cancelled(before: str, after: str) -> None:
    told = before in IN_FLIGHT and after == TransactionStatus.CANCELLED
    assert wakes(image(before), image(after)) is told


@pytest.mark.parametrize("before", sorted(IN_FLIGHT))
def test_money_that_a_cancelled_session_waited_to_hear_of_wakes(before: str) -> None:
    assert wakes(image(before, mark=True), image("SETTLED", mark=True))
    assert not wakes(image(before, mark=True), image("FAILED"))


@pytest.mark.parametrize("before", sorted(TransactionStatus))
@pytest.mark.parametrize("after", sorted(TERMINAL))
def test_money_that_is_recorded_as_late_wakes(before: str, after: str) -> None:
    assert wakes(image(before), image(after, late=True))


def test_what_is_new_or_removed_wakes_nobody() -> None:
    for status in (*SessionStatus, *TransactionStatus):
        change = image(status, mark=True, late=True)
        assert not passes({"eventName": "INSERT", "dynamodb": {"NewImage": change}}, FUNCTION)
        assert not passes({"eventName": "REMOVE", "dynamodb": {"OldImage": change}}, FUNCTION)


def test_a_bus_that_is_down_is_tried_for_nearly_as_long_as_the_stream_keeps_a_change() -> None:
    mapping = stream_mapping(FUNCTION)
    assert mapping["Stream"] == {"Fn::GetAtt": ["CheckoutTable", "StreamArn"]}
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["MaximumRetryAttempts"] == -1
    assert STREAM_KEEPS - 3600 <= mapping["MaximumRecordAgeInSeconds"] < STREAM_KEEPS
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    destination = {"Type": "SQS", "Destination": {"Fn::GetAtt": ["EventFailuresQueue", "Arn"]}}
    assert mapping["DestinationConfig"]["OnFailure"] == destination


def test_a_parameter_can_leave_them_out() -> None:
    assert stream_mapping(FUNCTION)["Enabled"] == {"Fn::If": ["PublishesEvents", True, False]}
    assert template()["Parameters"]["PublishEvents"]["Default"] == "true"


def test_what_was_given_up_is_an_alarm_at_once() -> None:
    alarm = properties("EventFailuresAlarm")
    (dimension,) = alarm["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": ["EventFailuresQueue", "QueueName"]}
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (0, 1)
    assert properties("EventFailuresQueue")["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_there_is_a_schema_for_every_type_under_the_name_of_its_version() -> None:
    assert set(by_id()) == {schema_id(each) for each in EventType}
    for path in SCHEMAS.iterdir():
        kind, version = path.stem.rsplit(".", 1)
        assert json.loads(path.read_text())["$id"].endswith(f":event:{kind}:{version}")


def test_the_pages_example_has_the_form_of_its_schema() -> None:
    page = (ROOT / "docs" / "events.md").read_text()
    (example,) = re.findall(r"```json\n(.+?)```", page, re.DOTALL)
    assert problems(json.loads(example)) == []

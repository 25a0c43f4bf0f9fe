"""What wakes the completion of cancellations, and what becomes of records it cannot handle."""

from typing import Any

import pytest

from checkout.storage.items import MARK
from checkout.transactions import TERMINAL, TransactionStatus
from tests.template.cloudformation import properties, resource
from tests.template.filter_pattern import matches, stream_mapping, stream_pattern

IN_FLIGHT = set(TransactionStatus) - TERMINAL


def image(status: str | None, cancellation: str | None) -> dict[str, Any]:
    values = {"status": status, "cancellation": cancellation}
    return {name: {"S": value} for name, value in values.items() if value}


def wakes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> bool:
    name = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
    images = {"OldImage": before, "NewImage": after}
    present = {key: value for key, value in images.items() if value is not None}
    return matches(stream_pattern(), {"eventName": name, "dynamodb": present})


@pytest.mark.parametrize("end", sorted(TERMINAL))
@pytest.mark.parametrize("before", sorted(IN_FLIGHT))
def test_a_transaction_that_a_cancelled_session_waits_for_wakes_when_it_ends(
    before: str, end: str
) -> None:
    assert wakes(image(before, "PENDING"), image(end, None))
    assert wakes(image(before, "PENDING"), image(end, "PENDING"))


@pytest.mark.parametrize("end", sorted(TERMINAL))
@pytest.mark.parametrize("before", sorted(IN_FLIGHT))
def test_an_ordinary_payment_wakes_nobody(before: str, end: str) -> None:
    assert not wakes(image(before, None), image(end, None))


@pytest.mark.parametrize("before", sorted(IN_FLIGHT))
def test_marking_a_transaction_as_waited_for_wakes_nobody(before: str) -> None:
    assert not wakes(image(before, None), image(before, "PENDING"))


@pytest.mark.parametrize("before", sorted(IN_FLIGHT))
@pytest.mark.parametrize("after", sorted(IN_FLIGHT))
def test_a_transaction_that_is_still_in_flight_wakes_nobody(before: str, after: str) -> None:
    assert not wakes(image(before, "PENDING"), image(after, "PENDING"))


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_a_write_to_a_transaction_that_had_ended_wakes_nobody(end: str) -> None:
    assert not wakes(image(end, "PENDING"), image(end, "PENDING"))
    assert not wakes(image("SETTLED", "PENDING"), image("REFUNDED", "PENDING"))


def test_a_session_that_is_completed_wakes_nobody() -> None:
    assert not wakes(image("PENDING_CANCELLATION", None), image("CANCELLED", None))


def test_a_new_or_a_removed_item_wakes_nobody() -> None:
    assert not wakes(None, image("SETTLED", "PENDING"))
    assert not wakes(image("PENDING", "PENDING"), None)


def test_the_filter_uses_only_the_key_that_lambda_documents() -> None:
    assert set(stream_pattern()) == {"dynamodb"}


def test_the_filter_knows_every_status_of_a_transaction() -> None:
    images = stream_pattern()["dynamodb"]
    assert set(images["OldImage"]["status"]["S"]) == IN_FLIGHT
    assert set(images["NewImage"]["status"]["S"]) == TERMINAL


def test_the_filter_looks_for_the_mark_that_the_code_sets() -> None:
    assert stream_pattern()["dynamodb"]["OldImage"]["cancellation"]["S"] == [MARK]


def test_the_stream_carries_both_images() -> None:
    stream = properties("CheckoutTable")["StreamSpecification"]
    assert stream == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert stream_mapping()["Stream"] == {"Fn::GetAtt": ["CheckoutTable", "StreamArn"]}
    assert stream_mapping()["StartingPosition"] == "TRIM_HORIZON"


def test_a_poison_record_does_not_block_its_shard() -> None:
    assert 0 < stream_mapping()["MaximumRetryAttempts"] <= 5
    assert 0 < stream_mapping()["MaximumRecordAgeInSeconds"] <= 3600
    assert stream_mapping()["BisectBatchOnFunctionError"] is True
    assert stream_mapping()["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_records_that_were_given_up_are_kept_in_an_encrypted_queue() -> None:
    assert stream_mapping()["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": {"Fn::GetAtt": ["CompletionFailuresQueue", "Arn"]},
    }
    queue = properties("CompletionFailuresQueue")
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60, "the longest that SQS offers"


def test_one_record_that_was_given_up_raises_an_alarm() -> None:
    alarm = properties("CompletionFailuresAlarm")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    (dimension,) = alarm["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": ["CompletionFailuresQueue", "QueueName"]}
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


def test_a_stream_that_falls_behind_raises_an_alarm() -> None:
    alarm = properties("CompletionDelayAlarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "IteratorAge")
    (dimension,) = alarm["Dimensions"]
    assert dimension["Value"] == {"Ref": "CompleteCancellationsFunction"}


@pytest.mark.parametrize("name", ["CompletionFailuresAlarm", "CompletionDelayAlarm"])
def test_an_alarm_is_quiet_without_data(name: str) -> None:
    assert resource(name)["Type"] == "AWS::CloudWatch::Alarm"
    assert properties(name)["TreatMissingData"] == "notBreaching"

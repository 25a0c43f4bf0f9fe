"""The queue of reports that find no transaction: a quarter of an hour, and then an alarm."""

from datetime import timedelta
from typing import Any

import pytest

from checkout.aws import QUEUE_CONFIG
from checkout.bootstrap import ANSWER_RESERVE, REPORT_RESERVE
from checkout.cancellation import STORE_TIME
from checkout.provider_cancellation import RETRIEVE_TIMEOUT
from checkout.webhooks import REFUSAL_WAIT
from tests.template.cloudformation import properties, resource, template

QUEUE, DEAD = "UnmatchedReportsQueue", "UnmatchedReportsDeadLetterQueue"
# docs.adyen.com, "Troubleshoot webhooks": the shortest time that a provider waits for its answer.
SHORTEST_WAIT = 10
# AWS, "Using Lambda with Amazon SQS": room for tries that Lambda itself was throttled in.
TIMES_THE_FUNCTION = 6


def seconds(function: str) -> timedelta:
    return timedelta(seconds=properties(function)["Timeout"])


def tries() -> int:
    found: int = properties(QUEUE)["RedrivePolicy"]["maxReceiveCount"]
    return found


def test_a_report_is_tried_for_a_quarter_of_an_hour() -> None:
    assert tries() * properties(QUEUE)["VisibilityTimeout"] == 15 * 60


def test_the_first_try_leaves_time_for_the_reference() -> None:
    assert 0 < properties(QUEUE)["DelaySeconds"] <= 15


def test_what_was_given_up_goes_to_the_dead_letter_queue() -> None:
    target = properties(QUEUE)["RedrivePolicy"]["deadLetterTargetArn"]
    assert target == {"Fn::GetAtt": [DEAD, "Arn"]}
    assert tries() >= 5, "AWS's advice, since a throttled function uses up tries too"


@pytest.mark.parametrize("queue", [QUEUE, DEAD])
def test_a_queue_is_encrypted_and_keeps_its_messages_as_long_as_sqs_can(queue: str) -> None:
    # A message that is moved keeps its age.
    assert properties(queue)["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_the_function_reads_from_the_queue_and_gives_back_what_it_did_not_match() -> None:
    (event,) = properties("MatchReportsFunction")["Events"].values()
    assert event["Type"] == "SQS"
    assert event["Properties"] == {
        "Queue": {"Fn::GetAtt": [QUEUE, "Arn"]},
        "BatchSize": 10,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }


def test_a_message_stays_hidden_while_it_is_tried() -> None:
    hidden = timedelta(seconds=properties(QUEUE)["VisibilityTimeout"])
    assert hidden >= TIMES_THE_FUNCTION * seconds("MatchReportsFunction")


def test_a_provider_gets_its_answer_before_it_stops_waiting() -> None:
    assert seconds("ReceiveWebhookFunction") < timedelta(seconds=SHORTEST_WAIT)


@pytest.mark.parametrize("function", ["ReceiveWebhookFunction", "MatchReportsFunction"])
def test_there_is_time_to_ask_the_provider_and_to_record_its_answer(function: str) -> None:
    asked = timedelta(seconds=RETRIEVE_TIMEOUT)
    assert asked + REPORT_RESERVE <= seconds(function)
    assert STORE_TIME + ANSWER_RESERVE <= REPORT_RESERVE


def test_what_is_not_recorded_in_time_can_still_be_kept() -> None:
    config: Any = QUEUE_CONFIG
    tries = config.retries["total_max_attempts"]
    # botocore's standard mode waits up to 2**n s before its n-th retry, counted from 0.
    waits = sum(2**retry for retry in range(tries - 1))
    longest = timedelta(seconds=tries * (config.connect_timeout + config.read_timeout) + waits)
    assert longest + ANSWER_RESERVE <= REPORT_RESERVE


def test_a_refusal_is_given_its_time_while_it_is_in_the_queue() -> None:
    hidden = properties(QUEUE)["VisibilityTimeout"]
    assert timedelta(seconds=2 * hidden) < REFUSAL_WAIT < timedelta(seconds=(tries() - 1) * hidden)


def test_one_report_that_was_given_up_raises_an_alarm() -> None:
    assert resource("UnmatchedReportsAlarm")["Type"] == "AWS::CloudWatch::Alarm"
    alarm = properties("UnmatchedReportsAlarm")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    (dimension,) = alarm["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": [DEAD, "QueueName"]}
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["TreatMissingData"] == "notBreaching"
    outputs = template()["Outputs"]
    assert outputs["UnmatchedReportsDeadLetterQueueUrl"]["Value"] == {"Ref": DEAD}


@pytest.mark.parametrize("function", ["ReceiveWebhookFunction", "MatchReportsFunction"])
def test_secrets_are_looked_for_where_the_function_may_read(function: str) -> None:
    prefix = properties(function)["Environment"]["Variables"]["SECRETS_PREFIX"]
    assert prefix == {"Fn::Sub": "${AWS::StackName}/"}

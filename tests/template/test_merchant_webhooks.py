"""From the bus to the merchants: the rule, the queue, its tries, and who may do what."""

import time
from datetime import timedelta
from typing import Any

import pytest

from checkout.aws import QUEUE_CONFIG, SECRETS_CONFIG
from checkout.bootstrap import MB_PER_CALL, REPORT_RESERVE
from checkout.event_bus import SOURCE
from checkout.events import EventType
from checkout.merchant_endpoints import SEND_LIMIT
from checkout.merchant_webhooks import DELAYS, MOST_JITTER, TRIES, headers_of
from checkout.providers.accounts import LOOK_UP_LIMIT
from local.scale import quotas
from tests.template.cloudformation import ROOT, properties, template
from tests.unit.test_merchant_webhooks import EVENT, KEY, OTHER, now, whsec
from tests.unit.webhook_recipe import PAGE, recipe

FUNCTION, RULE = "SendWebhooksFunction", "MerchantEventsRule"
QUEUE, DEAD = "MerchantEventsQueue", "MerchantEventsDeadLetterQueue"
TWO_WEEKS = 14 * 24 * 60 * 60
# AWS, "Using Lambda with Amazon SQS": room for tries that Lambda itself was throttled in.
TIMES_THE_FUNCTION = 6


def mapping() -> dict[str, Any]:
    (event,) = properties(FUNCTION)["Events"].values()
    assert event["Type"] == "SQS"
    found: dict[str, Any] = event["Properties"]
    return found


def arn(queue: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [queue, "Arn"]}


def test_without_the_parameter_there_is_nothing_of_it() -> None:
    assert template()["Parameters"]["MerchantWebhooks"]["Default"] == "false"
    assert template()["Conditions"]["HasMerchantWebhooks"] == {
        "Fn::Equals": [{"Ref": "MerchantWebhooks"}, "true"]
    }


def test_without_events_there_are_none_for_merchants() -> None:
    rule = template()["Rules"]["MerchantWebhooksHaveEvents"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "MerchantWebhooks"}, "true"]}
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "PublishEvents"}, "true"]}


def test_every_type_of_event_goes_to_the_queue_as_a_cloudevent() -> None:
    rule = properties(RULE)
    assert rule["EventBusName"] == {"Ref": "EventBus"}
    assert rule["EventPattern"] == {
        "source": [SOURCE],
        "detail-type": [each.value for each in EventType],
    }
    assert rule["Targets"] == [
        {
            "Id": "queue",
            "Arn": arn(QUEUE),
            "InputPath": "$.detail",
            "DeadLetterConfig": {"Arn": arn(DEAD)},
        }
    ]


@pytest.mark.parametrize("queue", [QUEUE, DEAD])
def test_only_the_rule_may_send_to_the_queues(queue: str) -> None:
    policy = properties(f"{queue}Policy")
    assert policy["Queues"] == [{"Ref": queue}]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn(queue),
            "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [RULE, "Arn"]}}},
        }
    ]


@pytest.mark.parametrize("queue", [QUEUE, DEAD])
def test_a_queue_is_encrypted_and_outlives_every_try(queue: str) -> None:
    # A message that SQS moves keeps its age.
    assert properties(queue)["MessageRetentionPeriod"] == TWO_WEEKS
    longest = sum(DELAYS, timedelta(0)) * (1 + MOST_JITTER)
    assert 2 * longest < timedelta(seconds=TWO_WEEKS)
    assert properties(queue)["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", False, True]}


def test_the_queue_itself_gives_up_only_what_the_function_has_failed_at_for_an_hour() -> None:
    """The function counts an endpoint's tries: a message that it sends on is another one."""
    policy = properties(QUEUE)["RedrivePolicy"]
    assert policy["deadLetterTargetArn"] == arn(DEAD)
    hidden = timedelta(seconds=properties(QUEUE)["VisibilityTimeout"])
    assert policy["maxReceiveCount"] * hidden >= timedelta(hours=1)


def test_a_message_stays_hidden_while_it_is_tried_and_is_in_flight_no_longer() -> None:
    hidden = properties(QUEUE)["VisibilityTimeout"]
    assert hidden >= TIMES_THE_FUNCTION * properties(FUNCTION)["Timeout"]
    for statement in policy_of_the_function():
        assert "sqs:ChangeMessageVisibility" not in statement["Action"]


def test_what_is_in_flight_is_an_alarm_long_before_the_queue_is_full() -> None:
    alarm = properties("MerchantEventsInFlightAlarm")
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesNotVisible"
    assert alarm["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": [QUEUE, "QueueName"]}}
    ]
    assert alarm["Threshold"] <= quotas.MESSAGES.number / 2
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 60, 1)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("MerchantEventsUndeliveredAlarm", "FailedInvocations"),
        ("MerchantEventsLostAlarm", "InvocationsFailedToBeSentToDlq"),
    ],
)
def test_what_eventbridge_cannot_put_into_the_queues_is_an_alarm(name: str, metric: str) -> None:
    alarm = properties(name)
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Events", metric)
    # EventBridge: with RuleName alone it is a rule of the default bus.
    assert alarm["Dimensions"] == [
        {"Name": "EventBusName", "Value": properties(RULE)["EventBusName"]},
        {"Name": "RuleName", "Value": properties(RULE)["Name"]},
    ]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)


def test_the_customers_key_has_to_let_eventbridge_use_it_and_who_deploys_is_told() -> None:
    told = template()["Parameters"]["KmsKeyArn"]["Description"]
    assert "events.amazonaws.com" in told
    page = (ROOT / "docs" / "deployment.md").read_text()
    assert '"Principal": {"Service": "events.amazonaws.com"}' in page
    assert '["kms:Decrypt", "kms:GenerateDataKey"]' in page


def policy_of_the_function() -> list[dict[str, Any]]:
    (policy,) = properties("SendWebhooksRole")["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def test_there_is_time_for_a_look_up_a_call_and_the_queue() -> None:
    secrets: Any = SECRETS_CONFIG
    look_up = max(LOOK_UP_LIMIT, secrets.connect_timeout + secrets.read_timeout)
    # It waits for another thread's look-up, and then makes its own.
    longest = timedelta(seconds=LOOK_UP_LIMIT + look_up + SEND_LIMIT) + REPORT_RESERVE
    assert longest <= timedelta(seconds=properties(FUNCTION)["Timeout"])
    queue: Any = QUEUE_CONFIG
    tries = queue.retries["total_max_attempts"]
    waits = sum(2**retry for retry in range(tries - 1))
    each = queue.connect_timeout + queue.read_timeout
    assert timedelta(seconds=tries * each + waits) <= REPORT_RESERVE


def test_a_batch_is_sent_all_at_once_and_only_what_was_not_taken_comes_again() -> None:
    code = (ROOT / "functions" / "send_webhooks" / "app.py").read_text()
    assert f"THREADS = {mapping()['BatchSize']}" in code
    assert (
        mapping()["BatchSize"] * MB_PER_CALL
        <= template()["Parameters"]["FunctionMemory"]["MinValue"]
    )
    assert mapping()["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # For a batch: a message does not wait for others.
    assert "MaximumBatchingWindowInSeconds" not in mapping()


def test_silent_endpoints_cannot_use_up_the_account() -> None:
    assert 2 <= mapping()["ScalingConfig"]["MaximumConcurrency"] <= 50


def test_private_addresses_are_called_on_the_local_stack_alone() -> None:
    variables = properties(FUNCTION)["Environment"]["Variables"]
    assert variables["PRIVATE_ENDPOINTS"] == {"Fn::If": ["OnAws", "refused", "allowed"]}
    on_aws = {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]}
    assert template()["Conditions"]["OnAws"] == on_aws


def test_endpoints_are_looked_for_where_the_function_may_read() -> None:
    prefix = properties(FUNCTION)["Environment"]["Variables"]["MERCHANT_SECRETS_PREFIX"]
    assert prefix == {"Fn::Sub": "${AWS::StackName}-merchant-webhooks/"}


def test_the_recipe_takes_what_we_sign_by_either_secret_of_a_rotation() -> None:
    headers = headers_of(EVENT, [KEY, OTHER], now())
    for key in (KEY, OTHER):
        assert recipe()(headers, EVENT.body, whsec(key))


def test_the_recipe_refuses_all_else() -> None:
    is_genuine, headers = recipe(), headers_of(EVENT, [KEY], now())
    assert is_genuine(headers, EVENT.body, whsec(KEY))
    assert not is_genuine(headers, EVENT.body + b" ", whsec(KEY))
    assert not is_genuine(headers, EVENT.body, whsec(OTHER))
    assert not is_genuine({**headers, "webhook-id": "another"}, EVENT.body, whsec(KEY))
    for seconds in (-301, 301):
        moved = headers_of(EVENT, [KEY], now() + timedelta(seconds=seconds))
        assert not is_genuine(moved, EVENT.body, whsec(KEY))
    assert int(headers["webhook-timestamp"]) <= time.time()


def test_the_page_tells_the_delays_as_they_are() -> None:
    assert [each.total_seconds() for each in DELAYS] == [
        *(5, 60, 5 * 60, 30 * 60),
        *(hours * 3600 for hours in (2, 5, 10, 12)),
    ]
    page = PAGE.read_text()
    assert "after 5 s, 1 min, 5 min, 30 min, 2 h, 5 h, 10 h and 12 h" in page
    assert TRIES == 9
    assert "Nine tries" in page


def test_what_is_sent_on_is_no_loop_that_lambda_would_break() -> None:
    """After some sixteen times: an endpoint that is down for three hours would be given up."""
    sender = template()["Resources"]["SendWebhooksFunction"]["Properties"]
    assert sender["RecursiveLoop"] == "Allow"

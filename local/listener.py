"""Somebody who listens to a stack's event bus: a rule that leads to a queue of one's own."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

Event = dict[str, Any]


@dataclass
class Listener:
    """`heard` are the CloudEvents so far, each once, in the order in which they came."""

    stack: Stack
    queue_url: str
    heard: list[Event] = field(default_factory=list)
    deliveries: int = 0

    def listen(self) -> list[Event]:
        """All that was heard until now."""
        queues = self.stack.aws.queues
        while messages := queues.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10
        ).get("Messages", []):
            for each in messages:
                self._take(json.loads(each["Body"])["detail"])
                queues.delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])
        return self.heard

    def of(self, session_id: str) -> list[Event]:
        return [each for each in self.listen() if each["data"]["sessionId"] == session_id]

    def _take(self, event: Event) -> None:
        self.deliveries += 1
        if event["id"] not in {each["id"] for each in self.heard}:
            self.heard.append(event)


@contextmanager
def listening(stack: Stack, name: str) -> Iterator[Listener]:
    """From now on, and no longer than this; `name` is of the rule and of the queue."""
    events, queues = stack.aws.events, stack.aws.queues
    url = queues.create_queue(QueueName=name)["QueueUrl"]
    attributes = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    pattern = json.dumps({"source": ["cancel-a-session"]})
    rule = events.put_rule(Name=name, EventBusName=stack.event_bus, EventPattern=pattern)
    try:
        queues.set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": _policy(arn, rule["RuleArn"])}
        )
        events.put_targets(
            Rule=name, EventBusName=stack.event_bus, Targets=[{"Id": "queue", "Arn": arn}]
        )
        yield Listener(stack, url)
    finally:
        events.remove_targets(Rule=name, EventBusName=stack.event_bus, Ids=["queue"])
        events.delete_rule(Name=name, EventBusName=stack.event_bus)
        queues.delete_queue(QueueUrl=url)


def _policy(queue_arn: str, rule_arn: str) -> str:
    """That rule alone may send."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

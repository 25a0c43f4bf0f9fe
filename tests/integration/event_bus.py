"""The event bus of the template in moto, with one rule for everything, as somebody who listens."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3

from tests.integration.event_source import EventSource, Settings
from tests.integration.stack import ACCOUNT, REGION, queue_url, stream_records

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

    from tests.integration.cloud import Cloud

FUNCTION = "PublishEventsFunction"
BUS = "EventBus"
ASIDE = "EventFailuresQueue"
HEARD = "heard"


@dataclass
class Bus:
    """`tell` delivers what the stream holds that was not delivered before."""

    source: EventSource
    delivered: int = 0
    envelopes: list[dict[str, Any]] = field(default_factory=list)

    def tell(self) -> list[dict[str, Any]]:
        """The CloudEvents that were heard since the last call, in the order of their changes."""
        records = stream_records(self.delivered)
        self.delivered += len(records)
        self.source.deliver(records)
        return self.hear()

    def hear(self) -> list[dict[str, Any]]:
        self.envelopes = [json.loads(each) for each in _drain(HEARD)]
        return [each["detail"] for each in self.envelopes]

    @property
    def put_aside(self) -> list[dict[str, Any]]:
        return [json.loads(each) for each in _drain(ASIDE)]


def make(cloud: Cloud) -> Bus:
    """Empty, on a stack whose stream may have a past: of that nothing is told."""
    events: EventBridgeClient = boto3.client("events")
    queues: SQSClient = boto3.client("sqs")
    for url in queues.list_queues().get("QueueUrls", []):
        queues.delete_queue(QueueUrl=url)
    for name in (HEARD, ASIDE):
        queues.create_queue(QueueName=name)
    if BUS not in {each["Name"] for each in events.list_event_buses()["EventBuses"]}:
        events.create_event_bus(Name=BUS)
    pattern = json.dumps({"source": ["cancel-a-session"]})
    events.put_rule(Name=HEARD, EventBusName=BUS, EventPattern=pattern)
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{HEARD}"
    events.put_targets(Rule=HEARD, EventBusName=BUS, Targets=[{"Id": HEARD, "Arn": arn}])
    cloud.wire.calls.clear()
    source = EventSource(cloud.function(FUNCTION), Settings.of_template(FUNCTION))
    return Bus(source, len(stream_records()))


def _drain(name: str) -> list[str]:
    queues: SQSClient = boto3.client("sqs")
    bodies = []
    while found := queues.receive_message(QueueUrl=queue_url(name), MaxNumberOfMessages=10).get(
        "Messages", []
    ):
        for each in found:
            bodies.append(each["Body"])
            queues.delete_message(QueueUrl=queue_url(name), ReceiptHandle=each["ReceiptHandle"])
    return bodies

"""A merchant that listens on 127.0.0.1, and the queue that its events come from."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
from moto.sqs.models import sqs_backends
from mypy_boto3_sqs import SQSClient
from standardwebhooks import Webhook

from checkout.timestamps import from_millis, to_millis
from tests.contract.loopback import HOST, Double, http, says
from tests.integration import scenes, stack, webhooks
from tests.integration.access import Access
from tests.integration.cloud import Cloud

FUNCTION = "SendWebhooksFunction"
QUEUE, DEAD = "MerchantEventsQueue", "MerchantEventsDeadLetterQueue"
SAMPLE = scenes.event("send_webhooks")["Records"][0]["body"]
MERCHANT = json.loads(SAMPLE)["data"]["merchantId"]
OK = says(http(200, b"thank you"))
KEY, NEW_KEY = b"c4n4ry-of-a-signing-key-1", b"c4n4ry-of-a-signing-key-2"


def whsec(key: bytes) -> str:
    return f"whsec_{base64.b64encode(key).decode()}"


def event_for(merchant: str = MERCHANT, number: int = 0, **changes: Any) -> str:
    """An event of the sample's kind; each `number` is another one."""
    told = json.loads(SAMPLE)
    told["data"]["merchantId"] = merchant
    told["id"] = f"{told['id'][:-4]}{number:04}"
    return json.dumps({**told, **changes})


def put_secret(merchant: str, text: str) -> None:
    secrets = boto3.client("secretsmanager")
    name = f"{stack.STACK}-merchant-webhooks/{merchant}"
    if name in {each["Name"] for each in secrets.list_secrets()["SecretList"]}:
        secrets.put_secret_value(SecretId=name, SecretString=text)
    else:
        secrets.create_secret(Name=name, SecretString=text)


def put_endpoint(port: int, path: str = "/x", merchant: str = MERCHANT, **more: Any) -> None:
    found = {"url": f"http://{HOST}:{port}{path}", "secrets": [whsec(KEY)], **more}
    put_secret(merchant, json.dumps(found))


@dataclass(frozen=True)
class Webhooked:
    """One request that the merchant got."""

    headers: dict[str, str]
    body: bytes

    def verified(self, key: bytes = KEY) -> Any:
        """The event in it; raises unless the official library takes its signature."""
        return Webhook(whsec(key)).verify(self.body, self.headers)


def received(double: Double) -> list[Webhooked]:
    return [_parsed(each) for each in double.requests]


def _parsed(request: bytes) -> Webhooked:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    return Webhooked({name.lower(): value for name, _, value in lines}, body)


@dataclass
class MerchantEvents:
    """Both queues. A message that waits for its next try waits until `later`."""

    cloud: Cloud
    client: SQSClient
    hidden: list[str] = field(default_factory=list)
    sent_at: dict[str, int] = field(default_factory=dict)

    def put(self, *bodies: str, attributes: Mapping[str, Any] | None = None) -> None:
        for body in bodies:
            self.client.send_message(
                QueueUrl=stack.queue_url(QUEUE),
                MessageBody=body,
                MessageAttributes=attributes or {},
            )
        self._note_when_they_were_sent()

    def _note_when_they_were_sent(self) -> None:
        for each in self._messages():
            self.sent_at.setdefault(each.id, to_millis(self.cloud.clock.now()))

    def deliver(self) -> int:
        """One batch for the function; what it does not name as failed is deleted."""
        url = stack.queue_url(QUEUE)
        got = self.client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        records = [_record(each, self.sent_at[each["MessageId"]]) for each in got]
        answer = self.cloud.function(FUNCTION)({"Records": records}) if got else {}
        self._note_when_they_were_sent()
        failed = {each["itemIdentifier"] for each in answer.get("batchItemFailures", [])}
        for each in got:
            if each["MessageId"] in failed:
                self.hidden.append(each["ReceiptHandle"])
            else:
                self.client.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return len(got)

    def later(self) -> None:
        """All delays are over, whatever they are made of."""
        waiting = [from_millis(each) for each in self.due]
        self.pass_by(max(waiting, default=self.cloud.clock.now()) - self.cloud.clock.now())

    def pass_by(self, time: timedelta) -> None:
        """So much time, after which whatever SQS hides or delays is there again."""
        self.cloud.clock.advance(max(time, timedelta(0)))
        for each in self._messages():
            each.delayed_until = 0
        for receipt in self.hidden:
            self.client.change_message_visibility(
                QueueUrl=stack.queue_url(QUEUE), ReceiptHandle=receipt, VisibilityTimeout=0
            )
        self.hidden.clear()

    @property
    def due(self) -> list[int]:
        """When what waits in the queue is tried next, in epoch milliseconds."""
        sent = [each.message_attributes or {} for each in self._messages()]
        return [int(each["due"]["StringValue"]) for each in sent if "due" in each]

    @property
    def delays(self) -> list[int]:
        """How long SQS was asked to delay what was sent on, in seconds, so far."""
        asked = [each.parameters for each in Access.calls if each.action == "sqs:SendMessage"]
        return [each["DelaySeconds"] for each in asked if each.get("MessageAttributes")]

    @property
    def in_flight(self) -> int:
        """Messages that were received, and neither deleted nor seen again: SQS takes 120,000."""
        return int(self._attributes(QUEUE)["ApproximateNumberOfMessagesNotVisible"])

    def _messages(self) -> list[Any]:
        queues: Any = sqs_backends[stack.ACCOUNT][stack.REGION].queues
        found: list[Any] = queues[QUEUE]._messages
        return found

    @property
    def left(self) -> tuple[int, int]:
        """Messages in the queue, hidden, delayed or neither; and the dead letters."""
        return self._count(QUEUE), self._count(DEAD)

    @property
    def dead(self) -> list[str]:
        found = self.client.receive_message(
            QueueUrl=stack.queue_url(DEAD), MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return [each["Body"] for each in found.get("Messages", [])]

    def _count(self, name: str) -> int:
        found = self._attributes(name)
        states = ("", "NotVisible", "Delayed")
        return sum(int(found[f"ApproximateNumberOfMessages{each}"]) for each in states)

    def _attributes(self, name: str) -> Mapping[Any, str]:
        return self.client.get_queue_attributes(
            QueueUrl=stack.queue_url(name), AttributeNames=["All"]
        )["Attributes"]


def prepare(cloud: Cloud) -> MerchantEvents:
    """Both queues, empty, and no merchant that wants anything."""
    client = boto3.client("sqs")
    webhooks.forget_accounts()
    stack.make_queues(client, QUEUE, DEAD)
    return MerchantEvents(cloud, client)


def ports(cloud: Cloud) -> Any:
    """What the function's environment is made of."""
    return cloud.function(FUNCTION).app.merchant_bootstrap.delivery_ports()


def looked_up() -> Sequence[str]:
    """The names of the secrets that were read."""
    asked = [each for each in Access.calls if each.action == "secretsmanager:GetSecretValue"]
    return [each.parameters["SecretId"] for each in asked]


def _record(message: Any, sent_at: int) -> dict[str, Any]:
    (sample,) = scenes.event("send_webhooks")["Records"]
    received = message["Attributes"]["ApproximateReceiveCount"]
    sent = message.get("MessageAttributes", {})
    return {
        **sample,
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {
            **sample["attributes"],
            "ApproximateReceiveCount": received,
            "SentTimestamp": str(sent_at),
        },
        "messageAttributes": {
            name: {"stringValue": each["StringValue"], "dataType": each["DataType"]}
            for name, each in sent.items()
        },
    }

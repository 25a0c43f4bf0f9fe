"""Stripe's webhooks as the gateway hands them over, and the queue as Lambda reads from it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import EndpointConnectionError
from mypy_boto3_sqs import SQSClient

from checkout import bootstrap
from tests.integration import scenes, stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checkout.storage.dynamodb import CheckoutStore
    from checkout.transactions import TransactionKey
    from tests.integration.cloud import Cloud

RECEIVE, MATCH = "ReceiveWebhookFunction", "MatchReportsFunction"
SECRET = "whsec_1"
CANARY = "c4n4ry-of-the-payload"
AT_ONCE = 10

Event = dict[str, Any]


def prepare() -> Queues:
    """One account, `main`, and both queues, empty."""
    client = boto3.client("sqs")
    forget_accounts()
    make_account()
    stack.make_report_queues(client)
    return Queues(client)


def forget_accounts() -> None:
    secrets = boto3.client("secretsmanager")
    for each in secrets.list_secrets()["SecretList"]:
        secrets.delete_secret(SecretId=each["Name"], ForceDeleteWithoutRecovery=True)


def make_account(account: str = "main", secret: str = SECRET) -> None:
    found = {"environment": "sandbox", "secretKey": "sk_test_x", "webhookSecrets": [secret]}
    put_secret(f"stripe/{account}", found)


def put_secret(name: str, secret: Mapping[str, Any]) -> None:
    whole = f"{stack.environment(RECEIVE)['SECRETS_PREFIX']}{name}"
    boto3.client("secretsmanager").create_secret(Name=whole, SecretString=json.dumps(secret))


def payment(store: CheckoutStore, reference: str | None) -> TransactionKey:
    """In flight at Stripe, in an open session."""
    return scenes.attach(store, scenes.open_session(store), reference, "stripe")


def told(kind: str, reference: str = "pi_1", **facts: Any) -> str:
    """The body of an event."""
    about = {"id": reference, "payment_intent": reference, "description": CANARY, **facts}
    return json.dumps({"id": "evt_1", "type": kind, "data": {"object": about}})


def signed(body: str, secret: str = SECRET, age: float = 0, account: str = "main") -> Event:
    """The request, signed `age` seconds ago with a secret of the account's."""
    at = int(bootstrap.utc_now().timestamp() - age)
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    event = scenes.event("receive_webhook")
    event["pathParameters"]["account"] = account
    event["multiValueHeaders"]["Stripe-Signature"] = [f"t={at},v1={digest}"]
    event["body"] = body
    return event


def in_base64(event: Event) -> Event:
    body = base64.b64encode(event["body"].encode()).decode()
    return {**event, "body": body, "isBase64Encoded": True}


def receive(cloud: Cloud, event: Event) -> scenes.Answered:
    answer = cloud.function(RECEIVE)(event)
    return scenes.Answered(answer["statusCode"], answer["headers"], answer["body"])


def status(store: CheckoutStore, key: TransactionKey) -> str:
    found = store.read_transaction(key)
    assert found
    return found.status.value


@dataclass(frozen=True)
class Queues:
    """Both, as they are now. Nothing waits: what was not deleted can be received again at once."""

    client: SQSClient

    def deliver(self, cloud: Cloud) -> int:
        """One batch for the function; what it does not name as failed is deleted."""
        url = stack.queue_url(stack.REPORTS_QUEUE)
        got = self.client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=AT_ONCE,
            VisibilityTimeout=0,
        ).get("Messages", [])
        answer = cloud.function(MATCH)({"Records": [_record(each) for each in got]}) if got else {}
        failed = {each["itemIdentifier"] for each in answer.get("batchItemFailures", [])}
        for each in got:
            if each["MessageId"] not in failed:
                self.client.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return len(got)

    def put(self, *bodies: str) -> None:
        for body in bodies:
            url = stack.queue_url(stack.REPORTS_QUEUE)
            self.client.send_message(QueueUrl=url, MessageBody=body)

    @property
    def waiting(self) -> int:
        return self._count(stack.REPORTS_QUEUE)

    @property
    def dead(self) -> int:
        return self._count(stack.DEAD_REPORTS_QUEUE)

    def _count(self, name: str) -> int:
        found = self.client.get_queue_attributes(
            QueueUrl=stack.queue_url(name), AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(found["Attributes"]["ApproximateNumberOfMessages"])


def _record(message: Any) -> Event:
    (sample,) = scenes.event("match_reports")["Records"]
    own = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "md5OfBody": message["MD5OfBody"],
    }
    return {**sample, **own}


def break_queue(cloud: Cloud) -> None:
    """No message reaches it any more."""

    def unreachable(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    queue = cloud.function(RECEIVE).bootstrap.report_queue()
    queue._client.meta.events.register("before-send.sqs", unreachable)

"""What template.yaml makes, made in moto: tables, queues, and its functions' environments."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from tests.template.cloudformation import ROOT, functions, properties, resource, template

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

STACK = "shop"
ACCOUNT = "123456789012"
REGION = "eu-west-1"
TABLE = "CheckoutTable"
IDEMPOTENCY_TABLE = "IdempotencyTable"
LEDGER_TABLE = "SandboxLedgerTable"
REPORTS_QUEUE = "UnmatchedReportsQueue"
DEAD_REPORTS_QUEUE = "UnmatchedReportsDeadLetterQueue"
MACHINE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
MACHINE_NAME = f"{STACK}-cancel-transactions"
MACHINE_ARN = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{MACHINE_NAME}"

_PSEUDO = {
    "AWS::StackName": STACK,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
}
_KEPT = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")


def resolve(value: Any) -> str:
    """A text of the template. A table is named as its resource, a parameter has its default.

    Where a condition chooses, all conditions of parameters that are empty by default are false.
    """
    if not isinstance(value, dict):
        return str(value)
    if "Fn::If" in value:
        return resolve(value["Fn::If"][-1])
    if "Fn::Sub" in value:
        text: str = value["Fn::Sub"]
        for name, meaning in _PSEUDO.items():
            text = text.replace(f"${{{name}}}", meaning)
        return text
    name = value["Ref"]
    if name in _PSEUDO:
        return _PSEUDO[name]
    if name in template()["Parameters"]:
        return str(template()["Parameters"][name]["Default"])
    if name == "CancelTransactionsMachine":
        return MACHINE_ARN
    return queue_url(name) if resource(name)["Type"] == "AWS::SQS::Queue" else str(name)


def queue_url(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def make_report_queues(client: SQSClient) -> None:
    make_queues(client, REPORTS_QUEUE, DEAD_REPORTS_QUEUE)


def make_queues(client: SQSClient, queue: str, dead_letters: str) -> None:
    """Both empty, with the rule that leads from one to the other; without the delay."""
    for url in client.list_queues().get("QueueUrls", []):
        client.delete_queue(QueueUrl=url)
    client.create_queue(QueueName=dead_letters)
    redrive = properties(queue)["RedrivePolicy"]
    target = redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{target}"
    policy = {"deadLetterTargetArn": arn, "maxReceiveCount": redrive["maxReceiveCount"]}
    client.create_queue(
        QueueName=queue,
        Attributes={
            "VisibilityTimeout": str(properties(queue)["VisibilityTimeout"]),
            "RedrivePolicy": json.dumps(policy),
        },
    )


def make_tables(client: DynamoDBClient) -> None:
    """All tables, empty."""
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    for name in (TABLE, IDEMPOTENCY_TABLE, LEDGER_TABLE):
        make_table(client, name)


def make_table(client: DynamoDBClient, name: str) -> None:
    defined = properties(name)
    wanted = {each: defined[each] for each in _KEPT if each in defined}
    if "StreamSpecification" in defined:
        wanted["StreamSpecification"] = {**defined["StreamSpecification"], "StreamEnabled": True}
    client.create_table(TableName=name, **wanted)


def environment(function: str | None = None) -> dict[str, str]:
    """The environment variables of a function, or those that all have."""
    variables = dict(template()["Globals"]["Function"]["Environment"]["Variables"])
    if function:
        variables |= properties(function).get("Environment", {}).get("Variables", {})
    return {name: resolve(value) for name, value in variables.items()}


def function_names() -> dict[str, str]:
    """Every function's resource, by its name and the alias by which alone it is called."""
    alias = template()["Globals"]["Function"]["AutoPublishAlias"]
    return {
        f"{resolve(each['Properties']['FunctionName'])}:{alias}": name
        for name, each in functions().items()
    }


def machine_definition() -> str:
    machine = properties("CancelTransactionsMachine")
    text: str = (ROOT / machine["DefinitionUri"]).read_text()
    for name, value in machine["DefinitionSubstitutions"].items():
        text = text.replace(f"${{{name}}}", resolve(value))
    return text


def stream_records(after: int = 0) -> list[dict[str, Any]]:
    """What Lambda would be given of the table's stream, but for its first `after` records.

    The images are moto's own: two of one item may share their sets.
    """
    return [_record(each.to_json()) for each in _stream()[after:]]


def changes() -> int:
    """How often an item of the table was changed so far."""
    return len(_stream())


def _stream() -> list[Any]:
    shard = dynamodb_backends[ACCOUNT][REGION].tables[TABLE].stream_shard
    assert shard
    return shard.items


def _record(raw: dict[str, Any]) -> dict[str, Any]:
    change = raw["dynamodb"]
    created: datetime = change["ApproximateCreationDateTime"]
    seconds = created.replace(tzinfo=UTC).timestamp()
    return {**raw, "dynamodb": {**change, "ApproximateCreationDateTime": seconds}}

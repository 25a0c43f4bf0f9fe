"""Who may do what: the whole list, so that a new permission is a visible change."""

import pytest

from tests.template.cloudformation import REAL, functions, properties, resource, template
from tests.template.permissions import (
    LEADING_KEYS,
    LIKE,
    leading_keys,
    listed,
    permissions,
    statements,
)

TABLE = "CheckoutTable.Arn"
IDEMPOTENCY = "IdempotencyTable.Arn"
LEDGER = "SandboxLedgerTable.Arn"
BY_REFERENCE = "${CheckoutTable.Arn}/index/by-provider-reference"
BY_MERCHANT = "${CheckoutTable.Arn}/index/cancellations-by-merchant"
WORKERS = (
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}"
    ":function:${AWS::StackName}-cancel-with-*"
)

WORKER = {
    (TABLE, "dynamodb:UpdateItem"),
    (LEDGER, "dynamodb:GetItem"),
    (LEDGER, "dynamodb:UpdateItem"),
}
SANDBOXES = {
    "CancelWithSandboxFunction": "sandbox",
    "CancelWithSandboxBFunction": "sandbox-b",
    "CancelWithSandboxCFunction": "sandbox-c",
}
SECRETS = (
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}"
    ":secret:${AWS::StackName}/"
)


def real_worker(provider: str) -> set[tuple[str, str]]:
    """Its outcomes, and the secrets of its own accounts."""
    secrets = f"{SECRETS}{provider}/*"
    return {(TABLE, "dynamodb:UpdateItem"), (secrets, "secretsmanager:GetSecretValue")}


REPORTS = {
    (TABLE, "dynamodb:GetItem"),
    (TABLE, "dynamodb:UpdateItem"),
    (BY_REFERENCE, "dynamodb:Query"),
    # Of every provider: its path names which one a webhook is from.
    (f"{SECRETS}*", "secretsmanager:GetSecretValue"),
}
ALLOWED = {
    "CancelSessionFunction": {
        (TABLE, "dynamodb:Query"),
        (TABLE, "dynamodb:UpdateItem"),
        (IDEMPOTENCY, "dynamodb:DeleteItem"),
        (IDEMPOTENCY, "dynamodb:PutItem"),
        (IDEMPOTENCY, "dynamodb:UpdateItem"),
        ("CancelTransactionsMachine", "states:StartSyncExecution"),
        (WORKERS, "lambda:InvokeFunction"),
    },
    "GetSessionFunction": {(TABLE, "dynamodb:Query")},
    "ListSessionsFunction": {(BY_MERCHANT, "dynamodb:Query")},
    "CancelWithSandboxFunction": WORKER,
    "CancelWithSandboxBFunction": WORKER,
    "CancelWithSandboxCFunction": WORKER,
    **{name: real_worker(provider) for name, provider in REAL.items()},
    "CompleteCancellationsFunction": {
        (TABLE, "dynamodb:Query"),
        (TABLE, "dynamodb:UpdateItem"),
        ("CheckoutTable.StreamArn", "dynamodb:DescribeStream"),
        ("CheckoutTable.StreamArn", "dynamodb:GetRecords"),
        ("CheckoutTable.StreamArn", "dynamodb:GetShardIterator"),
        ("CompletionFailuresQueue.Arn", "sqs:SendMessage"),
        ("CompleteCancellationsLogs.Arn", "logs:CreateLogStream"),
        ("CompleteCancellationsLogs.Arn", "logs:PutLogEvents"),
        ("*", "dynamodb:ListStreams"),
        ("*", "xray:PutTelemetryRecords"),
        ("*", "xray:PutTraceSegments"),
    },
    "PublishEventsFunction": {
        (TABLE, "dynamodb:Query"),
        ("EventBus.Arn", "events:PutEvents"),
        ("CheckoutTable.StreamArn", "dynamodb:DescribeStream"),
        ("CheckoutTable.StreamArn", "dynamodb:GetRecords"),
        ("CheckoutTable.StreamArn", "dynamodb:GetShardIterator"),
        ("EventFailuresQueue.Arn", "sqs:SendMessage"),
        ("PublishEventsLogs.Arn", "logs:CreateLogStream"),
        ("PublishEventsLogs.Arn", "logs:PutLogEvents"),
        ("*", "dynamodb:ListStreams"),
        ("*", "xray:PutTelemetryRecords"),
        ("*", "xray:PutTraceSegments"),
    },
    "ReconcileFunction": {
        (TABLE, "dynamodb:Query"),
        (TABLE, "dynamodb:UpdateItem"),
        ("${CheckoutTable.Arn}/index/due", "dynamodb:Query"),
        ("CancelTransactionsMachine", "states:StartSyncExecution"),
        (WORKERS, "lambda:InvokeFunction"),
    },
    "ReceiveWebhookFunction": {*REPORTS, ("UnmatchedReportsQueue.Arn", "sqs:SendMessage")},
    "MatchReportsFunction": {
        *REPORTS,
        ("UnmatchedReportsQueue.Arn", "sqs:DeleteMessage"),
        ("UnmatchedReportsQueue.Arn", "sqs:GetQueueAttributes"),
        ("UnmatchedReportsQueue.Arn", "sqs:ReceiveMessage"),
        ("MatchReportsLogs.Arn", "logs:CreateLogStream"),
        ("MatchReportsLogs.Arn", "logs:PutLogEvents"),
        ("*", "xray:PutTelemetryRecords"),
        ("*", "xray:PutTraceSegments"),
    },
    "SendWebhooksFunction": {
        # Of merchants' endpoints only, and of no provider's account.
        (f"{SECRETS.removesuffix('/')}-merchant-webhooks/*", "secretsmanager:GetSecretValue"),
        ("MerchantEventsQueue.Arn", "sqs:SendMessage"),
        ("MerchantEventsQueue.Arn", "sqs:DeleteMessage"),
        ("MerchantEventsQueue.Arn", "sqs:GetQueueAttributes"),
        ("MerchantEventsQueue.Arn", "sqs:ReceiveMessage"),
        ("MerchantEventsDeadLetterQueue.Arn", "sqs:SendMessage"),
        ("SendWebhooksLogs.Arn", "logs:CreateLogStream"),
        ("SendWebhooksLogs.Arn", "logs:PutLogEvents"),
        ("*", "xray:PutTelemetryRecords"),
        ("*", "xray:PutTraceSegments"),
    },
    # Whether a token is good is none of AWS's business.
    "AuthorizeFunction": set(),
    "OperateFunction": {
        (TABLE, "dynamodb:Query"),
        (BY_MERCHANT, "dynamodb:Query"),
        ("${CheckoutTable.Arn}/index/due", "dynamodb:Query"),
    },
    "OperatorCancelFunction": {
        (TABLE, "dynamodb:Query"),
        (TABLE, "dynamodb:UpdateItem"),
        ("CancelTransactionsMachine", "states:StartSyncExecution"),
        (WORKERS, "lambda:InvokeFunction"),
    },
    "CancelTransactionsMachine": {
        (WORKERS, "lambda:InvokeFunction"),
        ("*", "logs:CreateLogDelivery"),
        ("*", "logs:DeleteLogDelivery"),
        ("*", "logs:DescribeLogGroups"),
        ("*", "logs:DescribeResourcePolicies"),
        ("*", "logs:GetLogDelivery"),
        ("*", "logs:ListLogDeliveries"),
        ("*", "logs:PutResourcePolicy"),
        ("*", "logs:UpdateLogDelivery"),
    },
}
# AWS's service authorization reference lists no resource type for these.
WITHOUT_RESOURCE = ("dynamodb:ListStreams", "logs:", "xray:Put")
ROLES = {"CompleteCancellationsRole", "MatchReportsRole", "PublishEventsRole", "SendWebhooksRole"}
KEY = {"Fn::If": ["HasKey", {"Ref": "UseKey"}, {"Ref": "AWS::NoValue"}]}


@pytest.mark.parametrize("name", [*functions(), "CancelTransactionsMachine"])
def test_a_function_may_do_what_is_listed_here_and_nothing_else(name: str) -> None:
    assert permissions(name) == ALLOWED[name]


@pytest.mark.parametrize("name", ALLOWED)
def test_every_statement_allows_named_actions(name: str) -> None:
    for each in statements(name):
        assert each["Effect"] == "Allow"
        assert set(each) - {"Condition"} == {"Effect", "Action", "Resource"}
        assert all("*" not in action for action in listed(each["Action"]))


@pytest.mark.parametrize("name", ALLOWED)
def test_only_a_sandbox_has_a_part_of_a_table_to_itself(name: str) -> None:
    """All other keys of a function are any merchant's: the token says which, and no role knows."""
    ledger = {(LEDGER, action) for _, action in WORKER if (LEDGER, action) in ALLOWED[name]}
    assert leading_keys(name) == {each: [f"{SANDBOXES[name]}#*"] for each in ledger}
    for each in statements(name):
        # Without a key, any pattern for all of them would be met.
        null = {"Null": {LEADING_KEYS: "false"}}
        restricted = each.get("Condition", {})
        assert not restricted or restricted == {LIKE: restricted[LIKE], **null}


@pytest.mark.parametrize("name", ALLOWED)
def test_any_resource_is_named_where_aws_can_be_told_one(name: str) -> None:
    everything = {action for target, action in permissions(name) if target == "*"}
    assert all(action.startswith(WITHOUT_RESOURCE) for action in everything)


def test_no_managed_policy_is_attached_but_the_one_for_the_customers_key() -> None:
    for name, function in functions().items():
        attached = [each for each in function["Properties"].get("Policies", []) if "Fn::If" in each]
        if "Role" in function["Properties"]:
            role = function["Properties"]["Role"]["Fn::GetAtt"][0]
            attached = properties(role)["ManagedPolicyArns"]
        assert attached == ([KEY] if ALLOWED[name] else []), name
    assert all("Statement" in each for each in properties("CancelTransactionsMachine")["Policies"])


def test_the_customers_key_is_used_through_its_services_only() -> None:
    (statement,) = properties("UseKey")["PolicyDocument"]["Statement"]
    assert statement["Resource"] == {"Ref": "KmsKeyArn"}
    services = ("dynamodb", "secretsmanager", "sqs")
    through = [{"Fn::Sub": f"{each}.${{AWS::Region}}.${{AWS::URLSuffix}}"} for each in services]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": through}}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_lambda_takes_a_functions_role(role: str) -> None:
    (trust,) = properties(role)["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_no_function_has_a_policy_template_of_sam_or_a_role_from_elsewhere() -> None:
    for name, function in functions().items():
        for policy in function["Properties"].get("Policies", []):
            assert set(policy) <= {"Statement", "Fn::If"}, name
    roles = {
        function["Properties"]["Role"]["Fn::GetAtt"][0]
        for function in functions().values()
        if "Role" in function["Properties"]
    }
    assert roles == ROLES
    assert "Globals" in template()
    assert "Role" not in template()["Globals"]["Function"]
    assert {resource(role)["Type"] for role in ROLES} == {"AWS::IAM::Role"}

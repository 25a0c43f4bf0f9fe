"""The tables: keys, indexes, and what protects them."""

import pytest

from tests.template.cloudformation import of_type, properties, resource, template

KEYS = {
    "CheckoutTable": {"PK": "HASH", "SK": "RANGE"},
    "IdempotencyTable": {"id": "HASH"},
    "SandboxLedgerTable": {"payment": "HASH"},
}


def keys(schema: list[dict[str, str]]) -> dict[str, str]:
    return {each["AttributeName"]: each["KeyType"] for each in schema}


def test_there_are_three_tables_and_the_sandboxes_ledger_is_not_in_prod() -> None:
    assert set(of_type("AWS::DynamoDB::Table")) == set(KEYS)
    assert resource("SandboxLedgerTable")["Condition"] == "HasSandbox"
    assert template()["Outputs"]["SandboxLedgerTableName"]["Condition"] == "HasSandbox"


@pytest.mark.parametrize("table", KEYS)
def test_a_table_has_its_keys_and_is_paid_by_the_request(table: str) -> None:
    assert keys(properties(table)["KeySchema"]) == KEYS[table]
    assert properties(table)["BillingMode"] == "PAY_PER_REQUEST"


def test_the_indexes_hold_keys_only_but_for_what_the_list_shows() -> None:
    indexes = {
        each["IndexName"]: each for each in properties("CheckoutTable")["GlobalSecondaryIndexes"]
    }
    assert {name: keys(each["KeySchema"]) for name, each in indexes.items()} == {
        "by-provider-reference": {"providerKey": "HASH"},
        "due": {"dueShard": "HASH", "dueAt": "RANGE"},
        "cancellations-by-merchant": {"cancellationsOf": "HASH", "cancelRequestedAt": "RANGE"},
    }
    assert indexes.pop("cancellations-by-merchant")["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["createdAt", "cancelledAt", "reason"],
    }
    assert all(each["Projection"] == {"ProjectionType": "KEYS_ONLY"} for each in indexes.values())


def test_the_attributes_of_keys_have_their_types() -> None:
    attributes = properties("CheckoutTable")["AttributeDefinitions"]
    assert {each["AttributeName"]: each["AttributeType"] for each in attributes} == {
        "PK": "S",
        "SK": "S",
        "providerKey": "S",
        "dueShard": "S",
        "dueAt": "N",
        "cancellationsOf": "S",
        "cancelRequestedAt": "S",
    }


def test_remembered_answers_expire() -> None:
    assert properties("IdempotencyTable")["TimeToLiveSpecification"] == {
        "AttributeName": "expiration",
        "Enabled": True,
    }


def test_the_table_outlives_its_stack_and_can_be_brought_back() -> None:
    table = resource("CheckoutTable")
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    recovery = table["Properties"]["PointInTimeRecoverySpecification"]
    assert recovery["PointInTimeRecoveryEnabled"] == {
        "Fn::If": ["RecoversToAnySecond", True, False]
    }
    assert table["Properties"]["DeletionProtectionEnabled"] == {
        "Fn::If": ["ProtectsFromDeletion", True, False]
    }


def test_the_merchants_outlive_the_stack_too() -> None:
    pool = resource("MerchantPool")
    assert (pool["DeletionPolicy"], pool["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("table", ["CheckoutTable", "IdempotencyTable"])
def test_what_merchants_say_is_kept_under_the_customers_key_if_there_is_one(table: str) -> None:
    assert properties(table)["SSESpecification"]["Fn::If"] == [
        "HasKey",
        {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "KmsKeyArn"}},
        {"Ref": "AWS::NoValue"},
    ]


QUEUES = of_type("AWS::SQS::Queue")


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_is_encrypted_under_the_customers_key_if_there_is_one(queue: str) -> None:
    found = properties(queue)
    assert found["SqsManagedSseEnabled"] == {"Fn::If": ["HasKey", False, True]}
    assert found["KmsMasterKeyId"] == {
        "Fn::If": ["HasKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]
    }

"""The table in memory against moto's: the same requests, the same items, the same refusals."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from checkout.sessions import SessionStatus
from checkout.storage import session_requests
from checkout.storage.items import serialize, session_item_key, transaction_item_key
from checkout.timestamps import to_millis, to_text
from checkout.transactions import TransactionStatus
from tests.exploration.actors import KEY, key_of
from tests.exploration.forms import Request, builders, forms
from tests.exploration.replay import moment
from tests.exploration.table import MemoryTable
from tests.integration.stack import REGION, TABLE, make_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOW = to_millis(moment(0))
REQUESTS = [(builder, form) for builder, every in forms().items() for form in every]

absent = st.none()
sessions = st.fixed_dictionaries(
    {
        "status": st.sampled_from([each.value for each in SessionStatus]),
        "createdAt": st.just(to_text(moment(0))),
        "driver": absent | st.sampled_from(["driver", "other"]),
        "leaseUntil": absent | st.sampled_from([0, NOW - 1, NOW, NOW + 1]),
        "dueAt": absent | st.sampled_from([NOW, NOW + 60_000]),
        "dueShard": absent | st.just("4"),
        "drives": absent | st.integers(1, 3),
        "attempts": absent | st.sampled_from([{"t1"}, {"t1", "t2"}, {f"x{n}" for n in range(100)}]),
        "reason": absent | st.just("asked to"),
        "cancelRequestedAt": absent | st.just(to_text(moment(5))),
        "cancelRequestedBy": absent | st.just("merchant"),
    }
)
transactions = st.fixed_dictionaries(
    {
        "status": st.sampled_from([each.value for each in TransactionStatus]),
        "amount": st.just(1999),
        "providerReference": absent | st.sampled_from(["ref-t1", "another"]),
        "providerKey": absent | st.just("a#ref-t1"),
        "cancellation": absent | st.just("PENDING"),
        "cancellationDetail": absent | st.sampled_from(["UNKNOWN", "REQUESTED"]),
        "cancelAttempt": absent | st.integers(0, 2),
        "driver": absent | st.sampled_from(["driver", "other"]),
        "settledAt": absent | st.just(to_text(moment(5))),
        "settledAfterCancel": absent | st.booleans(),
        "neverSent": absent | st.just(True),
        "statusAt": absent | st.just(to_text(moment(5))),
        "firstTriedAt": absent | st.just(to_text(moment(5))),
        "lastTriedAt": absent | st.just(to_text(moment(5))),
    }
)


@pytest.fixture(scope="module")
def client() -> Iterator["DynamoDBClient"]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name=REGION)
        # Anew: moto keeps what other tests made for as long as one of them runs.
        make_tables(client)
        yield client


def item_of(key: Request, values: dict[str, Any] | None) -> Request | None:
    if values is None:
        return None
    return key | serialize({name: each for name, each in values.items() if each is not None})


def in_order(value: Any) -> Any:
    """Sets have no order, and DynamoDB writes a number in its shortest form, as we do."""
    if isinstance(value, dict):
        return {name: in_order(each) for name, each in value.items()}
    return sorted(value, key=str) if isinstance(value, list) else value


def outcome(table: Any, operation: str, request: Request) -> Any:
    try:
        answer = getattr(table, operation)(TableName=TABLE, **request)
    except ClientError as refusal:
        return refusal.response["Error"]["Code"], in_order(refusal.response.get("Item"))
    return in_order(answer.get("Attributes"))


def stored(table: Any) -> Any:
    found = table.query(TableName=TABLE, **session_requests.read_session(KEY))["Items"]
    return [in_order(each) for each in found]


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    request=st.sampled_from(REQUESTS), session=absent | sessions, transaction=absent | transactions
)
def test_a_request_does_the_same_in_memory_as_in_moto(
    client: "DynamoDBClient",
    request: tuple[str, str],
    session: dict[str, Any] | None,
    transaction: dict[str, Any] | None,
) -> None:
    builder, form = request
    asked = forms()[builder][form]
    memory = MemoryTable()
    places = ((session_item_key(KEY), session), (transaction_item_key(key_of("t1")), transaction))
    for key, values in places:
        if item := item_of(key, values):
            memory.put_item(Item=item)
            client.put_item(TableName=TABLE, Item=item)
        else:
            client.delete_item(TableName=TABLE, Key=key)
    operation = "put_item" if "Item" in asked else "update_item"
    assert outcome(memory, operation, asked) == outcome(client, operation, asked)
    assert stored(memory) == stored(client)


def test_every_conditional_write_has_its_forms() -> None:
    assert {*forms()} == {*builders()}


def test_a_write_that_changes_nothing_makes_no_record() -> None:
    changes: list[tuple[Request, Request]] = []
    memory = MemoryTable()
    memory.on_change = lambda old, new: changes.append((old, new))
    reference = forms()["record_reference"][""]
    memory.put_item(**forms()["put_attempt"][""])
    memory.update_item(**reference)
    memory.update_item(**reference)
    assert [bool(old) for old, _ in changes] == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"ConditionExpression": "begins_with(PK, :reference)"},
        {"ConditionExpression": "attribute_exists(PK) ? 1"},
        {"UpdateExpression": "SET a[0] = :reference"},
        {"ReturnConsumedCapacity": "TOTAL"},
    ],
)
def test_what_is_not_understood_is_an_error(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"not understood|expected"):
        MemoryTable().update_item(**(forms()["record_reference"][""] | change))


def test_an_attribute_value_that_no_expression_uses_is_an_error() -> None:
    asked = forms()["mark_pending"][""]
    values = asked["ExpressionAttributeValues"] | {":other": {"S": "unused"}}
    with pytest.raises(ValueError, match="declared and not used"):
        MemoryTable().update_item(**(asked | {"ExpressionAttributeValues": values}))

"""What tests begin with: sessions and transactions in the table, and AWS's events about them."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout import bootstrap, payments
from checkout.lease import CancelRequest, Lock
from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.sessions import SessionKey
from checkout.storage.items import deserialize, session_item_key, transaction_item_key
from checkout.transactions import Attempt, Money, TransactionKey
from tests.integration.stack import TABLE
from tests.template.cloudformation import ROOT

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.cancellation_store import CancellationStore
    from checkout.storage.dynamodb import CheckoutStore
    from checkout.transactions import TransactionStatus
    from tests.integration.cloud import Cloud

REASON = "the customer changed their mind"


@cache
def _event(name: str) -> str:
    return (ROOT / "events" / f"{name}.json").read_text()


def event(name: str) -> dict[str, Any]:
    """A file of events/."""
    read: dict[str, Any] = json.loads(_event(name))
    return read


def merchant() -> str:
    claims: dict[str, str] = event("cancel_session")["requestContext"]["authorizer"]["claims"]
    return claims["client_id"]


def new_key() -> SessionKey:
    return SessionKey(merchant(), bootstrap.new_id())


def attempt_on(key: SessionKey, provider: str = "sandbox") -> Attempt:
    transaction = TransactionKey(key, bootstrap.new_id())
    return Attempt(transaction, provider, "main", Money(1999, "EUR"))


def open_session(store: CheckoutStore) -> SessionKey:
    key = new_key()
    payments.open_session(store, key, bootstrap.utc_now())
    return key


def attach(
    store: CheckoutStore, key: SessionKey, reference: str | None, provider: str = "sandbox"
) -> TransactionKey:
    """A transaction as the payment side makes it; `reference` tells how the sandbox behaves."""
    attempt = attempt_on(key, provider)
    payments.begin_transaction(store, attempt, bootstrap.utc_now)
    if reference:
        payments.record_reference(store, attempt.key, provider, reference)
    return attempt.key


def session_with(store: CheckoutStore, *references: str) -> tuple[SessionKey, list[str]]:
    """An open session, and its transactions' ids in ascending order."""
    key = open_session(store)
    return key, [attach(store, key, each).transaction_id for each in references]


def lock_at(now: datetime, driver: str = "driver", *, first: bool = True) -> Lock:
    request = CancelRequest("merchant", REASON) if first else None
    lease_until = now + timedelta(seconds=60)
    return Lock(driver, now, lease_until, lease_until + timedelta(seconds=5), request)


def lock(store: CheckoutStore, key: SessionKey, driver: str = "driver") -> None:
    assert store.lock_for_cancellation(key, lock_at(bootstrap.utc_now(), driver)).held


def record(
    outcome: CancelOutcome = CancelOutcome.CANCELLED,
    status: TransactionStatus | None = None,
    driver: str = "driver",
) -> OutcomeRecord:
    return OutcomeRecord(driver, ProviderAnswer(outcome, status), bootstrap.utc_now())


def session_item(client: DynamoDBClient, key: SessionKey) -> dict[str, Any]:
    return _item(client, session_item_key(key))


def transaction_item(client: DynamoDBClient, key: TransactionKey) -> dict[str, Any]:
    return _item(client, transaction_item_key(key))


def _item(client: DynamoDBClient, key: dict[str, Any]) -> dict[str, Any]:
    return deserialize(client.get_item(TableName=TABLE, Key=key).get("Item", {}))


def set_values(client: DynamoDBClient, key: dict[str, Any], **values: Any) -> None:
    """Attributes that no code of ours would write like this."""
    names = {f"#{name}": name for name in values}
    client.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def drop(client: DynamoDBClient, key: SessionKey, name: str) -> None:
    """An attribute of a session that an older release did not know of."""
    names, item = {"#name": name}, session_item_key(key)
    client.update_item(
        TableName=TABLE, Key=item, UpdateExpression="REMOVE #name", ExpressionAttributeNames=names
    )


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP answer of a function."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.text)
        return read

    @property
    def cancelled(self) -> list[str]:
        read: list[str] = self.body["cancelledTransactionIds"]
        return read

    @property
    def pending(self) -> list[str]:
        read: list[str] = self.body["pendingTransactionIds"]
        return read


def cancel(
    cloud: Cloud, key: SessionKey, body: str | None = None, idempotency_key: str | None = None
) -> Answered:
    """POST /v1/checkout/session/cancel, as the gateway hands it over."""
    called = cancel_event(key, body, idempotency_key)
    return _answered(cloud.function("CancelSessionFunction")(called))


def cancel_event(
    key: SessionKey, body: str | None = None, idempotency_key: str | None = None
) -> dict[str, Any]:
    called = event("cancel_session")
    called["requestContext"]["authorizer"]["claims"]["client_id"] = key.merchant_id
    called["body"] = body or json.dumps({"sessionId": key.session_id, "reason": REASON})
    if idempotency_key:
        called["headers"]["Idempotency-Key"] = idempotency_key
        called["multiValueHeaders"]["Idempotency-Key"] = [idempotency_key]
    return called


def get(cloud: Cloud, key: SessionKey) -> Answered:
    """GET /v1/checkout/session/{sessionId}."""
    called = event("get_session")
    called["requestContext"]["authorizer"]["claims"]["client_id"] = key.merchant_id
    called["pathParameters"]["sessionId"] = key.session_id
    return _answered(cloud.function("GetSessionFunction")(called))


def list_call(merchant_id: str, **query: str) -> dict[str, Any]:
    called = event("list_sessions")
    called["requestContext"]["authorizer"]["claims"]["client_id"] = merchant_id
    called["queryStringParameters"] = query
    called["multiValueQueryStringParameters"] = {name: [each] for name, each in query.items()}
    return called


def listed(cloud: Cloud, merchant_id: str = "", **query: str) -> Answered:
    """GET /v1/checkout/sessions, of those that are pending unless `query` says otherwise."""
    asked = {"status": "PENDING_CANCELLATION", **query}
    called = list_call(merchant_id or merchant(), **asked)
    return _answered(cloud.function("ListSessionsFunction")(called))


def stream_record(key: SessionKey, sequence: int = 1) -> dict[str, Any]:
    """A record of the table's stream: a transaction of the session has ended."""
    found: dict[str, Any] = copy.deepcopy(event("complete_cancellations")["Records"][0])
    change = found["dynamodb"]
    for each in (change["Keys"], change["OldImage"], change["NewImage"]):
        each["PK"]["S"] = f"MERCHANT#{key.merchant_id}#SESSION#{key.session_id}"
    change["SequenceNumber"] = str(sequence)
    return found


def deliver(cloud: Cloud, *records: dict[str, Any]) -> list[str]:
    """One batch of the stream; the sequence numbers that are to be delivered again."""
    answer = cloud.function("CompleteCancellationsFunction")({"Records": list(records)})
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def _answered(answer: dict[str, Any]) -> Answered:
    return Answered(answer["statusCode"], answer["headers"], answer["body"])


def statuses(store: CancellationStore, key: SessionKey) -> dict[str, str]:
    snapshot = store.read_session(key)
    return {each.transaction_id: each.status.value for each in snapshot.transactions}

"""Cancelled sessions that wait for one payment each, and the records of its end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checkout import bootstrap, payments
from checkout.sessions import SessionKey
from checkout.storage import session_requests
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import session_item_key, transaction_item_key
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.stack import TABLE, stream_records
from tests.template.filter_pattern import matches, stream_pattern

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class Waiting:
    store: CheckoutStore
    session: SessionKey
    transactions: tuple[TransactionKey, ...]

    def end(self, status: TransactionStatus = TransactionStatus.CANCELLED, number: int = 0) -> None:
        """One of its payments ends, and is reported."""
        key = self.transactions[number]
        payments.record_status(self.store, key, status, bootstrap.utc_now())

    @property
    def status(self) -> str:
        return self.store.read_session(self.session).session.status.value


def waiting_session(store: CheckoutStore, payments_in_flight: int = 1) -> Waiting:
    """As a drive leaves it whose provider has accepted every cancellation."""
    session = scenes.open_session(store)
    keys = [scenes.attach(store, session, "async_900_1") for _ in range(payments_in_flight)]
    scenes.lock(store, session)
    for each in keys:
        store.mark_pending(each)
    store.release_lease(session, "driver", bootstrap.utc_now())
    return Waiting(store, session, tuple(keys))


def waiting_sessions(store: CheckoutStore, count: int) -> list[Waiting]:
    """The first is made call by call, the others are its copies: moto is slow."""
    first = waiting_session(store)
    items = _items(first)
    copies = [_copy(first) for _ in range(count - 1)]
    client = bootstrap.dynamodb()
    for each in copies:
        puts: Any = [{"PutRequest": {"Item": item}} for item in _items_of_copy(items, first, each)]
        client.batch_write_item(RequestItems={TABLE: puts})
    return [first, *copies]


def ended_sessions(store: CheckoutStore, count: int) -> list[Waiting]:
    """Of each the one payment has ended, in the order of the list."""
    sessions = waiting_sessions(store, count)
    for each in sessions:
        each.end()
    return sessions


def _copy(original: Waiting) -> Waiting:
    session = scenes.new_key()
    transaction = TransactionKey(session, bootstrap.new_id())
    return Waiting(original.store, session, (transaction,))


def _items(waiting: Waiting) -> list[dict[str, Any]]:
    request = session_requests.read_session(waiting.session)
    return bootstrap.dynamodb().query(TableName=TABLE, **request)["Items"]


def _items_of_copy(
    items: list[dict[str, Any]], original: Waiting, copy: Waiting
) -> list[dict[str, Any]]:
    text = json.dumps(items)
    text = text.replace(original.session.session_id, copy.session.session_id)
    text = text.replace(
        original.transactions[0].transaction_id, copy.transactions[0].transaction_id
    )
    copied: list[dict[str, Any]] = json.loads(text)
    for each in copied:
        if "dueShard" in each:
            each["dueShard"] = {"S": session_requests.due_shard(copy.session.session_id)}
    return copied


def waking_records() -> list[dict[str, Any]]:
    """Of all that the stream holds, what the filter lets through."""
    return [each for each in stream_records() if matches(stream_pattern(), each)]


def remove_session(client: DynamoDBClient, waiting: Waiting) -> None:
    client.delete_item(TableName=TABLE, Key=session_item_key(waiting.session))


def remove_transaction(client: DynamoDBClient, waiting: Waiting) -> None:
    client.delete_item(TableName=TABLE, Key=transaction_item_key(waiting.transactions[0]))

"""Sessions put straight into moto's table, as our own requests would have written them.

The payment side's calls would do it, too, but take minutes for what is wanted here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from checkout import bootstrap
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage.items import MARK, partition_key, transaction_keys_from
from checkout.transactions import TransactionKey, TransactionStatus
from local.bench import answering
from tests.integration import scenes, stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# By partition and sort key, as moto keeps them.
Items = dict[Any, Any]
RawItem = dict[str, Any]


def table() -> Any:
    return dynamodb_backends[stack.ACCOUNT][stack.REGION].tables[stack.TABLE]


def look_up_by_key() -> None:
    """A query goes to its partition, as DynamoDB's does; moto's own sorts the whole table."""
    found = table()
    query = found.query

    def of_partition(hash_key: Any, *others: Any, **more: Any) -> Any:
        assert not more.get("index_name")
        found.all_items = lambda: list(found.items.get(hash_key, {}).values())
        return query(hash_key, *others, **more)

    found.query = of_partition


def open_session(providers: Sequence[str]) -> SessionKey:
    """With a payment in flight at each of them."""
    key = scenes.new_key()
    _put(_session(key, SessionStatus.OPEN, providers))
    return key


def waiting_session(transactions: int) -> list[TransactionKey]:
    """A locked one, whose transactions are all waited for."""
    session, *others = _session(
        scenes.new_key(), SessionStatus.PENDING_CANCELLATION, ["sandbox"] * transactions
    )
    marked = [each | {"cancellation": {"S": MARK}} for each in others]
    _put([session, *marked])
    return transaction_keys_from(others)


def many(sessions: int) -> Items:
    """The items of a table with so many sessions of one settled payment each.

    All share one item's attributes: nothing ever reads more of them than their keys.
    """
    found: Items = defaultdict(dict)
    key = scenes.new_key()
    sample = list(_session(key, SessionStatus.COMPLETED, ["sandbox"]))
    kept = {
        DynamoType(each["SK"]): Item(DynamoType(each["PK"]), DynamoType(each["SK"]), each)
        for each in sample
    }
    for number in range(sessions):
        partition = partition_key(SessionKey(key.merchant_id, f"{key.session_id[:-8]}{number:08d}"))
        found[DynamoType({"S": partition})] = dict(kept)
    return found


def _session(key: SessionKey, status: SessionStatus, providers: Sequence[str]) -> Iterator[RawItem]:
    keys = [TransactionKey(key, bootstrap.new_id()) for _ in providers]
    yield answering.session_item(key, status, [each.transaction_id for each in keys])
    for each, provider in zip(keys, providers, strict=True):
        yield answering.transaction_item(each, provider, TransactionStatus.PROCESSING)


def _put(items: Iterator[RawItem] | Sequence[RawItem]) -> None:
    for each in items:
        table().put_item(each, overwrite=True)

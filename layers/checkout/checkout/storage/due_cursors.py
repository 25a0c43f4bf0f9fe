"""Where a page of the index `due` begins, as plain values and as DynamoDB wants it."""

from collections.abc import Mapping, Sequence
from typing import Any

from checkout.lease import DUE_SHARDS
from checkout.storage.items import deserialize, serialize, session_key_of

# Of any moment that a clock can tell, in epoch milliseconds: DynamoDB takes no number beyond.
_LATEST = 10**15


def due_fields(cursor: Mapping[str, Any] | None) -> list[Any]:
    """When the last session of the page before was due, and its item; none at the beginning."""
    if cursor is None:
        return []
    item = deserialize(cursor)
    return [int(item["dueAt"]), item["PK"], item["SK"]]


def due_cursor(shard: object, fields: Sequence[object]) -> dict[str, Any] | None:
    """Raises ValueError for what is no place in the index."""
    if type(shard) is not int or not 0 <= shard < DUE_SHARDS:
        raise ValueError("no such shard")
    if not fields:
        return None
    due_at, partition, sort_key = fields
    if type(due_at) is not int or not 0 <= due_at <= _LATEST:
        raise ValueError("no moment")
    if not isinstance(partition, str) or not isinstance(sort_key, str) or not sort_key:
        raise ValueError("no item")
    session_key_of(partition)
    if max(len(partition.encode()), len(sort_key.encode())) > 1024:
        raise ValueError("longer than a key may be")
    return serialize({"PK": partition, "SK": sort_key, "dueShard": str(shard), "dueAt": due_at})

"""What a record of the table's stream tells."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from checkout.errors import MalformedRecordError
from checkout.events import SessionChange, TransactionChange
from checkout.sessions import SessionKey
from checkout.storage.items import (
    SESSION,
    deserialize,
    session_from,
    session_key_of,
    transaction_from,
)
from checkout.timestamps import from_millis
from checkout.transactions import TransactionStatus

Record = Mapping[str, Any]
Told = TypeVar("Told")
# ArithmeticError of a number that DynamoDB does not have, RecursionError of a list without an end.
_UNREADABLE = (
    ArithmeticError,
    AttributeError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)


def session_of(record: Record) -> SessionKey:
    """Whose item has changed. Raises MalformedRecordError."""
    return _told("Keys", record, lambda keys: session_key_of(deserialize(keys)["PK"]))


def change_of(record: Record) -> SessionChange | TransactionChange:
    """How an item was before, and how it is now. Raises MalformedRecordError."""
    key = session_of(record)
    if _told("Keys", record, lambda keys: deserialize(keys)["SK"] == SESSION):
        return SessionChange(
            _told("OldImage", record, lambda image: session_from(key, image)),
            _told("NewImage", record, lambda image: session_from(key, image)),
        )
    return TransactionChange(
        _told("OldImage", record, lambda image: transaction_from(key, image)),
        _told("NewImage", record, lambda image: transaction_from(key, image)),
        # In seconds, with a fraction or without.
        _told("ApproximateCreationDateTime", record, lambda at: from_millis(int(at * 1000))),
    )


def settled_by_report(record: Record) -> bool:
    """Whether a report settled the transaction; what a worker settled, the worker has counted.

    Raises MalformedRecordError.
    """
    return _told("NewImage", record, _settled_by_report)


def _settled_by_report(image: Mapping[str, Any]) -> bool:
    transaction = deserialize(image)
    return transaction.get("status") == TransactionStatus.SETTLED and "driver" not in transaction


def _told(part: str, record: Record, read: Callable[[Any], Told]) -> Told:
    try:
        return read(record["dynamodb"][part])
    except _UNREADABLE as error:
        raise MalformedRecordError(part) from error

"""What a record of the table's stream tells."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from checkout.errors import MalformedRecordError
from checkout.sessions import SessionKey
from checkout.storage.items import deserialize, session_key_of
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
    return _told("Keys", record, lambda keys: session_key_of(keys["PK"]))


def settled_by_report(record: Record) -> bool:
    """Whether a report settled the transaction; what a worker settled, the worker has counted.

    Raises MalformedRecordError.
    """
    return _told("NewImage", record, _settled_by_report)


def _settled_by_report(transaction: Mapping[str, Any]) -> bool:
    return transaction.get("status") == TransactionStatus.SETTLED and "driver" not in transaction


def _told(part: str, record: Record, read: Callable[[Mapping[str, Any]], Told]) -> Told:
    try:
        return read(deserialize(record["dynamodb"][part]))
    except _UNREADABLE as error:
        raise MalformedRecordError(part) from error

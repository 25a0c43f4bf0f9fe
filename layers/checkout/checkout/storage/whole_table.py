"""What operators look for in the whole table, and mend. No function of the service does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checkout.cancelled_sessions import LISTED
from checkout.errors import SessionNotFoundError
from checkout.relisting import Misplaced, MisplacedPage
from checkout.republishing import ChangedPage, Span
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage import scan_requests, session_requests
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import (
    cancellations_of,
    cancelled_sessions_from,
    serialize,
    session_key_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checkout.storage.expressions import Request


class WholeTable(CheckoutStore):
    """Pages are of a megabyte at most, as DynamoDB cuts them, whatever is left out of them."""

    def items_about(self) -> int:
        return self._table.items_about()

    def misplaced(self, merchant_id: str | None, cursor: Mapping[str, Any] | None) -> MisplacedPage:
        answer = self._scan(scan_requests.cancelled_items(merchant_id), cursor)
        found: list[Misplaced] = []
        unreadable: list[str] = []
        for item in answer["Items"]:
            try:
                misplaced = _misplaced(item)
            except ValueError:
                unreadable.append(item["PK"]["S"])
            else:
                found += [misplaced] if misplaced else []
        return MisplacedPage(
            tuple(found),
            tuple(unreadable),
            read=answer["ScannedCount"],
            seen=answer["Count"],
            cursor=answer.get("LastEvaluatedKey"),
        )

    def changed_sessions(self, span: Span, cursor: Mapping[str, Any] | None) -> ChangedPage:
        answer = self._scan(scan_requests.changed_items(span), cursor)
        # A session and its transactions stand together, so it is here several times.
        found: list[SessionKey] = []
        unreadable: list[str] = []
        for partition in dict.fromkeys(item["PK"]["S"] for item in answer["Items"]):
            try:
                found.append(session_key_of(partition))
            except ValueError:
                unreadable.append(partition)
        cursor = answer.get("LastEvaluatedKey")
        return ChangedPage(tuple(found), tuple(unreadable), answer["ScannedCount"], cursor)

    def read_misplaced(self, key: SessionKey) -> Misplaced | None:
        """None of a session that is in the list of its status, or that nobody has cancelled.

        Raises SessionNotFoundError, StoreError, and ValueError: no list can show it.
        """
        item = self._table.get(session_requests.read_alone(key))
        if item is None:
            raise SessionNotFoundError(key.session_id)
        return _misplaced(item) if item.get("status", {}).get("S") in LISTED else None

    def relist(self, found: Misplaced) -> bool:
        return self._table.change(scan_requests.relist(found))[1]

    def _scan(self, request: Request, cursor: Mapping[str, Any] | None) -> Request:
        begin = {} if cursor is None else {"ExclusiveStartKey": cursor}
        return self._table.scan({**request, **begin})


def _misplaced(item: Mapping[str, Any]) -> Misplaced | None:
    """Raises ValueError: no list can show it."""
    status = SessionStatus(item["status"]["S"])
    shown = cancelled_sessions_from([item], status)
    if not shown:
        raise ValueError("no list can show it")
    key = shown[0].key
    right = serialize({"list": cancellations_of(key.merchant_id, status)})["list"]
    return None if item.get("cancellationsOf") == right else Misplaced(key, status)

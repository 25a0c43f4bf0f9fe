"""What the table went through, from the images of its stream, checked at every change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from checkout.storage.items import SESSION, TRANSACTION_PREFIX, deserialize
from checkout.timestamps import to_millis
from checkout.transactions import MAY_BECOME, TERMINAL, TransactionStatus
from tests.integration.stack import ACCOUNT, REGION, TABLE, stream_records
from tests.template.filter_pattern import matches, stream_pattern

if TYPE_CHECKING:
    from datetime import datetime

Item = dict[str, Any]
AFTER = {
    "OPEN": {"COMPLETED", "EXPIRED", "PENDING_CANCELLATION"},
    "PENDING_CANCELLATION": {"CANCELLED"},
}


class BrokenPromiseError(AssertionError):
    """A promise of the contract was broken."""


def demand(kept: object, promise: str) -> None:
    if not kept:
        raise BrokenPromiseError(promise)


@dataclass
class History:
    """The items as they are now; `drivers` in the order in which they took the lease."""

    session: Item = field(default_factory=dict)
    transactions: dict[str, Item] = field(default_factory=dict)
    drivers: list[str] = field(default_factory=list)
    _read: int = 0

    def begin(self) -> None:
        """With an empty table; a new one costs moto more than a play."""
        table = dynamodb_backends[ACCOUNT][REGION].tables[TABLE]
        table.items.clear()
        if table.stream_shard:
            table.stream_shard.items.clear()

    def read_on(self, now: datetime) -> list[dict[str, Any]]:
        """Take in what was written since; the records that wake the stream's function."""
        records = stream_records(after=self._read)
        self._read += len(records)
        for record in records:
            self._take_in(record["dynamodb"], now)
        return [each for each in records if matches(stream_pattern(), each)]

    @property
    def attached(self) -> set[str]:
        return set(self.session.get("attempts", ()))

    @property
    def in_flight(self) -> set[str]:
        return {each for each in self.attached if self.status(each) not in TERMINAL}

    def status(self, transaction_id: str) -> TransactionStatus:
        return TransactionStatus(self.transactions[transaction_id]["status"])

    def _take_in(self, change: dict[str, Any], now: datetime) -> None:
        # Not the old image: moto's shares its sets with the new one.
        new = deserialize(change["NewImage"])
        if new["SK"] == SESSION:
            self._session_changed(self.session, new, now)
        else:
            transaction_id = new["SK"].removeprefix(TRANSACTION_PREFIX)
            self._transaction_changed(self.transactions.get(transaction_id, {}), new)

    def _transaction_changed(self, old: Item, new: Item) -> None:
        if old and old["status"] != new["status"]:
            allowed = MAY_BECOME[TransactionStatus(old["status"])]
            demand(new["status"] in allowed, f"{old['status']} became {new['status']}")
        self.transactions[new["SK"].removeprefix(TRANSACTION_PREFIX)] = new

    def _session_changed(self, old: Item, new: Item, now: datetime) -> None:
        before, after = old.get("status"), new["status"]
        self.session = new
        if before and before != after:
            demand(after in AFTER.get(before, ()), f"the session went from {before} to {after}")
        if before and before != "OPEN":
            demand(old.get("attempts") == new.get("attempts"), f"attached to a session {before}")
        if after == "CANCELLED":
            demand(before != "CANCELLED" or old == new, "a cancelled session changed")
            demand(not self.in_flight, "CANCELLED with transactions in flight")
        if new.get("driver") != old.get("driver"):
            over = int(old.get("leaseUntil", 0)) < to_millis(now)
            demand(before == "OPEN" or over, "two drivers at a time")
            self.drivers.append(new["driver"])

"""What the items of one session go through, checked at every change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checkout.storage.items import SESSION, TRANSACTION_PREFIX, deserialize
from checkout.timestamps import to_millis
from checkout.transactions import MAY_BECOME, TERMINAL, TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Item = dict[str, Any]
AFTER = {
    "OPEN": {"COMPLETED", "EXPIRED", "PENDING_CANCELLATION"},
    "PENDING_CANCELLATION": {"CANCELLED"},
}

# Money of one in flight is not late yet.
MAY_BE_LATE = {"SETTLED", "REFUNDED", "CANCELLED", "FAILED", "EXPIRED"}


class BrokenPromiseError(AssertionError):
    """A promise of the contract was broken."""


def demand(kept: object, promise: str) -> None:
    if not kept:
        raise BrokenPromiseError(promise)


@dataclass
class Changes:
    """The items as they are now."""

    session: Item = field(default_factory=dict)
    transactions: dict[str, Item] = field(default_factory=dict)

    @property
    def attached(self) -> set[str]:
        return set(self.session.get("attempts", ()))

    @property
    def in_flight(self) -> set[str]:
        return {each for each in self.attached if self.status(each) not in TERMINAL}

    def status(self, transaction_id: str) -> TransactionStatus:
        return TransactionStatus(self.transactions[transaction_id]["status"])

    def take_in(self, image: Mapping[str, Any], now: datetime) -> None:
        """A new image. Not the old one beside it: moto's shares its sets with the new one."""
        new = deserialize(image)
        if new["SK"] == SESSION:
            self._session_changed(self.session, new, now)
        else:
            transaction_id = new["SK"].removeprefix(TRANSACTION_PREFIX)
            self._transaction_changed(self.transactions.get(transaction_id, {}), new)

    def _transaction_changed(self, old: Item, new: Item) -> None:
        demand("status" in new, "a change made a transaction of nothing")
        first = old.get("providerReference")
        demand(first in (None, new.get("providerReference")), "a reference was replaced")
        if old and old["status"] != new["status"]:
            allowed = MAY_BECOME[TransactionStatus(old["status"])]
            demand(new["status"] in allowed, f"{old['status']} became {new['status']}")
        ended = new["status"] in TERMINAL
        demand(not (ended and "cancellationDetail" in new), "ended, and says why it has not")
        if "settledAfterCancel" in new and "settledAfterCancel" not in old:
            demand(new["status"] in MAY_BE_LATE, f"money of one that is {new['status']} is late")
            came = new["status"] != "REFUNDED" or "settledAt" in old
            demand(came, "money that was given back is late, and had not come")
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

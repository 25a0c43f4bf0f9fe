"""What became of the sessions of a soak, write by write: the table's stream, followed."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from checkout.sessions import SessionStatus
from checkout.storage.items import SESSION, TRANSACTION_PREFIX, deserialize, session_key_of
from checkout.transactions import MAY_BECOME, TransactionStatus
from local.aws import Aws
from local.change_feed import ChangeFeed

EVERY_SECONDS = 0.5
# What a session counts as, in the order in which it usually comes.
UNENDED = ("open", "locked", "waiting")
STATES = (*UNENDED, "cancelled", "completed or expired")
_NEXT: Mapping[str, frozenset[str]] = {
    SessionStatus.OPEN: frozenset(SessionStatus) - {SessionStatus.CANCELLED},
    SessionStatus.PENDING_CANCELLATION: frozenset(
        {SessionStatus.PENDING_CANCELLATION, SessionStatus.CANCELLED}
    ),
}

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Sample:
    """How many sessions were in each state, so many seconds after the beginning."""

    seconds: float
    states: Mapping[str, int]


@dataclass
class History:
    """`transactions` are the items by session id and transaction id; `violations` by session id."""

    states: dict[str, str] = field(default_factory=dict)
    transactions: dict[str, dict[str, Item]] = field(default_factory=lambda: defaultdict(dict))
    violations: list[tuple[str, str]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        found = Counter(list(self.states.values()))
        return {state: found[state] for state in STATES}

    def notice(self, old: Item, new: Item) -> None:
        """One write: an item as it was, empty if there was none, and as it is."""
        session_id = session_key_of(new["PK"]).session_id
        if new["SK"] == SESSION:
            self.states[session_id] = _state(new)
            found = session_violations(old, new) if old else []
        else:
            transaction_id = new["SK"].removeprefix(TRANSACTION_PREFIX)
            self.transactions[session_id][transaction_id] = new
            found = transaction_violations(old, new) if old else []
        self.violations += [(session_id, what) for what in found]


def _state(session: Item) -> str:
    pending = "locked" if session.get("leaseUntil") else "waiting"
    return {
        SessionStatus.OPEN: "open",
        SessionStatus.PENDING_CANCELLATION: pending,
        SessionStatus.CANCELLED: "cancelled",
    }.get(session["status"], "completed or expired")


def session_violations(old: Item, new: Item) -> list[str]:
    before, after = old["status"], new["status"]
    found = []
    if before != SessionStatus.OPEN and new.get("attempts", set()) != old.get("attempts", set()):
        found.append(f"an attempt was attached while it was {before}")
    if before not in _NEXT:
        found.append(f"it was {before}, which is final, and was changed")
    elif after not in _NEXT[before]:
        found.append(f"{before} became {after}")
    return found


def transaction_violations(old: Item, new: Item) -> list[str]:
    before, after = TransactionStatus(old["status"]), TransactionStatus(new["status"])
    if before is after or after in MAY_BECOME[before]:
        return []
    return [f"transaction {new['SK'].removeprefix(TRANSACTION_PREFIX)}: {before} became {after}"]


class Follower:
    """Reads the stream into a history, in a thread of its own."""

    def __init__(self, aws: Aws, table: str, began: float) -> None:
        """`began` is when samples count from, of the monotonic clock."""
        self.history = History()
        self._feed = ChangeFeed(aws, table)
        self._began = began

    def run(self, over: threading.Event) -> None:
        while not over.is_set():
            self.read()
            over.wait(EVERY_SECONDS)

    def read(self) -> None:
        """All that has been written since the last time, and a sample."""
        for record in self._feed.read():
            change = record["dynamodb"]
            if image := change.get("NewImage"):
                old = deserialize(change.get("OldImage", {}))
                self.history.notice(old, deserialize(image))
        seconds = time.monotonic() - self._began
        self.history.samples.append(Sample(round(seconds, 2), self.history.counts()))

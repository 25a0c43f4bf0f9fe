"""The cancelled sessions that wait: for how long, and whether that is too long."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from admin.exits import FAILED
from admin.target import Target
from checkout.due_sessions import DueStore, pages
from checkout.errors import SessionNotFoundError
from checkout.lease import DUE_SHARDS, DueSession
from checkout.recovery import GiveUpAges
from checkout.sessions import SessionKey, SessionStatus
from checkout.timestamps import from_millis
from checkout.transactions import SessionSnapshot
from local.console import Problem

# Each is a query of some milliseconds, most of which is the way there and back.
READ_AT_ONCE = 16
# Given how many parts there are, how many are done, and how many sessions were seen.
Tell = Callable[[int, int, int], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """`give_up` is the age from which on a human has to look at it."""

    snapshot: SessionSnapshot
    due_at: datetime
    age: timedelta
    give_up: timedelta

    @property
    def stuck(self) -> bool:
        return self.age >= self.give_up


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What no recovery can help either. `key` is None of an item that names no session."""

    key: SessionKey | None
    what: str


class WaitingStore(DueStore, Protocol):
    def read_session(self, key: SessionKey) -> SessionSnapshot:
        """Raises SessionNotFoundError, and anything for an item that cannot be read."""


def deployed_ages(target: Target) -> GiveUpAges:
    """What the stack's own recovery goes by. Raises Problem (exit code 1): it means nothing."""
    name = f"{target.name}-reconcile"
    found = target.aws.functions.get_function_configuration(FunctionName=name)
    text = found.get("Environment", {}).get("Variables", {}).get("GIVE_UP_HOURS", "")
    try:
        return GiveUpAges.parse(text)
    except ValueError:
        raise Problem(
            f"GIVE_UP_HOURS of {name} cannot be read: deploy the stack with a right GiveUpHours.",
            FAILED,
        ) from None


def waiting(
    store: WaitingStore, ages: GiveUpAges, now: datetime, tell: Tell
) -> Iterator[Waiting | Unreadable]:
    """All of them, and what cannot be read. Raises StoreError."""
    seen = 0
    look = partial(_look, store, ages, now)
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        for shard in range(DUE_SHARDS):
            tell(DUE_SHARDS, shard, seen)
            for page in pages(store, shard, None):
                for _ in range(page.unreadable):
                    yield Unreadable(None, "an item that names no session")
                yield from filter(None, pool.map(look, page.sessions))
                seen += len(page.sessions)
                tell(DUE_SHARDS, shard, seen)
    tell(DUE_SHARDS, DUE_SHARDS, seen)


def _look(
    store: WaitingStore, ages: GiveUpAges, now: datetime, due: DueSession
) -> Waiting | Unreadable | None:
    try:
        snapshot = store.read_session(due.key)
    except SessionNotFoundError:
        return None
    except (KeyError, TypeError, ValueError):
        return Unreadable(due.key, "an item of it cannot be read")
    session = snapshot.session
    # The list is a little behind the table.
    if session.status is not SessionStatus.PENDING_CANCELLATION:
        return None
    age = now - (session.cancel_requested_at or session.created_at)
    give_up = ages.of(each.provider for each in snapshot.in_flight)
    return Waiting(snapshot, from_millis(due.due_at), age, give_up)

"""The lock of a cancelled session: a lease, held under its driver's own token.

If its holder dies, it runs out, and the next call or the recovery takes over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from checkout.sessions import Session, SessionKey
from checkout.timestamps import from_millis, to_millis

# Outlives everything a driver can have started: it starts the machine within 9 s, the machine runs
# 20 s, a worker that starts last 12 s more; the rest is for clocks that disagree.
LEASE = timedelta(seconds=60)
FIRST_RETRY = timedelta(minutes=1)
LAST_RETRY = timedelta(hours=1)
# Sessions that are due are spread over so many shards: ten thousand in one would be a hot key.
DUE_SHARDS = 16
# A drive that works takes less than this, so a caller who is told to wait for one waits no longer.
USUAL_DRIVE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Who asked for the cancellation, and why. The first one is recorded, later ones are not.

    `correlation_id` is that of the request; None if it has none that is fit for a log.
    """

    requested_by: str
    reason: str | None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class DueSession:
    """A session that waits to be driven from `due_at` (epoch ms) on."""

    key: SessionKey
    due_at: int


@dataclass(frozen=True, slots=True)
class Lock:
    """`request` is None for a driver that goes on with a cancellation and may not begin one."""

    driver: str
    now: datetime
    lease_until: datetime
    due_at: datetime
    request: CancelRequest | None

    @property
    def correlation_id(self) -> str:
        """Of a cancellation that has none yet."""
        return (self.request and self.request.correlation_id) or self.driver

    def makes_due(self, key: SessionKey) -> DueSession:
        return DueSession(key, to_millis(self.due_at))


@dataclass(frozen=True, slots=True)
class LockAttempt:
    """`session` is as locked when it is `held`, and else as it was found."""

    held: bool
    session: Session


@dataclass(frozen=True, slots=True)
class DuePage:
    """Some of the sessions of a shard, those that are due first first.

    `cursor` is where the next page begins, None after the last one; it means something to the store
    only. `unreadable` counts what was found and names no session.
    """

    sessions: tuple[DueSession, ...]
    cursor: Mapping[str, Any] | None = None
    unreadable: int = 0


def new_lock(driver: str, now: datetime, jitter: float, request: CancelRequest | None) -> Lock:
    """A lock that is due for recovery soon after its lease is over, whatever becomes of us."""
    lease_until = now + LEASE
    due_at = lease_until + FIRST_RETRY * (0.2 * jitter)
    return Lock(driver, now, lease_until, due_at, request)


def next_due(now: datetime, drives: int, jitter: float) -> datetime:
    """When to drive again after `drives` drives: twice as long each time, from 1 min to 1 h."""
    wait = min(FIRST_RETRY * 2 ** min(max(drives - 1, 0), 10), LAST_RETRY)
    return now + timedelta(seconds=wait.total_seconds() * (0.8 + 0.2 * jitter))


def seconds_to_wait(lease_until: int, now: datetime) -> int:
    """How long to tell a caller to wait for the driver whose lease ends then (epoch ms)."""
    left = min(from_millis(lease_until) - now, USUAL_DRIVE)
    return max(1, ceil(left.total_seconds()))

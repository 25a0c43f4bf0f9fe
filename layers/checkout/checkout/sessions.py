"""A checkout session: what it is, and what a cancellation of it may find."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SessionStatus(StrEnum):
    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    PENDING_CANCELLATION = "PENDING_CANCELLATION"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class SessionKey:
    """The merchant is part of the key, so another merchant's session cannot be addressed."""

    merchant_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Session:
    """`attempts` are the ids of the transactions that were attached while it was `OPEN`.

    `lease_until` is the epoch millisecond until which `driver` alone may drive the cancellation;
    0 when it was given back. `recoveries` are those of the `drives` that no caller asked for.
    `correlation_id` is that of its cancellation, whoever drives it. `ended_at` is when it was
    completed or expired.
    """

    key: SessionKey
    status: SessionStatus
    created_at: datetime
    attempts: frozenset[str] = frozenset()
    reason: str | None = None
    cancel_requested_at: datetime | None = None
    cancel_requested_by: str | None = None
    cancelled_at: datetime | None = None
    ended_at: datetime | None = None
    driver: str | None = None
    lease_until: int = 0
    drives: int = 0
    recoveries: int = 0
    correlation_id: str | None = None

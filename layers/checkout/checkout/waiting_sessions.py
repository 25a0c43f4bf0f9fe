"""A cancelled session that waits: for how long, and whether that is too long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from checkout.recovery import GiveUpAges
from checkout.sessions import SessionStatus
from checkout.transactions import SessionSnapshot


@dataclass(frozen=True, slots=True)
class Waiting:
    """`give_up` is the age from which on a human has to look at it."""

    snapshot: SessionSnapshot
    due_at: datetime | None
    age: timedelta
    give_up: timedelta

    @property
    def stuck(self) -> bool:
        return self.age >= self.give_up


def waiting_of(
    snapshot: SessionSnapshot, due_at: datetime | None, ages: GiveUpAges, now: datetime
) -> Waiting | None:
    """None of a session that waits no longer: the lists are a little behind the table."""
    session = snapshot.session
    if session.status is not SessionStatus.PENDING_CANCELLATION:
        return None
    age = now - (session.cancel_requested_at or session.created_at)
    give_up = ages.of(each.provider for each in snapshot.in_flight)
    return Waiting(snapshot, due_at, age, give_up)

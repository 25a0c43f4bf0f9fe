"""The cancelled sessions that are past their give-up age: `make stuck`."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import repeat
from typing import Protocol

from checkout.bootstrap import utc_now
from checkout.due_sessions import DueStore, pages
from checkout.errors import SessionNotFoundError
from checkout.lease import DUE_SHARDS
from checkout.recovery import GiveUpAges
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import SessionSnapshot
from local import lifecycle, remote, show
from local.console import Problem, run
from local.payments import USAGE
from local.places import Places
from local.stack import Stack

HEADINGS = ["merchant", "session", "hours", "drives", "waits for"]


def ages_of(stack: Stack) -> GiveUpAges:
    """HOURS, or what the stack's own recovery goes by. Raises Problem: they mean nothing."""
    text = os.environ.get("HOURS", "").strip() or _deployed_ages(stack)
    try:
        return GiveUpAges.parse(text)
    except ValueError:
        raise Problem(f"HOURS={text} is no age: write e.g. 24, or 24 adyen=72.", USAGE) from None


def _deployed_ages(stack: Stack) -> str:
    name = f"{stack.stack_name}-reconcile"
    found = stack.aws.functions.get_function_configuration(FunctionName=name)
    return found["Environment"]["Variables"]["GIVE_UP_HOURS"]


def age_if_stuck(snapshot: SessionSnapshot, ages: GiveUpAges, now: datetime) -> timedelta | None:
    requested = snapshot.session.cancel_requested_at
    if snapshot.session.status is not SessionStatus.PENDING_CANCELLATION or requested is None:
        return None
    age = now - requested
    return age if age >= ages.of(each.provider for each in snapshot.in_flight) else None


def _row(snapshot: SessionSnapshot, age: timedelta) -> list[str]:
    session = snapshot.session
    pending = [
        f"{each.provider} {each.status} ({each.pending_reason or 'not asked'})"
        for each in snapshot.in_flight
    ]
    hours = f"{age.total_seconds() / 3600:.1f}"
    waits_for = ", ".join(pending) or "its completion"
    return [session.key.merchant_id, session.key.session_id, hours, str(session.drives), waits_for]


class WaitingStore(DueStore, Protocol):
    def read_session(self, key: SessionKey) -> SessionSnapshot:
        """Raises SessionNotFoundError, and anything for an item that cannot be read."""


def rows(store: WaitingStore, ages: GiveUpAges, now: datetime) -> Iterator[list[str]]:
    """The stuck ones, and those that cannot be read, which no recovery can help either."""
    for shard in range(DUE_SHARDS):
        for page in pages(store, shard, None):
            yield from repeat(["?"] * 4 + ["an item that names no session"], page.unreadable)
            for each in page.sessions:
                yield from _row_if_stuck(store, each.key, ages, now)


def _row_if_stuck(
    store: WaitingStore, key: SessionKey, ages: GiveUpAges, now: datetime
) -> Iterator[list[str]]:
    try:
        snapshot = store.read_session(key)
    except SessionNotFoundError:
        return
    except (KeyError, TypeError, ValueError):
        yield [key.merchant_id, key.session_id, "?", "?", "an item of it cannot be read"]
        return
    age = age_if_stuck(snapshot, ages, now)
    if age is not None:
        yield _row(snapshot, age)


def drawn(found: Sequence[Sequence[str]]) -> str:
    """As a table, however wide: why a session waits is what it is read for."""
    return show.table(HEADINGS, found, "", whole=True)


def main() -> None:
    name = os.environ.get("STACK_NAME", "").strip()
    stack = remote.named(name) if name else lifecycle.require(Places.from_environment())
    store = CheckoutStore(stack.aws.dynamodb, stack.table)
    found = sorted(rows(store, ages_of(stack), utc_now()), key=lambda row: row[:2])
    if found:
        print(drawn(found))
    print(f"{len(found)} cancelled session{'' if len(found) == 1 else 's'} past the give-up age.")


if __name__ == "__main__":
    run(main)

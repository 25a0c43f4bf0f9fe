"""What each conditional write protects, as a scene that fails without the condition.

Every one asserts, and nothing else, so that a mutant is killed by what was lost and not by an
accident on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from mypy_boto3_dynamodb import DynamoDBClient

from checkout import bootstrap, payments
from checkout.errors import (
    CheckoutError,
    ReferenceConflictError,
    SessionEndedError,
    SessionExistsError,
    SessionNotFoundError,
    TransactionExistsError,
    TransactionNotFoundError,
)
from checkout.lease import DueSession
from checkout.providers.base import CancelOutcome
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import serialize, session_item_key, transaction_item_key
from checkout.timestamps import to_millis
from checkout.transactions import (
    MAX_TRANSACTIONS,
    Attempt,
    Money,
    TransactionKey,
    TransactionStatus,
)
from tests.integration import scenes

if TYPE_CHECKING:
    from collections.abc import Callable

    from checkout.provider_cancellation import OutcomeRecord


@dataclass(frozen=True, slots=True)
class Scene:
    store: CheckoutStore
    client: DynamoDBClient

    def session(self, key: SessionKey) -> dict[str, Any]:
        return scenes.session_item(self.client, key)

    def transaction(self, key: TransactionKey) -> dict[str, Any]:
        return scenes.transaction_item(self.client, key)

    def open(self) -> SessionKey:
        return scenes.open_session(self.store)

    def attached(self) -> TransactionKey:
        return scenes.attach(self.store, self.open(), None)

    def lock(self, key: SessionKey, driver: str = "driver", *, first: bool = True) -> bool:
        lock = scenes.lock_at(bootstrap.utc_now(), driver, first=first)
        return self.store.lock_for_cancellation(key, lock).held

    def set(self, key: TransactionKey, **values: Any) -> None:
        raw = serialize(values)
        scenes.set_values(self.client, transaction_item_key(key), **raw)

    def put_strangely(self, key: SessionKey, **values: Any) -> None:
        scenes.set_values(self.client, session_item_key(key), **serialize(values))


def raises(error: type[CheckoutError], action: Callable[[], Any]) -> bool:
    try:
        action()
    except error:
        return True
    except KeyError:
        # A change has made an item of nothing, which cannot be read. A mutant does that.
        return False
    return False


# Sessions.


def a_session_is_opened_once(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key)
    later = bootstrap.utc_now() + timedelta(seconds=1)
    assert raises(SessionExistsError, lambda: scene.store.open_session(key, later))
    assert scene.session(key)["status"] == "PENDING_CANCELLATION"


def a_locked_session_is_not_ended_otherwise(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key)
    now = bootstrap.utc_now()
    assert raises(CheckoutError, lambda: payments.complete_session(scene.store, key, now))
    assert scene.session(key)["status"] == "PENDING_CANCELLATION"


def an_open_session_is_locked(scene: Scene) -> None:
    assert scene.lock(scene.open())


def a_completed_session_is_not_locked(scene: Scene) -> None:
    key = scene.open()
    payments.complete_session(scene.store, key, bootstrap.utc_now())
    assert not scene.lock(key)
    assert scene.session(key)["status"] == "COMPLETED"


def a_held_lease_is_not_taken(scene: Scene, *, first: bool = True) -> None:
    key = scene.open()
    scene.lock(key, "driver")
    assert not scene.lock(key, "other", first=first)
    assert scene.session(key)["driver"] == "driver"


def a_lease_is_not_taken_in_its_last_millisecond(scene: Scene) -> None:
    key = scene.open()
    lock = scenes.lock_at(bootstrap.utc_now())
    scene.store.lock_for_cancellation(key, lock)
    last = scenes.lock_at(lock.lease_until, "other")
    assert not scene.store.lock_for_cancellation(key, last).held


def a_lease_given_back_is_taken(scene: Scene, *, first: bool = True) -> None:
    key = scene.open()
    scene.lock(key, "driver")
    scene.store.release_lease(key, "driver", bootstrap.utc_now())
    assert scene.lock(key, "other", first=first)


def a_cancelled_session_is_not_locked_whatever_is_left_on_it(
    scene: Scene, *, first: bool = True
) -> None:
    key = scene.open()
    # No code of ours leaves a lease on a cancelled session; one that did would revive it.
    scene.put_strangely(key, status="CANCELLED", leaseUntil=0)
    assert not scene.lock(key, first=first)


def the_recovery_does_not_begin_a_cancellation(scene: Scene) -> None:
    key = scene.open()
    assert not scene.lock(key, first=False)
    assert scene.session(key)["status"] == "OPEN"


def an_open_session_is_not_completed_as_cancelled(scene: Scene) -> None:
    key = scene.open()
    now = bootstrap.utc_now()
    assert raises(SessionEndedError, lambda: scene.store.complete_cancellation(key, now))
    assert scene.session(key)["status"] == "OPEN"


def a_completion_happens_once(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key)
    now = bootstrap.utc_now()
    scene.store.complete_cancellation(key, now)
    before = scene.session(key)
    scene.store.complete_cancellation(key, now + timedelta(seconds=1))
    assert scene.session(key) == before


def somebody_elses_lease_is_not_given_back(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key, "driver")
    before = scene.session(key)
    scene.store.release_lease(key, "the driver before", bootstrap.utc_now())
    assert scene.session(key) == before


def a_completed_session_does_not_become_due_again(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key)
    scene.store.complete_cancellation(key, bootstrap.utc_now())
    status = scene.store.release_lease(key, "driver", bootstrap.utc_now())
    assert status is SessionStatus.CANCELLED
    assert not scene.session(key).keys() & {"leaseUntil", "dueAt", "dueShard"}


def what_nobody_has_driven_is_postponed(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key)
    later = bootstrap.utc_now() + timedelta(hours=1)
    seen = DueSession(key, int(scene.session(key)["dueAt"]))
    scene.store.postpone(seen, "other", later)
    assert scene.session(key)["dueAt"] == to_millis(later)


def what_we_have_driven_is_postponed(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key, "driver")
    later = bootstrap.utc_now() + timedelta(hours=1)
    scene.store.postpone(DueSession(key, 1), "driver", later)
    assert scene.session(key)["dueAt"] == to_millis(later)


def what_was_driven_since_is_not_postponed(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key, "driver")
    before = scene.session(key)
    scene.store.postpone(DueSession(key, 1), "other", bootstrap.utc_now())
    assert scene.session(key) == before


def a_completed_session_is_not_postponed(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key, "driver")
    seen = DueSession(key, int(scene.session(key)["dueAt"]))
    scene.store.complete_cancellation(key, bootstrap.utc_now())
    scene.store.postpone(seen, "driver", bootstrap.utc_now())
    assert "dueAt" not in scene.session(key)


def nothing_is_attached_to_a_locked_session(scene: Scene) -> None:
    key = scene.open()
    scene.lock(key)
    session = scene.store.attach_attempt(TransactionKey(key, "late"))
    assert session.attempts == frozenset()
    assert "attempts" not in scene.session(key)


def the_second_attempt_is_attached(scene: Scene) -> None:
    key = scene.open()
    scene.store.attach_attempt(TransactionKey(key, "first"))
    assert scene.store.attach_attempt(TransactionKey(key, "second")).attempts == {"first", "second"}


def a_session_takes_so_many_attempts_and_no_more(scene: Scene) -> None:
    key = scene.open()
    full = {f"t{number}" for number in range(MAX_TRANSACTIONS)}
    scene.put_strangely(key, attempts=full)
    session = scene.store.attach_attempt(TransactionKey(key, "one more"))
    assert session.attempts == full


# Transactions.


def an_attempt_is_put_once(scene: Scene) -> None:
    key = scene.attached()
    again = Attempt(key, "sandbox", "main", Money(1, "EUR"))
    now = bootstrap.utc_now()
    assert raises(TransactionExistsError, lambda: scene.store.put_attempt(again, now))
    assert scene.transaction(key)["amount"] == 1999


def the_first_reference_is_kept(scene: Scene) -> None:
    key = scene.attached()
    scene.store.record_reference(key, "sandbox", "ok_1")
    other = partial(scene.store.record_reference, key, "sandbox", "ok_2")
    assert raises(ReferenceConflictError, other)
    assert scene.transaction(key)["providerReference"] == "ok_1"


def a_first_reference_is_recorded(scene: Scene) -> None:
    key = scene.attached()
    assert not raises(CheckoutError, lambda: scene.store.record_reference(key, "sandbox", "ok_1"))


def the_same_reference_again_is_fine(scene: Scene) -> None:
    key = scene.attached()
    scene.store.record_reference(key, "sandbox", "ok_1")
    again = partial(scene.store.record_reference, key, "sandbox", "ok_1")
    assert not raises(ReferenceConflictError, again)


def late_money_is_recorded(scene: Scene, status: str) -> None:
    key = scene.attached()
    scene.set(key, status=status)
    assert scene.store.record_late_settlement(key, bootstrap.utc_now())


def money_that_was_refunded_at_once_is_recorded(scene: Scene) -> None:
    key = scene.attached()
    scene.set(key, status="REFUNDED", settledAt="2026-01-01T00:00:00.000Z")
    assert scene.store.record_late_settlement(key, bootstrap.utc_now())
    assert scene.transaction(key)["settledAt"] == "2026-01-01T00:00:00.000Z"


def money_that_never_came_is_not_late(scene: Scene, status: str) -> None:
    key = scene.attached()
    scene.set(key, status=status)
    assert not scene.store.record_late_settlement(key, bootstrap.utc_now())
    assert "settledAfterCancel" not in scene.transaction(key)


def money_in_flight_is_not_late(scene: Scene) -> None:
    """Of a settlement date alone nothing follows; no code of ours writes one like this."""
    key = scene.attached()
    scene.set(key, settledAt="2026-01-01T00:00:00.000Z")
    assert not scene.store.record_late_settlement(key, bootstrap.utc_now())


def late_money_is_recorded_once(scene: Scene) -> None:
    key = scene.attached()
    scene.set(key, status="CANCELLED")
    scene.store.record_late_settlement(key, bootstrap.utc_now())
    assert not scene.store.record_late_settlement(key, bootstrap.utc_now())


def whether_money_is_late_is_decided_once(scene: Scene) -> None:
    key, now = scene.attached(), bootstrap.utc_now()
    scene.set(key, status="FAILED")
    assert scene.store.record_late_settlement(key, now, after_cancel=False)
    assert not scene.store.record_late_settlement(key, now, after_cancel=True)
    assert scene.transaction(key)["settledAfterCancel"] is False


def a_payment_with_a_reference_was_sent(scene: Scene) -> None:
    key = scene.attached()
    scene.store.record_reference(key, "sandbox", "ok_1")
    assert scene.store.record_outcome(key, never_sent())[0] is TransactionStatus.PENDING
    assert scene.transaction(key)["status"] == "PENDING"


def a_payment_that_was_refused_a_cancellation_was_sent(scene: Scene) -> None:
    key = scene.attached()
    scene.set(key, cancelAttempt=1)
    assert scene.store.record_outcome(key, never_sent())[0] is TransactionStatus.PENDING
    assert scene.transaction(key)["status"] == "PENDING"


def a_cancellation_that_was_accepted_is_refused_later(scene: Scene, status: str) -> None:
    key = scene.attached()
    scene.set(key, status=status, cancellationDetail="REQUESTED")
    assert scene.store.record_cancel_refusal(key)
    assert scene.transaction(key)["cancelAttempt"] == 1


def what_has_ended_is_not_refused(scene: Scene, status: str) -> None:
    key = scene.attached()
    # No code of ours leaves a reason on what has ended; one that did would void it again.
    scene.set(key, status=status, cancellationDetail="REQUESTED")
    assert not scene.store.record_cancel_refusal(key)
    assert "cancelAttempt" not in scene.transaction(key)


def a_refusal_that_comes_again_uses_up_no_key(scene: Scene) -> None:
    key = scene.attached()
    scene.set(key, cancellationDetail="REQUESTED")
    scene.store.record_cancel_refusal(key)
    assert not scene.store.record_cancel_refusal(key)
    assert scene.transaction(key)["cancelAttempt"] == 1


def never_sent() -> OutcomeRecord:
    failed = scenes.record(CancelOutcome.TERMINAL, TransactionStatus.FAILED)
    return replace(failed, never_sent=True)


# What does not exist is not made by a change of it.


def no_session_is_made(scene: Scene, change: Callable[[CheckoutStore, SessionKey], Any]) -> None:
    key = scenes.new_key()
    assert raises(SessionNotFoundError, lambda: change(scene.store, key))
    assert scene.session(key) == {}


def no_transaction_is_made(
    scene: Scene, change: Callable[[CheckoutStore, TransactionKey], Any]
) -> None:
    key = TransactionKey(scene.open(), "none")
    raises(TransactionNotFoundError, lambda: change(scene.store, key))
    assert scene.transaction(key) == {}

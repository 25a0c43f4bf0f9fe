"""The recovery: what is due is driven, and nothing stands in another's way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checkout.errors import StoreRefusedError, StoreUnavailableError
from checkout.lease import new_lock
from checkout.providers.base import ProviderStatus
from checkout.recovery import GiveUpAges, RecoveryLimits, Tally
from checkout.sessions import SessionStatus
from checkout.timestamps import from_millis, to_millis
from checkout.transactions import TransactionKey, TransactionStatus
from tests.unit.providers import NO_SUCH_PAYMENT, REQUESTED, UNKNOWN
from tests.unit.recovery import DAY, ONE_AT_A_TIME, REQUEST, Recovery


@pytest.fixture
def recovery() -> Recovery:
    return Recovery()


def test_with_nothing_due_nothing_is_done(recovery: Recovery) -> None:
    recovery.abandoned(1)
    assert recovery.run(minutes_later=0.5) == Tally()
    assert recovery.world.fan_out.orders == []


def test_a_session_whose_driver_died_is_cancelled_with_no_call(recovery: Recovery) -> None:
    keys = [recovery.abandoned(number) for number in range(3)]
    tally = recovery.run()
    assert [recovery.status(key) for key in keys] == [SessionStatus.CANCELLED] * 3
    assert (tally.driven, tally.recovered, tally.transactions_cancelled) == (3, 3, 3)
    assert recovery.run() == Tally(), "and nothing of it is due any more"


def test_a_terminal_status_whose_webhook_was_lost_is_learned_by_asking(recovery: Recovery) -> None:
    """It was asked before, so the worker asks for the status first."""
    key = recovery.abandoned(1)
    bank = recovery.world.providers["bank"]
    bank.answer = REQUESTED
    assert recovery.run().recovered == 0
    bank.state = ProviderStatus(TransactionStatus.SETTLED)
    bank.asked.clear()
    assert recovery.run(minutes_later=3).recovered == 1
    assert bank.verbs == ["retrieve"]
    (transaction,) = recovery.store.read_session(key).transactions
    assert transaction.status is TransactionStatus.SETTLED
    assert transaction.settled_after_cancel


def test_what_cannot_be_helped_is_driven_less_and_less_often(recovery: Recovery) -> None:
    key = recovery.abandoned(1)
    recovery.world.providers["bank"].answer = UNKNOWN
    waits = []
    for _ in range(8):
        recovery.clock.now = from_millis(recovery.store.due[key])
        recovery.run(minutes_later=0)
        waits.append(recovery.due_in(key))
    assert waits == sorted(waits)
    assert waits[0] < timedelta(minutes=3)
    assert waits[-1] > timedelta(minutes=50)
    assert waits[-1] <= timedelta(hours=1)


def test_a_drive_whose_workers_may_run_on_is_put_off_too_and_keeps_its_lease(
    recovery: Recovery,
) -> None:
    key = recovery.abandoned(1)
    recovery.world.fan_out.dead = {"bank"}
    for _ in range(6):
        recovery.clock.now = from_millis(recovery.store.due[key])
        recovery.run(minutes_later=0)
    assert recovery.due_in(key) > timedelta(minutes=20)
    assert recovery.store.sessions[key].lease_until > to_millis(recovery.clock())


def test_a_drive_that_is_cut_short_each_time_is_put_off_too(recovery: Recovery) -> None:
    key = recovery.abandoned(1)
    for call in range(1, 20):
        recovery.store.before["read_session", call] = _broken
    for _ in range(6):
        recovery.clock.now = from_millis(recovery.store.due[key])
        recovery.run(minutes_later=0)
    assert recovery.due_in(key) > timedelta(minutes=20)


def _broken() -> None:
    raise ValueError("an item that cannot be read")


def test_a_caller_who_repeats_does_not_slow_the_recovery_down(recovery: Recovery) -> None:
    recovery.world.open_with("bank")
    recovery.world.providers["bank"].answer = REQUESTED
    for number in range(9):
        recovery.world.drive(f"repeat-{number}")
    assert recovery.world.due_in <= timedelta(minutes=1)
    recovery.run()
    assert recovery.world.due_in <= timedelta(minutes=2), "it was the recovery's first drive"


# Poison: what cannot be driven at all.


def test_a_session_that_cannot_be_locked_is_put_off_for_about_an_hour_and_the_rest_goes_on(
    recovery: Recovery,
) -> None:
    keys = [recovery.abandoned(number) for number in range(3)]
    recovery.store.before["lock_for_cancellation", 4] = _refused
    tally = recovery.run()
    assert (tally.failed, tally.recovered) == (1, 2)
    assert recovery.status(keys[0]) is SessionStatus.PENDING_CANCELLATION
    assert timedelta(minutes=45) < recovery.due_in(keys[0]) <= timedelta(hours=1)
    assert ("due session cannot be driven", "StoreRefusedError") in recovery.world.troubles


def _refused() -> None:
    raise StoreRefusedError("ValidationException")


def test_a_session_that_cannot_even_be_put_off_stops_nothing(recovery: Recovery) -> None:
    keys = [recovery.abandoned(number) for number in range(2)]
    recovery.store.before["lock_for_cancellation", 3] = _refused
    recovery.store.before["postpone", 1] = _refused
    assert recovery.run().recovered == 1
    assert recovery.status(keys[1]) is SessionStatus.CANCELLED


def test_a_store_that_could_not_be_reached_for_the_lock_leaves_the_session_due(
    recovery: Recovery,
) -> None:
    key = recovery.abandoned(1)
    for call in (2, 3):
        recovery.store.before["lock_for_cancellation", call] = _unavailable
    tally = recovery.run()
    assert (tally.unavailable, tally.failed) == (1, 0)
    assert recovery.run().recovered == 1
    assert recovery.status(key) is SessionStatus.CANCELLED


def _unavailable() -> None:
    raise StoreUnavailableError("InternalServerError")


def test_a_list_that_cannot_be_read_ends_the_run_and_what_was_begun_is_finished_and_counted(
    recovery: Recovery,
) -> None:
    keys = [recovery.abandoned(number) for number in range(30)]
    recovery.store.before["due_sessions", 9] = _unavailable
    tally = recovery.run()
    done = sum(recovery.status(key) is SessionStatus.CANCELLED for key in keys)
    assert (tally.unavailable, tally.recovered) == (1, done)
    assert 0 < done < 30
    assert recovery.run().recovered == 30 - done
    assert ("due sessions cannot be listed", "StoreUnavailableError") in recovery.world.troubles


def test_a_session_that_somebody_drives_is_left_to_them(recovery: Recovery) -> None:
    key = recovery.abandoned(1)
    seen = dict(recovery.store.due)
    recovery.clock.sleep(120)
    lock = new_lock("a caller", recovery.clock(), 0.5, REQUEST)
    recovery.store.lock_for_cancellation(key, lock)
    recovery.store.due.update(seen)  # as an index tells that lags behind
    tally = recovery.run(minutes_later=0)
    assert (tally.busy, tally.driven) == (1, 0)
    assert recovery.store.sessions[key].driver == "a caller"


def test_a_session_that_was_completed_since_it_was_listed_is_no_failure(
    recovery: Recovery,
) -> None:
    key = recovery.abandoned(1)
    seen = dict(recovery.store.due)
    recovery.store.complete_cancellation(key, recovery.clock())
    recovery.store.due.update(seen)
    assert recovery.run().failed == 0
    assert recovery.status(key) is SessionStatus.CANCELLED


def test_what_it_completes_is_told_with_its_age_and_what_it_finds_completed_is_not(
    recovery: Recovery,
) -> None:
    first, second = recovery.abandoned(1), recovery.abandoned(2)
    seen = dict(recovery.store.due)
    recovery.store.complete_cancellation(second, recovery.clock())
    recovery.store.due.update(seen)
    recovery.run(minutes_later=3)
    assert recovery.completed == [(first, timedelta(minutes=3))]


# Past its age: told, and still driven.


def test_a_session_past_its_give_up_age_is_told_and_still_driven(recovery: Recovery) -> None:
    key = recovery.abandoned(1)
    bank = recovery.world.providers["bank"]
    bank.answer = REQUESTED
    assert recovery.run(minutes_later=23 * 60).stuck == 0
    tally = recovery.run(minutes_later=2 * 60)
    assert (tally.stuck, tally.driven) == (1, 1)
    ((told, waits_for, age),) = recovery.told
    assert (told, waits_for) == (key, ("bank",))
    assert timedelta(hours=25) <= age < timedelta(hours=26)
    bank.state = ProviderStatus(TransactionStatus.CANCELLED)
    assert recovery.run(minutes_later=2 * 60).recovered == 1


def test_a_provider_can_have_an_age_of_its_own(recovery: Recovery) -> None:
    ages = GiveUpAges.parse("24 card=72")
    recovery.limits = replace(ONE_AT_A_TIME, give_up=ages)
    keys = [recovery.abandoned(1, "bank"), recovery.abandoned(2, "card")]
    for each in recovery.world.providers.values():
        each.answer = UNKNOWN
    assert recovery.run(minutes_later=25 * 60).stuck == 1
    assert [told for told, _, _ in recovery.told] == keys[:1]
    assert recovery.run(minutes_later=48 * 60).stuck == 2


def test_a_session_that_waits_for_several_is_told_by_the_shortest_age() -> None:
    ages = GiveUpAges.parse("24 card=72 wallet=1.5")
    assert ages.of(["bank", "card"]) == DAY
    assert ages.of(["card"]) == 3 * DAY
    assert ages.of(["card", "wallet"]) == timedelta(minutes=90)
    assert ages.of([]) == DAY


@pytest.mark.parametrize(
    "text", ["", "x", "inf", "nan", "-1", "24 card", "24 card=", "24 card=x", "1 2"]
)
def test_an_age_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        GiveUpAges.parse(text)


@pytest.mark.parametrize("starts", [0.0, -1.0])
def test_a_pace_that_never_begins_is_refused(starts: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        RecoveryLimits(starts, 1, GiveUpAges(DAY))


def test_a_payment_that_was_never_sent_ends_without_a_caller(recovery: Recovery) -> None:
    """The payment service died between attach and send, and the cancellation came in between."""
    key = recovery.abandoned(1)
    transaction = TransactionKey(key, "00001")
    unsent = replace(recovery.store.transactions[transaction], provider_reference=None)
    recovery.store.transactions[transaction] = unsent
    bank = recovery.world.providers["bank"]
    bank.supports_cancel = False
    bank.state = NO_SUCH_PAYMENT
    assert recovery.run(minutes_later=2).recovered == 1
    assert recovery.store.transactions[transaction].status is TransactionStatus.FAILED

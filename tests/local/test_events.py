"""What is heard on the bus of a deployed stack, of cancellations over HTTP."""

from collections.abc import Callable, Iterator

import pytest

from checkout.bootstrap import new_id
from local.answers import cancellation
from local.calls import Client
from local.listener import Event, Listener, listening
from local.stack import Stack
from local.waiting import wait_until
from tests.local.conftest import Seed
from tests.local.moments import PATIENCE
from tests.unit.event_schemas import problems

Hears = Callable[[str, set[str]], list[Event]]
LOCKED, CANCELLED = "session.cancellation_pending", "session.cancelled"
DRAINED, LATE = "transaction.cancelled", "transaction.settled_after_cancel"


@pytest.fixture(scope="module")
def listener(stack: Stack) -> Iterator[Listener]:
    with listening(stack, f"heard-{new_id()}") as listener:
        yield listener


@pytest.fixture
def hears(listener: Listener) -> Hears:
    """Waits until all these types were heard of a session; everything that was heard of it."""

    def wait(session_id: str, types: set[str]) -> list[Event]:
        def heard() -> list[Event]:
            found = listener.of(session_id)
            return found if types <= {each["type"] for each in found} else []

        return wait_until(heard, f"{sorted(types)} of {session_id}", within=PATIENCE)

    return wait


def test_a_cancellation_is_heard_and_each_event_has_the_form_of_its_schema(
    merchant: Client, seed: Seed, hears: Hears
) -> None:
    session = seed("sandbox:ok_1", "sandbox-b:ok_2")
    answer = cancellation(merchant.cancel(session.session_id))
    told = hears(session.session_id, {LOCKED, DRAINED, CANCELLED})
    assert [problems(each) for each in told] == [[]] * len(told)
    assert sorted(each["type"] for each in told) == sorted([LOCKED, DRAINED, DRAINED, CANCELLED])
    drained = {each["subject"] for each in told if each["type"] == DRAINED}
    assert drained == set(answer.cancelled)
    assert {each["data"]["merchantId"] for each in told} == {merchant.merchant.client_id}


def test_a_session_that_waits_is_heard_of_when_it_is_done(
    merchant: Client, seed: Seed, hears: Hears
) -> None:
    session = seed("sandbox:async_2_1")
    answer = cancellation(merchant.cancel(session.session_id))
    assert answer.status == "PENDING_CANCELLATION"
    told = hears(session.session_id, {CANCELLED})
    assert sorted(each["type"] for each in told) == sorted([LOCKED, DRAINED, CANCELLED])


def test_money_that_came_all_the_same_is_heard_of(
    merchant: Client, seed: Seed, hears: Hears
) -> None:
    session = seed("sandbox:unstoppable_2_SETTLED_1")
    cancellation(merchant.cancel(session.session_id))
    told = hears(session.session_id, {LATE, CANCELLED})
    (late,) = [each for each in told if each["type"] == LATE]
    assert problems(late) == []
    assert (late["data"]["status"], late["subject"]) == ("SETTLED", session.transaction_ids[0])


def test_of_a_session_that_is_not_cancelled_nothing_is_heard(
    merchant: Client, seed: Seed, hears: Hears, listener: Listener
) -> None:
    untouched, cancelled = seed("sandbox:ok_1"), seed()
    assert merchant.cancel("01a205a2-86b6-7e4c-bc7e-3936cad28d08").status == 404
    cancellation(merchant.cancel(cancelled.session_id))
    # What was written before it was told before it.
    hears(cancelled.session_id, {CANCELLED})
    assert listener.of(untouched.session_id) == []

"""Which id a cancellation gets, and who is told of it."""

from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from checkout.cancellation import Cancellation, drive
from checkout.completion import complete_if_drained
from checkout.correlation import correlation_id
from checkout.errors import CancellationInProgressError
from checkout.lease import CancelRequest
from checkout.observability import correlate, logger
from checkout.parallel import Claim, do_all
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.sessions import SessionStatus
from tests.unit.samples import KEY
from tests.unit.world import ANSWER_WITHIN, World, a_world

SOON = 10.0
FIRST = CancelRequest("merchant-1", None, "request-1")
SECOND = CancelRequest("merchant-1", None, "request-2")


def test_the_gateways_id_is_taken_as_it_is() -> None:
    given = "0e8b9a3e-6c0d-4d8e-9c59-1b7f0d1c2a3b"
    assert correlation_id({"requestContext": {"requestId": given}}) == given


UNFIT = [
    "", "request-1", "4242424242424242", "0e8b9a3e-6c0d-4d8e-9c59-1b7f0d1c2a3b\n", "A" * 65, "a b",
    "a\nb", 'a"', "a{b}", "ä", "٣", "a/b", "a.b", 1, None, ["a"],
]  # fmt: skip


@pytest.mark.parametrize("given", UNFIT)
def test_whatever_is_no_id_of_the_gateways_is_none(given: Any) -> None:
    assert correlation_id({"requestContext": {"requestId": given}}) is None


@pytest.mark.parametrize("event", [{}, {"requestContext": None}, {"requestContext": {}}])
def test_an_event_without_an_id_has_none(event: dict[str, Any]) -> None:
    assert correlation_id(event) is None


def driven(
    world: World, driver: str, request: CancelRequest | None
) -> tuple[list[str], Cancellation]:
    """Under which ids it was told of, in their order."""
    told: list[str] = []
    ports = replace(world.ports, correlate=told.append)
    return told, drive(ports, KEY, driver, request, world.clock() + ANSWER_WITHIN)


def test_the_first_requests_id_is_the_cancellations_whoever_drives_it() -> None:
    world = a_world()
    world.open_with("bank")
    world.providers["bank"].answer = ProviderAnswer(CancelOutcome.REQUESTED)
    told, _ = driven(world, "driver-1", FIRST)
    assert told == ["request-1", "request-1"]
    world.clock.now += timedelta(minutes=2)
    told, _ = driven(world, "driver-2", SECOND)
    assert told == ["request-2", "request-1"]
    world.clock.now += timedelta(minutes=2)
    told, _ = driven(world, "driver-3", None)
    assert told == ["driver-3", "request-1"]
    assert {each.correlation_id for each in world.fan_out.orders} == {"request-1"}


def test_who_finds_it_driven_or_done_is_told_of_its_id_too() -> None:
    world = a_world()
    world.open_with("bank")
    told: list[str] = []
    ports = replace(world.ports, correlate=told.append)
    answer_by = world.clock() + ANSWER_WITHIN

    def meanwhile() -> None:
        with pytest.raises(CancellationInProgressError):
            drive(ports, KEY, "driver-2", SECOND, answer_by)

    world.store.before["read_session", 1] = meanwhile
    assert driven(world, "driver-1", FIRST)[1].status is SessionStatus.CANCELLED
    drive(ports, KEY, "driver-3", SECOND, answer_by)
    assert told == ["request-2", "request-1"] * 2


def test_two_calls_with_one_request_id_are_two_drivers_of_which_one_drives() -> None:
    """A caller can set the id: it must not be what holds the lease."""
    world = a_world()
    world.open_with("bank")

    def meanwhile() -> None:
        with pytest.raises(CancellationInProgressError):
            driven(world, "driver-2", FIRST)

    world.store.before["read_session", 1] = meanwhile
    assert driven(world, "driver-1", FIRST)[1].status is SessionStatus.CANCELLED
    assert world.session.driver == "driver-1"


def test_without_an_id_that_is_fit_the_drivers_own_token_is_the_cancellations() -> None:
    world = a_world()
    told, _ = driven_with_none(world)
    assert told == ["driver-1", "driver-1"]
    assert world.session.correlation_id == "driver-1"


def driven_with_none(world: World) -> tuple[list[str], Cancellation]:
    world.open_with()
    return driven(world, "driver-1", CancelRequest("merchant-1", None, None))


def test_of_two_that_complete_one_session_only_one_is_told_that_it_did() -> None:
    """Else it would be counted twice."""
    world = a_world()
    world.open_with("bank")
    by_the_stream: list[Any] = []

    def meanwhile() -> None:
        by_the_stream.append(complete_if_drained(world.store, KEY, world.clock()))

    world.store.before["complete_cancellation", 1] = meanwhile
    _, answer = driven(world, "driver-1", FIRST)
    assert [each.key for each in by_the_stream] == [KEY]
    assert (answer.status, answer.completed_after) == (SessionStatus.CANCELLED, None)


def test_a_thread_that_comes_too_late_tells_of_its_own_call_and_not_of_the_next_one() -> None:
    late, told = Event(), Event()
    found: list[object] = []

    def work(item: int, claim: Claim) -> None:
        del item, claim
        late.wait(SOON)
        found.append(logger.thread_safe_get_current_keys().get("correlation_id"))
        told.set()

    def two_calls() -> None:
        correlate("request-1")
        do_all(work, [1], threads=1, seconds=0.01)
        correlate("request-2")
        late.set()

    Context().run(two_calls)
    assert told.wait(SOON)
    assert found == ["request-1"]

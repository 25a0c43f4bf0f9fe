"""A cancellation of a session that is not open: the contract's table of repeats."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from checkout.bootstrap import utc_now
from checkout.payments import complete_session, expire_session
from local.answers import busy, cancellation, error
from local.calls import Client
from local.inspection import Inspector
from local.waiting import wait_until
from tests.local.conftest import Seed
from tests.local.moments import PATIENCE, warm_up


def test_the_first_cancellation_of_an_open_session_cancels_what_is_in_flight(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1", "sandbox-b:ok_1", "sandbox-c:ok_1")

    answer = cancellation(merchant.cancel(session.session_id, reason="the payer changed her mind"))

    assert answer.session_id == session.session_id
    assert (answer.status, answer.pending) == ("CANCELLED", [])
    assert answer.cancelled == sorted(session.transaction_ids)
    item = inspect.session_item(session.session_id)
    assert item["cancelRequestedBy"] == merchant.merchant.client_id


def test_a_session_without_transactions_is_cancelled_at_once(merchant: Client, seed: Seed) -> None:
    session = seed()

    answer = cancellation(merchant.cancel(session.session_id))

    assert (answer.status, answer.cancelled, answer.pending) == ("CANCELLED", [], [])


def test_a_pending_session_that_nobody_drives_is_driven_again_for_what_is_left(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1", "sandbox-b:flaky_1_1", "sandbox-c:refused_1")
    plain, flaky, refused = session.transaction_ids

    first = cancellation(merchant.cancel(session.session_id))
    second = cancellation(merchant.cancel(session.session_id))

    assert (first.cancelled, first.pending) == ([plain], sorted([flaky, refused]))
    assert second.status == "PENDING_CANCELLATION"
    assert (second.cancelled, second.pending) == ([flaky], [refused])
    assert inspect.ledger("sandbox", plain).void_requests == 1
    assert inspect.session_item(session.session_id)["drives"] == 2


def test_a_pending_session_that_somebody_drives_is_busy(merchant: Client, seed: Seed) -> None:
    warm_up(merchant, 2)
    session = seed("sandbox:slow_3000_1")

    def is_locked() -> bool:
        return bool(merchant.get(session.session_id).json()["status"] == "PENDING_CANCELLATION")

    with ThreadPoolExecutor() as pool:
        driving = pool.submit(merchant.cancel, session.session_id)
        wait_until(is_locked, "the first call has locked it", PATIENCE)
        second = merchant.cancel(session.session_id)
        assert busy(second)
        assert cancellation(driving.result()).cancelled == session.transaction_ids


def test_a_cancelled_session_answers_cancelled_with_both_lists_empty(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1")
    cancellation(merchant.cancel(session.session_id))
    before = inspect.session_item(session.session_id)

    for _ in range(2):
        again = cancellation(merchant.cancel(session.session_id, reason="another"))
        assert (again.status, again.cancelled, again.pending) == ("CANCELLED", [], [])

    assert inspect.session_item(session.session_id) == before


@pytest.mark.parametrize("end", [complete_session, expire_session])
def test_a_session_that_ended_otherwise_cannot_be_cancelled_any_more(
    merchant: Client, seed: Seed, inspect: Inspector, end: type
) -> None:
    session = seed("sandbox:ok_1")
    end(inspect.store, inspect.key(session.session_id), utc_now())
    before = inspect.session_item(session.session_id)

    answer = merchant.cancel(session.session_id)

    error(answer, 409, before["status"])
    assert "retry-after" not in answer.headers, "a repeat will not help"
    assert inspect.session_item(session.session_id) == before
    assert inspect.ledger("sandbox", session.transaction_ids[0]).void_requests == 0


def test_the_first_reason_is_kept(merchant: Client, seed: Seed) -> None:
    session = seed("sandbox:refused_1")
    cancellation(merchant.cancel(session.session_id, reason="the first"))
    requested_at = merchant.get(session.session_id).json()["cancelRequestedAt"]

    cancellation(merchant.cancel(session.session_id, reason="the second"))

    read = merchant.get(session.session_id).json()
    assert (read["reason"], read["cancelRequestedAt"]) == ("the first", requested_at)


def test_a_reason_cannot_be_added_by_a_repeat(merchant: Client, seed: Seed) -> None:
    session = seed("sandbox:refused_1")
    cancellation(merchant.cancel(session.session_id))

    cancellation(merchant.cancel(session.session_id, reason="late"))

    assert merchant.get(session.session_id).json()["reason"] is None

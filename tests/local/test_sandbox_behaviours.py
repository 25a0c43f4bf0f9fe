"""Every behaviour of the sandbox: what the answer, the session as read and the ledger say of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from local.answers import cancellation
from local.calls import Client
from local.inspection import Inspector
from tests.local.conftest import Seed
from tests.local.moments import PATIENCE, warm_up_fan_out

Becomes = Callable[[str, str, float], None]


@dataclass(frozen=True)
class Found:
    """`listed` is the list of the answer that has it, or empty."""

    listed: str
    status: str
    reason: str | None
    void_requests: int
    voids: int


IN_FLIGHT = "PENDING"
BEHAVIOURS = {
    "ok_1": Found("cancelled", "CANCELLED", None, 1, 1),
    "slow_300_1": Found("cancelled", "CANCELLED", None, 1, 1),
    "async_600_1": Found("pending", IN_FLIGHT, "REQUESTED", 1, 1),
    "unstoppable_600_SETTLED_1": Found("pending", IN_FLIGHT, "UNSUPPORTED", 1, 0),
    "settled_1": Found("", "SETTLED", None, 1, 0),
    "refused_1": Found("pending", IN_FLIGHT, "REFUSED", 1, 0),
    "down_1": Found("pending", IN_FLIGHT, "UNKNOWN", 1, 0),
    "flaky_1_1": Found("pending", IN_FLIGHT, "UNKNOWN", 1, 0),
}
# They end by themselves at once, and it is open who is first to say so: we or the outside world.
ENDS = ["SETTLED", "FAILED", "EXPIRED", "REFUNDED", "CANCELLED"]
PROVIDERS = ["sandbox", "sandbox-b", "sandbox-c"]


@pytest.fixture(scope="module", params=PROVIDERS)
def found(
    request: pytest.FixtureRequest, merchant: Client, seed: Seed, inspect: Inspector
) -> dict[str, Found]:
    """What became of one session with a transaction of each behaviour, all at one provider."""
    provider: str = request.param
    references = [*BEHAVIOURS, *[f"unstoppable_0_{end}_1" for end in ENDS]]
    session = seed(*[f"{provider}:{reference}" for reference in references])
    answer = cancellation(merchant.cancel(session.session_id))
    assert answer.status == "PENDING_CANCELLATION"
    read = merchant.get(session.session_id).json()["transactions"]
    by_id = {each["transactionId"]: each for each in read}

    def look(transaction_id: str) -> Found:
        listed = "cancelled" if transaction_id in answer.cancelled else ""
        listed = "pending" if transaction_id in answer.pending else listed
        entry = inspect.ledger(provider, transaction_id)
        shown = by_id[transaction_id]
        return Found(
            listed, shown["status"], shown["pendingReason"], entry.void_requests, entry.voids
        )

    return {
        reference: look(transaction_id)
        for reference, transaction_id in zip(references, session.transaction_ids, strict=True)
    }


@pytest.mark.parametrize("reference", BEHAVIOURS)
def test_a_payment_behaves_as_its_reference_tells(found: dict[str, Found], reference: str) -> None:
    assert found[reference] == BEHAVIOURS[reference]


@pytest.mark.parametrize("end", ENDS)
def test_what_has_ended_at_the_provider_keeps_its_end(found: dict[str, Found], end: str) -> None:
    ended = found[f"unstoppable_0_{end}_1"]
    assert (ended.status, ended.reason, ended.voids) == (end, None, 0)
    assert ended.listed != "pending"


def test_an_accepted_cancellation_is_confirmed_later_and_ends_the_session_by_itself(
    merchant: Client, seed: Seed, inspect: Inspector, becomes: Becomes
) -> None:
    session = seed("sandbox:async_2_1", "sandbox-b:async_3_1")

    answer = cancellation(merchant.cancel(session.session_id))

    assert (answer.cancelled, answer.pending) == ([], session.transaction_ids)
    becomes(session.session_id, "CANCELLED", PATIENCE)
    transactions = merchant.get(session.session_id).json()["transactions"]
    assert {each["status"] for each in transactions} == {"CANCELLED"}
    assert inspect.ledger("sandbox", session.transaction_ids[0]).void_requests == 1


def test_a_cancellation_that_was_accepted_is_repeated_with_the_same_key_and_made_once(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:async_600_1")
    cancellation(merchant.cancel(session.session_id))

    again = cancellation(merchant.cancel(session.session_id))

    assert again.pending == session.transaction_ids
    entry = inspect.ledger("sandbox", session.transaction_ids[0])
    assert (entry.voids, len(entry.keys)) == (1, 1)


def test_a_provider_that_fails_n_times_has_cancelled_after_n_repeats(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:flaky_2_1")
    (transaction_id,) = session.transaction_ids

    answers = [cancellation(merchant.cancel(session.session_id)) for _ in range(3)]

    assert [answer.pending for answer in answers] == [[transaction_id], [transaction_id], []]
    assert answers[-1].cancelled == [transaction_id]
    entry = inspect.ledger("sandbox", transaction_id)
    assert (entry.void_requests, entry.voids) == (3, 1)
    assert len(entry.keys) == 1, "no answer is no reason for another idempotency key"


def test_a_refused_cancellation_is_asked_for_with_a_new_key_the_next_time(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:refused_1")
    for _ in range(2):
        cancellation(merchant.cancel(session.session_id))

    entry = inspect.ledger("sandbox", session.transaction_ids[0])
    assert (entry.void_requests, entry.voids, len(entry.keys)) == (2, 0, 2)


def test_a_provider_that_does_not_answer_in_time_makes_the_answer_pending_within_12_s(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    warm_up_fan_out(merchant, seed)
    session = seed("sandbox:hang_1", "sandbox-b:slow_9500_1", "sandbox-c:ok_1", "sandbox:ok_2")
    hanging, late, *plain = session.transaction_ids

    started = time.monotonic()
    answer = cancellation(merchant.cancel(session.session_id))
    took = time.monotonic() - started

    assert took < 12
    assert answer.status == "PENDING_CANCELLATION"
    assert (answer.cancelled, answer.pending) == (plain, [hanging, late])
    transactions = merchant.get(session.session_id).json()["transactions"]
    assert [each["pendingReason"] for each in transactions] == ["UNKNOWN", "UNKNOWN", None, None]
    assert inspect.ledger("sandbox", hanging).voids == 0
    # What was done too late to be told is found by the next call, and not done twice.
    assert inspect.ledger("sandbox-b", late).voids == 1


def test_a_void_that_was_answered_too_late_is_told_by_the_repeat_and_made_once(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:slow_9000_1")
    assert cancellation(merchant.cancel(session.session_id)).pending == session.transaction_ids

    again = cancellation(merchant.cancel(session.session_id))

    assert (again.status, again.cancelled) == ("CANCELLED", session.transaction_ids)
    entry = inspect.ledger("sandbox", session.transaction_ids[0])
    assert (entry.void_requests, entry.voids, len(entry.keys)) == (2, 1, 1)

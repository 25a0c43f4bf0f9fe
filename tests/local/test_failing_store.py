"""A store that fails: before the lock 503 and no effect, after it 200 and the truth (MUST 8).

And how often the store is asked: the depth of a cancellation.
"""

import pytest

from local.answers import busy, cancellation, error
from local.calls import Client
from local.inspection import Inspector
from local.stack import Stack
from tests.local.conftest import Seed
from tests.local.faulty_store import Fate, faulty_store

KEY = "11111111-2222-4333-8444-555555555555"
FUNCTION = "cancel-session"


@pytest.fixture(autouse=True)
def only_on_the_emulator(stack: Stack) -> None:
    if stack.endpoint_url is None:
        pytest.skip("nobody can make the DynamoDB of AWS fail")


def test_a_store_that_cannot_be_reached_before_the_lock_is_503_and_nothing_happened(
    stack: Stack, merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1")
    before = inspect.session_item(session.session_id)

    with faulty_store(stack, FUNCTION, lambda *_: Fate.DROP) as store:
        answer = merchant.cancel(session.session_id)

    error(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1
    assert store.operations, "it was asked"
    assert inspect.session_item(session.session_id) == before
    assert inspect.ledger("sandbox", session.transaction_ids[0]).void_requests == 0


def test_a_store_that_cannot_be_reached_is_503_for_a_reader_too(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:ok_1")

    with faulty_store(stack, "get-session", lambda *_: Fate.DROP):
        answer = merchant.get(session.session_id)

    error(answer, 503)
    assert int(answer.headers["retry-after"]) >= 1


def test_with_a_key_whose_record_cannot_be_made_nothing_happens(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:ok_1")

    def fate(operation: str, _: int) -> Fate:
        return Fate.DROP if operation == "PutItem" else Fate.PASS

    with faulty_store(stack, FUNCTION, fate):
        answer = merchant.cancel(session.session_id, idempotency_key=KEY)

    error(answer, 503)
    assert answer.headers["retry-after"]
    assert merchant.get(session.session_id).json()["status"] == "OPEN"


def test_a_store_that_fails_after_the_lock_makes_the_answer_pending_with_what_is_known(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:ok_1", "sandbox-b:ok_1")

    with faulty_store(stack, FUNCTION, lambda _, n: Fate.PASS if n == 0 else Fate.DROP):
        answer = cancellation(merchant.cancel(session.session_id))

    assert answer.status == "PENDING_CANCELLATION"
    assert answer.cancelled == []
    assert answer.pending == session.transaction_ids
    assert merchant.get(session.session_id).json()["status"] == "PENDING_CANCELLATION"
    assert busy(merchant.cancel(session.session_id)), "its lease goes on until it is over"


def test_a_store_that_fails_at_the_very_end_still_tells_what_was_cancelled(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:ok_1", "sandbox-b:ok_1")

    # Lock and query; what comes then is the completion.
    with faulty_store(stack, FUNCTION, lambda _, n: Fate.PASS if n < 2 else Fate.DROP):
        answer = cancellation(merchant.cancel(session.session_id))

    assert answer.status == "PENDING_CANCELLATION"
    assert answer.cancelled == session.transaction_ids
    assert answer.pending == []


def test_a_lock_whose_answer_is_lost_is_still_ours(
    stack: Stack, merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1")

    with faulty_store(stack, FUNCTION, lambda _, n: Fate.LOSE if n == 0 else Fate.PASS) as store:
        answer = cancellation(merchant.cancel(session.session_id))

    assert store.operations[:2] == ["UpdateItem", "UpdateItem"]
    assert (answer.status, answer.cancelled) == ("CANCELLED", session.transaction_ids)
    assert inspect.session_item(session.session_id)["drives"] == 1


# Of the driver alone: one more call deep is the worker's own write of an outcome.
DEPTHS: list[tuple[list[str], list[str]]] = [
    ([], ["UpdateItem", "UpdateItem"]),
    (["sandbox:ok_1"], ["UpdateItem", "Query", "UpdateItem"]),
    (["sandbox:ok_1", "sandbox-b:ok_1", "sandbox-c:ok_1"] * 10,
     ["UpdateItem", "Query", "UpdateItem"]),
    (["sandbox:refused_1"], ["UpdateItem", "Query", "Query", "UpdateItem"]),
    (["sandbox:refused_1", "sandbox-b:refused_1"] * 10,
     ["UpdateItem", "Query", "Query", "UpdateItem"]),
]  # fmt: skip


def test_the_driver_asks_the_store_as_often_however_many_transactions_there_are(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    with faulty_store(stack, FUNCTION, lambda *_: Fate.PASS) as store:
        for payments, asked in DEPTHS:
            session = seed(*payments)
            store.operations.clear()
            cancellation(merchant.cancel(session.session_id))
            assert store.operations == asked, payments

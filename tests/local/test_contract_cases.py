"""The contract's six cases in which others fail. The sixth, kill -9, is in test_contract_killed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from checkout.bootstrap import utc_now
from checkout.payments import record_status
from checkout.transactions import TransactionKey, TransactionStatus
from local.answers import busy, cancellation
from local.calls import Client
from local.inspection import Inspector
from tests.local.conftest import Seed
from tests.local.moments import PATIENCE, together, wait_until_voided, warm_up, warm_up_fan_out

Becomes = Callable[[str, str, float], None]
AT_ONCE = 5


def test_of_five_cancellations_at_once_one_drives_and_four_are_told_to_wait(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:slow_4000_1", "sandbox:slow_4000_2", "sandbox:slow_4000_3")
    warm_up(merchant, AT_ONCE)

    answers = together([lambda: merchant.cancel(session.session_id)] * AT_ONCE)

    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]
    assert all(busy(answer) for answer in answers if answer.status == 409)
    (driven,) = [cancellation(answer) for answer in answers if answer.status == 200]
    assert driven.status == "CANCELLED"
    assert driven.cancelled == sorted(session.transaction_ids)
    for transaction_id in session.transaction_ids:
        entry = inspect.ledger("sandbox", transaction_id)
        assert (entry.void_requests, entry.voids) == (1, 1)


def test_the_same_cancellation_again_is_a_success_that_does_nothing(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1")
    cancellation(merchant.cancel(session.session_id))

    again = cancellation(merchant.cancel(session.session_id))

    assert (again.status, again.cancelled, again.pending) == ("CANCELLED", [], [])
    assert inspect.ledger("sandbox", session.transaction_ids[0]).void_requests == 1


def test_a_refused_void_leaves_the_session_pending_with_that_transaction(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1", "sandbox-b:refused_1", "sandbox-c:ok_2")
    first, refused, third = session.transaction_ids

    answer = cancellation(merchant.cancel(session.session_id))

    assert answer.status == "PENDING_CANCELLATION"
    assert answer.cancelled == sorted([first, third])
    assert answer.pending == [refused]
    transaction = inspect.transaction_item(session.session_id, refused)
    assert transaction["status"] in ("PENDING", "PROCESSING", "AUTHORIZED")
    assert merchant.get(session.session_id).json()["status"] == "PENDING_CANCELLATION"


ENDS = ["SETTLED", "FAILED", "EXPIRED", "REFUNDED"]


def test_whatever_ends_in_the_middle_keeps_its_end_and_is_in_neither_list(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox-b:ok_1", *["sandbox:slow_4000_1"] * len(ENDS))
    plain, *ending = session.transaction_ids

    with ThreadPoolExecutor() as pool:
        call = pool.submit(merchant.cancel, session.session_id)
        wait_until_voided(inspect, "sandbox", ending)
        for transaction_id, status in zip(ending, ENDS, strict=True):
            key = TransactionKey(inspect.key(session.session_id), transaction_id)
            change = record_status(inspect.store, key, TransactionStatus(status), utc_now())
            assert change.changed
        answer = cancellation(call.result())

    assert (answer.status, answer.cancelled, answer.pending) == ("CANCELLED", [plain], [])
    read = merchant.get(session.session_id).json()
    found = {each["transactionId"]: each for each in read["transactions"]}
    assert [found[each]["status"] for each in ending] == ENDS
    assert [found[each]["settledAfterCancel"] for each in ending] == [True, False, False, False]
    assert found[plain]["status"] == "CANCELLED"


def test_a_session_waits_for_what_cannot_be_stopped_and_then_is_cancelled_by_itself(
    merchant: Client, seed: Seed, becomes: Becomes
) -> None:
    warm_up_fan_out(merchant, seed)
    ends = [*ENDS, "CANCELLED"]
    session = seed("sandbox:ok_1", *[f"sandbox-b:unstoppable_6_{end}_1" for end in ends])
    plain, *unstoppable = session.transaction_ids

    answer = cancellation(merchant.cancel(session.session_id))

    assert answer.status == "PENDING_CANCELLATION"
    assert (answer.cancelled, answer.pending) == ([plain], sorted(unstoppable))
    becomes(session.session_id, "CANCELLED", PATIENCE)
    read = merchant.get(session.session_id).json()
    statuses = {each["transactionId"]: each["status"] for each in read["transactions"]}
    assert statuses == {plain: "CANCELLED", **dict(zip(unstoppable, ends, strict=True))}
    assert read["cancelledAt"] > read["cancelRequestedAt"]

"""What MUST hold, whatever happens in between: those that no other file is about.

1 is also test_payment_race; 2 and 3 are test_contract_cases; 5 is also test_contract_killed;
8 with a failing store is test_failing_store.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from checkout.bootstrap import new_id, utc_now
from checkout.payments import begin_transaction, record_reference, record_status
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus
from local.answers import busy, cancellation, error
from local.calls import Client
from local.inspection import Inspector
from local.waiting import wait_until
from tests.local.conftest import Seed
from tests.local.moments import PATIENCE, wait_until_voided, warm_up, warm_up_fan_out

Becomes = Callable[[str, str, float], None]
IN_FLIGHT = {"PENDING", "PROCESSING", "AUTHORIZED"}
TERMINAL = [each for each in TransactionStatus if each not in IN_FLIGHT]
EURO = Money(100, "EUR")


def test_1_no_provider_is_called_before_the_session_is_locked(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:slow_1500_1")
    with ThreadPoolExecutor() as pool:
        call = pool.submit(merchant.cancel, session.session_id)
        wait_until_voided(inspect, "sandbox", session.transaction_ids)
        during = inspect.session_item(session.session_id)
        cancellation(call.result())

    entry = inspect.ledger("sandbox", session.transaction_ids[0])
    assert during["status"] == "PENDING_CANCELLATION"
    assert entry.voided_at
    assert during["cancelRequestedAt"] <= entry.voided_at.isoformat().replace("+00:00", "Z")


def test_2_a_second_driver_is_refused_for_as_long_as_the_first_one_drives(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    warm_up(merchant, 2)
    session = seed("sandbox:slow_3000_1")
    with ThreadPoolExecutor() as pool:
        call = pool.submit(merchant.cancel, session.session_id)
        wait_until_voided(inspect, "sandbox", session.transaction_ids)
        refused = 0
        while not call.done():
            second = merchant.cancel(session.session_id)
            if second.status == 409:
                refused += bool(busy(second))
            else:
                assert cancellation(second).cancelled == [], "the first one has just finished"
        cancellation(call.result())

    assert refused
    entry = inspect.ledger("sandbox", session.transaction_ids[0])
    assert (entry.void_requests, entry.voids) == (1, 1)


def test_3_what_was_terminal_before_is_never_touched(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1", *["sandbox-b:ok_1"] * len(TERMINAL))
    plain, *ended = session.transaction_ids
    for transaction_id, status in zip(ended, TERMINAL, strict=True):
        key = TransactionKey(inspect.key(session.session_id), transaction_id)
        record_status(inspect.store, key, status, utc_now())
    before = [inspect.transaction_item(session.session_id, each) for each in ended]

    answer = cancellation(merchant.cancel(session.session_id))

    assert (answer.status, answer.cancelled, answer.pending) == ("CANCELLED", [plain], [])
    assert [inspect.transaction_item(session.session_id, each) for each in ended] == before
    assert {inspect.ledger("sandbox-b", each).void_requests for each in ended} == {0}


def test_4_a_session_is_never_cancelled_while_a_transaction_is_in_flight(
    merchant: Client, seed: Seed
) -> None:
    warm_up_fan_out(merchant, seed)
    session = seed(
        "sandbox:slow_700_1",
        "sandbox-b:async_2_1",
        "sandbox-c:unstoppable_4_SETTLED_1",
        "sandbox:unstoppable_3_EXPIRED_1",
    )
    with ThreadPoolExecutor() as pool:
        call = pool.submit(merchant.cancel, session.session_id)

        def is_cancelled() -> bool:
            body = merchant.get(session.session_id).json()
            statuses = {each["status"] for each in body["transactions"]}
            assert body["status"] != "CANCELLED" or not statuses & IN_FLIGHT
            return bool(body["status"] == "CANCELLED")

        wait_until(is_cancelled, "the session is CANCELLED", PATIENCE, every=0.02)
        cancellation(call.result())


def test_5_an_outage_leaves_the_session_pending_and_it_is_finished_by_itself_when_it_is_over(
    merchant: Client, seed: Seed, inspect: Inspector, becomes: Becomes
) -> None:
    session = seed("sandbox:down_1", "sandbox-b:ok_1")
    down, plain = session.transaction_ids
    answer = cancellation(merchant.cancel(session.session_id))
    assert (answer.cancelled, answer.pending) == ([plain], [down])
    item = inspect.session_item(session.session_id)
    assert item["leaseUntil"] == 0, "the next call may drive at once"
    assert item["dueAt"] > utc_now().timestamp() * 1000
    assert item["dueShard"]

    key = TransactionKey(inspect.key(session.session_id), down)
    record_status(inspect.store, key, TransactionStatus.EXPIRED, utc_now())

    becomes(session.session_id, "CANCELLED", PATIENCE)


def test_5_a_provider_whose_worker_is_missing_leaves_the_rest_to_be_cancelled(
    merchant: Client, seed: Seed, inspect: Inspector, becomes: Becomes
) -> None:
    session = seed("sandbox:ok_1")
    key = TransactionKey(inspect.key(session.session_id), new_id())
    begin_transaction(inspect.store, Attempt(key, "nobody", "default", EURO), utc_now)

    answer = cancellation(merchant.cancel(session.session_id))

    assert answer.status == "PENDING_CANCELLATION"
    assert (answer.cancelled, answer.pending) == (session.transaction_ids, [key.transaction_id])
    record_status(inspect.store, key, TransactionStatus.FAILED, utc_now())
    becomes(session.session_id, "CANCELLED", PATIENCE)


def test_6_what_the_provider_does_not_know_is_still_in_flight(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed()
    key = TransactionKey(inspect.key(session.session_id), new_id())
    begin_transaction(inspect.store, Attempt(key, "sandbox", "default", EURO), utc_now)
    record_reference(inspect.store, key, "sandbox", "a reference of another world")

    for _ in range(2):
        answer = cancellation(merchant.cancel(session.session_id))
        assert (answer.cancelled, answer.pending) == ([], [key.transaction_id])

    (transaction,) = merchant.get(session.session_id).json()["transactions"]
    assert transaction["status"] in IN_FLIGHT


def test_7_what_is_told_as_cancelled_was_confirmed_and_is_stored(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:ok_1", "sandbox:async_600_1", "sandbox:settled_1", "sandbox:down_1")

    answer = cancellation(merchant.cancel(session.session_id))

    assert answer.cancelled == session.transaction_ids[:1]
    for transaction_id in answer.cancelled:
        stored = inspect.transaction_item(session.session_id, transaction_id)
        assert stored["status"] == "CANCELLED"
        assert inspect.ledger("sandbox", transaction_id).voids == 1


def test_7_nothing_is_told_twice(merchant: Client, seed: Seed) -> None:
    session = seed("sandbox:ok_1", "sandbox:flaky_1_1", "sandbox:refused_1")

    answers = [cancellation(merchant.cancel(session.session_id)) for _ in range(3)]

    told = [each for answer in answers for each in answer.cancelled]
    assert sorted(told) == session.transaction_ids[:2]


def test_8_a_hundred_transactions_of_every_kind_are_answered_with_200(
    merchant: Client, seed: Seed
) -> None:
    kinds = ["ok_1", "down_1", "refused_1", "slow_500_1", "unstoppable_600_SETTLED_1"]
    providers = ["sandbox", "sandbox-b", "sandbox-c"]
    session = seed(*[f"{providers[n % 3]}:{kinds[n % 5]}" for n in range(100)])

    answer = cancellation(merchant.cancel(session.session_id))

    assert len(answer.cancelled) == 40
    assert len(answer.pending) == 60
    error(merchant.cancel(new_id()), 404)

"""How many AWS calls a cancellation makes, one after the other: its latency and its price."""

import threading
from datetime import timedelta

import pytest

from checkout import bootstrap, payments
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.stack import TABLE

SANDBOXES = ["sandbox", "sandbox-b", "sandbox-c"]
# Of one provider, and of several: lock, query, [one write of each worker], complete. Four deep.
DIRECT = ["UpdateItem", "Query", "Invoke", "UpdateItem"]
BY_THE_MACHINE = ["UpdateItem", "Query", "StartSyncExecution", "UpdateItem"]


def drivers_calls(cloud: Cloud) -> list[str]:
    """Of the function that was called; the workers run in threads of their own."""
    return cloud.wire.names(threading.get_ident())


def workers_writes(cloud: Cloud) -> int:
    here = threading.get_ident()
    calls = [each for each in cloud.wire.calls if each.table == TABLE and each.thread != here]
    assert {each.name for each in calls} <= {"UpdateItem"}
    return len(calls)


def test_no_attempt_at_all_takes_two(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    cloud.wire.calls.clear()
    assert scenes.cancel(cloud, key).body["status"] == "CANCELLED"
    assert drivers_calls(cloud) == ["UpdateItem", "UpdateItem"]


def test_nothing_in_flight_any_more_takes_three(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    ended = TransactionKey(key, ids[0])
    payments.record_status(store, ended, TransactionStatus.FAILED, bootstrap.utc_now())
    cloud.wire.calls.clear()
    scenes.cancel(cloud, key)
    assert drivers_calls(cloud) == ["UpdateItem", "Query", "UpdateItem"]


@pytest.mark.parametrize("number", [1, 12, 100])
def test_the_number_of_transactions_does_not_count(
    cloud: Cloud, store: CheckoutStore, number: int
) -> None:
    key = scenes.open_session(store)
    for each in range(number):
        scenes.attach(store, key, "ok_1", SANDBOXES[each % 3])
    cloud.wire.calls.clear()
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], len(answer.cancelled)) == ("CANCELLED", number)
    assert drivers_calls(cloud) == (DIRECT if number == 1 else BY_THE_MACHINE)
    assert workers_writes(cloud) == number
    assert cloud.wire.names().count("Invoke") == min(number, 3)


@pytest.mark.parametrize("number", [1, 12, 100])
def test_one_provider_needs_no_machine(cloud: Cloud, store: CheckoutStore, number: int) -> None:
    key = scenes.open_session(store)
    for _ in range(number):
        scenes.attach(store, key, "ok_1")
    cloud.wire.calls.clear()
    assert len(scenes.cancel(cloud, key).cancelled) == number
    assert drivers_calls(cloud) == DIRECT
    assert workers_writes(cloud) == number


def test_what_stays_pending_takes_one_query_more(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1", "async_900_1")
    cloud.wire.calls.clear()
    assert scenes.cancel(cloud, key).pending == ids[1:]
    calls = drivers_calls(cloud)
    assert calls == ["UpdateItem", "Query", "Invoke", "Query", "UpdateItem"]
    assert workers_writes(cloud) == 2


def test_a_repeat_after_the_end_takes_one(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    scenes.cancel(cloud, key)
    cloud.wire.calls.clear()
    scenes.cancel(cloud, key)
    assert drivers_calls(cloud) == ["UpdateItem"]


def test_a_page_of_the_list_takes_one_however_many_there_are(
    cloud: Cloud, store: CheckoutStore
) -> None:
    now = bootstrap.utc_now()
    for number in range(5):
        at = now + timedelta(milliseconds=number)
        store.lock_for_cancellation(scenes.open_session(store), scenes.lock_at(at))
    cloud.wire.calls.clear()
    first = scenes.listed(cloud, limit="2")
    second = scenes.listed(cloud, limit="2", cursor=first.body["nextCursor"])
    assert [len(each.body["sessions"]) for each in (first, second)] == [2, 2]
    assert drivers_calls(cloud) == ["Query", "Query"]


def test_a_remembered_answer_takes_two_and_none_of_the_checkouts_table(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = scenes.open_session(store)
    idempotency_key = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
    scenes.cancel(cloud, key, idempotency_key=idempotency_key)
    cloud.wire.calls.clear()
    scenes.cancel(cloud, key, idempotency_key=idempotency_key)
    assert len(drivers_calls(cloud)) <= 2
    assert all(each.table != TABLE for each in cloud.wire.calls)

"""What the benchmark says of large sessions and large tables, with small ones."""

import pytest

from checkout.storage.dynamodb import CheckoutStore
from local.bench import filled, growth
from local.bench.counted import SANDBOXES, count, count_of
from local.bench.growth import Growth
from tests.integration import scenes
from tests.integration.cloud import Cloud


@pytest.fixture(scope="module")
def measured() -> Growth:
    return growth.measure(numbers=(1, 4), fillings=(5, 500), rounds=1)


def test_each_transaction_adds_one_write_and_no_call_of_the_driver(measured: Growth) -> None:
    one, four, spread = measured.by_transactions
    assert [each.transactions for each in (one, four, spread)] == [1, 4, 4]
    assert [each.providers for each in (one, four, spread)] == [1, 1, 3]
    assert {len(each.counts.calls) for each in (one, four, spread)} == {4}
    writes = [each.counts.table_writes for each in (one, four, spread)]
    assert writes == [2 + 1, 2 + 4, 2 + 4]
    assert one.dollars < four.dollars < spread.dollars
    assert (one.latency, four.turns) == (1, 1)


def test_the_size_of_the_table_changes_neither_calls_nor_units(measured: Growth) -> None:
    small, large = measured.by_sessions
    assert (small.sessions, large.sessions) == (5, 500)
    assert large.counts.calls == small.counts.calls
    for each in ("table_writes", "index_writes", "reads", "query_reads", "stream_wakes"):
        assert getattr(large.counts, each) == getattr(small.counts, each)
    assert large.dollars == small.dollars
    assert large.latency > 0


def test_the_tables_and_the_picture_have_a_row_and_a_point_for_each(measured: Growth) -> None:
    tables = growth.tables(measured)
    by_transactions = tables["growth_transactions"].splitlines()
    assert [line.split(" | ")[:2] for line in by_transactions] == [
        ["| 1", "1"],
        ["| 4", "1"],
        ["| 4", "3"],
    ]
    assert [line.split(" | ")[0] for line in tables["growth_sessions"].splitlines()] == [
        "| 5",
        "| 500",
    ]
    assert [each["x"] for each in growth.picture(measured)["lines"]] == [[1, 4], [4]]


def test_more_than_a_worker_may_ask_at_once_takes_another_turn() -> None:
    # 192 MB, and 12 for each.
    turns = [growth.turns_of(growth.Plan(SANDBOXES[:1] * n)) for n in (16, 17)]
    assert turns == [1, 2]
    assert growth.turns_of(growth.Plan(SANDBOXES * 16)) == 1


def test_a_session_put_into_the_table_costs_what_one_made_by_payments_does(
    cloud: Cloud, store: CheckoutStore
) -> None:
    made = count(cloud, store, *SANDBOXES)
    put = count_of(cloud, filled.open_session(SANDBOXES), len(SANDBOXES))
    assert (put.calls, put.table_writes, put.reads) == (made.calls, made.table_writes, made.reads)


def test_a_query_by_key_finds_the_session_among_many(cloud: Cloud, store: CheckoutStore) -> None:
    filled.table().items = filled.many(100)
    filled.look_up_by_key()
    key = filled.open_session(SANDBOXES)
    assert len(store.read_session(key).transactions) == len(SANDBOXES)
    assert scenes.cancel(cloud, key).body["status"] == "CANCELLED"

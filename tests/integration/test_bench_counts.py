"""What the benchmark counts of one cancellation: calls and units, which dollars follow from."""

import pytest

from checkout.storage.dynamodb import CheckoutStore
from local.bench.counted import SANDBOXES, count
from tests.integration.cloud import Cloud

LOCK_AND_COMPLETE = ("UpdateItem", "UpdateItem")
DIRECT = ("UpdateItem", "Query", "Invoke", "UpdateItem")
BY_THE_MACHINE = ("UpdateItem", "Query", "StartSyncExecution", "UpdateItem")


def test_no_transaction_takes_two_writes_and_five_of_the_indexes(
    cloud: Cloud, store: CheckoutStore
) -> None:
    found = count(cloud, store)
    assert (found.calls, found.workers, found.executions) == (LOCK_AND_COMPLETE, 0, 0)
    # The lock puts the session into the index `due`, its end takes it out. And of the merchant's
    # list: the lock puts it in, its end takes it out there and puts it in again as cancelled.
    assert (found.table_writes, found.index_writes, found.reads) == (2, 2 + 3, 0)


@pytest.mark.parametrize(
    ("providers", "workers"), [(SANDBOXES[:1], 1), (SANDBOXES, 3), (SANDBOXES[:1] * 3, 1)]
)
def test_each_transaction_takes_one_write_and_each_provider_one_worker(
    cloud: Cloud, store: CheckoutStore, providers: tuple[str, ...], workers: int
) -> None:
    found = count(cloud, store, *providers)
    executions = int(workers > 1)
    assert (found.workers, found.executions) == (workers, executions)
    assert found.calls == (BY_THE_MACHINE if executions else DIRECT)
    assert (found.table_writes, found.index_writes) == (2 + len(providers), 2 + 3)
    assert found.reads == 1
    # Nothing was left pending, so the stream's filter lets nothing through.
    assert found.stream_wakes == 0
    assert found.log_bytes > 0

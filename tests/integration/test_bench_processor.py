"""What the benchmark says of the processor's time: real handlers in processes, tiny."""

import json
from collections.abc import Iterator
from threading import Thread

import pytest

from local.bench import owners, processor
from local.bench.cases import BARE, cancel, reconcile, webhook, worker
from local.bench.owners import Owners, owner_of_file
from local.bench.processor import Cost, Processor

MANY_SHARDS = 16


@pytest.fixture(scope="module")
def measured() -> Processor:
    cases = [cancel(3), worker(3), reconcile(), webhook()]
    return processor.measure(rounds=1, requests=3, profiled=2, cases=cases)


def by_name(measured: Processor) -> dict[str, Cost]:
    return {each.name: each for each in measured.costs}


def test_each_handler_makes_its_calls_of_aws(measured: Processor) -> None:
    calls = {name: each.calls for name, each in by_name(measured).items()}
    assert calls == {
        BARE: 1,
        # Lock, query, the machine, complete.
        "cancel_session, 3 transactions": 4,
        # The provider is in process.
        "cancel_transactions, 3 transactions": 3,
        "reconcile, nothing due": MANY_SHARDS,
        "receive_webhook, 1 report": 3,
    }


def test_the_shares_are_of_a_whole(measured: Processor) -> None:
    for each in measured.costs:
        assert sum(each.shares.values()) == pytest.approx(100)
        assert owners.BENCH not in each.shares
    assert owners.OURS not in by_name(measured)[BARE].shares
    assert by_name(measured)["cancel_transactions, 3 transactions"].shares[owners.THREADS] > 0


def test_many_calls_take_more_than_one(measured: Processor) -> None:
    found = by_name(measured)
    assert found[BARE].ratio == 1
    assert found["reconcile, nothing due"].ratio > found[BARE].ratio


def cells(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        yield [each.strip() for each in line.strip("|").split("|")]


def test_the_tables_have_a_row_of_numbers_for_each(measured: Processor) -> None:
    tables = processor.tables(measured)
    assert all(name.startswith("processor_") for name in tables)
    for name in ("processor_requests", "processor_shares"):
        lines = list(cells(tables[name]))
        assert [line[0] for line in lines] == [each.name for each in measured.costs]
        assert all(float(cell) >= 0 for line in lines for cell in line[1:])
    head, _ = cells(tables["processor_owners"])
    assert {len(line) for line in cells(tables["processor_shares"])} == {len(head)}


def test_the_picture_has_a_point_for_each(measured: Processor) -> None:
    lines = processor.picture(measured)["lines"]
    assert [each["name"] for each in lines][:2] == [BARE, "cancel_session"]
    assert all(len(each["x"]) == len(each["y"]) > 0 for each in lines)


def test_the_time_of_every_thread_has_an_owner() -> None:
    found = Owners()
    with found.watching():
        thread = Thread(target=json.dumps, args=({"a": list(range(2000))},), kwargs={"indent": 1})
        thread.start()
        thread.join()
    shares = found.shares()
    assert shares[owners.JSON] > 0
    assert sum(shares.values()) == pytest.approx(100)


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("/x/site-packages/botocore/serialize.py", owners.SERIALIZE),
        ("/x/site-packages/botocore/hooks.py", owners.BOTOCORE),
        ("/x/site-packages/urllib3/connection.py", owners.HTTP),
        ("/x/main/functions/get_session/app.py", owners.APP),
        (processor.__file__, owners.BENCH),
        ("/usr/lib/python3/copy.py", None),
        # A folder of this name is no package of ours.
        ("/home/checkout/lib/python3/copy.py", None),
    ],
)
def test_who_owns_a_file(file: str, owner: str | None) -> None:
    assert owner_of_file(file) == owner

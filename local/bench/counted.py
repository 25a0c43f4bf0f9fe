"""What one cancellation asks of AWS, counted: real handlers and machine, in process on moto.

Calls are counted on the wire between the SDK and moto, as tests/integration/test_call_counts.py
does. Consumed capacity is computed (capacity.py), since moto's is the same for every size: from the
items that a query answers with, and from the item in moto's own table before and after each write.

The sandbox's ledger stands for the provider: its calls are not ours and are left out.
"""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from contextlib import contextmanager, redirect_stdout
from functools import cache
from typing import TYPE_CHECKING
from unittest import mock

from moto.dynamodb.models import dynamodb_backends

from checkout import bootstrap
from checkout.observability import logger
from local.bench.capacity import Counts, Item, index_units, read_units, write_units
from tests.integration import scenes, stack
from tests.integration.cloud import Cloud, run_cloud
from tests.template.cloudformation import properties
from tests.template.filter_pattern import matches, stream_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checkout.sessions import SessionKey
    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.wire import Answer, Call

SANDBOXES = ("sandbox", "sandbox-b", "sandbox-c")


def indexes() -> list[tuple[frozenset[str], frozenset[str]]]:
    """Of each its keys, with the table's, and what it holds beside them."""
    table = properties(stack.TABLE)
    own = {each["AttributeName"] for each in table["KeySchema"]}
    return [
        (
            frozenset(own | {key["AttributeName"] for key in each["KeySchema"]}),
            frozenset(each["Projection"].get("NonKeyAttributes", ())),
        )
        for each in table["GlobalSecondaryIndexes"]
    ]


class Meter:
    """Stands on the wire, and adds up what the table's calls consume."""

    def __init__(self) -> None:
        self.writes: list[tuple[int, int]] = []
        self.reads: list[int] = []
        self._indexes = indexes()

    def __call__(self, call: Call, proceed: Callable[[], Answer]) -> Answer:
        if call.table != stack.TABLE:
            return proceed()
        if call.name == "Query":
            answer = proceed()
            assert answer
            assert call.parameters["ConsistentRead"]
            self.reads.append(read_units(json.loads(answer[2])["Items"]))
            return answer
        assert call.name == "UpdateItem"
        before = stored(call.parameters["Key"])
        answer = proceed()
        after = stored(call.parameters["Key"])
        units = sum(index_units(before, after, *index) for index in self._indexes)
        self.writes.append((write_units(before, after), units))
        return answer


def stored(key: Item) -> Item:
    backend = dynamodb_backends[stack.ACCOUNT][stack.REGION]
    found = backend.get_item(stack.TABLE, key)
    # A copy: moto changes the item in place.
    copy: Item = json.loads(json.dumps(found.to_json()["Attributes"])) if found else {}
    return copy


def count(cloud: Cloud, store: CheckoutStore, *providers: str) -> Counts:
    """One cancellation of a session with a payment at each of `providers`, all of which cancel."""
    key = scenes.open_session(store)
    for each in providers:
        scenes.attach(store, key, "ok_1", each)
    return count_of(cloud, key, len(providers))


def count_of(cloud: Cloud, key: SessionKey, transactions: int) -> Counts:
    """The cancellation of a session with so many transactions, all of which cancel."""
    cloud.wire.calls.clear()
    changes = len(stack.stream_records())
    cloud.wire.meddle = meter = Meter()
    with printed() as log:
        answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], len(answer.cancelled)) == ("CANCELLED", transactions)
    names = cloud.wire.names()
    return Counts(
        transactions=transactions,
        calls=tuple(cloud.wire.names(threading.get_ident())),
        workers=names.count("Invoke"),
        executions=names.count("StartSyncExecution"),
        table_writes=sum(table for table, _ in meter.writes),
        index_writes=sum(indexes for _, indexes in meter.writes),
        reads=sum(meter.reads),
        query_reads=max(meter.reads, default=1),
        stream_wakes=sum(matches(stream_pattern(), e) for e in stack.stream_records(changes)),
        log_bytes=len(log.getvalue().encode()),
    )


@contextmanager
def printed() -> Iterator[io.StringIO]:
    """What the functions print: lines of the logger, and metrics."""
    log, handler = io.StringIO(), logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(log)
    try:
        with redirect_stdout(log):
            yield log
    finally:
        if before:
            handler.setStream(before)


@contextmanager
def one_cloud() -> Iterator[Cloud]:
    """A stack in moto, outside of any test."""
    kept = {
        n: v for n, v in os.environ.items() if not n.startswith(("AWS_PROFILE", "AWS_ENDPOINT"))
    }
    kept |= {**stack.environment(), "AWS_DEFAULT_REGION": stack.REGION}
    with mock.patch.dict(os.environ, kept, clear=True), contextmanager(run_cloud)() as cloud:
        bootstrap.forget()
        yield cloud
        bootstrap.forget()


@cache
def counts() -> dict[str, Counts]:
    """Of 0, 1 and 3 transactions at as many providers, and of 3 at one."""
    scenarios = {"0": (), "1": SANDBOXES[:1], "3": SANDBOXES, "3 at one": SANDBOXES[:1] * 3}
    found = {}
    with one_cloud() as cloud:
        for name, providers in scenarios.items():
            cloud.reset()
            found[name] = count(cloud, bootstrap.checkout_store(), *providers)
    return found

"""What the table's stream costs: which changes wake its function, and what a record then takes.

Changes and calls are counted on moto, with the filter of template.yaml. Records per second are of
the real handler against an AWS that answers at once, in another process: on AWS each call takes
DynamoDB's time as well, one after the other, so that the calls tell more than the seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from checkout import bootstrap, payments
from checkout.storage.items import session_item_key
from checkout.transactions import TransactionKey, TransactionStatus
from local.bench import filled
from local.bench.cases import BARE, BATCH, complete
from local.bench.counted import Meter, one_cloud, printed, stored
from local.bench.subjects import compare, subjects
from local.markdown import number, rows
from tests.integration import scenes, stack
from tests.template.filter_pattern import matches, stream_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checkout.sessions import SessionKey
    from checkout.storage.dynamodb import CheckoutStore
    from tests.integration.cloud import Cloud

PROCESSING, AUTHORIZED = TransactionStatus.PROCESSING, TransactionStatus.AUTHORIZED
SETTLED, CANCELLED = TransactionStatus.SETTLED, TransactionStatus.CANCELLED
# The lives of ordinary payments: the statuses that are recorded after the reference.
LIVES = {
    "settled": (PROCESSING, AUTHORIZED, SETTLED),
    "settled, then refunded": (SETTLED, TransactionStatus.REFUNDED),
    "failed": (PROCESSING, TransactionStatus.FAILED),
    "expired": (AUTHORIZED, TransactionStatus.EXPIRED),
    "cancelled by the payer": (PROCESSING, CANCELLED),
}


@dataclass(frozen=True, slots=True)
class Wakes:
    """How many changes of the table something made, and how many of them wake the function."""

    what: str
    changes: int
    woken: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one session, or of as many; `calls` and read units are those of the whole batch.

    `milliseconds` are the processor's for one record, `speed` is records in a second, at best, and
    `ratio` is that to the bare handler's requests in one.
    """

    records: int
    one_session: bool
    calls: int
    reads: int
    milliseconds: float
    speed: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Stream:
    wakes: tuple[Wakes, ...]
    batches: tuple[Batch, ...]


def measure(sizes: Sequence[int] = (1, BATCH, 100), rounds: int = 6, records: int = 50) -> Stream:
    """In each round as many batches of each kind as hold `records`."""
    with one_cloud() as cloud, printed():
        woken = tuple(wakes(cloud))
        counts = {kind: count(cloud, *kind) for kind in _kinds(sizes)}
    return Stream(woken, tuple(batches(counts, rounds, records)))


def _kinds(sizes: Sequence[int]) -> list[tuple[int, bool]]:
    return [(size, same) for size in sizes for same in (True, False) if same or size > 1]


def wakes(cloud: Cloud) -> Iterator[Wakes]:
    for name, life in LIVES.items():
        yield _woken_by(cloud, f"a payment that is {name}", partial(_pay, life))
    yield _woken_by(cloud, "a cancellation that is confirmed at once", partial(_cancel, cloud))
    yield _woken_by(cloud, "one that is confirmed later", partial(_cancel_later, cloud))


def _woken_by(cloud: Cloud, what: str, make: Callable[[CheckoutStore], object]) -> Wakes:
    cloud.reset()
    make(bootstrap.checkout_store())
    return Wakes(what, len(stack.stream_records()), len(_waking()))


def _waking() -> list[dict[str, Any]]:
    """Of the table's changes so far, those that the filter lets through."""
    return [each for each in stack.stream_records() if matches(stream_pattern(), each)]


def _pay(life: Sequence[TransactionStatus], store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    payment = scenes.attach(store, key, "ok_1")
    for status in life:
        payments.record_status(store, payment, status, bootstrap.utc_now())
    end = payments.complete_session if SETTLED in life else payments.expire_session
    end(store, key, bootstrap.utc_now())


def _cancel(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    assert scenes.cancel(cloud, key).body["status"] == "CANCELLED"


def _cancel_later(cloud: Cloud, store: CheckoutStore) -> None:
    """Up to the session's end, which the woken function brings about."""
    key, ids = scenes.session_with(store, "async_900_1")
    assert scenes.cancel(cloud, key).pending == ids
    payment = TransactionKey(key, ids[0])
    payments.record_status(store, payment, CANCELLED, bootstrap.utc_now())
    assert scenes.deliver(cloud, *_waking()) == []
    assert stored(session_item_key(key))["status"]["S"] == "CANCELLED"


def _ended(transactions: int, store: CheckoutStore) -> SessionKey:
    """A locked session whose payments were waited for, and have ended since."""
    keys = filled.waiting_session(transactions)
    for each in keys:
        payments.record_status(store, each, CANCELLED, bootstrap.utc_now())
    return keys[0].session


def count(cloud: Cloud, records: int, one_session: bool) -> tuple[int, int]:
    """Calls on the wire, and read units, of the batch that the stream makes of these changes."""
    cloud.reset()
    filled.look_up_by_key()
    store = bootstrap.checkout_store()
    keys = [_ended(each, store) for each in ([records] if one_session else [1] * records)]
    batch = _waking()
    assert len(batch) == records
    cloud.wire.calls.clear()
    cloud.wire.meddle = meter = Meter()
    assert scenes.deliver(cloud, *batch) == []
    done = [stored(session_item_key(each))["status"]["S"] for each in keys]
    assert set(done) == {"CANCELLED"}
    return len(cloud.wire.calls), sum(meter.reads)


def batches(
    counts: dict[tuple[int, bool], tuple[int, int]], rounds: int, records: int
) -> Iterator[Batch]:
    cases = {kind: complete(kind[0], same=kind[1]) for kind in counts}
    requests = {each.name: max(1, records // size) for (size, _), each in cases.items()}
    with subjects(list(cases.values()), sorted({size for size, _ in counts})) as measured:
        found = compare(measured, rounds, requests | {BARE: records})
        # Not of large ones: to look into one takes many times what it takes.
        small = [each for each in measured if requests.get(each.name, 0) > 1]
        made = {each.name: each.profile(1).calls for each in small}
    for (size, same), case in cases.items():
        calls, reads = counts[size, same]
        assert made.get(case.name, calls) == calls  # else something else was timed than was counted
        figures = found[case.name]
        yield Batch(
            records=size,
            one_session=same,
            calls=calls,
            reads=reads,
            milliseconds=figures.best_processor / size,
            speed=1000 * size / figures.best_wall,
            ratio=size * found[BARE].best_wall / figures.best_wall,
        )


def tables(result: Stream) -> dict[str, str]:
    """`stream_wakes`: what, changes, woken.

    `stream_batches`: records, sessions, calls, calls and read units and ms a record, records in a
    second, ratio.
    """
    return {
        "stream_wakes": rows([each.what, each.changes, each.woken] for each in result.wakes),
        "stream_batches": rows(
            [
                each.records,
                "one" if each.one_session else "as many",
                each.calls,
                number(each.calls / each.records),
                number(each.reads / each.records),
                f"{each.milliseconds:.2f}",
                number(each.speed),
                f"{each.ratio:.2f}",
            ]
            for each in result.batches
        ),
    }


def picture(result: Stream) -> dict[str, Any]:
    lines = []
    for name, same in (("of one session", True), ("of as many sessions", False)):
        mine = [each for each in result.batches if each.one_session is same or each.records == 1]
        x, y = [each.records for each in mine], [each.ratio for each in mine]
        lines.append({"name": name, "x": x, "y": y})
    return {
        "title": "Speed of the stream's function",
        "x": "records in a batch",
        "y": "records a second, to the bare handler's requests a second",
        "log": True,
        "lines": lines,
    }


if __name__ == "__main__":
    for name, text in tables(measure()).items():
        print(f"{name}\n{text}\n")

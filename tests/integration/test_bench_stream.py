"""What the benchmark says of the table's stream: counted on moto, timed in processes, tiny."""

import pytest

from local.bench import stream
from local.bench.stream import Batch, Stream, Wakes
from tests.integration.cloud import Cloud

READ_AND_COMPLETE = 2


def test_ordinary_payments_wake_nobody_and_what_was_waited_for_does(cloud: Cloud) -> None:
    found = {each.what: each for each in stream.wakes(cloud)}
    # Open, put, attach, reference, and at least one status and the session's end.
    assert all(each.changes >= 6 for each in found.values())
    woken = {what for what, each in found.items() if each.woken}
    assert woken == {"one that is confirmed later"}
    assert found["one that is confirmed later"].woken == 1
    assert len(found) == len(stream.LIVES) + 2


def test_each_session_is_read_and_completed(cloud: Cloud) -> None:
    calls, reads = stream.count(cloud, 3, one_session=False)
    assert (calls, reads) == (3 * READ_AND_COMPLETE, 3)


def test_a_session_is_completed_once(cloud: Cloud) -> None:
    calls, reads = stream.count(cloud, 3, one_session=True)
    assert (calls, reads) == (READ_AND_COMPLETE, 1)


def test_a_batch_is_timed_by_the_real_handler() -> None:
    found = list(stream.batches({(2, True): (2, 1), (2, False): (4, 2)}, rounds=1, records=4))
    assert [(each.one_session, each.calls) for each in found] == [(True, 2), (False, 4)]
    assert all(each.speed > 0 and each.ratio > 0 and each.milliseconds > 0 for each in found)


def test_the_tables_say_what_was_measured() -> None:
    batches = (
        Batch(1, one_session=True, calls=2, reads=1, milliseconds=1.5, speed=900, ratio=0.8),
        Batch(10, one_session=False, calls=20, reads=10, milliseconds=1.25, speed=1234, ratio=0.9),
    )
    result = Stream((Wakes("a payment", 8, 0),), batches)
    assert stream.tables(result) == {
        "stream_wakes": "| a payment | 8 | 0 |",
        "stream_batches": (
            "| 1 | one | 2 | 2 | 1 | 1.50 | 900 | 0.80 |\n"
            "| 10 | as many | 20 | 2 | 1 | 1.25 | 1,234 | 0.90 |"
        ),
    }
    one, many = stream.picture(result)["lines"]
    assert (one["x"], many["x"]) == ([1], [1, 10])
    assert many["y"] == pytest.approx([0.8, 0.9])

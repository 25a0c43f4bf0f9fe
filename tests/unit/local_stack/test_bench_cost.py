"""What a million cancellations cost: the arithmetic, by sums that were made by hand."""

from dataclasses import replace
from typing import Any

import pytest

from local.bench import cost_report, designs
from local.bench.capacity import Counts, index_units, item_size, read_units, write_units
from local.bench.cost import (
    ARM,
    HTTP,
    REST,
    X86,
    Express,
    Function,
    Usage,
    apart,
    bill,
    dollars,
    express_gb_seconds,
    lambda_gb_seconds,
)
from local.bench.designs import BEFORE, PLAIN, Design, FanOut, Timings, at, estimate
from local.bench.prices import PRICES
from tests.template.cloudformation import template

CALLS = ("UpdateItem", "Query", "StartSyncExecution", "UpdateItem")
DIRECT = ("UpdateItem", "Query", "Invoke", "UpdateItem")
NOTHING = Counts(0, CALLS[:1] * 2, 0, 0, 2, 2, 0, 1, 0, 0)
ONE = Counts(1, DIRECT, 1, 0, 3, 2, 1, 1, 0, 0)
THREE = Counts(3, CALLS, 3, 1, 5, 2, 1, 1, 0, 0)
# Round numbers: with a whole processor 10 ms, with half of one 20.
CURVE = ((885, 20), (1769, 10))
TIMINGS = Timings(300, 10, 30, 15, 10, 1, CURVE, CURVE)
WHOLE = Design(1769, 1769)


def test_every_price_says_where_and_when_it_was_read() -> None:
    assert all(each.source and each.read and each.unit for each in PRICES)


def test_lambda_is_billed_by_the_millisecond_up() -> None:
    # 2 x 0.101 s x 0.5 GB
    assert lambda_gb_seconds(Function("f", 2, 100.2, 512)) == pytest.approx(0.101)


def test_express_is_billed_by_100_ms_and_64_mb_up() -> None:
    assert express_gb_seconds(Express(1, 301)) == pytest.approx(0.4 * 64 / 1024)
    assert express_gb_seconds(Express(1, 300, 65)) == pytest.approx(0.3 * 128 / 1024)
    assert express_gb_seconds(Express(0, 300)) == 0


def test_the_known_sum_of_the_published_comparison() -> None:
    # API 1.00; 0.20 + 0.64 s x 0.5 GB x 16.67 = 5.53; 1.00 + 0.6 x 0.0625 x 16.67 = 1.63;
    # 3 x 0.20 + 3 x 0.42 x 0.25 x 16.67 = 5.85.
    assert dollars(cost_report.published()) == pytest.approx(14.01, abs=0.01)


def test_each_service_by_hand() -> None:
    usage = Usage(
        gateway=REST,
        functions=(Function("a", 1, 400, 1024), Function("b", 3, 300, 512, X86)),
        express=Express(1, 400),
        transitions=6,
        operations=4,
        table_writes=5,
        index_writes=2,
        reads=1,
        stream_reads=5,
        queue_requests=1,
    )
    expected = {
        "API Gateway requests": 3.50,
        "Lambda requests": 0.80,
        "Lambda time, a": 5.33,  # 0.4 GB-s x 13.33
        "Lambda time, b": 7.50,  # 3 x 0.3 x 0.5 GB-s x 16.67
        "Express requests": 1.00,
        "Express time": 0.42,  # 0.4 x 0.0625 x 16.67
        "Standard transitions": 150.00,
        "Durable operations": 32.00,
        "DynamoDB writes, table": 3.125,
        "DynamoDB writes, indexes": 1.25,
        "DynamoDB reads": 0.125,
        "Stream reads": 0.00,
        "SQS requests": 0.40,
    }
    assert bill(usage) == pytest.approx(expected, abs=0.005)
    assert dollars(replace(usage, gateway=HTTP)) == pytest.approx(dollars(usage) - 2.5)


def test_logs_and_traces_are_apart() -> None:
    usage = Usage(log_bytes=2000, traces=0.05)
    assert apart(usage) == pytest.approx({"CloudWatch Logs": 1.00, "X-Ray": 0.25})
    assert dollars(usage) == dollars(Usage())


def test_the_answer_waits_for_the_slowest_and_less_memory_is_slower() -> None:
    # Worker 10 + 300 + 10, machine 30; function 10 and three calls.
    assert estimate(WHOLE, THREE, TIMINGS).answer_ms == pytest.approx(10 + 30 + 30 + 320)
    half = replace(WHOLE, worker_mb=885)
    assert estimate(half, THREE, TIMINGS).answer_ms == pytest.approx(400, abs=0.1)
    assert estimate(WHOLE, NOTHING, TIMINGS).answer_ms == pytest.approx(10 + 20)


@pytest.mark.parametrize(
    ("fan_out", "functions", "express"),
    [
        (FanOut.MACHINE, [1, 3], 1),
        (FanOut.MACHINE_ALWAYS, [1, 3], 1),
        (FanOut.SINGLE_DIRECT, [1, 3], 1),
        (FanOut.DIRECT, [1, 3], 0),
        (FanOut.THREADS, [1], 0),
        (FanOut.GATEWAY, [3], 1),
        (FanOut.LATER, [1, 3], 0),
        (FanOut.STANDARD, [1, 3], 0),
        (FanOut.DURABLE, [1], 0),
    ],
)
def test_what_runs_in_each_design(fan_out: FanOut, functions: list[int], express: int) -> None:
    usage = estimate(replace(WHOLE, fan_out=fan_out), THREE, TIMINGS).usage
    assert [each.times for each in usage.functions] == functions
    assert usage.express.times == express


def test_a_worker_shares_its_processor_among_its_transactions() -> None:
    # Two more of 4 ms of a whole processor, of which it has half: 16 ms. Busy 20, waiting 300 + 10.
    half = Design(885, 885, fan_out=FanOut.SINGLE_DIRECT)
    three = replace(ONE, transactions=3)
    (_, worker) = estimate(half, three, TIMINGS).usage.functions
    assert worker.milliseconds == pytest.approx(20 + 300 + 16, abs=0.1)
    # Of a hundred, 50 at once, most of the time is the processor's.
    (_, worker) = estimate(half, replace(ONE, transactions=100), TIMINGS).usage.functions
    assert worker.milliseconds == pytest.approx(20 + 300 + 99 * 8, abs=2)


def test_nothing_in_flight_costs_a_machine_only_where_every_session_has_one() -> None:
    assert estimate(WHOLE, NOTHING).usage.express.times == 0
    always = estimate(PLAIN, NOTHING).usage
    assert (always.express.times, always.reads) == (1, 1)


def test_a_single_worker_without_the_machine_saves_at_least_its_request() -> None:
    direct = replace(WHOLE, fan_out=FanOut.SINGLE_DIRECT)
    saved = dollars(estimate(WHOLE, ONE).usage) - dollars(estimate(direct, ONE).usage)
    assert 1.4 < saved < 2
    assert estimate(direct, THREE) == estimate(WHOLE, THREE)


def test_the_plain_design_costs_what_it_is_known_for() -> None:
    assert 20.5 < dollars(estimate(PLAIN, THREE).usage) < 22.5


def test_ours_keeps_the_goals() -> None:
    ours = designs.ours()
    tables = cost_report.Tables(ours, {"0": NOTHING, "1": ONE, "3": THREE})
    assert all(tables.dollars(ours, of) <= goal for of, goal in cost_report.GOALS.items())
    assert all(tables.dollars(ours, of) < tables.dollars(BEFORE, of) for of in tables.found)
    assert "kept" in cost_report.report(tables)


@pytest.mark.parametrize(
    ("memory", "busy"), [(885, 20), (1327, 15), (1769, 10), (3008, 10), (1105, 17.51)]
)
def test_between_two_sizes_it_is_in_proportion(memory: int, busy: float) -> None:
    assert at(CURVE, memory) == pytest.approx(busy, abs=0.01)


def test_less_memory_than_was_measured_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="884"):
        at(CURVE, 884)


def test_ours_is_what_the_template_says() -> None:
    ours = designs.ours()
    defaults = {name: each["Default"] for name, each in template()["Parameters"].items()}
    assert (ours.architecture, ours.gateway, ours.fan_out) == (ARM, REST, FanOut.SINGLE_DIRECT)
    assert (ours.api_mb, ours.worker_mb) == (defaults["FunctionMemory"], defaults["WorkerMemory"])


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"PK": {"S": "abc"}}, 5),
        ({"a": {"S": "é"}}, 3),
        ({"n": {"N": "12345"}}, 1 + 3 + 1),
        ({"b": {"BOOL": True}, "c": {"NULL": True}}, 4),
        ({"s": {"SS": ["ab", "cde"]}}, 6),
    ],
)
def test_the_size_of_an_item(item: Any, size: int) -> None:
    assert item_size(item) == size


def of_size(size: int, **values: str) -> dict[str, dict[str, Any]]:
    small = {name: {"S": value} for name, value in values.items()}
    return small | {"x": {"S": "x" * (size - item_size(small) - 1)}}


def test_units_go_up_in_steps() -> None:
    assert [write_units({}, of_size(n)) for n in (1024, 1025)] == [1, 2]
    assert write_units(of_size(3000), of_size(10)) == 3
    assert write_units({}, {}) == 1
    # Added up, then rounded.
    assert [read_units([of_size(2048), of_size(n)]) for n in (2048, 2049)] == [1, 2]


def test_an_index_is_written_only_when_its_entry_changes() -> None:
    keys = frozenset({"PK", "due"})
    out, early, late = (
        of_size(99, PK="p"),
        of_size(99, PK="p", due="1"),
        of_size(99, PK="p", due="2"),
    )
    pairs = [(out, out), (out, early), (early, early), (early, late), (late, out)]
    assert [index_units(before, after, keys) for before, after in pairs] == [0, 1, 0, 2, 1]


def test_an_index_that_holds_more_is_written_once_when_only_that_changes() -> None:
    keys, projected = frozenset({"PK", "due"}), frozenset({"x"})
    small, large, moved = (
        of_size(99, PK="p", due="1"),
        of_size(1500, PK="p", due="1"),
        of_size(1500, PK="p", due="2"),
    )
    beside = small | {"y": {"S": "not of the index"}}
    pairs = [(small, beside), (small, large), (large, moved), ({}, large), (small, moved)]
    found = [index_units(before, after, keys, projected) for before, after in pairs]
    assert found == [0, 2, 4, 2, 3]

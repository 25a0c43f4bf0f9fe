"""docs/benchmarks.md: every figure has its place, and the words are the template's."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Template

import pytest

from local.bench import limit, memory, overhead, page, size, starts, verdicts
from local.bench.capacity import Counts
from local.bench.cold_starts import BARE, Start, workers
from local.bench.confined import SLICE_US, quota_us
from local.bench.cost_report import Tables
from local.bench.designs import TIMINGS, ours
from local.bench.growth import Growth
from local.bench.limit import Point
from local.bench.memory import Heavy, Size
from local.bench.overhead import Overhead
from local.bench.page import Results
from local.bench.processor import Cost, Processor
from local.bench.size import Part
from local.bench.stream import Stream

TEMPLATE = Path(page.__file__).parent / "template.md"
CALLS = ("UpdateItem", "Query", "Invoke", "UpdateItem")


def a_size(memory_mb: int, driver_ms: float) -> Size:
    return Size(memory_mb, driver_ms, 313.55, driver_ms, 314, (54, 53))


def results() -> Results:
    names = [BARE, *starts.LIMITS, *(case.name for case in workers())]
    points = [Point(1, 1, 300, 346.71, 360.4), Point(1, 12, 300, 363.22, None)]
    return Results(
        limit=[*points, Point(8, 100, 300, 660.4, None)],
        memory=[a_size(128, 451.2), a_size(1769, 351.2)],
        heavy=[Heavy(192, {1: 360.4, 12: 640.0})],
        starts={name: [Start(200, 220), Start(180, 230)] for name in names},
        size=size.Size(1_000, (Part("botocore", 31_000_000, 1_000_000),)),
        processor=Processor((Cost(BARE, 0.8, 1, 1, {}), Cost("get", 1.6, 2, 1, {})), 9),
        stream=Stream((), ()),
        growth=Growth((), ()),
        overhead=[Overhead("1 at Stripe", 1, 93, 10.7)],
        cost=Tables(ours(), {of: Counts(1, CALLS, 1, 0, 3, 2, 1, 1, 0, 0) for of in ("1", "3")}),
        minutes=9.6,
    )


@pytest.fixture(scope="module")
def text() -> str:
    return page.text(results())


def test_every_placeholder_is_filled(text: str) -> None:
    assert not re.search(r"\$[a-z_]{3,}", text)
    assert "10 minutes" in text


def test_a_goal_that_is_missed_says_by_how_much(text: str) -> None:
    assert "| size: at most 30 MB | 31.0 | **missed by 3 %** |" in text
    assert "one transaction: at most 1.10 times | 1.05 | kept |" in text
    assert "100, worst at 8 providers: at most 1.10 times | 2.00 | **missed by 82 %** |" in text
    assert "at most 50 ms | 43 | kept |" in text


def test_what_it_takes_as_deployed_is_told(text: str) -> None:
    assert "| 1 | 1 | 300 | 330 | 347 | 17 | 1.05 | 360 |" in text
    assert "| 1 | 12 | 300 | 330 | 363 | 33 | 1.10 |  |" in text
    assert "| 192 | 360 | 640 |" in text


@pytest.mark.parametrize(("found", "said"), [(1.1, "kept"), (1.111, "**missed by 1 %**")])
def test_the_verdict(found: float, said: str) -> None:
    assert verdicts.verdict(found, 1.1) == said


def test_the_limit_is_the_provider_and_four_trips() -> None:
    assert Point(1, 1, 300, 0, None).limit_ms == pytest.approx(330.2)
    assert limit.picture(results().limit)["lines"][0]["y"] == pytest.approx([1.05, 1.1], abs=0.001)


def test_busy_is_what_is_left_without_waiting() -> None:
    one = a_size(1769, 351.2)
    assert one.driver_busy == pytest.approx(351.2 - 313.55 - 3 * 7.55)
    assert one.worker_busy == pytest.approx(313.55 - 300 - 7.55)


def test_the_prices_are_made_of_the_runs_own_curve() -> None:
    timings = memory.timings([a_size(128, 451.2), a_size(1769, 351.2)])
    assert timings.driver_busy(1769) == pytest.approx(15)
    assert timings.driver_busy(128) == pytest.approx(115)
    assert memory.timings([]) == TIMINGS


def test_where_nothing_can_be_confined_the_page_says_so() -> None:
    assert "needs Linux and root" in memory.tables([])["memory_rows"]


def test_a_share_of_a_processor_is_that_of_the_memory() -> None:
    assert quota_us(1769) == SLICE_US
    assert quota_us(256) == pytest.approx(SLICE_US * 256 / 1769, abs=1)


def test_the_overhead_is_without_the_provider() -> None:
    assert overhead.tables([Overhead("1", 1, 93.4, 10.7)])["overhead_rows"] == (
        "| 1 | 1 | 93 | 43 | 10.7 |"
    )


def words(template: str) -> Iterator[str]:
    yield from (line for line in template.splitlines() if line and "$" not in line)


def test_the_page_in_the_repository_has_the_words_of_the_template() -> None:
    written = page.PAGE.read_text().splitlines()
    assert [line for line in words(TEMPLATE.read_text()) if line not in written] == []


def test_every_picture_of_the_page_is_there() -> None:
    found = re.findall(r"\((benchmarks-\w+\.svg)\)", page.PAGE.read_text())
    assert len(found) == 4
    assert all(page.PAGE.with_name(each).exists() for each in found)


def test_the_template_is_one() -> None:
    assert Template(TEMPLATE.read_text()).is_valid()

"""What is read of a cold start, and how starts are compared."""

import pytest

from local.bench.cold_starts import BARE, Start, init_ms, ratios
from local.bench.starts import TIMES, missed, table
from local.console import Problem

LOG = """START RequestId: 759117ee Version: $LATEST
[INFO] (rapid) INIT START(type: on-demand, phase: init)
[INFO] (rapid) INIT RTDONE(status: success)
[INFO] (rapid) INIT REPORT(durationMs: 203.264000)
[INFO] (rapid) INVOKE RTDONE(status: success, produced bytes: 0, duration: 88.771000ms)
"""
FAILED = "[INFO] (rapid) INIT REPORT(durationMs: 20.0, status: error)\n"
STARTS = {
    BARE: [Start(200, 300), Start(210, 250)],
    "ours": [Start(240, 330), Start(300, 300)],
    "another": [Start(200, 250)],
}


def test_the_init_phase_is_as_long_as_the_emulator_reports() -> None:
    assert init_ms(LOG) == pytest.approx(203.264)


@pytest.mark.parametrize("log", ["", FAILED, LOG + LOG])
def test_a_start_without_exactly_one_init_phase_is_no_start(log: str) -> None:
    with pytest.raises(Problem):
        init_ms(log)


def test_the_fastest_starts_are_compared_in_either_time() -> None:
    by_init, by_first_call = (ratios(STARTS, BARE, time) for time in TIMES.values())
    assert by_init == {BARE: 1, "ours": 1.2, "another": 1}
    assert by_first_call == {BARE: 1, "ours": 1.2, "another": 1}


def test_a_table_shows_both_times_of_those_that_it_is_asked_for() -> None:
    first, *rows = table(STARTS, ["ours"], BARE).splitlines()
    assert first.split() == [
        "against", "the", "bare", "handler",
        "init", "ms", "median", "ratio", "first", "call", "ms", "median", "ratio",
    ]  # fmt: skip
    assert [row.split() for row in rows] == [
        ["bare", "handler", "200", "205", "1.00", "250", "275", "1.00"],
        ["ours", "240", "270", "1.20", "300", "315", "1.20"],
    ]


def test_what_starts_slower_than_it_may_is_named() -> None:
    assert missed(STARTS, {"ours": 1.2, "another": 1}, BARE) == []
    told = missed(STARTS, {"ours": 1.15, "another": 1}, BARE)
    assert told == ["ours: init 1.20 times the bare handler's, at most 1.15"]

"""How far it scales: the arithmetic, by sums made by hand, and the page that is written of it."""

import re
from math import inf

import pytest

from local.scale import arithmetic, limits, load, page, quotas, tables
from local.scale.limits import Limit, Mend

PICTURE = page.PICTURE.read_text()


def test_littles_law() -> None:
    # 1,000 a second that stay for 0.4 s
    assert arithmetic.in_flight(1_000, 0.4) == 400


@pytest.mark.parametrize(("seconds", "at_once"), [(0.4, 0.4), (0.1, 0.1), (0.03, 0.1)])
def test_an_environment_serves_ten_calls_a_second_however_short(
    seconds: float, at_once: float
) -> None:
    assert arithmetic.concurrency(seconds, 10) == at_once


def test_a_limit_holds_until_its_quota_is_used_up() -> None:
    # 10,000 requests, four for each cancellation
    limit = Limit("rate", 10_000, 4, Mend.REQUEST, "ask")
    assert limit.holds_to == 2_500
    assert [limit.use(rate) for rate in (1_000, 10_000)] == [0.4, 4]


def test_a_function_grows_by_a_thousand_in_ten_seconds() -> None:
    assert arithmetic.growth_seconds(3_800, 1_000) == 38


@pytest.mark.parametrize(
    ("rate", "shards"),
    [
        # 2,000 writes, 500 for each: four
        (1_000, 4),
        # 20,000: forty, and the next power of two
        (10_000, 64),
        (100_000, 512),
        (1, 1),
    ],
)
def test_shards_are_at_most_half_full_and_a_power_of_two(rate: float, shards: int) -> None:
    assert arithmetic.shards_needed(rate, 2, 1_000) == shards


def test_an_environment_looks_up_each_account_that_it_meets() -> None:
    # 300 environments, each 100 accounts in 300 s
    assert arithmetic.secret_reads(300, 3, 100, 300) == 100
    # Each has 900 calls in 300 s, so it cannot meet more
    assert arithmetic.secret_reads(300, 3, 5_000, 300) == 900


def test_events_that_nobody_takes_are_looked_at_until_that_is_all_that_is_done() -> None:
    # 200 at once, each for 50 ms: 4,000 looks a second, so 3.6 million that wait for 900 s each
    assert arithmetic.untaken_events(200, 0.05, 900, 3_600) == 1_000


def test_the_recovery_is_paced_by_its_parameter_and_by_what_runs_at_once() -> None:
    # 50 for 55 of 60 s
    assert arithmetic.recovery_rate(50, 50, 0.5, 55) == pytest.approx(45.833, abs=0.001)
    # 50 at once of 8 s each are 6.25 a second, and of that 55 in 60
    assert arithmetic.recovery_rate(50, 50, 8, 55) == pytest.approx(5.729, abs=0.001)


def test_a_backlog_is_drained_at_the_recoverys_rate() -> None:
    # Ten minutes of 1,000 a second, 50 a second
    assert arithmetic.drain_seconds(arithmetic.backlog(1_000, 600), 50) == 12_000


def test_the_stream_bears_a_share_of_later_ends_that_no_rate_changes() -> None:
    # Ten batches at once, a record in 20 ms
    assert arithmetic.records_per_shard(10, 0.02) == 500
    # A partition's 1,000 writes are 125 cancellations of eight: 375 payments
    assert arithmetic.later_share(75, 1_000, 8, 3) == 0.2


def test_foreign_reports_fill_the_queue() -> None:
    assert arithmetic.foreign_reports(120_000, 900) == pytest.approx(133.3, abs=0.1)


def test_parts_are_counted_up() -> None:
    assert arithmetic.parts(100_000, 10_000) == 10
    assert arithmetic.parts(1_001, 25) == 41


def test_what_a_cancellation_takes_is_counted_by_hand() -> None:
    # Lock, three outcomes, completion; three reports
    assert (load.CANCEL_WRITES, load.TABLE_WRITES, load.READS) == (5, 8, 5.5)
    # A worker of 192 MB is busy for 6 ms, the driver of 256 for 30; a store call is 7.55
    assert pytest.approx(0.006 + 0.3 + 0.00755, abs=1e-5) == load.WORKER
    assert pytest.approx(0.030 + 3 * 0.00755 + 0.03 + 0.31355, abs=1e-5) == load.DRIVER
    # The driver, three workers, three reports of 0.1 s
    assert load.executions() == pytest.approx(0.3962 + 3 * 0.31355 + 0.3, abs=1e-4)


def test_of_the_list_8000_cancellations_a_second_fill_every_shard() -> None:
    # 16 shards of 1,000 units, two for each cancellation
    assert arithmetic.holds_to(load.due_units(), load.DUE_WRITES) == 8_000


def test_accounts_are_counted_until_the_look_ups_are_used_up() -> None:
    assert load.accounts_per_provider(1_000) is None
    for rate in (10_000, 100_000):
        most = load.accounts_per_provider(rate)
        assert most
        assert load.secret_reads(rate, most) <= quotas.SECRETS.number
        assert load.secret_reads(rate, most + 1) > quotas.SECRETS.number
    # A look-up for each call: three workers and three reports a cancellation
    assert load.secret_reads(1_000, inf) == pytest.approx(6_000)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(38, "38 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (172_800, "2 days")],
)
def test_durations_are_told_in_the_largest_unit_of_which_there_are_two(
    seconds: float, text: str
) -> None:
    assert tables.duration(seconds) == text


def test_every_quota_says_where_and_when_it_was_read_and_why_it_is_doubted() -> None:
    for each in quotas.QUOTAS:
        assert each.source.startswith("https://")
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", each.read)
        assert each.sure or each.note, each.what


def test_a_quota_without_a_number_is_not_counted_with() -> None:
    with pytest.raises(ValueError, match="StartSyncExecution"):
        _ = quotas.SYNC_STARTS.number


def test_what_breaks_first_is_told_first_and_more_breaks_later() -> None:
    first, second, third = (limits.passed(rate) for rate in load.LEVELS)
    assert first == second[: len(first)]
    assert second == third[: len(second)]
    assert [each.holds_to for each in third] == sorted(each.holds_to for each in third)


def test_the_page_is_what_the_script_writes_now() -> None:
    assert page.PAGE.read_text() == page.text(), "write it anew: make scale"


@pytest.mark.parametrize("limit", limits.limits(), ids=lambda each: each.what)
def test_the_picture_shows_every_limit_as_it_is_now(limit: Limit) -> None:
    assert f">{limit.what.replace('`', '')}{'' if limit.sure else ' ?'}<" in PICTURE
    assert f">{limit.holds_to:,.0f}<" in PICTURE

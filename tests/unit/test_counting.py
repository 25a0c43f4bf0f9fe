"""A metric is one line of the log, from whatever thread it comes."""

import io
import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from threading import Event
from typing import Any

import pytest

from checkout.observability import count, logger, publish

THREADS = 8
NUMBER = 48


class Busy(io.StringIO):
    """An output at which every thread has to wait its turn after each piece."""

    def write(self, text: str) -> int:
        written = super().write(text)
        Event().wait(0.001)
        return written


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Busy:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CancelASession")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "checkout")
    busy = Busy()
    monkeypatch.setattr(logger.registered_handler, "stream", busy)
    return busy


def test_what_many_threads_count_and_log_is_a_line_each(output: Busy) -> None:
    def tell(number: int) -> None:
        if number % 2:
            logger.info("told")
        else:
            count("ProviderTroubles", kind=f"KIND_{number}")

    with redirect_stdout(output), ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(tell, range(NUMBER)))

    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    kinds = [each["kind"] for each in lines if "kind" in each]
    assert sorted(kinds) == sorted(f"KIND_{number}" for number in range(0, NUMBER, 2))
    assert len(lines) == NUMBER


def told(output: Busy) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def sets(line: dict[str, Any]) -> list[list[str]]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return [sorted(each) for each in directive["Dimensions"]]


def test_nothing_is_not_counted(output: Busy) -> None:
    with redirect_stdout(output):
        count("ProviderFailures", 0)
        publish({"ProviderFailures": 0}, seconds={"PendingAge": []}, provider="bank")
    assert output.getvalue() == ""


def test_without_a_namespace_nothing_is_published_and_nobody_is_held_up(
    output: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE")
    with redirect_stdout(output):
        count("FanOutFailures")
    assert output.getvalue() == ""


def test_all_that_a_call_publishes_is_one_line_with_the_units(output: Busy) -> None:
    with redirect_stdout(output):
        publish(
            {"SessionsCancelled": 2, "SessionsPending": 0},
            seconds={"PendingAge": [1.5, 2.5]},
            milliseconds={"ProviderLatency": [300.0]},
        )
    (line,) = told(output)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert {each["Name"]: each["Unit"] for each in directive["Metrics"]} == {
        "SessionsCancelled": "Count",
        "PendingAge": "Seconds",
        "ProviderLatency": "Milliseconds",
    }
    assert (line["SessionsCancelled"], line["PendingAge"]) == ([2.0], [1.5, 2.5])
    assert sets(line) == [["service"]]


def test_what_has_dimensions_is_also_published_without_them(output: Busy) -> None:
    """An alarm listens to one metric, not to one for each provider."""
    with redirect_stdout(output):
        count("TransactionsByOutcome", 3, provider="bank", outcome="CANCELLED")
    (line,) = told(output)
    assert sets(line) == [["outcome", "provider", "service"], ["service"]]
    assert (line["provider"], line["outcome"], line["service"]) == ("bank", "CANCELLED", "checkout")


@pytest.mark.parametrize("number", [1, 99, 100, 101, 250])
def test_no_value_is_lost_or_told_twice_however_many_there_are(output: Busy, number: int) -> None:
    """A line takes a hundred of one metric (CloudWatch's embedded metric format)."""
    values = [float(each) for each in range(number)]
    with redirect_stdout(output), warnings.catch_warnings():
        # Powertools warns of a line with nothing on it, and that is no JSON.
        warnings.simplefilter("error")
        publish({"SessionsCancelled": 1}, seconds={"PendingAge": values}, provider="bank")
    lines = told(output)
    assert [value for each in lines for value in each["PendingAge"]] == values
    assert [each["SessionsCancelled"] for each in lines if "SessionsCancelled" in each] == [[1.0]]
    assert all(len(each["PendingAge"]) <= 100 for each in lines)
    assert {each["provider"] for each in lines} == {"bank"}

"""A metric is one line of the log, from whatever thread it comes."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from threading import Event

import pytest

from checkout.observability import count, logger

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


def test_nothing_is_not_counted(output: Busy) -> None:
    with redirect_stdout(output):
        count("ProviderFailures", 0)
    assert output.getvalue() == ""

"""The event source mapping itself: what AWS's guide says of it, case by case."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.event_source import READINGS, EventSource, Reading, Record, Settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HALVES = Reading(halves_named=True)
WHOLE = Reading(halves_named=False)


def record(number: int, age: float = 0) -> Record:
    created = (NOON - timedelta(seconds=age)).timestamp()
    change = {"SequenceNumber": str(number), "ApproximateCreationDateTime": created}
    return {"eventName": "MODIFY", "dynamodb": change}


def records(count: int) -> list[Record]:
    return [record(number) for number in range(1, count + 1)]


def numbers(event: Record) -> list[str]:
    return [each["dynamodb"]["SequenceNumber"] for each in event["Records"]]


def naming(*poison: str) -> Callable[[Record], Any]:
    """A function that goes on after a failure, and names all that failed."""

    def answer(event: Record) -> dict[str, list[dict[str, str]]]:
        failed = [each for each in numbers(event) if each in poison]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    return answer


def raising(*poison: str) -> Callable[[Record], Any]:
    """A function that fails as a whole."""

    def fail(event: Record) -> None:
        if set(poison) & set(numbers(event)):
            raise RuntimeError

    return fail


def source(
    function: Callable[[Record], Any], reading: Reading = HALVES, **settings: Any
) -> EventSource:
    settings = {"reports_item_failures": True, "retries": 2, **settings}
    return EventSource(function, Settings(**settings), reading, now=lambda: NOON)


def delivered(each: EventSource) -> list[str]:
    """The batches that the function was given, as text that is easy to read."""
    return [" ".join(batch) for batch in each.invoked]


def test_the_template_configures_it() -> None:
    settings = Settings.of_template()
    assert len(settings.patterns) == 1
    assert (settings.batch_size, settings.retries, settings.record_age_seconds) == (10, 5, 3600)
    assert settings.reports_item_failures
    assert settings.bisects


def test_records_come_in_order_and_in_batches() -> None:
    each = source(naming(), batch_size=2)
    each.deliver(records(5))
    assert delivered(each) == ["1 2", "3 4", "5"]


def test_a_record_that_no_pattern_matches_is_not_handed_over() -> None:
    inserted = {**record(1), "eventName": "INSERT"}
    each = source(naming(), patterns=({"eventName": ["MODIFY"]}, {"eventName": ["REMOVE"]}))
    each.deliver([inserted, record(2)])
    assert delivered(each) == ["2"]


def test_what_comes_before_the_lowest_failed_record_is_done() -> None:
    each = source(naming("5", "3"), WHOLE, bisects=True, retries=0)
    each.deliver(records(5))
    assert delivered(each) == ["1 2 3 4 5", "3 4 5"]
    assert each.positions == [("3", "5")]


def test_without_bisecting_what_comes_behind_a_failed_record_is_given_up_with_it() -> None:
    each = source(naming("3"), retries=1)
    each.deliver(records(5))
    assert delivered(each) == ["1 2 3 4 5", "3 4 5"]
    assert each.positions == [("3", "5")]


def test_bisecting_finds_the_one_failed_record() -> None:
    each = source(naming("3"), bisects=True)
    each.deliver(records(5))
    assert delivered(each) == ["1 2 3 4 5", "3 4 5", "3 4", "3", "3", "3", "4", "5"]
    assert each.positions == [("3", "3")]


def test_a_function_that_raises_is_given_each_half() -> None:
    each = source(raising("5"), bisects=True, retries=0)
    each.deliver(records(8))
    assert delivered(each) == ["1 2 3 4 5 6 7 8", "1 2 3 4", "5 6 7 8", "5 6", "5", "6", "7 8"]
    assert each.positions == [("5", "5")]


def test_without_bisecting_a_function_that_raises_loses_the_whole_batch() -> None:
    each = source(raising("5"), retries=1)
    each.deliver(records(8))
    assert len(each.invoked) == 2
    assert each.positions == [("1", "8")]


def test_with_the_defaults_of_aws_one_poison_record_comes_for_ever() -> None:
    each = EventSource(raising("1"), Settings(), now=lambda: NOON)
    with pytest.raises(AssertionError, match="for ever"):
        each.deliver(records(2))


@pytest.mark.parametrize("reading", READINGS)
def test_cutting_a_batch_uses_up_no_retry(reading: Reading) -> None:
    each = source(raising("4"), reading, bisects=True, retries=3)
    each.deliver(records(4))
    assert delivered(each).count("4") == 1 + 3


def test_retries_are_counted_anew_behind_a_cut_or_they_are_not() -> None:
    def invoked(reading: Reading) -> list[str]:
        failed = iter("1122222")

        def function(event: Record) -> Any:
            return naming(next(failed))(event)

        each = source(function, reading, bisects=True)
        each.deliver(records(2))
        return delivered(each)

    assert invoked(Reading(halves_named=False)) == ["1 2", "1 2", "1 2", "2"]
    anew = Reading(halves_named=False, counts_anew=True)
    assert invoked(anew) == ["1 2", "1 2", "1 2", "2", "2", "2"]


@pytest.mark.parametrize(
    "answer",
    [None, {}, "", {"batchItemFailures": None}, {"batchItemFailures": []}],
)
def test_an_empty_answer_is_a_success(answer: Any) -> None:
    each = source(lambda event: answer)
    each.deliver(records(2))
    assert delivered(each) == ["1 2"]


@pytest.mark.parametrize("failure", [{"itemIdentifier": ""}, {"itemIdentifier": None}, {"id": "2"}])
def test_a_failure_that_names_no_record_fails_the_whole_batch(failure: dict[str, Any]) -> None:
    each = source(lambda event: {"batchItemFailures": [failure]}, retries=1)
    each.deliver(records(2))
    assert delivered(each) == ["1 2", "1 2"]
    assert each.positions == [("1", "2")]


def test_an_answer_counts_for_nothing_unless_the_mapping_asks_for_it() -> None:
    each = source(naming("1"), reports_item_failures=False)
    each.deliver(records(2))
    assert delivered(each) == ["1 2"]


def test_a_record_that_is_too_old_is_given_up_without_a_try() -> None:
    each = source(naming(), record_age_seconds=60)
    each.deliver([record(1, age=62), record(2, age=61), record(3, age=60)])
    assert delivered(each) == ["3"]
    assert each.positions == [("1", "2")]
    assert each.discarded[0]["requestContext"]["condition"] == "RecordAgeExceeded"


def test_a_message_says_where_the_records_were_and_not_what_they_held() -> None:
    each = source(naming("1"))
    each.deliver(records(1))
    (message,) = each.discarded
    assert message["requestContext"] == {
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    }
    assert message["DDBStreamBatchInfo"].items() >= {"batchSize": 1}.items()


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("poison", [(), ("1",), ("4",), ("7",), ("2", "6"), tuple("1234567")])
@pytest.mark.parametrize("function", [naming, raising])
def test_every_record_is_done_or_given_up(
    reading: Reading, poison: Collection[str], function: Callable[..., Callable[[Record], Any]]
) -> None:
    each = source(function(*poison), reading, bisects=True)
    each.deliver(records(7))
    given_up = {
        str(number) for first, last in each.positions for number in range(int(first), int(last) + 1)
    }
    assert given_up >= set(poison)
    assert {number for batch in each.invoked for number in batch} == set("1234567")

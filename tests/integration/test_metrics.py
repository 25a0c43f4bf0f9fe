"""What the functions publish of a cancellation, as CloudWatch reads it from their logs."""

from datetime import timedelta

import pytest

from checkout import bootstrap, payments
from checkout.providers.circuit_breaker import TROUBLES_TO_OPEN
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import scenes, stack
from tests.integration.cloud import Cloud
from tests.integration.journal import Journal, own_dimensions
from tests.template.metrics import published

LATE = timedelta(minutes=10)
SANDBOXES = ("sandbox", "sandbox-b", "sandbox-c")


def pending(cloud: Cloud, store: CheckoutStore) -> tuple[SessionKey, TransactionKey]:
    """A cancelled session that waits for its one transaction, for ten minutes by now."""
    key, ids = scenes.session_with(store, "async_999999_1")
    assert scenes.cancel(cloud, key).pending == ids
    cloud.clock.advance(LATE)
    return key, TransactionKey(key, ids[0])


def ended(store: CheckoutStore, payment: TransactionKey) -> None:
    payments.record_status(store, payment, TransactionStatus.CANCELLED, bootstrap.utc_now())


def about_ten_minutes(ages: list[float]) -> bool:
    (age,) = ages
    return LATE.total_seconds() <= age < LATE.total_seconds() + 60


def test_a_session_that_is_cancelled_at_once_is_counted_with_its_age(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key, _ = scenes.session_with(store, "ok_1", "ok_2")
    scenes.cancel(cloud, key)
    assert journal.values("SessionsCancelled") == [1]
    assert journal.values("TransactionsCancelled") == [2]
    assert journal.values("SessionsPending") == []
    (age,) = journal.values("PendingAge")
    assert 0 <= age < 30


def test_a_repeat_of_what_is_done_is_counted_by_nobody(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key)
    scenes.cancel(cloud, key)
    assert journal.values("SessionsCancelled") == [1]


def test_a_pending_session_is_counted_when_it_is_answered_and_when_the_stream_completes_it(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key, payment = pending(cloud, store)
    assert (journal.values("SessionsPending"), journal.values("SessionsCancelled")) == ([1], [])
    ended(store, payment)
    scenes.deliver(cloud, scenes.stream_record(key), scenes.stream_record(key, 2))
    assert journal.values("SessionsCancelled") == [1]
    assert about_ten_minutes(journal.values("PendingAge"))


@pytest.mark.parametrize("by", ["the recovery", "a repeat"])
def test_whoever_completes_it_counts_it_once_with_its_age(
    cloud: Cloud, store: CheckoutStore, journal: Journal, by: str
) -> None:
    key, payment = pending(cloud, store)
    ended(store, payment)
    if by == "a repeat":
        scenes.cancel(cloud, key)
    else:
        cloud.function("ReconcileFunction")(scenes.event("reconcile"))
    scenes.deliver(cloud, scenes.stream_record(key))
    assert journal.values("SessionsCancelled") == [1]
    assert about_ten_minutes(journal.values("PendingAge"))


def test_a_call_while_somebody_drives_is_a_conflict_of_the_lease(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key, _ = scenes.session_with(store, "ok_1")
    scenes.lock(store, key)
    assert scenes.cancel(cloud, key).status == 409
    assert journal.values("LeaseConflicts") == [1]


def test_a_session_that_had_ended_is_no_conflict(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key = scenes.open_session(store)
    payments.complete_session(store, key, bootstrap.utc_now())
    assert scenes.cancel(cloud, key).status == 409
    assert journal.metrics == []


def test_outcomes_are_counted_by_provider_and_outcome_and_calls_timed(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key = scenes.open_session(store)
    for reference in ("ok_1", "ok_2", "async_900_1"):
        scenes.attach(store, key, reference)
    scenes.attach(store, key, "slow_200_1", "sandbox-b")
    scenes.cancel(cloud, key)

    def outcomes(provider: str, outcome: str) -> list[float]:
        return journal.values("TransactionsByOutcome", provider=provider, outcome=outcome)

    assert (outcomes("sandbox", "CANCELLED"), outcomes("sandbox", "REQUESTED")) == ([2], [1])
    assert outcomes("sandbox-b", "CANCELLED") == [1]
    assert len(journal.values("ProviderLatency", provider="sandbox")) == 3
    (slow,) = journal.values("ProviderLatency", provider="sandbox-b")
    assert 200 <= slow < 8000


def test_a_hundred_transactions_are_a_line_for_each_outcome_and_one_of_times(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key = scenes.open_session(store)
    for number in range(30):
        scenes.attach(store, key, "ok_1" if number % 2 else "async_900_1")
    scenes.cancel(cloud, key)
    of_worker = [each for each in journal.metrics if own_dimensions(each)]
    assert len(of_worker) == 3
    assert sum(map(sum, (each.get("TransactionsByOutcome", []) for each in of_worker))) == 30


def test_a_provider_that_is_not_asked_is_not_timed(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    """Behind an open circuit an answer takes nothing, and would make its provider look fast."""
    broken, _ = scenes.session_with(store, *[f"down_{n}" for n in range(TROUBLES_TO_OPEN)])
    scenes.cancel(cloud, broken)
    timed = len(journal.values("ProviderLatency", provider="sandbox"))
    key, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key)
    assert len(journal.values("ProviderLatency", provider="sandbox")) == timed
    unknown = journal.values("TransactionsByOutcome", provider="sandbox", outcome="UNKNOWN")
    assert unknown == [TROUBLES_TO_OPEN, 1]


@pytest.mark.parametrize("providers", [SANDBOXES[:1], SANDBOXES])
def test_a_drive_without_a_workers_answer_is_a_failure_of_the_fan_out(
    cloud: Cloud, store: CheckoutStore, journal: Journal, providers: tuple[str, ...]
) -> None:
    key = scenes.open_session(store)
    for each in providers:
        scenes.attach(store, key, "ok_1", each)
    cloud.missing.add(f"{stack.STACK}-cancel-with-sandbox:live")
    scenes.cancel(cloud, key)
    assert journal.values("FanOutFailures") == [1]


def test_a_worker_that_is_run_again_at_once_is_none(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    # Whose first call takes its time, and what is refused late is not run again.
    scenes.cancel(cloud, scenes.session_with(store, "ok_1")[0])
    key, _ = scenes.session_with(store, "ok_1")
    cloud.throttled = 1
    assert scenes.cancel(cloud, key).body["status"] == "CANCELLED"
    assert journal.values("FanOutFailures") == []


def test_everything_published_has_the_unit_and_the_dimensions_that_the_code_says(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key, payment = pending(cloud, store)
    cloud.function("ReconcileFunction")(scenes.event("reconcile"))
    ended(store, payment)
    scenes.deliver(cloud, scenes.stream_record(key))
    assert len(journal.metrics) >= 5
    for line in journal.metrics:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        for each in directive["Metrics"]:
            metric = published()[each["Name"]]
            assert each["Unit"] == metric.unit
            assert tuple(sorted(own_dimensions(line))) == metric.dimensions

"""The function that cancels one provider's transactions, called as the state machine calls it."""

from collections.abc import Callable
from typing import Any

import pytest

from checkout import bootstrap, payments
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.timestamps import to_text
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.stack import LEDGER_TABLE, TABLE
from tests.integration.wire import Answer, Call, Trouble, named

WORKER = "CancelWithSandboxFunction"


@pytest.fixture
def sample(store: CheckoutStore) -> dict[str, Any]:
    """events/cancel_transactions.json, with its session and transaction in the table."""
    event = scenes.event("cancel_transactions")
    key = SessionKey(event["merchantId"], event["sessionId"])
    (only,) = event["transactions"]
    transaction = TransactionKey(key, only["transactionId"])
    payments.open_session(store, key, bootstrap.utc_now())
    attempt = Attempt(transaction, "sandbox", "main", Money(1999, "EUR"))
    payments.begin_transaction(store, attempt, bootstrap.utc_now)
    payments.record_reference(store, transaction, "sandbox", "ok_1")
    scenes.lock(store, key, event["driver"])
    return event


def key_of(event: dict[str, Any]) -> TransactionKey:
    session = SessionKey(event["merchantId"], event["sessionId"])
    return TransactionKey(session, event["transactions"][0]["transactionId"])


def outcome(event: dict[str, Any], name: str, status: str | None) -> dict[str, Any]:
    """The worker's answer about the one transaction."""
    transaction_id = event["transactions"][0]["transactionId"]
    told = {"transactionId": transaction_id, "outcome": name, "status": status}
    told |= {"lateSettlement": status == "SETTLED", "running": False}
    return {"provider": event["provider"], "outcomes": [told]}


def test_the_sample_event_is_cancelled_and_stored(cloud: Cloud, sample: dict[str, Any]) -> None:
    answer = cloud.function(WORKER)(sample)
    assert answer == outcome(sample, "CANCELLED", "CANCELLED")
    stored = scenes.transaction_item(bootstrap.dynamodb(), key_of(sample))
    assert (stored["status"], stored["driver"]) == ("CANCELLED", sample["driver"])


def test_a_second_run_of_the_same_order_tells_the_same(
    cloud: Cloud, sample: dict[str, Any]
) -> None:
    worker = cloud.function(WORKER)
    assert worker(sample) == worker(sample)
    ledger = worker.bootstrap.provider().adapter.ledger.read(
        "sandbox", key_of(sample).transaction_id
    )
    assert (ledger.voids, len(ledger.keys)) == (1, 1)


@pytest.mark.parametrize(
    ("reference", "told", "detail"),
    [
        ("async_900_1", "REQUESTED", "REQUESTED"),
        ("unstoppable_900_SETTLED_1", "UNSUPPORTED", "UNSUPPORTED"),
        ("refused_1", "REFUSED", "REFUSED"),
        ("down_1", "UNKNOWN", "UNKNOWN"),
    ],
)
def test_what_stays_in_flight_is_marked_for_the_stream(
    cloud: Cloud, sample: dict[str, Any], reference: str, told: str, detail: str
) -> None:
    now = to_text(bootstrap.utc_now())
    sample["transactions"][0] |= {"providerReference": reference, "createdAt": now}
    assert cloud.function(WORKER)(sample) == outcome(sample, told, "PENDING")
    stored = scenes.transaction_item(bootstrap.dynamodb(), key_of(sample))
    assert (stored["cancellation"], stored["cancellationDetail"]) == ("PENDING", detail)


def test_a_settlement_that_came_first_wins(
    cloud: Cloud, store: CheckoutStore, sample: dict[str, Any]
) -> None:
    now = bootstrap.utc_now()
    payments.record_status(store, key_of(sample), TransactionStatus.SETTLED, now)
    assert cloud.function(WORKER)(sample) == outcome(sample, "TERMINAL", "SETTLED")
    assert scenes.get(cloud, key_of(sample).session).body["transactions"][0]["settledAfterCancel"]


def test_an_outcome_that_cannot_be_stored_is_told_without_a_status(
    cloud: Cloud, sample: dict[str, Any]
) -> None:
    cloud.wire.meddle = Trouble(named("UpdateItem", table=TABLE), 500, "InternalServerError")
    assert cloud.function(WORKER)(sample) == outcome(sample, "CANCELLED", None)


def test_a_provider_that_is_out_of_order_is_unknown_and_not_an_error(
    cloud: Cloud, sample: dict[str, Any]
) -> None:
    cloud.wire.meddle = Trouble(named("UpdateItem", table=LEDGER_TABLE), 500, "Broken")
    assert cloud.function(WORKER)(sample) == outcome(sample, "UNKNOWN", "PENDING")


def test_an_adapter_with_a_bug_is_unknown_counted_and_logged_without_its_words(
    cloud: Cloud,
    sample: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(call: Call, proceed: Callable[[], Answer]) -> Answer:
        if call.table == LEDGER_TABLE:
            raise KeyError("a secret")
        return proceed()

    cloud.wire.meddle = fail
    assert cloud.function(WORKER)(sample) == outcome(sample, "UNKNOWN", "PENDING")
    assert capsys.readouterr().out.count('"ProviderFailures":[1.0]') == 1
    told = [vars(each) for each in caplog.records if each.message == "provider adapter failed"]
    assert [each["error_type"] for each in told] == ["KeyError"]
    assert "a secret" not in str(told)


def test_each_worker_has_its_own_provider(cloud: Cloud) -> None:
    names = {
        "CancelWithSandboxFunction": "sandbox",
        "CancelWithSandboxBFunction": "sandbox-b",
        "CancelWithSandboxCFunction": "sandbox-c",
    }
    found = {name: cloud.function(name).bootstrap.provider().name for name in names}
    assert found == names

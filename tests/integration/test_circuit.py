"""The circuit of one account at one provider, as the functions keep it from call to call."""

import pytest

from checkout.providers.circuit_breaker import OPEN_FOR, TROUBLES_TO_OPEN
from checkout.providers.sandbox.ledger import LedgerEntry
from checkout.storage.dynamodb import CheckoutStore
from tests.integration import scenes
from tests.integration.cloud import Cloud


def open_it(cloud: Cloud, store: CheckoutStore) -> None:
    """One session does, if enough of its payments are at a provider that is down."""
    key, _ = scenes.session_with(store, *[f"down_{n}" for n in range(TROUBLES_TO_OPEN)])
    assert scenes.cancel(cloud, key).body["status"] == "PENDING_CANCELLATION"


def ledger(cloud: Cloud, transaction_id: str) -> LedgerEntry:
    guarded = cloud.function("CancelWithSandboxFunction").bootstrap.provider()
    entry: LedgerEntry = guarded.adapter.ledger.read("sandbox", transaction_id)
    return entry


def test_with_an_open_circuit_a_cancellation_is_pending_and_the_provider_not_asked(
    cloud: Cloud, store: CheckoutStore
) -> None:
    open_it(cloud, store)
    key, ids = scenes.session_with(store, "ok_1", "ok_2")

    answer = scenes.cancel(cloud, key)

    assert (answer.body["status"], answer.pending) == ("PENDING_CANCELLATION", ids)
    shown = scenes.get(cloud, key).body["transactions"]
    assert [each["pendingReason"] for each in shown] == ["UNKNOWN", "UNKNOWN"]
    assert [ledger(cloud, each).void_requests for each in ids] == [0, 0]


def test_the_other_providers_do_not_know_of_it(cloud: Cloud, store: CheckoutStore) -> None:
    open_it(cloud, store)
    key = scenes.open_session(store)
    scenes.attach(store, key, "ok_1", "sandbox-b")

    assert scenes.cancel(cloud, key).body["status"] == "CANCELLED"


def test_a_repeat_after_its_time_cancels_what_was_left(cloud: Cloud, store: CheckoutStore) -> None:
    open_it(cloud, store)
    key, ids = scenes.session_with(store, "ok_1")
    assert scenes.cancel(cloud, key).pending == ids

    cloud.clock.advance(OPEN_FOR)

    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.cancelled) == ("CANCELLED", ids)


def test_an_opening_is_logged_and_counted_once(
    cloud: Cloud,
    store: CheckoutStore,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    open_it(cloud, store)
    key, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key)

    told = [vars(each) for each in caplog.records if each.message == "circuit opened"]
    assert [(each["provider"], each["account"]) for each in told] == [("sandbox", "main")]
    assert capsys.readouterr().out.count('"CircuitOpened":[1.0]') == 1

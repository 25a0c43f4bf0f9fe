"""What a provider's report asks of the table; the store in memory answers the same."""

from itertools import product
from typing import Any

import pytest

from checkout import bootstrap
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import PendingReason, TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.protections import Scene
from tests.integration.wire import LostAnswers, named
from tests.unit.memory_store import MemoryStore

CASES = [*product(TransactionStatus, [None, *PendingReason], [None, 2])]


@pytest.fixture
def scene(store: CheckoutStore) -> Scene:
    return Scene(store, bootstrap.dynamodb())


def in_memory(store: CheckoutStore, key: TransactionKey) -> MemoryStore:
    memory, found = MemoryStore(), store.read_transaction(key)
    assert found
    memory.transactions[key] = found
    return memory


def test_a_transaction_is_found_by_its_providers_reference(store: CheckoutStore) -> None:
    session = scenes.open_session(store)
    key, other = (scenes.attach(store, session, "ok_1", each) for each in ("sandbox", "stripe"))
    scenes.attach(store, session, None)
    assert store.transactions_of("sandbox", "ok_1") == [key]
    assert store.transactions_of("stripe", "ok_1") == [other]
    assert store.transactions_of("sandbox", "ok_2") == []
    assert in_memory(store, key).transactions_of("sandbox", "ok_1") == [key]


def test_before_a_reference_is_recorded_it_is_found_by_our_own_and_then_no_more(
    store: CheckoutStore,
) -> None:
    key = scenes.attach(store, scenes.open_session(store), None, "stripe")
    own = key.transaction_id
    assert store.transactions_of("stripe", own) == [key]
    assert store.transactions_of("sandbox", own) == []
    assert in_memory(store, key).transactions_of("stripe", own) == [key]
    store.record_reference(key, "stripe", "pi_1")
    assert store.transactions_of("stripe", own) == []
    assert store.transactions_of("stripe", "pi_1") == [key]
    assert in_memory(store, key).transactions_of("stripe", own) == []


def test_all_that_have_one_reference_are_found(store: CheckoutStore) -> None:
    keys = {scenes.attach(store, scenes.open_session(store), "ok_1") for _ in range(3)}
    assert set(store.transactions_of("sandbox", "ok_1")) == keys


def test_a_transaction_is_read_as_its_session_shows_it(store: CheckoutStore) -> None:
    key = scenes.attach(store, scenes.open_session(store), "ok_1")
    (shown,) = store.read_session(key.session).transactions
    assert store.read_transaction(key) == shown
    assert store.read_transaction(TransactionKey(key.session, "none")) is None


@pytest.mark.parametrize(("status", "reason", "attempt"), CASES)
def test_a_refusal_is_recorded_alike_in_both_stores(
    scene: Scene, status: TransactionStatus, reason: PendingReason | None, attempt: int | None
) -> None:
    key = scene.attached()
    facts: dict[str, Any] = {"cancellationDetail": reason, "cancelAttempt": attempt}
    scene.set(key, status=status.value, **{name: each for name, each in facts.items() if each})
    memory = in_memory(scene.store, key)
    for _ in range(2):
        told = memory.record_cancel_refusal(key)
        assert scene.store.record_cancel_refusal(key) is told
        assert scene.store.read_transaction(key) == memory.transactions[key]


def test_a_refusal_whose_answer_is_lost_uses_up_one_key(cloud: Cloud, scene: Scene) -> None:
    key = scene.attached()
    scene.set(key, cancellationDetail="REQUESTED")
    cloud.wire.meddle = LostAnswers(named("UpdateItem"))
    assert not scene.store.record_cancel_refusal(key)
    assert scene.transaction(key)["cancelAttempt"] == 1

"""Which status may follow which, in the table: all pairs, with the condition and without it."""

from collections.abc import Callable
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from checkout import bootstrap
from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import IN_FLIGHT, MAY_BECOME, TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.mutants import NEVER, WHOLE, mutated
from tests.integration.protections import Scene, never_sent

Change = Callable[[CheckoutStore, TransactionKey], Any]
STATUSES = list(TransactionStatus)


@pytest.fixture
def scene(store: CheckoutStore, client: DynamoDBClient) -> Scene:
    return Scene(store, client)


def changes(scene: Scene, before: TransactionStatus, change: Change) -> bool:
    """Whether a transaction in this status is changed."""
    key = scene.attached()
    scene.set(key, status=before.value)
    was = scene.transaction(key)
    change(scene.store, key)
    return scene.transaction(key) != was


def decides(
    scene: Scene, builder: str, before: TransactionStatus, change: Change, *, allowed: bool
) -> None:
    """It is the condition that does: without it, or with a stricter one, it is the other way."""
    assert changes(scene, before, change) == allowed
    mutant = mutated(builder, "#status IN", f"{NEVER} AND #status IN")
    with mutant if allowed else mutated(builder, WHOLE):
        assert changes(scene, before, change) != allowed


@pytest.mark.parametrize("after", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
def test_a_status_is_followed_by_those_that_may_follow_it(
    scene: Scene, before: TransactionStatus, after: TransactionStatus
) -> None:
    def change(store: CheckoutStore, key: TransactionKey) -> None:
        store.record_status(key, after, bootstrap.utc_now())

    if before is after:
        assert not changes(scene, before, change)
    else:
        decides(scene, "record_status", before, change, allowed=after in MAY_BECOME[before])


def _outcome(record: Callable[[], OutcomeRecord]) -> Change:
    return lambda store, key: store.record_outcome(key, record())


OUTCOMES: dict[str, Callable[[], OutcomeRecord]] = {
    "cancelled": scenes.record,
    "settled": lambda: scenes.record(CancelOutcome.TERMINAL, TransactionStatus.SETTLED),
    "requested": lambda: scenes.record(CancelOutcome.REQUESTED),
    "unknown": lambda: scenes.record(CancelOutcome.UNKNOWN),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("before", STATUSES)
def test_an_outcome_is_recorded_only_of_a_transaction_in_flight(
    scene: Scene, before: TransactionStatus, outcome: str
) -> None:
    change = _outcome(OUTCOMES[outcome])
    decides(scene, "record_outcome", before, change, allowed=before in IN_FLIGHT)


@pytest.mark.parametrize("before", STATUSES)
def test_only_a_pending_transaction_can_have_been_never_sent(
    scene: Scene, before: TransactionStatus
) -> None:
    allowed = before is TransactionStatus.PENDING
    decides(scene, "record_outcome", before, _outcome(never_sent), allowed=allowed)


@pytest.mark.parametrize("before", STATUSES)
def test_only_a_transaction_in_flight_is_marked(scene: Scene, before: TransactionStatus) -> None:
    def mark(store: CheckoutStore, key: TransactionKey) -> None:
        store.mark_pending(key)

    decides(scene, "mark_pending", before, mark, allowed=before in IN_FLIGHT)

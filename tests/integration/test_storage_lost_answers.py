"""A write that happened and whose answer was lost: the SDK repeats it, and it is still ours."""

import itertools
from collections.abc import Callable

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from mypy_boto3_dynamodb import DynamoDBClient

from checkout import bootstrap, payments
from checkout.errors import SessionLockedError
from checkout.providers.base import CancelOutcome
from checkout.sessions import SessionStatus
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import MAX_TRANSACTIONS, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.protections import Scene
from tests.integration.wire import Answer, Call, LostAnswers, named

WRITES = named("UpdateItem", "PutItem")
ERRORS = [
    ConnectionClosedError(endpoint_url="https://x"),
    ReadTimeoutError(endpoint_url="https://x"),
]


@pytest.fixture(params=ERRORS, ids=lambda each: type(each).__name__)
def lose(cloud: Cloud, request: pytest.FixtureRequest) -> Callable[[], LostAnswers]:
    """From now on the next write's answer is lost."""

    def lose_next() -> LostAnswers:
        lost = LostAnswers(WRITES, request.param)
        cloud.wire.meddle = lost
        cloud.wire.calls.clear()
        return lost

    return lose_next


@pytest.fixture
def scene(store: CheckoutStore, client: DynamoDBClient) -> Scene:
    return Scene(store, client)


Lose = Callable[[], LostAnswers]


def test_the_sdk_repeats_a_write_whose_answer_was_lost(
    cloud: Cloud, scene: Scene, lose: Lose
) -> None:
    lost = lose()
    scene.open()
    assert lost.left == 0
    assert cloud.wire.names() == ["PutItem", "PutItem"]


def test_the_lock_is_ours(cloud: Cloud, scene: Scene, lose: Lose) -> None:
    key = scene.open()
    lose()
    assert scene.lock(key)
    assert scene.session(key)["drives"] == 1


def test_a_lock_whose_every_answer_was_lost_is_found_by_its_token(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    cloud.wire.meddle = LostAnswers(lambda call: ":lease" in str(call.parameters), times=3)
    answer = scenes.cancel(cloud, key)
    assert (answer.status, answer.body["status"], answer.cancelled) == (200, "CANCELLED", ids)


def test_an_outcome_is_still_our_own(scene: Scene, lose: Lose) -> None:
    key = scene.attached()
    lose()
    outcome = scene.store.record_outcome(key, scenes.record())
    assert outcome == (TransactionStatus.CANCELLED, True)


def test_a_pending_outcome_is_recorded_once_more(scene: Scene, lose: Lose) -> None:
    key = scene.attached()
    lose()
    outcome = scene.store.record_outcome(key, scenes.record(CancelOutcome.REQUESTED))
    assert outcome == (TransactionStatus.PENDING, True)


def test_somebody_elses_outcome_does_not_become_ours(scene: Scene) -> None:
    key = scene.attached()
    scene.store.record_outcome(key, scenes.record(driver="other"))
    outcome = scene.store.record_outcome(key, scenes.record())
    assert outcome == (TransactionStatus.CANCELLED, False)


@pytest.mark.parametrize("already", [0, MAX_TRANSACTIONS - 1])
def test_an_attempt_is_attached(scene: Scene, lose: Lose, already: int) -> None:
    key = scene.open()
    if already:
        scene.put_strangely(key, attempts={f"t{number}" for number in range(already)})
    attempt = scenes.attempt_on(key)
    scene.store.put_attempt(attempt, bootstrap.utc_now())
    lose()
    session = scene.store.attach_attempt(attempt.key)
    assert attempt.key.transaction_id in session.attempts
    assert len(session.attempts) == already + 1


def test_an_attempt_that_is_locked_before_its_retry_is_not_sent(cloud: Cloud, scene: Scene) -> None:
    key = scene.open()
    attempt = scenes.attempt_on(key)
    lost = LostAnswers(lambda call: ":ids" in str(call.parameters))

    def lock_in_between(call: Call, proceed: Callable[[], Answer]) -> Answer:
        try:
            return lost(call, proceed)
        except ConnectionClosedError:
            cloud.wire.meddle = lambda _, proceed: proceed()
            scene.lock(key)
            raise

    cloud.wire.meddle = lock_in_between
    with pytest.raises(SessionLockedError):
        payments.begin_transaction(scene.store, attempt, bootstrap.utc_now)
    assert scene.transaction(attempt.key)["status"] == "FAILED"


def test_an_attempt_is_put(scene: Scene, lose: Lose) -> None:
    attempt = scenes.attempt_on(scene.open())
    lose()
    scene.store.put_attempt(attempt, bootstrap.utc_now())
    assert scene.transaction(attempt.key)["status"] == "PENDING"


def test_a_session_is_open(scene: Scene, lose: Lose) -> None:
    key = scenes.new_key()
    lose()
    scene.store.open_session(key, bootstrap.utc_now())
    assert scene.session(key)["status"] == "OPEN"


def test_a_completion_is_fine(scene: Scene, lose: Lose) -> None:
    key = scene.open()
    scene.lock(key)
    lose()
    scene.store.complete_cancellation(key, bootstrap.utc_now())
    assert scene.session(key)["status"] == "CANCELLED"


def test_a_lease_is_given_back(scene: Scene, lose: Lose) -> None:
    key = scene.open()
    scene.lock(key)
    lose()
    status = scene.store.release_lease(key, "driver", bootstrap.utc_now())
    assert status is SessionStatus.PENDING_CANCELLATION
    assert scene.session(key)["leaseUntil"] == 0


def test_a_completed_checkout_is_completed(scene: Scene, lose: Lose) -> None:
    key = scene.open()
    lose()
    payments.complete_session(scene.store, key, bootstrap.utc_now())
    assert scene.session(key)["status"] == "COMPLETED"


def test_a_reference_is_recorded(scene: Scene, lose: Lose) -> None:
    key = scene.attached()
    lose()
    payments.record_reference(scene.store, key, "sandbox", "ok_1")
    assert scene.transaction(key)["providerReference"] == "ok_1"


def test_a_status_is_recorded(scene: Scene, lose: Lose) -> None:
    key = scene.attached()
    lose()
    now = bootstrap.utc_now()
    change = payments.record_status(scene.store, key, TransactionStatus.SETTLED, now)
    assert (change.status, change.late_settlement) == (TransactionStatus.SETTLED, False)


def test_a_mark_is_set(scene: Scene, lose: Lose) -> None:
    key = scene.attached()
    lose()
    scene.store.mark_pending(key)
    assert scene.transaction(key)["cancellation"] == "PENDING"


def test_late_money_is_flagged_though_the_caller_is_not_told_that_it_was_first(
    scene: Scene, lose: Lose
) -> None:
    key = scene.attached()
    scene.set(key, status="CANCELLED")
    lose()
    scene.store.record_late_settlement(key, bootstrap.utc_now())
    assert scene.transaction(key)["settledAfterCancel"] is True


def test_a_whole_cancellation_survives_the_loss_of_any_one_answer(
    cloud: Cloud, store: CheckoutStore
) -> None:
    for lost in range(5):
        key, ids = scenes.session_with(store, "ok_1", "ok_2")
        cloud.wire.meddle = LostAnswers(_write_number(lost))
        answer = scenes.cancel(cloud, key)
        cloud.wire.meddle = lambda call, proceed: proceed()
        assert (answer.body["status"], answer.cancelled) == ("CANCELLED", ids), lost
        entries = [_voids(cloud, each) for each in ids]
        assert entries == [1, 1], lost


def _write_number(wanted: int) -> Callable[[Call], bool]:
    seen = itertools.count()
    return lambda call: WRITES(call) and next(seen) == wanted


def _voids(cloud: Cloud, transaction_id: str) -> int:
    worker = cloud.function("CancelWithSandboxFunction")
    voids: int = worker.bootstrap.provider().adapter.ledger.read("sandbox", transaction_id).voids
    return voids

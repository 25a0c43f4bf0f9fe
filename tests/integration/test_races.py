"""Two at once, in real threads, many times over: one order or the other, never both halves."""

import time
from collections import Counter
from functools import partial

from checkout import bootstrap, payments
from checkout.errors import SessionLockedError
from checkout.payments import StatusChange
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import Attempt, TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.races import at_once
from tests.integration.scenes import Answered

ROUNDS = 15


def _voids(cloud: Cloud, transaction_id: str) -> tuple[int, int]:
    ledger = cloud.function("CancelWithSandboxFunction").bootstrap.provider().adapter.ledger
    entry = ledger.read("sandbox", transaction_id)
    return entry.void_requests, entry.voids


def test_of_two_cancellations_at_once_exactly_one_drives(
    cloud: Cloud, store: CheckoutStore
) -> None:
    for _ in range(ROUNDS):
        key, ids = scenes.session_with(store, "slow_30_1")
        answers = at_once(*[partial(scenes.cancel, cloud, key)] * 2)
        assert Counter(each.status for each in answers) == {200: 1, 409: 1}
        (told,) = [each for each in answers if each.status == 200]
        assert (told.body["status"], told.cancelled) == ("CANCELLED", ids)
        assert _voids(cloud, ids[0]) == (1, 1)
        assert store.read_session(key).session.drives == 1


def test_of_five_cancellations_at_once_one_drives(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, *["slow_300_1"] * 3)
    answers = at_once(*[partial(scenes.cancel, cloud, key)] * 5)
    assert Counter(each.status for each in answers) == {200: 1, 409: 4}
    assert all("Retry-After" in each.headers for each in answers if each.status == 409)
    assert [_voids(cloud, each) for each in ids] == [(1, 1)] * 3


def test_an_attempt_is_either_cancelled_with_the_rest_or_refused(
    cloud: Cloud, store: CheckoutStore
) -> None:
    seen: set[bool] = set()
    for number in range(ROUNDS):
        key = scenes.open_session(store)
        attempt = scenes.attempt_on(key)
        # Now the one has a start, now the other, of up to what the other's first calls take.
        starts = 0.01 * (number % 5)
        begin = partial(_begin, store, attempt, starts if number % 2 else 0)
        cancel = partial(_cancel, cloud, key, 0 if number % 2 else starts)
        began, answer = at_once(begin, cancel)
        assert isinstance(answer, Answered)
        seen.add(began is True)
        attached = store.read_session(key).session.attempts
        assert attached == ({attempt.key.transaction_id} if began else set())
        told = {*answer.cancelled, *answer.pending}
        assert told == attached
    assert seen == {True, False}, "each of them came first at least once"


def _cancel(cloud: Cloud, key: SessionKey, pause: float) -> Answered:
    time.sleep(pause)
    return scenes.cancel(cloud, key)


def _begin(store: CheckoutStore, attempt: Attempt, pause: float) -> Answered | bool:
    time.sleep(pause)
    try:
        payments.begin_transaction(store, attempt, bootstrap.utc_now)
    except SessionLockedError:
        return False
    return True


def test_a_settlement_at_the_same_time_wins_or_comes_too_late(
    cloud: Cloud, store: CheckoutStore
) -> None:
    for number in range(ROUNDS):
        key, ids = scenes.session_with(store, "slow_20_1")
        settle = partial(_settle, store, TransactionKey(key, ids[0]), 0.01 * (number % 8))
        change, answer = at_once(settle, partial(scenes.cancel, cloud, key))
        assert isinstance(change, StatusChange)
        assert isinstance(answer, Answered)
        assert answer.body["status"] == "CANCELLED"
        settled = scenes.statuses(store, key)[ids[0]] == "SETTLED"
        assert change.changed == settled
        assert answer.cancelled == ([] if settled else ids)
        assert change.late_settlement or settled


def _settle(store: CheckoutStore, key: TransactionKey, pause: float) -> Answered | StatusChange:
    time.sleep(pause)
    return payments.record_status(store, key, TransactionStatus.SETTLED, bootstrap.utc_now())


def test_a_checkout_that_completes_at_the_same_time_is_completed_or_cancelled(
    cloud: Cloud, store: CheckoutStore
) -> None:
    for _ in range(ROUNDS):
        key = scenes.open_session(store)
        done, answer = at_once(partial(_complete, store, key), partial(scenes.cancel, cloud, key))
        assert isinstance(answer, Answered)
        assert answer.status == (409 if done else 200)
        expected = "COMPLETED" if done else "CANCELLED"
        assert store.read_session(key).session.status.value == expected


def _complete(store: CheckoutStore, key: SessionKey) -> Answered | bool:
    try:
        payments.complete_session(store, key, bootstrap.utc_now())
    except SessionLockedError:
        return False
    return True

"""The table in trouble, a page at a time, and with what does not count in it."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from checkout import bootstrap
from checkout.errors import (
    SessionNotFoundError,
    StoreRefusedError,
    StoreUnavailableError,
)
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import session_item_key
from checkout.transactions import TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.wire import Answer, Call, Silence, Trouble, all_calls

UNAVAILABLE = [
    (400, "ProvisionedThroughputExceededException"),
    (400, "ThrottlingException"),
    (400, "RequestLimitExceeded"),
    (400, "TransactionConflictException"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (500, "NeverHeardOf"),
]
REFUSED = [
    (400, "AccessDeniedException"),
    (400, "ResourceNotFoundException"),
    (400, "ValidationException"),
    (400, "UnrecognizedClientException"),
]


@pytest.mark.parametrize(("status", "code"), UNAVAILABLE)
def test_what_another_moment_may_cure_is_unavailable(
    cloud: Cloud, store: CheckoutStore, status: int, code: str
) -> None:
    cloud.wire.meddle = Trouble(all_calls, status, code)
    with pytest.raises(StoreUnavailableError) as raised:
        store.read_session(scenes.new_key())
    assert raised.value.code == code


@pytest.mark.parametrize(("status", "code"), REFUSED)
def test_what_only_a_deployment_cures_is_refused(
    cloud: Cloud, store: CheckoutStore, status: int, code: str
) -> None:
    cloud.wire.meddle = Trouble(all_calls, status, code)
    with pytest.raises(StoreRefusedError) as raised:
        scenes.lock(store, scenes.new_key())
    assert raised.value.code == code


UNREACHABLE = [
    ConnectTimeoutError(endpoint_url="https://x"),
    ReadTimeoutError(endpoint_url="https://x"),
    EndpointConnectionError(endpoint_url="https://x"),
]


@pytest.mark.parametrize("error", UNREACHABLE, ids=lambda each: type(each).__name__)
def test_a_table_that_cannot_be_reached_is_unavailable(
    cloud: Cloud, store: CheckoutStore, error: Exception
) -> None:
    cloud.wire.meddle = Silence(all_calls, error)
    with pytest.raises(StoreUnavailableError):
        store.read_session(scenes.new_key())
    assert cloud.wire.names() == ["Query"] * 2


def test_a_throttle_that_passes_is_not_noticed(cloud: Cloud, store: CheckoutStore) -> None:
    cloud.wire.meddle = Trouble(all_calls, 400, "ThrottlingException", times=1)
    key = scenes.open_session(store)
    assert store.read_session(key).session.status.value == "OPEN"


def test_every_method_raises_only_errors_of_the_store(cloud: Cloud, store: CheckoutStore) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    assert ids
    attempt = scenes.attempt_on(key)
    now = bootstrap.utc_now()
    cloud.wire.meddle = Trouble(all_calls, 400, "AccessDeniedException")
    calls: list[Callable[[], object]] = [
        lambda: store.open_session(key, now),
        lambda: store.complete_cancellation(key, now),
        lambda: store.release_lease(key, "driver", now),
        lambda: store.attach_attempt(attempt.key),
        lambda: store.put_attempt(attempt, now),
        lambda: store.record_reference(attempt.key, "sandbox", "ok_1"),
        lambda: store.record_status(attempt.key, TransactionStatus.FAILED, now),
        lambda: store.record_late_settlement(attempt.key, now),
        lambda: store.mark_pending(attempt.key),
        lambda: store.record_outcome(attempt.key, scenes.record()),
    ]
    for call in calls:
        with pytest.raises(StoreRefusedError):
            call()


def test_a_session_is_read_over_many_pages(
    cloud: Cloud, store: CheckoutStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, ids = scenes.session_with(store, *["ok_1"] * 5)
    whole = store.read_session(key)
    query = bootstrap.dynamodb().query
    monkeypatch.setattr(bootstrap.dynamodb(), "query", lambda **request: query(Limit=2, **request))
    cloud.wire.calls.clear()
    assert store.read_session(key) == whole
    assert [each.transaction_id for each in whole.in_flight] == ids
    assert cloud.wire.names() == ["Query"] * 3


def test_a_read_is_consistent(cloud: Cloud, store: CheckoutStore) -> None:
    seen: list[Call] = []

    def look(call: Call, proceed: Callable[[], Answer]) -> Answer:
        seen.append(call)
        return proceed()

    key = scenes.open_session(store)
    cloud.wire.meddle = look
    store.read_session(key)
    assert [each.parameters["ConsistentRead"] for each in seen] == [True]


def test_an_attempt_that_was_put_and_never_attached_does_not_count(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = scenes.open_session(store)
    store.put_attempt(scenes.attempt_on(key), bootstrap.utc_now())
    snapshot = store.read_session(key)
    assert (snapshot.transactions, snapshot.drained) == ((), True)
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.cancelled, cloud.invoked) == ("CANCELLED", [], [])
    assert scenes.get(cloud, key).body["transactions"] == []


def test_an_attached_attempt_whose_item_is_missing_keeps_the_session_pending(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key, ids = scenes.session_with(store, "ok_1")
    scenes.set_values(bootstrap.dynamodb(), session_item_key(key), attempts={"SS": [*ids, "zz"]})
    answer = scenes.cancel(cloud, key)
    assert (answer.body["status"], answer.pending) == ("PENDING_CANCELLATION", ["zz"])


def test_no_session_is_told_from_an_empty_one(store: CheckoutStore) -> None:
    with pytest.raises(SessionNotFoundError):
        store.read_session(scenes.new_key())

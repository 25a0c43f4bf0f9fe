"""One id for all that is logged of one cancellation, whichever function logs it."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from checkout import bootstrap, payments
from checkout.fan_out import WorkOrder, message_to_worker
from checkout.lease import LEASE
from checkout.providers.sandbox.cancel import SandboxProvider
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.timestamps import to_millis
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import scenes, stack
from tests.integration.cloud import Cloud
from tests.integration.journal import Journal, Line
from tests.integration.wire import Trouble, named

SANDBOXES = ("sandbox", "sandbox-b", "sandbox-c")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# A run of the recovery is about many cancellations, and about none.
OF_NO_CANCELLATION = {"recovery ran"}
# Of the function that was called, of the workers, of the recovery and of the stream's function.
WHOLE_STORY = {
    "cancellation answered",
    "transaction asked to cancel",
    "session is stuck",
    "cancellation completed",
}


def request(number: int) -> str:
    """An id as API Gateway makes them."""
    return f"0e8b9a3e-6c0d-4d8e-9c59-{number:012x}"


FIRST, SECOND = request(1), request(2)


def cancel(cloud: Cloud, key: SessionKey, request_id: str) -> scenes.Answered:
    called = scenes.cancel_event(key)
    called["requestContext"]["requestId"] = request_id
    answer = cloud.function("CancelSessionFunction")(called)
    return scenes.Answered(answer["statusCode"], answer["headers"], answer["body"])


def waiting(store: CheckoutStore, *providers: str) -> tuple[SessionKey, list[TransactionKey]]:
    """A session of which each provider confirms the cancellation days later."""
    key = scenes.open_session(store)
    return key, [scenes.attach(store, key, "async_999999_1", each) for each in providers]


def finish(store: CheckoutStore, payment: TransactionKey) -> dict[str, Any]:
    """Its provider has told us of its end; the record that the stream gets of that."""
    payments.record_status(store, payment, TransactionStatus.CANCELLED, bootstrap.utc_now())
    return scenes.stream_record(payment.session)


def order(store: CheckoutStore) -> dict[str, Any]:
    """As a driver of an older release sends it to a worker."""
    key, (payment,) = waiting(store, "sandbox")
    scenes.lock(store, key)
    (transaction,) = store.read_session(key).transactions
    lease_until = to_millis(bootstrap.utc_now() + LEASE)
    message = message_to_worker(WorkOrder(key, "driver", lease_until, (transaction,)))
    assert payment == transaction.key
    return {name: value for name, value in message.items() if name != "correlationId"}


def ids(lines: list[Line]) -> set[str | None]:
    return {
        each.get("correlation_id") for each in lines if each["message"] not in OF_NO_CANCELLATION
    }


def messages(lines: list[Line]) -> set[str]:
    return {each["message"] for each in lines}


@pytest.mark.parametrize("providers", [SANDBOXES[:1], SANDBOXES])
def test_a_cancellation_that_ends_later_has_the_first_requests_id_in_every_line(
    cloud: Cloud, store: CheckoutStore, journal: Journal, providers: tuple[str, ...]
) -> None:
    """Directly to one worker, and by the machine to three; then the recovery, a repeat, the end."""
    key, made = waiting(store, *providers)
    given = cancel(cloud, key, FIRST).headers["x-request-id"]
    cloud.clock.advance(timedelta(hours=25))
    cloud.function("ReconcileFunction")(scenes.event("reconcile"))
    cancel(cloud, key, SECOND)
    records = [finish(store, each) for each in made]
    assert scenes.deliver(cloud, *records) == []
    assert store.read_session(key).session.status.value == "CANCELLED"

    assert ids(journal.lines) == {given} == {FIRST}
    assert messages(journal.lines) == {*WHOLE_STORY, "recovery ran"}
    asked = journal.named("transaction asked to cancel")
    assert {each["provider"] for each in asked} == set(providers)
    assert [each["request_id"] for each in journal.named("cancellation answered")] == [
        FIRST,
        SECOND,
    ]


def test_two_cancellations_do_not_share_their_id(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    """Also not where one run of the recovery, or one batch of the stream, is about both."""
    sessions = [waiting(store, *SANDBOXES) for _ in range(2)]
    for number, (key, _) in enumerate(sessions):
        cancel(cloud, key, request(number))
    cloud.clock.advance(timedelta(hours=25))
    cloud.function("ReconcileFunction")(scenes.event("reconcile"))
    records = [finish(store, payment) for _, made in sessions for payment in made]
    scenes.deliver(cloud, *records)

    of_sessions = [each for each in journal.lines if "session_id" in each]
    for number, (key, _) in enumerate(sessions):
        of_this = [each for each in of_sessions if each["session_id"] == key.session_id]
        assert ids(of_this) == {request(number)}
        assert messages(of_this) == WHOLE_STORY


def test_a_record_that_cannot_be_read_does_not_get_the_id_of_the_one_before(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key, made = waiting(store, "sandbox")
    cancel(cloud, key, FIRST)
    malformed = {"dynamodb": {"Keys": {}, "SequenceNumber": "2"}}
    assert scenes.deliver(cloud, finish(store, made[0]), malformed) == ["2"]
    assert [each["correlation_id"] for each in journal.named("cancellation completed")] == [FIRST]
    (failed,) = journal.named("record failed")
    assert "correlation_id" not in failed


def test_what_goes_wrong_has_the_id_too(
    cloud: Cloud, store: CheckoutStore, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a worker's threads, in the driver, and in the stream's function."""

    def broken(*_: Any) -> None:
        raise ValueError

    key, made = waiting(store, *SANDBOXES[:2])
    with monkeypatch.context() as patched:
        patched.setattr(SandboxProvider, "cancel", broken)
        cloud.missing.add(f"{stack.STACK}-cancel-with-sandbox-b:live")
        assert len(cancel(cloud, key, FIRST).pending) == len(made)
    record = [finish(store, each) for each in made][-1]
    with monkeypatch.context() as patched:
        patched.setattr(cloud.wire, "meddle", Trouble(named("UpdateItem"), 400, "Denied"))
        assert scenes.deliver(cloud, record) == ["1"]
    assert ids(journal.lines) == {FIRST}
    for message in ("provider adapter failed", "worker failed", "record failed"):
        assert journal.named(message)


@pytest.mark.parametrize("lost", [500, 503])
def test_a_lock_that_nobody_could_take_is_told_under_the_requests_id(
    cloud: Cloud, store: CheckoutStore, journal: Journal, lost: int
) -> None:
    key = scenes.open_session(store)
    cloud.wire.meddle = Trouble(named("UpdateItem"), lost, "InternalServerError")
    assert cancel(cloud, key, FIRST).status == 503
    assert (ids(journal.lines), len(journal.named("request failed"))) == ({FIRST}, 1)


CARD = "4242424242424242"
INJECTED = ['x" } {"level": "ERROR', "a\nb", "x" * 65, "", "a b", "a/b", CARD, f"{FIRST}0", None, 7]


@pytest.mark.parametrize("sent", INJECTED)
def test_a_request_id_that_is_not_fit_for_a_log_is_in_none(
    cloud: Cloud, store: CheckoutStore, journal: Journal, sent: Any
) -> None:
    """A caller may set it. Then the driver's own token stands for it, everywhere."""
    key, _ = waiting(store, *SANDBOXES)
    assert cancel(cloud, key, sent).status == 200
    (given,) = ids(journal.lines)
    assert given
    assert UUID.fullmatch(given)
    assert store.read_session(key).session.correlation_id == given
    assert not sent or all(sent not in each.values() for each in journal.lines)


def test_a_worker_understands_a_driver_of_an_older_release(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    """Which sent no id to it, and gave the execution no name."""
    message = order(store)
    cloud.function("CancelWithSandboxFunction")(message)
    assert ids(journal.lines) == {message["driver"]}


def test_the_machine_understands_a_driver_of_an_older_release(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    message = order(store)
    group = {name: message.pop(name) for name in ("provider", "transactions")}
    cloud.start_sync(json.dumps({**message, "groups": [group]}), "made-by-the-machine")
    assert cloud.executions[0]["status"] == "SUCCEEDED"
    assert ids(journal.lines) == {"made-by-the-machine"}


def test_a_session_that_an_older_release_had_locked_gets_an_id_by_its_next_drive(
    cloud: Cloud, store: CheckoutStore, journal: Journal
) -> None:
    key, made = waiting(store, "sandbox")
    cancel(cloud, key, FIRST)
    scenes.drop(bootstrap.dynamodb(), key, "correlationId")
    assert scenes.deliver(cloud, scenes.stream_record(key)) == []
    cancel(cloud, key, SECOND)
    scenes.deliver(cloud, finish(store, made[0]))
    (completed,) = journal.named("cancellation completed")
    assert completed["correlation_id"] == SECOND


def test_an_execution_has_the_id_for_its_name(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = waiting(store, *SANDBOXES)
    cancel(cloud, key, FIRST)
    (execution,) = cloud.executions
    assert execution["name"] == FIRST

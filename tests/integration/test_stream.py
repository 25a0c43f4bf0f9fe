"""The function behind the table's stream: batches as Lambda hands them over, failures included."""

from datetime import timedelta

import pytest

from checkout import bootstrap, payments
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.integration.scenes import deliver, stream_record
from tests.integration.wire import Trouble, named
from tests.template.filter_pattern import matches, stream_pattern


def waiting(cloud: Cloud, store: CheckoutStore) -> TransactionKey:
    """A cancelled session that waits for its one transaction."""
    key, ids = scenes.session_with(store, "async_900_1")
    assert scenes.cancel(cloud, key).pending == ids
    return TransactionKey(key, ids[0])


def ended(cloud: Cloud, store: CheckoutStore) -> SessionKey:
    """The same, and the transaction has ended since."""
    key = waiting(cloud, store)
    payments.record_status(store, key, TransactionStatus.CANCELLED, bootstrap.utc_now())
    return key.session


def status(store: CheckoutStore, key: SessionKey) -> str:
    return store.read_session(key).session.status.value


def test_the_sample_event_passes_the_filter_of_the_template() -> None:
    records = scenes.event("complete_cancellations")["Records"]
    assert all(matches(stream_pattern(), each) for each in records)


def test_the_end_of_the_last_transaction_completes_the_session(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = ended(cloud, store)
    assert deliver(cloud, stream_record(key)) == []
    body = scenes.get(cloud, key).body
    assert (body["status"], bool(body["cancelledAt"])) == ("CANCELLED", True)


def test_a_record_that_is_delivered_again_changes_nothing(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = ended(cloud, store)
    deliver(cloud, stream_record(key))
    before = scenes.session_item(bootstrap.dynamodb(), key)
    assert deliver(cloud, *[stream_record(key, number) for number in (1, 1, 2)]) == []
    assert scenes.session_item(bootstrap.dynamodb(), key) == before


def test_a_session_with_something_in_flight_goes_on_waiting(
    cloud: Cloud, store: CheckoutStore
) -> None:
    key = waiting(cloud, store).session
    assert deliver(cloud, stream_record(key)) == []
    assert status(store, key) == "PENDING_CANCELLATION"


def test_a_session_that_was_not_cancelled_stays_open(cloud: Cloud, store: CheckoutStore) -> None:
    key = scenes.open_session(store)
    assert deliver(cloud, stream_record(key)) == []
    assert status(store, key) == "OPEN"


def test_a_record_of_no_session_is_dealt_with(cloud: Cloud) -> None:
    assert deliver(cloud, stream_record(scenes.new_key())) == []


@pytest.mark.parametrize("partition", ["", "nonsense", "MERCHANT##SESSION#", "MERCHANT#m#SESSION#"])
def test_only_the_malformed_record_of_a_batch_fails(
    cloud: Cloud, store: CheckoutStore, partition: str
) -> None:
    keys = [ended(cloud, store) for _ in range(2)]
    first, last = stream_record(keys[0], 1), stream_record(keys[1], 3)
    malformed = stream_record(keys[0], 2)
    malformed["dynamodb"]["Keys"]["PK"]["S"] = partition
    assert deliver(cloud, first, malformed, last) == ["2"]
    assert [status(store, each) for each in keys] == ["CANCELLED", "CANCELLED"]


def test_a_record_without_keys_fails_alone(cloud: Cloud, store: CheckoutStore) -> None:
    key = ended(cloud, store)
    broken = stream_record(key, 1)
    del broken["dynamodb"]["Keys"]
    assert deliver(cloud, broken, stream_record(key, 2)) == ["1"]
    assert status(store, key) == "CANCELLED"


def test_a_record_that_met_a_broken_store_is_delivered_again(
    cloud: Cloud, store: CheckoutStore
) -> None:
    keys = [ended(cloud, store) for _ in range(2)]
    cloud.wire.meddle = Trouble(
        lambda call: call.partition.endswith(keys[0].session_id), 500, "InternalServerError"
    )
    records = [stream_record(each, number) for number, each in enumerate(keys, 1)]
    assert deliver(cloud, *records) == ["1"]
    cloud.wire.meddle = lambda call, proceed: proceed()
    assert deliver(cloud, records[0]) == []
    assert [status(store, each) for each in keys] == ["CANCELLED", "CANCELLED"]


def test_a_whole_batch_can_fail(cloud: Cloud, store: CheckoutStore) -> None:
    key = ended(cloud, store)
    cloud.wire.meddle = Trouble(named("Query"), 500, "InternalServerError")
    records = [stream_record(key, number) for number in range(1, 11)]
    assert deliver(cloud, *records) == [str(number) for number in range(1, 11)]


def test_one_look_at_a_session_is_enough_for_a_batch(cloud: Cloud, store: CheckoutStore) -> None:
    keys = [ended(cloud, store) for _ in range(2)]
    cloud.wire.calls.clear()
    assert deliver(cloud, *[stream_record(keys[n % 2], n) for n in range(1, 11)]) == []
    assert cloud.wire.names() == ["Query", "UpdateItem"] * 2
    deliver(cloud, stream_record(keys[0]))
    assert cloud.wire.names()[4:] == ["Query"], "the next batch looks for itself"


def test_a_look_that_failed_is_not_enough(cloud: Cloud, store: CheckoutStore) -> None:
    key = ended(cloud, store)
    # Both tries of the first record's query.
    cloud.wire.meddle = Trouble(named("Query"), 500, "InternalServerError", times=2)
    records = [stream_record(key, number) for number in (1, 2, 3)]
    assert deliver(cloud, *records) == ["1"]
    assert status(store, key) == "CANCELLED"


@pytest.mark.parametrize(
    ("image", "counted"),
    [
        ({"status": {"S": "SETTLED"}}, True),
        ({"status": {"S": "SETTLED"}, "driver": {"S": "counted-it-itself"}}, False),
        ({"status": {"S": "CANCELLED"}}, False),
    ],
)
def test_money_that_a_report_brought_is_counted_once(
    cloud: Cloud,
    store: CheckoutStore,
    capsys: pytest.CaptureFixture[str],
    image: dict[str, dict[str, str]],
    counted: bool,
) -> None:
    record = stream_record(ended(cloud, store))
    record["dynamodb"]["NewImage"] = image
    capsys.readouterr()
    assert deliver(cloud, record) == []
    assert ('"SettledAfterCancel":[1.0]' in capsys.readouterr().out) is counted


def test_late_money_is_told_of_even_if_its_session_cannot_be_completed(
    cloud: Cloud, store: CheckoutStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who completes it in the end, the recovery or `redrive`, tells of no money."""
    record = stream_record(ended(cloud, store))
    record["dynamodb"]["NewImage"] = {"status": {"S": "SETTLED"}}
    cloud.wire.meddle = Trouble(named("Query"), 500, "InternalServerError", times=100)
    capsys.readouterr()
    assert len(deliver(cloud, record)) == 1
    assert '"SettledAfterCancel":[1.0]' in capsys.readouterr().out


def test_money_behind_a_dead_driver_and_its_worker_is_recorded_and_counted(
    cloud: Cloud, store: CheckoutStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody had marked it when it settled, and another payment's end wakes the completion."""
    key, (first, second) = scenes.session_with(store, "ok_1", "ok_2")
    scenes.lock(store, key)
    store.mark_pending(TransactionKey(key, second))
    cloud.clock.advance(timedelta(seconds=1))
    ends = {first: TransactionStatus.SETTLED, second: TransactionStatus.FAILED}
    for each, end in ends.items():
        payments.record_status(store, TransactionKey(key, each), end, cloud.clock.now())
    record = stream_record(key)
    record["dynamodb"]["NewImage"] = {"status": {"S": "FAILED"}}
    capsys.readouterr()
    assert deliver(cloud, record, record) == []
    said = capsys.readouterr().out
    assert said.count('"SettledAfterCancel":[1.0]') == 1
    assert status(store, key) == "CANCELLED"
    shown = {
        each["transactionId"]: each["settledAfterCancel"]
        for each in scenes.get(cloud, key).body["transactions"]
    }
    assert shown == {first: True, second: False}

"""The queue of reports that found no transaction: matched later, or given up under an alarm."""

import json

import pytest

from checkout.storage.dynamodb import CheckoutStore
from tests.integration import scenes, stack
from tests.integration.cloud import Cloud
from tests.integration.webhooks import (
    CANARY,
    MATCH,
    Queues,
    payment,
    prepare,
    receive,
    signed,
    status,
    told,
)
from tests.integration.wire import Trouble, named
from tests.template.cloudformation import properties

TRIES = properties(stack.REPORTS_QUEUE)["RedrivePolicy"]["maxReceiveCount"]


@pytest.fixture(autouse=True)
def queues(cloud: Cloud) -> Queues:
    return prepare()


def report(cloud: Cloud, kind: str = "payment_intent.succeeded", reference: str = "pi_1") -> None:
    assert receive(cloud, signed(told(kind, reference))).status == 200


def test_an_event_that_is_faster_than_the_reference_is_matched_later(
    cloud: Cloud, store: CheckoutStore, queues: Queues
) -> None:
    key = payment(store, None)
    report(cloud)
    assert (status(store, key), queues.waiting) == ("PENDING", 1)
    assert (queues.deliver(cloud), queues.waiting) == (1, 1)
    store.record_reference(key, "stripe", "pi_1")
    assert (queues.deliver(cloud), queues.waiting) == (1, 0)
    assert (status(store, key), queues.dead) == ("SETTLED", 0)


def test_what_is_never_matched_is_given_up_after_its_tries_and_kept(
    cloud: Cloud, queues: Queues, caplog: pytest.LogCaptureFixture
) -> None:
    report(cloud)
    for _ in range(TRIES):
        assert (queues.deliver(cloud), queues.dead) == (1, 0)
    assert queues.deliver(cloud) == 0
    assert (queues.waiting, queues.dead) == (0, 1)
    tried = [each for each in caplog.records if each.message == "report is not matched yet"]
    assert len(tried) == TRIES


def test_what_was_given_up_is_recorded_once_it_is_moved_back(
    cloud: Cloud, store: CheckoutStore, queues: Queues
) -> None:
    report(cloud)
    for _ in range(TRIES + 1):
        queues.deliver(cloud)
    key = payment(store, "pi_1")
    url = stack.queue_url(stack.DEAD_REPORTS_QUEUE)
    (dead,) = queues.client.receive_message(QueueUrl=url)["Messages"]
    queues.put(dead["Body"])
    queues.deliver(cloud)
    assert (status(store, key), queues.waiting) == ("SETTLED", 0)


def test_only_what_is_not_matched_is_tried_again(
    cloud: Cloud, store: CheckoutStore, queues: Queues
) -> None:
    keys = [payment(store, None) for _ in range(3)]
    for number in range(5):
        report(cloud, reference=f"pi_{number}")
    for number, key in enumerate(keys):
        store.record_reference(key, "stripe", f"pi_{number}")
    assert (queues.deliver(cloud), queues.waiting) == (5, 2)
    assert {status(store, each) for each in keys} == {"SETTLED"}


@pytest.mark.parametrize("body", ["not JSON", "{}", json.dumps({"provider": CANARY})])
def test_a_malformed_message_is_counted_and_holds_up_no_other(
    cloud: Cloud,
    store: CheckoutStore,
    queues: Queues,
    body: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = payment(store, None)
    report(cloud)
    store.record_reference(key, "stripe", "pi_1")
    queues.put(body)
    caplog.clear()
    assert (queues.deliver(cloud), queues.waiting) == (2, 1)
    out = capsys.readouterr().out
    assert status(store, key) == "SETTLED"
    assert out.count('"MalformedReports":[1.0]') == out.count('"FailedReports":[1.0]') == 1
    assert CANARY not in out + "".join(str(vars(each)) for each in caplog.records)


def test_a_provider_that_we_do_not_have_any_more_fails_and_is_kept(
    cloud: Cloud, store: CheckoutStore, queues: Queues
) -> None:
    scenes.attach(store, scenes.open_session(store), "g_1", "gone")
    message = {
        "provider": "gone",
        "account": "main",
        "reference": "g_1",
        "ownReference": "",
        "status": None,
    }
    rest = {"cancelRefused": False, "ask": True, "ends": False, "amount": None}
    received = {"receivedAt": "2026-03-01T12:00:00.000Z"}
    queues.put(json.dumps({**message, **rest, **received}))
    assert (queues.deliver(cloud), queues.waiting) == (1, 1)


def test_a_store_that_is_down_costs_a_try_and_nothing_else(
    cloud: Cloud, store: CheckoutStore, queues: Queues
) -> None:
    key = payment(store, None)
    report(cloud)
    store.record_reference(key, "stripe", "pi_1")
    cloud.wire.meddle = Trouble(named("UpdateItem"), 500, "InternalServerError")
    assert (queues.deliver(cloud), queues.waiting) == (1, 1)
    cloud.wire.meddle = lambda call, proceed: proceed()
    assert (queues.deliver(cloud), queues.waiting) == (1, 0)
    assert status(store, key) == "SETTLED"


def test_events_of_one_payment_end_alike_in_whatever_order_they_leave_the_queue(
    cloud: Cloud, store: CheckoutStore, queues: Queues
) -> None:
    key = payment(store, None)
    for kind in ("charge.refunded", "payment_intent.succeeded", "payment_intent.processing"):
        assert receive(cloud, signed(told(kind, refunded=True))).status == 200
    store.record_reference(key, "stripe", "pi_1")
    queues.deliver(cloud)
    assert (status(store, key), queues.waiting) == ("REFUNDED", 0)


def test_the_sample_event_is_a_report_of_a_payment_that_nobody_knows(cloud: Cloud) -> None:
    event = scenes.event("match_reports")
    (record,) = event["Records"]
    answer = cloud.function(MATCH)(event)
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}

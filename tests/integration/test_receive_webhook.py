"""The function behind the providers' webhooks: what is recorded, refused, or has to come again."""

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import boto3
import pytest

from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey
from tests.integration import scenes, stack
from tests.integration.cloud import Cloud
from tests.integration.webhooks import (
    CANARY,
    SECRET,
    Event,
    Queues,
    break_queue,
    in_base64,
    make_account,
    payment,
    prepare,
    receive,
    signed,
    status,
    told,
)
from tests.integration.wire import Trouble, named
from tests.local.canaries import Canary, found

SUCCEEDED = told("payment_intent.succeeded")
PROCESSING = told("payment_intent.processing")
REFUNDED = told("charge.refunded", refunded=True)


@pytest.fixture(autouse=True)
def queues(cloud: Cloud) -> Queues:
    return prepare()


@pytest.fixture
def key(store: CheckoutStore) -> TransactionKey:
    """In flight, and known by Stripe as `pi_1`."""
    return payment(store, "pi_1")


@pytest.mark.parametrize("wrapped", [dict, in_base64])
def test_a_signed_report_ends_its_transaction(
    cloud: Cloud, store: CheckoutStore, key: TransactionKey, wrapped: Callable[[Event], Event]
) -> None:
    answer = receive(cloud, wrapped(signed(SUCCEEDED)))
    assert (answer.status, answer.text) == (200, "{}")
    assert status(store, key) == "SETTLED"


def test_a_replay_changes_nothing(cloud: Cloud, store: CheckoutStore, key: TransactionKey) -> None:
    event = signed(SUCCEEDED)
    receive(cloud, event)
    before = store.read_transaction(key)
    assert receive(cloud, event).status == 200
    assert store.read_transaction(key) == before


def test_a_session_that_waited_is_completed_by_the_stream_afterwards(
    cloud: Cloud, store: CheckoutStore, key: TransactionKey
) -> None:
    scenes.lock(store, key.session)
    store.mark_pending(key)
    receive(cloud, signed(told("payment_intent.canceled")))
    assert scenes.deliver(cloud, scenes.stream_record(key.session)) == []
    assert scenes.get(cloud, key.session).body["status"] == "CANCELLED"


@pytest.mark.parametrize("order", [*permutations([PROCESSING, SUCCEEDED, REFUNDED])])
def test_in_whatever_order_events_come_the_end_is_the_same(
    cloud: Cloud, store: CheckoutStore, key: TransactionKey, order: tuple[str, ...]
) -> None:
    for body in order:
        assert receive(cloud, signed(body)).status == 200
    assert status(store, key) == "REFUNDED"


def no_signature(event: Event) -> Event:
    del event["multiValueHeaders"]["Stripe-Signature"]
    return event


def other_body(event: Event) -> Event:
    return {**event, "body": event["body"] + " "}


@pytest.mark.parametrize(
    "event",
    [
        lambda: signed(SUCCEEDED, secret="whsec_2"),
        lambda: signed(SUCCEEDED, age=301),
        lambda: signed(SUCCEEDED, age=-301),
        lambda: no_signature(signed(SUCCEEDED)),
        lambda: other_body(signed(SUCCEEDED)),
        lambda: {**signed(SUCCEEDED), "body": None},
    ],
)
def test_what_stripe_has_not_signed_just_now_changes_nothing(
    cloud: Cloud,
    store: CheckoutStore,
    key: TransactionKey,
    queues: Queues,
    event: Callable[[], Event],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = receive(cloud, event())
    assert (answer.status, answer.body["error"]) == (401, "Unauthorized")
    assert (status(store, key), queues.waiting) == ("PENDING", 0)
    assert '"provider":"stripe","service":"checkout","RejectedSignatures":[1.0]' in (
        capsys.readouterr().out
    )


def test_a_second_secret_signs_while_the_first_is_replaced(
    cloud: Cloud, store: CheckoutStore, key: TransactionKey
) -> None:
    name = f"{stack.STACK}/stripe/main"
    found = {"environment": "live", "secretKey": "sk", "webhookSecrets": ["whsec_0", SECRET]}
    boto3.client("secretsmanager").put_secret_value(SecretId=name, SecretString=json.dumps(found))
    assert receive(cloud, signed(SUCCEEDED)).status == 200
    assert status(store, key) == "SETTLED"


def test_an_unknown_provider_and_an_unknown_account_are_answered_alike(cloud: Cloud) -> None:
    answers = []
    for path in (
        {"provider": "nobody", "account": "main"},
        {"provider": "sandbox", "account": "main"},
        {"provider": "stripe", "account": "nobody"},
        {"provider": "stripe", "account": "../main"},
        {},
    ):
        answer = receive(cloud, {**signed(SUCCEEDED), "pathParameters": path})
        answers.append((answer.status, answer.text, answer.headers))
    assert answers[0][0] == 404
    assert [each == answers[0] for each in answers] == [True] * len(answers)


@pytest.mark.parametrize("body", ["not JSON", "[]", ""])
def test_what_is_signed_and_cannot_be_read_is_refused(cloud: Cloud, body: str) -> None:
    answer = receive(cloud, signed(body))
    assert (answer.status, set(answer.body)) == (400, {"message", "error", "statusCode"})


def test_what_is_too_long_is_refused(cloud: Cloud) -> None:
    assert receive(cloud, signed(told("payment_intent.succeeded", text="a" * 2**20))).status == 400


@pytest.mark.parametrize("kind", ["invoice.paid", "payment_intent.created", ""])
def test_an_event_that_tells_nothing_of_a_payment_is_acknowledged(
    cloud: Cloud, store: CheckoutStore, key: TransactionKey, queues: Queues, kind: str
) -> None:
    assert receive(cloud, signed(told(kind))).status == 200
    assert (status(store, key), queues.waiting) == ("PENDING", 0)


def test_another_accounts_transaction_is_not_touched(
    cloud: Cloud, store: CheckoutStore, key: TransactionKey, queues: Queues
) -> None:
    make_account("other", "whsec_of_the_other")
    event = signed(SUCCEEDED, secret="whsec_of_the_other", account="other")
    assert receive(cloud, event).status == 200
    assert (status(store, key), queues.waiting) == ("PENDING", 1)


@pytest.mark.parametrize("call", ["Query", "GetItem", "UpdateItem"])
def test_a_store_that_is_down_has_the_provider_send_it_again(
    cloud: Cloud, store: CheckoutStore, key: TransactionKey, queues: Queues, call: str
) -> None:
    cloud.wire.meddle = Trouble(named(call), 500, "InternalServerError")
    answer = receive(cloud, signed(SUCCEEDED))
    assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (503, True)
    assert queues.waiting == 0
    cloud.wire.meddle = lambda call, proceed: proceed()
    assert receive(cloud, signed(SUCCEEDED)).status == 200
    assert status(store, key) == "SETTLED"


def test_a_queue_that_is_down_has_the_provider_send_it_again(cloud: Cloud, queues: Queues) -> None:
    break_queue(cloud)
    answer = receive(cloud, signed(SUCCEEDED))
    assert (answer.status, "Retry-After" in answer.headers) == (503, True)
    assert queues.waiting == 0


def test_a_queue_that_is_gone_has_the_provider_send_it_again(cloud: Cloud, queues: Queues) -> None:
    queues.client.delete_queue(QueueUrl=stack.queue_url(stack.REPORTS_QUEUE))
    assert receive(cloud, signed(SUCCEEDED)).status == 503


def test_a_secret_that_cannot_be_read_has_the_provider_send_it_again(cloud: Cloud) -> None:
    name = f"{stack.STACK}/stripe/main"
    boto3.client("secretsmanager").put_secret_value(SecretId=name, SecretString="no JSON")
    answer = receive(cloud, signed(SUCCEEDED))
    assert (answer.status, "Retry-After" in answer.headers) == (503, True)


def facts_of(caplog: pytest.LogCaptureFixture) -> str:
    return "".join(str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize(
    "event",
    [
        lambda: signed(SUCCEEDED),
        lambda: signed(told("payment_intent.succeeded", reference=CANARY)),
        lambda: signed(SUCCEEDED, secret=CANARY),
        lambda: signed(CANARY),
        lambda: signed(SUCCEEDED, account=CANARY),
        lambda: {**signed(SUCCEEDED), "body": CANARY, "isBase64Encoded": True},
    ],
)
def test_nothing_that_was_sent_and_no_secret_is_logged(
    cloud: Cloud,
    key: TransactionKey,
    event: Callable[[], Event],
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = receive(cloud, event())
    logged = "".join(capsys.readouterr()) + facts_of(caplog) + answer.text
    for each in (CANARY, SECRET, "sk_test_x", "pi_1", "evt_1"):
        assert each not in logged


def test_what_is_kept_on_the_queue_holds_no_payload_and_no_secret(
    cloud: Cloud, queues: Queues
) -> None:
    body = told("payment_intent.succeeded", "pi_of_none", card="4242424242424242")
    assert receive(cloud, signed(body)).status == 200
    (kept,) = queues.client.receive_message(
        QueueUrl=stack.queue_url(stack.REPORTS_QUEUE),
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
        MaxNumberOfMessages=10,
    )["Messages"]
    hidden = [Canary("payload", CANARY), Canary("secret", SECRET), Canary("secret", "sk_test_x")]
    assert "pi_of_none" in str(kept)
    assert found(str(kept), hidden) == []
    assert found(body, hidden) == ["card number", "payload"]


def test_a_webhook_is_told_in_one_line_and_each_report_in_another(
    cloud: Cloud, key: TransactionKey, caplog: pytest.LogCaptureFixture
) -> None:
    receive(cloud, signed(SUCCEEDED))
    recorded, received = [vars(each) for each in caplog.records]
    assert recorded["message"] == "report recorded"
    assert recorded["transaction_id"] == key.transaction_id
    assert (recorded["session_id"], recorded["status"]) == (key.session.session_id, "SETTLED")
    facts = {name: received[name] for name in ("message", "provider", "reports", "unmatched")}
    assert facts == {
        "message": "webhook received",
        "provider": "stripe",
        "reports": 1,
        "unmatched": 0,
    }


def test_a_report_that_contradicts_an_end_is_warned_of_and_counted(
    cloud: Cloud,
    store: CheckoutStore,
    key: TransactionKey,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    receive(cloud, signed(told("payment_intent.canceled")))
    receive(cloud, signed(SUCCEEDED))
    out = capsys.readouterr().out
    (warning,) = [vars(each) for each in caplog.records if each.levelname == "WARNING"]
    facts = (warning["message"], warning["reported"], warning["status"])
    assert facts == ("status report contradicts", "SETTLED", "CANCELLED")
    assert out.count('"ContradictingReports":[1.0]') == 1
    assert out.count('"SettledAfterCancel":[1.0]') == 1
    assert out.count('"WebhookReports":[1.0]') == 2
    assert status(store, key) == "CANCELLED"


def test_of_a_matched_report_these_calls_are_made(cloud: Cloud, key: TransactionKey) -> None:
    cloud.wire.calls.clear()
    receive(cloud, signed(SUCCEEDED))
    assert cloud.wire.names() == ["Query", "GetItem", "UpdateItem"]


def test_the_sample_event_is_refused_for_its_signature(cloud: Cloud) -> None:
    event: dict[str, Any] = scenes.event("receive_webhook")
    assert receive(cloud, event).status == 401

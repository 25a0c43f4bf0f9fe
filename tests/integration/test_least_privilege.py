"""Every permission that a function has is used by it, and it uses no other.

What no function may do is refused in every test of this tier (access.py). Here each plays enough to
use all that it may.
"""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from checkout import bootstrap, payments
from checkout.errors import CredentialsError
from checkout.providers.webhook import Report
from checkout.reports import ProviderReport, report_to_message
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey, TransactionStatus
from tests.integration import event_bus, merchants, operators, scenes, stack, webhooks
from tests.integration.access import Access
from tests.integration.cloud import Cloud
from tests.template.cloudformation import REAL, functions
from tests.template.filter_pattern import passes
from tests.template.permissions import Permission, permissions
from tests.template.test_permissions import ALLOWED, LEDGER, SANDBOXES

# What Lambda does in a function's name: it reads the stream and the queue, writes logs and traces,
# and puts what it gives up on a queue. Only such a role has them written out.
BY_LAMBDA = (
    "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
    "dynamodb:ListStreams", "logs:", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage", "xray:",
)  # fmt: skip
GIVEN_UP = ("CompletionFailuresQueue.Arn", "sqs:SendMessage")
KEY = "7d444840-9dc0-41d1-b245-5ffdce74fad2"


def granted(function: str) -> set[Permission]:
    """To the function's own code."""
    return {
        each
        for each in permissions(function)
        if not each[1].startswith(BY_LAMBDA) and each != GIVEN_UP
    }


@pytest.fixture(autouse=True)
def _nothing_used_yet(cloud: Cloud) -> None:
    for each in Access.used.values():
        each.clear()


def test_cancel_session(cloud: Cloud, store: CheckoutStore) -> None:
    one, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, one)
    two = scenes.open_session(store)
    for provider in ("sandbox", "sandbox-b"):
        scenes.attach(store, two, "ok_1", provider)
    scenes.cancel(cloud, two, idempotency_key=KEY)
    scenes.cancel(cloud, two, idempotency_key=KEY)
    ended = scenes.open_session(store)
    payments.expire_session(store, ended, cloud.clock.now())
    assert scenes.cancel(cloud, ended, idempotency_key=KEY.replace("7", "8")).status == 409
    assert Access.used["CancelSessionFunction"] == granted("CancelSessionFunction")


def test_get_session(cloud: Cloud, store: CheckoutStore) -> None:
    scenes.get(cloud, scenes.open_session(store))
    assert Access.used["GetSessionFunction"] == granted("GetSessionFunction")


def test_list_sessions(cloud: Cloud, store: CheckoutStore) -> None:
    for _ in range(2):
        scenes.lock(store, scenes.open_session(store))
    first = scenes.listed(cloud, limit="1")
    assert first.body["hasMore"]
    scenes.listed(cloud, limit="1", cursor=first.body["nextCursor"])
    assert Access.used["ListSessionsFunction"] == granted("ListSessionsFunction")


def test_operate(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store, "refused_1")
    scenes.cancel(cloud, key)
    operators.listed(cloud)
    operators.listed(cloud, merchantId=key.merchant_id)
    assert Access.used[operators.READS] == granted(operators.READS)


def test_operator_cancel(cloud: Cloud, store: CheckoutStore) -> None:
    one, _ = scenes.session_with(store, "ok_1")
    two = scenes.open_session(store)
    for provider in ("sandbox", "sandbox-b"):
        scenes.attach(store, two, "ok_1", provider)
    for each in (one, two):
        assert operators.cancel(cloud, each).status == 200
    assert Access.used[operators.CANCELS] == granted(operators.CANCELS)


@pytest.mark.parametrize(("function", "provider"), SANDBOXES.items())
def test_a_worker_of_a_sandbox(
    cloud: Cloud, store: CheckoutStore, function: str, provider: str
) -> None:
    key = scenes.open_session(store)
    for reference in ("ok_1", "settled_1"):
        scenes.attach(store, key, reference, provider)
    scenes.cancel(cloud, key)
    assert Access.used[function] == granted(function)


@pytest.mark.parametrize(("function", "provider"), SANDBOXES.items())
def test_a_sandbox_may_not_touch_another_ones_payments(
    cloud: Cloud, function: str, provider: str
) -> None:
    ledger = cloud.function(function).bootstrap.provider().adapter.ledger
    assert ledger.read(provider, "t").voids == 0
    for other in set(SANDBOXES.values()) - {provider}:
        with pytest.raises(ClientError, match="AccessDenied"):
            ledger.read(other, "t")
        with pytest.raises(ClientError, match="AccessDenied"):
            ledger.count_request(other, "t", "key")
    refused = [(function, (LEDGER, f"dynamodb:{each}")) for each in ("GetItem", "UpdateItem")]
    assert sorted(Access.denied) == sorted(refused * 2)
    Access.denied.clear()


@pytest.mark.parametrize(("function", "provider"), REAL.items())
def test_a_worker_of_a_provider(
    cloud: Cloud, store: CheckoutStore, function: str, provider: str
) -> None:
    """Its account has no secret: that is told, and the outcome kept."""
    webhooks.forget_accounts()
    key = scenes.open_session(store)
    scenes.attach(store, key, "ref_1", provider)
    assert scenes.cancel(cloud, key).body["status"] == "PENDING_CANCELLATION"
    # One that cannot cancel is asked for its status, which takes the secret too.
    scenes.cancel(cloud, key)
    assert Access.used[function] == granted(function)


def test_complete_cancellations(cloud: Cloud, store: CheckoutStore) -> None:
    key, _ = scenes.session_with(store)
    scenes.lock(store, key)
    assert scenes.deliver(cloud, scenes.stream_record(key)) == []
    function = "CompleteCancellationsFunction"
    assert Access.used[function] == granted(function)


def test_publish_events(cloud: Cloud, store: CheckoutStore) -> None:
    event_bus.make(cloud)
    key, (transaction_id,) = scenes.session_with(store, "ok_1")
    payment = TransactionKey(key, transaction_id)
    payments.record_status(store, payment, TransactionStatus.FAILED, bootstrap.utc_now())
    scenes.cancel(cloud, key)
    payments.record_status(store, payment, TransactionStatus.SETTLED, bootstrap.utc_now())
    records = [each for each in stack.stream_records() if passes(each, event_bus.FUNCTION)]
    del records[0]["dynamodb"]["NewImage"]
    cloud.function(event_bus.FUNCTION)({"Records": records})
    assert Access.used[event_bus.FUNCTION] == granted(event_bus.FUNCTION)


@pytest.mark.allow_hosts(["127.0.0.1", "::1"])
def test_send_webhooks(cloud: Cloud) -> None:
    queue = merchants.prepare(cloud)
    merchants.put_endpoint(port=1)
    queue.put(merchants.SAMPLE, "not JSON")
    assert queue.deliver() == 2
    assert Access.used[merchants.FUNCTION] == granted(merchants.FUNCTION)


def test_send_webhooks_may_not_read_what_is_a_providers(cloud: Cloud) -> None:
    webhooks.prepare()
    ports = cloud.function(merchants.FUNCTION).app.merchant_bootstrap.delivery_ports()
    store = ports.endpoint_of.__self__._store
    with pytest.raises(CredentialsError):
        store.read("shop/stripe/main")
    (refused,) = Access.denied
    assert refused[1][1] == "secretsmanager:GetSecretValue"
    Access.denied.clear()


def test_reconcile(cloud: Cloud, store: CheckoutStore) -> None:
    for providers in (["sandbox"], ["sandbox", "sandbox-b"]):
        key = scenes.open_session(store)
        for each in providers:
            scenes.attach(store, key, "ok_1", each)
        scenes.lock(store, key)
    cloud.clock.advance(timedelta(minutes=3))
    assert cloud.function("ReconcileFunction")({})["recovered"] == 2
    assert Access.used["ReconcileFunction"] == granted("ReconcileFunction")


def test_receive_webhook_and_match_reports(cloud: Cloud, store: CheckoutStore) -> None:
    queues = webhooks.prepare()
    webhooks.payment(store, "pi_1")
    report = webhooks.signed(webhooks.told("payment_intent.succeeded"))
    later = webhooks.signed(webhooks.told("payment_intent.succeeded", "pi_2"))
    for each in (report, later):
        assert webhooks.receive(cloud, each).status == 200
    webhooks.payment(store, "pi_2")
    # What M-Pesa says is unsigned: it is asked, with the account's secret, which there is not.
    scenes.attach(store, scenes.open_session(store), "ws_1", "mpesa")
    told = Report("ws_1", ask=True)
    queues.put(report_to_message(ProviderReport("mpesa", "main", told, cloud.clock.now())))
    queues.deliver(cloud)
    for function in (webhooks.RECEIVE, webhooks.MATCH):
        assert Access.used[function] == granted(function)


def test_every_function_is_here() -> None:
    others = {
        "CancelSessionFunction", "GetSessionFunction", "ListSessionsFunction",
        operators.READS, operators.CANCELS,
        "CompleteCancellationsFunction", "ReconcileFunction",
        event_bus.FUNCTION, webhooks.RECEIVE, webhooks.MATCH,
        merchants.FUNCTION,
        # Makes no call of AWS: tests/contract/test_authorizer.py plays it.
        "AuthorizeFunction",
    }  # fmt: skip
    assert set(functions()) == others | set(SANDBOXES) | set(REAL)
    assert set(ALLOWED) - set(functions()) == {"CancelTransactionsMachine"}

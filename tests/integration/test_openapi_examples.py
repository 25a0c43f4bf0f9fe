"""Each example of docs/openapi.json is what the real handlers answer, played here one by one."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from checkout import payments
from checkout.providers.base import CancelOutcome
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TransactionKey, TransactionStatus
from local.openapi import requests
from local.openapi.document import FILE
from local.openapi.requests import Refused
from tests.contract.desks.adyen import adyen_desk
from tests.doubles import adyen
from tests.integration import scenes, webhooks
from tests.integration.cloud import Cloud
from tests.integration.wire import Answer, Call, Trouble, all_calls, named

DOCUMENT: dict[str, Any] = json.loads(FILE.read_text())
FUNCTIONS = {
    "cancelSession": "CancelSessionFunction",
    "getSession": "GetSessionFunction",
    "listSessions": "ListSessionsFunction",
    "receiveWebhook": "ReceiveWebhookFunction",
}
# API Gateway makes these, from the template's words: tests/template/test_gateway_responses.py.
BY_GATEWAY = {
    "noToken", "expired", "scope", "firewall", "tooLarge", "throttled", "dead", "late",
}  # fmt: skip
IDEMPOTENCY_KEY = "7d444840-9dc0-41d1-b245-5ffdce74fad2"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CURSOR = re.compile(r'("nextCursor": *")[A-Za-z0-9_-]+')
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

T = TransactionStatus
Scene = Callable[[Cloud, CheckoutStore], scenes.Answered]


@dataclass(frozen=True)
class Written:
    """`schema` is that of its kind of body."""

    status: int
    headers: dict[str, Any]
    kind: str
    schema: dict[str, Any]
    value: Any


def examples() -> dict[tuple[str, str], Written]:
    """By operation and name."""
    return {
        (operation["operationId"], name): Written(
            int(status), response["headers"], kind, content["schema"], each["value"]
        )
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        for kind, content in response["content"].items()
        for name, each in content["examples"].items()
    }


def alike(text: str) -> Any:
    """With ids and moments that differ from run to run told apart by their order only."""
    # A cursor hides an id and a moment.
    ids = list(dict.fromkeys(UUID.findall(text)))
    for number, each in enumerate(ids):
        text = text.replace(each, f"id {number}")
    return json.loads(CURSOR.sub(r"\1a cursor", TIME.sub("a moment", text)))


def call(cloud: Cloud, function: str, event: dict[str, Any]) -> scenes.Answered:
    answer = cloud.function(function)(event)
    return scenes.Answered(answer["statusCode"], answer["headers"], answer["body"])


def refused(function: str, request: Refused, claims: dict[str, str] | None = None) -> Scene:
    told = {"client_id": "merchant"} if claims is None else claims
    return lambda cloud, store: call(cloud, function, request.event(told))


def everything_cancelled(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    return scenes.cancel(cloud, scenes.session_with(store, "ok_1", "ok_2")[0])


def one_pending(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    return scenes.cancel(cloud, scenes.session_with(store, "ok_1", "async_900_1")[0])


def cancelled_before(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    key, _ = scenes.session_with(store, "ok_1")
    scenes.cancel(cloud, key)
    return scenes.cancel(cloud, key)


def not_completed(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    key, _ = scenes.session_with(store, "ok_1")

    def completes(each: Call) -> bool:
        item = each.parameters.get("Key", {}).get("SK", {}).get("S")
        values = each.parameters.get("ExpressionAttributeValues", {}).values()
        return item == "SESSION" and {"S": "CANCELLED"} in values and {"S": "OPEN"} not in values

    cloud.wire.meddle = Trouble(completes, 500, "InternalServerError")
    return scenes.cancel(cloud, key)


def ended(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    key = scenes.open_session(store)
    payments.complete_session(store, key, cloud.clock.now())
    return scenes.cancel(cloud, key)


def busy(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    key = scenes.open_session(store)
    scenes.lock(store, key)
    return scenes.cancel(cloud, key)


def key_busy(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    key, _ = scenes.session_with(store, "ok_1")
    seconds: list[scenes.Answered] = []

    def call_again(each: Call, proceed: Callable[[], Answer]) -> Answer:
        if each.name == "Query" and not seconds:
            cloud.wire.meddle = lambda _, proceed: proceed()
            seconds.append(scenes.cancel(cloud, key, idempotency_key=IDEMPOTENCY_KEY))
        return proceed()

    cloud.wire.meddle = call_again
    scenes.cancel(cloud, key, idempotency_key=IDEMPOTENCY_KEY)
    return seconds[0]


def key_used(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    first, second = scenes.open_session(store), scenes.open_session(store)
    scenes.cancel(cloud, first, idempotency_key=IDEMPOTENCY_KEY)
    return scenes.cancel(cloud, second, idempotency_key=IDEMPOTENCY_KEY)


def in_trouble(scene: Scene, code: str = "InternalServerError") -> Scene:
    """While the store does not answer."""

    def played(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
        cloud.wire.meddle = Trouble(all_calls, 500, code)
        return scene(cloud, store)

    return played


def with_a_bug(scene: Scene, function: str, part: str) -> Scene:
    def played(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
        environment = vars(cloud.function(function).bootstrap)
        whole = environment[part]
        environment[part] = lambda: 1 // 0
        try:
            return scene(cloud, store)
        finally:
            environment[part] = whole

    return played


def cancel_of_none(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    return scenes.cancel(cloud, scenes.new_key())


def get_of_none(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    return scenes.get(cloud, scenes.new_key())


def an_open_session(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    key = scenes.open_session(store)
    attached(cloud, store, key, "stripe", T.PROCESSING)
    return scenes.get(cloud, key)


def attached(
    cloud: Cloud, store: CheckoutStore, key: SessionKey, provider: str, status: TransactionStatus
) -> TransactionKey:
    made = scenes.attach(store, key, f"{provider}-1", provider)
    payments.record_status(store, made, status, cloud.clock.now())
    return made


def a_session_that_waits(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    key = scenes.open_session(store)
    first = attached(cloud, store, key, "stripe", T.PROCESSING)
    second = attached(cloud, store, key, "adyen", T.AUTHORIZED)
    third = attached(cloud, store, key, "mpesa", T.PROCESSING)
    scenes.lock(store, key)
    store.record_outcome(first, scenes.record())
    store.record_outcome(second, scenes.record(CancelOutcome.REQUESTED))
    store.record_outcome(third, scenes.record(CancelOutcome.UNSUPPORTED))
    return scenes.get(cloud, key)


def a_cancelled_session_that_was_paid(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    key = scenes.open_session(store)
    first = attached(cloud, store, key, "stripe", T.PROCESSING)
    second = attached(cloud, store, key, "adyen", T.AUTHORIZED)
    scenes.lock(store, key)
    store.record_outcome(first, scenes.record())
    store.record_outcome(second, scenes.record(CancelOutcome.REQUESTED))
    payments.record_status(store, second, T.SETTLED, cloud.clock.now())
    store.complete_cancellation(key, cloud.clock.now())
    return scenes.get(cloud, key)


def a_page_of_two(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    for _ in range(3):
        scenes.lock(store, scenes.open_session(store))
    return scenes.listed(cloud, limit="2")


def one_cancelled(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    scenes.cancel(cloud, scenes.open_session(store))
    return scenes.listed(cloud, status="CANCELLED")


def none_listed(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    return scenes.listed(cloud)


def webhook(body: str = webhooks.told("payment_intent.succeeded"), **facts: Any) -> Scene:
    def played(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
        webhooks.prepare()
        return webhooks.receive(cloud, webhooks.signed(body, **facts))

    return played


def adyens_webhook(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    webhooks.forget_accounts()
    webhooks.put_secret("adyen/main", adyen_desk().secret)
    event = scenes.event("receive_webhook")
    event["pathParameters"] = {"provider": "adyen", "account": "main"}
    event["body"] = adyen.webhook(adyen.item("CANCELLATION", "psp_1")).decode()
    return webhooks.receive(cloud, event)


def with_the_store_down(cloud: Cloud, store: CheckoutStore) -> scenes.Answered:
    webhooks.payment(store, "pi_1")
    cloud.wire.meddle = Trouble(named("Query"), 500, "InternalServerError")
    return webhook()(cloud, store)


CANCEL, GET, LIST, RECEIVE = FUNCTIONS.values()
NO_MERCHANT = Refused("noMerchant", "")
SCENES: dict[tuple[str, str], Scene] = {
    ("cancelSession", "cancelled"): everything_cancelled,
    ("cancelSession", "pending"): one_pending,
    ("cancelSession", "again"): cancelled_before,
    ("cancelSession", "incomplete"): not_completed,
    ("cancelSession", "noMerchant"): refused(CANCEL, NO_MERCHANT, {}),
    ("cancelSession", "ended"): ended,
    ("cancelSession", "busy"): busy,
    ("cancelSession", "keyBusy"): key_busy,
    ("cancelSession", "keyUsed"): key_used,
    ("cancelSession", "noSession"): cancel_of_none,
    ("cancelSession", "storeDown"): in_trouble(cancel_of_none),
    ("cancelSession", "bug"): with_a_bug(cancel_of_none, CANCEL, "ports"),
    ("getSession", "open"): an_open_session,
    ("getSession", "pending"): a_session_that_waits,
    ("getSession", "cancelled"): a_cancelled_session_that_was_paid,
    ("getSession", "noMerchant"): refused(GET, NO_MERCHANT, {}),
    ("getSession", "noSession"): get_of_none,
    ("getSession", "storeDown"): in_trouble(get_of_none),
    ("getSession", "bug"): with_a_bug(get_of_none, GET, "checkout_store"),
    ("listSessions", "page"): a_page_of_two,
    ("listSessions", "lastPage"): one_cancelled,
    ("listSessions", "none"): none_listed,
    ("listSessions", "noMerchant"): refused(LIST, NO_MERCHANT, {}),
    ("listSessions", "storeDown"): in_trouble(none_listed),
    ("listSessions", "bug"): with_a_bug(none_listed, LIST, "checkout_store"),
    ("receiveWebhook", "taken"): webhook(),
    ("receiveWebhook", "takenByAdyen"): adyens_webhook,
    ("receiveWebhook", "unreadable"): webhook("[]"),
    ("receiveWebhook", "signature"): webhook(secret="whsec_2"),
    ("receiveWebhook", "nobody"): webhook(account="nobody"),
    ("receiveWebhook", "lost"): with_the_store_down,
    ("receiveWebhook", "bug"): with_a_bug(webhook(), RECEIVE, "webhook_ports"),
    **{("cancelSession", each.name): refused(CANCEL, each) for each in requests.CANCELLATIONS},
    **{("getSession", each.name): refused(GET, each) for each in requests.READINGS},
    **{("listSessions", each.name): refused(LIST, each) for each in requests.LISTINGS},
}


def test_every_example_that_is_ours_is_played() -> None:
    assert set(SCENES) == {each for each in examples() if each[1] not in BY_GATEWAY}


@pytest.mark.parametrize("named_example", SCENES, ids="-".join)
def test_an_example_is_what_the_handler_answers(
    cloud: Cloud, store: CheckoutStore, named_example: tuple[str, str]
) -> None:
    written = examples()[named_example]
    answer = SCENES[named_example](cloud, store)
    assert (answer.status, answer.headers["Content-Type"]) == (written.status, written.kind)
    whole = {**written.schema, "components": DOCUMENT["components"]}
    if written.kind == "application/json":
        assert alike(answer.text) == alike(json.dumps(written.value, ensure_ascii=False))
        assert list(Draft202012Validator(whole).iter_errors(answer.body)) == []
    else:
        assert (answer.text, written.schema) == (written.value, {"type": "string"})
    for name, header in written.headers.items():
        assert name in answer.headers or not header["required"]
    assert ("Retry-After" in answer.headers) <= ("Retry-After" in written.headers)

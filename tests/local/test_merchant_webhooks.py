"""What a merchant's own endpoint gets of its cancellations, on a deployed stack."""

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from local import deploy, merchants
from local.answers import cancellation
from local.calls import Client
from local.payments import PaymentSide, parse
from local.stack import Stack
from local.waiting import wait_until
from tests.doubles.server import Call, Double, Reply
from tests.local.moments import PATIENCE
from tests.unit.event_schemas import problems
from tests.unit.webhook_recipe import recipe

LOCKED, DRAINED, CANCELLED = (
    "session.cancellation_pending",
    "transaction.cancelled",
    "session.cancelled",
)
PATH = "/canary-of-an-endpoint"
SIGNING_SECRET = f"whsec_{base64.b64encode(b'canary-of-a-signing-secret').decode()}"

Event = dict[str, Any]


@dataclass
class Shop:
    """A merchant with an endpoint. It refuses each event at first, so many times."""

    merchant: Client
    payments: PaymentSide
    refusals: dict[str, list[int]] = field(default_factory=dict)
    genuine: list[bool] = field(default_factory=list)
    tries: list[tuple[str, float]] = field(default_factory=list)
    taken: list[Event] = field(default_factory=list)

    def answer(self, call: Call) -> Reply:
        event = json.loads(call.body)
        self.genuine.append(recipe()(call.headers, call.body, SIGNING_SECRET))
        self.tries.append((call.headers["webhook-id"], time.monotonic()))
        if waiting := self.refusals.get(event["type"]):
            return Reply(waiting.pop(0))
        self.taken.append(event)
        return Reply(204)

    def cancel(self, *payments: str) -> str:
        session = self.payments.open()
        for each in payments:
            self.payments.attempt(session, parse(each))
        cancellation(self.merchant.cancel(session))
        return session

    def told(self, session: str, types: set[str]) -> list[Event]:
        """All that it took of a session, once these types are among it."""

        def heard() -> list[Event]:
            found = [each for each in self.taken if each["data"]["sessionId"] == session]
            return found if types <= {each["type"] for each in found} else []

        return wait_until(heard, f"{sorted(types)} of {session}", within=PATIENCE)


@pytest.fixture
def shop(stack: Stack) -> Iterator[Shop]:
    """A new one each time: of one that is known already it may be known that it wants nothing."""
    if stack.endpoint_url is None:
        pytest.skip("AWS Lambda cannot reach an endpoint on 127.0.0.1")
    merchant = merchants.make(stack, "told", merchants.SCOPES)
    shop = Shop(Client(stack, merchant), PaymentSide(stack, merchant.client_id))
    name = f"{stack.stack_name}-merchant-webhooks/{merchant.client_id}"
    with Double(shop.answer).listening() as base_url:
        secret = {"url": base_url + PATH, "secrets": [SIGNING_SECRET]}
        stack.aws.secrets.create_secret(Name=name, SecretString=json.dumps(secret))
        yield shop
    stack.aws.secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    merchants.remove(stack, merchant)


def test_a_merchant_is_told_of_its_cancellation_by_signed_webhooks(shop: Shop) -> None:
    session = shop.cancel("sandbox:ok_1")
    told = shop.told(session, {LOCKED, DRAINED, CANCELLED})
    assert [problems(each) for each in told] == [[]] * len(told)
    assert {each["data"]["merchantId"] for each in told} == {shop.merchant.merchant.client_id}
    assert shop.genuine
    assert all(shop.genuine)


def test_what_is_not_taken_at_first_comes_again_under_the_same_id(shop: Shop) -> None:
    shop.refusals = {LOCKED: [500], CANCELLED: [302]}
    session = shop.cancel()
    told = {each["type"]: each["id"] for each in shop.told(session, {LOCKED, CANCELLED})}
    for kind in (LOCKED, CANCELLED):
        first, second, *_ = (at for name, at in shop.tries if name == told[kind])
        # Its delay, less what two clocks and two machines may differ by.
        assert second - first > 4
    assert all(shop.genuine)


def test_what_is_wanted_by_nobody_any_more_is_given_up(shop: Shop, stack: Stack) -> None:
    shop.refusals = {LOCKED: [410]}
    session = shop.cancel()
    shop.told(session, {CANCELLED})
    url = deploy.outputs(stack.aws, stack.stack_name)["MerchantEventsDeadLetterQueueUrl"]

    def dead() -> list[Event]:
        found = stack.aws.queues.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0
        ).get("Messages", [])
        events = [json.loads(each["Body"]) for each in found]
        return [each for each in events if each["data"]["sessionId"] == session]

    (event,) = wait_until(dead, f"{session} is among the dead letters", within=PATIENCE)
    assert event["type"] == LOCKED
    assert [name for name, _ in shop.tries].count(event["id"]) == 1

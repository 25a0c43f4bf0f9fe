"""Every form that today's code writes an item, or a message, in."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout import bootstrap, payments
from checkout.fan_out import WorkOrder, message_to_worker
from checkout.lease import CancelRequest, Lock
from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.providers.webhook import Report
from checkout.reports import ProviderReport, report_to_message
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import session_item_key, transaction_item_key
from checkout.timestamps import to_millis
from checkout.transactions import TransactionStatus
from tests.integration import scenes, stack
from tests.template.cloudformation import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from checkout.sessions import SessionKey
    from checkout.transactions import TransactionKey
    from tests.integration.cloud import Cloud

SAMPLES = ROOT / "tests" / "samples"
FUTURE = "future"
# As DynamoDB types it, or as JSON, by the form's name.
Forms = dict[str, dict[str, Any]]
WITHOUT_REASON = CancelRequest("merchant", None)
SETTLED = TransactionStatus.SETTLED
NEVER_SENT = (CancelOutcome.TERMINAL, TransactionStatus.FAILED)
KEY = "7d444840-9dc0-41d1-b245-5ffdce74fad2"


@cache
def samples(kind: str) -> dict[str, Forms]:
    """By version, in their order; last what a later release may write, which none has yet."""
    found = {path.stem.rpartition("_")[2]: path for path in SAMPLES.glob(f"{kind}_*.json")}
    numbers = sorted((each for each in found if each != FUTURE), key=int)
    return {each: json.loads(found[each].read_text()) for each in [*numbers, FUTURE]}


def newest(kind: str) -> Forms:
    return list(samples(kind).values())[-2]


def sessions(store: CheckoutStore, client: DynamoDBClient) -> Forms:
    now = bootstrap.utc_now()
    later = now + timedelta(seconds=1)
    first = Lock("driver", now, now, now, CancelRequest("merchant", "a reason"))
    recovery = Lock("recovery", later, later, later, None)

    def after(*steps: Callable[[SessionKey], object], attempts: int = 1) -> dict[str, Any]:
        key, _ = scenes.session_with(store, *["ok_1"] * attempts)
        for each in steps:
            each(key)
        return client.get_item(TableName=stack.TABLE, Key=session_item_key(key))["Item"]

    def locked(lock: Lock) -> Callable[[SessionKey], object]:
        return lambda key: store.lock_for_cancellation(key, lock)

    def released(key: SessionKey) -> None:
        store.release_lease(key, "driver", now)

    return {
        "new": after(attempts=0),
        "open": after(),
        "locked": after(locked(first)),
        "locked without a reason": after(locked(replace(first, request=WITHOUT_REASON))),
        "pending": after(locked(first), released),
        "recovered": after(locked(first), locked(recovery)),
        "cancelled": after(locked(first), lambda key: store.complete_cancellation(key, now)),
        "completed": after(lambda key: payments.complete_session(store, key, now)),
        "expired": after(lambda key: payments.expire_session(store, key, now)),
    }


@dataclass(frozen=True)
class Steps:
    """What may be done to a transaction, one after the other."""

    store: CheckoutStore
    now: datetime

    def cancel(self, key: TransactionKey) -> None:
        self.store.record_status(key, TransactionStatus.CANCELLED, self.now)

    def settle(self, key: TransactionKey) -> None:
        """And do not record yet that it was late."""
        self.store.record_status(key, SETTLED, self.now)

    def settle_late(self, key: TransactionKey) -> None:
        payments.record_status(self.store, key, SETTLED, self.now)

    def drive(
        self, outcome: CancelOutcome, status: TransactionStatus | None = None, **more: Any
    ) -> Callable[[TransactionKey], object]:
        record = OutcomeRecord("driver", ProviderAnswer(outcome, status), self.now, **more)
        return lambda key: self.store.record_outcome(key, record)


def transactions(store: CheckoutStore, client: DynamoDBClient) -> Forms:
    steps, session = Steps(store, bootstrap.utc_now()), scenes.open_session(store)
    drive = steps.drive

    def after(*done: Callable[[TransactionKey], object], sent: bool = True) -> dict[str, Any]:
        key = scenes.attach(store, session, "ok_1" if sent else None)
        for each in done:
            each(key)
        return client.get_item(TableName=stack.TABLE, Key=transaction_item_key(key))["Item"]

    return {
        "attached": after(sent=False),
        "sent": after(),
        "awaited": after(store.mark_pending),
        "requested": after(drive(CancelOutcome.REQUESTED)),
        "refused": after(drive(CancelOutcome.REFUSED, next_attempt=1)),
        "cancelled": after(drive(CancelOutcome.CANCELLED)),
        "settled": after(steps.settle),
        "settled while awaited": after(store.mark_pending, steps.settle),
        "settled in time": after(drive(CancelOutcome.TERMINAL, SETTLED)),
        "settled late": after(steps.cancel, steps.settle_late),
        "never sent": after(drive(*NEVER_SENT, never_sent=True), sent=False),
    }


def answers(cloud: Cloud, store: CheckoutStore, client: DynamoDBClient) -> Forms:
    """What is remembered of a call with an Idempotency-Key."""
    key, _ = scenes.session_with(store, "ok_1")
    assert scenes.cancel(cloud, key, idempotency_key=KEY).status == 200
    (record,) = client.scan(TableName=stack.IDEMPOTENCY_TABLE)["Items"]
    return {"answered": record}


def reports() -> Forms:
    """Messages of the queue."""
    told = Report("pi_1", TransactionStatus.SETTLED, amount=1999, own_reference="own_1")
    report = ProviderReport("stripe", "main", told, bootstrap.utc_now())
    return {"told": json.loads(report_to_message(report))}


def orders(store: CheckoutStore) -> Forms:
    """What a driver sends to a worker."""
    key, _ = scenes.session_with(store, "ok_1")
    return {"to a worker": _message(store, key)}


def outcomes(cloud: Cloud, store: CheckoutStore) -> Forms:
    """And what the worker answers of each transaction."""
    key, _ = scenes.session_with(store, "ok_1")
    answer = cloud.function("CancelWithSandboxFunction")(_message(store, key))
    return {"of a transaction": answer["outcomes"][0]}


def _message(store: CheckoutStore, key: SessionKey) -> dict[str, Any]:
    until = to_millis(bootstrap.utc_now() + timedelta(minutes=1))
    return message_to_worker(WorkOrder(key, "driver", until, store.read_session(key).transactions))

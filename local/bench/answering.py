"""An AWS with sessions in it, in a process of its own, that answers at once.

Nothing is stored but which sessions are complete: a session's id says what is in it (`session_id`),
and the items are made of our own requests, by our own serializers. What our code is not expected
to ask is refused, and whoever measures checks the answers.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from checkout.fan_out import TransactionOutcome, order_from_message, outcomes_to_message
from checkout.providers.base import CancelOutcome
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage import session_requests, transaction_requests
from checkout.storage.items import (
    SESSION,
    serialize,
    session_key_of,
    transaction_item_key,
)
from checkout.transactions import Attempt, Money, TransactionKey, TransactionStatus
from local.bench import stub
from local.isolation import isolate_this_process
from local.places import ROOT

MERCHANT = "3k2j1h0g9f8e7d6c5b4a3z2y1x"
OPENED = datetime(2025, 11, 22, 8, 59, 58, tzinfo=UTC)
SANDBOXES = ("sandbox", "sandbox-b", "sandbox-c")
WEBHOOK_SECRET = "whsec_of_the_benchmark"  # noqa: S105 - of nobody's account
_ENDED = "1"
_LOCK = {
    "driver": ":driver",
    "leaseUntil": ":lease",
    "dueShard": ":shard",
    "dueAt": ":due",
    "drives": ":one",
    "cancelRequestedAt": ":at",
    "cancelRequestedBy": ":by",
    "reason": ":reason",
}

Item = dict[str, Any]


def session_id(transactions: int, serial: int = 0, *, ended: bool = False) -> str:
    """Of the session number `serial` with so many transactions: in flight, or ended."""
    return f"019aa8f0-1c00-7000-8000-{serial:08d}{int(ended)}{transactions:03d}"


def transaction_id(number: int) -> str:
    return f"019aa8f0-2000-7000-8000-{number:012d}"


@cache
def transaction_item(key: TransactionKey, provider: str, status: TransactionStatus) -> Item:
    reference = f"ok_{key.transaction_id}"
    put = transaction_requests.put_attempt(
        Attempt(key, provider, "main", Money(1999, "EUR")), OPENED
    )
    told = transaction_requests.record_reference(key, provider, reference)
    values = told["ExpressionAttributeValues"]
    later = {"providerReference": values[":reference"], "providerKey": values[":key"]}
    item: Item = put["Item"] | later | serialize({"status": status.value})
    return item


def session_item(key: SessionKey, status: SessionStatus, attempts: Iterable[str]) -> Item:
    facts: Item = {"status": status.value}
    if attached := set(attempts):
        facts["attempts"] = attached
    item: Item = session_requests.open_session(key, OPENED)["Item"] | serialize(facts)
    return item


def _session(key: SessionKey, status: SessionStatus) -> Item:
    return session_item(key, status, map(transaction_id, range(int(key.session_id[-3:]))))


@cache
def _transactions_of(key: SessionKey) -> list[Item]:
    ended = key.session_id[-4] == _ENDED
    status = TransactionStatus.CANCELLED if ended else TransactionStatus.PROCESSING
    return [
        transaction_item(TransactionKey(key, transaction_id(each)), SANDBOXES[each % 3], status)
        for each in range(int(key.session_id[-3:]))
    ]


class World:
    """Answers as AWS would, where all goes well."""

    def __init__(self) -> None:
        self._complete: set[SessionKey] = set()

    def __call__(self, operation: str, request: dict[str, Any]) -> tuple[int, Any]:
        known = {
            "Query": self._query,
            "GetItem": _get_item,
            "UpdateItem": self._update_item,
            "StartSyncExecution": _execute,
            "Invoke": _work,
            "GetSecretValue": _secret,
        }
        try:
            return 200, known[operation](request)
        except (KeyError, ValueError) as error:
            return 400, {"__type": "x#ValidationException", "message": f"{operation}: {error!r}"}

    def _query(self, request: dict[str, Any]) -> Item:
        values = request["ExpressionAttributeValues"]
        if request.get("IndexName") == "by-provider-reference":
            key = SessionKey(MERCHANT, session_id(1))
            found = transaction_item_key(TransactionKey(key, transaction_id(0)))
            return _page([found | {"providerKey": values[":key"]}])
        if ":pk" not in values:
            return _page([])  # nothing is due; and the bare handler looks for nothing
        key = session_key_of(values[":pk"]["S"])
        done = key in self._complete
        status = SessionStatus.CANCELLED if done else SessionStatus.PENDING_CANCELLATION
        return _page([_session(key, status), *_transactions_of(key)])

    def _update_item(self, request: dict[str, Any]) -> Item:
        item_key, values = request["Key"], request["ExpressionAttributeValues"]
        key = session_key_of(item_key["PK"]["S"])
        if item_key["SK"]["S"] != SESSION:
            return {"Attributes": _changed(key, item_key, values)}
        if ":lease" in values:
            self._complete.discard(key)
            pending = _session(key, SessionStatus.PENDING_CANCELLATION)
            return {"Attributes": pending | {name: values[at] for name, at in _LOCK.items()}}
        self._complete.add(key)
        at = {"cancelledAt": values[":now"], "status": values[":cancelled"]}
        return {"Attributes": _session(key, SessionStatus.CANCELLED) | at}


def _changed(session: SessionKey, item_key: Item, values: Item) -> Item:
    """A worker's outcome, or a status that a provider has reported."""
    key = TransactionKey(session, item_key["SK"]["S"].partition("#")[2])
    item = transaction_item(key, "stripe", TransactionStatus.PROCESSING)
    told = {name: values[f":{name}"] for name in ("driver", "status") if f":{name}" in values}
    return item | {"status": {"S": TransactionStatus.CANCELLED.value}} | told


def _get_item(request: dict[str, Any]) -> Item:
    """Only reports ask for a single one."""
    key = session_key_of(request["Key"]["PK"]["S"])
    wanted = TransactionKey(key, request["Key"]["SK"]["S"].partition("#")[2])
    return {"Item": transaction_item(wanted, "stripe", TransactionStatus.PROCESSING)}


def _page(items: list[Item]) -> Item:
    return {"Items": items, "Count": len(items), "ScannedCount": len(items)}


def _execute(request: dict[str, Any]) -> dict[str, Any]:
    """The machine hands each worker its group, and answers with what they say."""
    order = json.loads(request["input"])
    groups = order.pop("groups")
    output = json.dumps([_work(order | group) for group in groups])
    return {"executionArn": "arn", "startDate": 0, "stopDate": 0} | {
        "status": "SUCCEEDED",
        "output": output,
    }


def _work(message: dict[str, Any]) -> dict[str, Any]:
    status = TransactionStatus.CANCELLED
    outcomes = [
        TransactionOutcome(each.transaction_id, CancelOutcome.CANCELLED, status)
        for each in order_from_message(message).transactions
    ]
    return {"provider": message["provider"], "outcomes": outcomes_to_message(outcomes)}


def _secret(request: dict[str, Any]) -> dict[str, Any]:
    """Of whichever account of Stripe's: no other provider's webhook is called here."""
    secret = {
        "environment": "sandbox",
        "secretKey": "sk_test_of_nobody",
        "webhookSecrets": [WEBHOOK_SECRET],
    }
    return {"Name": request["SecretId"], "SecretString": json.dumps(secret)}


@contextmanager
def running() -> Iterator[str]:
    """The URL of one in a process of its own: its time is not the time of who asks it."""
    command = [sys.executable, "-m", "local.bench.answering"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout
        yield process.stdout.readline().strip()
        # Leaving closes its input, which ends it.


if __name__ == "__main__":
    isolate_this_process()
    with stub.listening(World()) as url:
        print(url, flush=True)
        sys.stdin.read()

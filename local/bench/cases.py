"""What each handler is measured with: the samples of events/, about sessions that answering.py has.

Read by the process that is measured, so it imports nothing that a function does not.
"""

import copy
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from local.bench.answering import MERCHANT, WEBHOOK_SECRET, session_id, transaction_id
from local.places import ROOT

Event = dict[str, Any]
BARE = "bare handler"
# What the stream's function gets at once: see template.yaml.
BATCH = 10
# More records than are made of any case.
ROOM = 100_000


@dataclass(frozen=True, slots=True)
class Case:
    """`folder` has its code, `resource` is what the template calls it.

    `event` makes the request of that number. `right` tells whether an answer is the expected one: a
    failure is no measurement.
    """

    folder: str
    of: str
    resource: str
    event: Callable[[int], Event]
    right: Callable[[Any], bool]

    @property
    def name(self) -> str:
        return f"{self.folder}, {self.of}" if self.of else self.folder


@cache
def _text(name: str) -> str:
    return (ROOT / "events" / f"{name}.json").read_text()


def sample(name: str) -> Event:
    read: Event = json.loads(_text(name))
    return read


def cancel(transactions: int) -> Case:
    def event(serial: int) -> Event:
        called = sample("cancel_session")
        called["body"] = json.dumps({"sessionId": session_id(transactions, serial)})
        return called

    def right(answer: Any) -> bool:
        said = json.loads(answer["body"])
        return bool(
            said["status"] == "CANCELLED" and len(said["cancelledTransactionIds"]) == transactions
        )

    of = _number(transactions)
    return Case("cancel_session", of, "CancelSessionFunction", event, right)


def get(transactions: int) -> Case:
    def event(serial: int) -> Event:
        called = sample("get_session")
        called["pathParameters"]["sessionId"] = session_id(transactions, serial)
        return called

    def right(answer: Any) -> bool:
        return len(json.loads(answer["body"])["transactions"]) == transactions

    return Case("get_session", _number(transactions), "GetSessionFunction", event, right)


def worker(transactions: int) -> Case:
    def event(serial: int) -> Event:
        order = sample("cancel_transactions")
        (one,) = order["transactions"]
        ids = [transaction_id(each) for each in range(transactions)]
        mine = [{**one, "transactionId": each} for each in ids]
        return {**order, "sessionId": session_id(transactions, serial), "transactions": mine}

    def right(answer: Any) -> bool:
        return [each["status"] for each in answer["outcomes"]] == ["CANCELLED"] * transactions

    of = _number(transactions)
    return Case("cancel_transactions", of, "CancelWithSandboxFunction", event, right)


def complete(records: int, *, same: bool) -> Case:
    """Of one session with as many transactions, or of sessions with one; all have ended."""

    def event(serial: int) -> Event:
        # No two cases share a session: one that is complete takes a call less.
        first = records * ROOM + serial * records
        sessions = (
            [session_id(records, first, ended=True)] * records
            if same
            else [session_id(1, first + each, ended=True) for each in range(records)]
        )
        return {"Records": list(_records(sessions))}

    of = "one session" if same else "different sessions"
    return Case(
        "complete_cancellations",
        "1 record" if records == 1 else f"{records} records of {of}",
        "CompleteCancellationsFunction",
        event,
        lambda answer: answer == {"batchItemFailures": []},
    )


def _records(sessions: Iterable[str]) -> Iterable[Event]:
    (one,) = sample("complete_cancellations")["Records"]
    for number, each in enumerate(sessions):
        record = copy.deepcopy(one)
        change = record["dynamodb"]
        change["SequenceNumber"] = str(number)
        for part in ("Keys", "OldImage", "NewImage"):
            change[part]["PK"]["S"] = f"MERCHANT#{MERCHANT}#SESSION#{each}"
        yield record


def reconcile() -> Case:
    return Case(
        "reconcile",
        "nothing due",
        "ReconcileFunction",
        lambda _: sample("reconcile"),
        lambda answer: answer["driven"] == answer["unavailable"] == 0,
    )


def webhook() -> Case:
    def event(_: int) -> Event:
        called, at = sample("receive_webhook"), int(time.time())
        signed = f"{at}.{called['body']}".encode()
        digest = hmac.new(WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
        called["multiValueHeaders"]["Stripe-Signature"] = [f"t={at},v1={digest}"]
        return called

    return Case(
        "receive_webhook",
        "1 report",
        "ReceiveWebhookFunction",
        event,
        lambda answer: answer["statusCode"] == 200,
    )


def match() -> Case:
    return Case(
        "match_reports",
        "1 report",
        "MatchReportsFunction",
        lambda _: sample("match_reports"),
        lambda answer: answer == {"batchItemFailures": []},
    )


def bare() -> Case:
    """What all are compared with: one query."""
    return Case(BARE, "", "", lambda _: {}, lambda answer: answer == {"found": 0})


def of_every_handler() -> list[Case]:
    return [
        *map(cancel, (0, 1, 3)),
        get(3),
        *map(worker, (1, 3, 12)),
        complete(1, same=True),
        reconcile(),
        webhook(),
        match(),
    ]


def of_the_stream(sizes: Iterable[int]) -> list[Case]:
    return [complete(size, same=same) for size in sizes for same in {size == 1, True}]


def _number(transactions: int) -> str:
    return f"{transactions or 'no'} transaction{'s' * (transactions != 1)}"

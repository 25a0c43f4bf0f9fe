"""The outside world of the local stack: a background process, and no part of what is deployed.

Where a provider would report by webhook that a payment has ended, this reports it, through the same
`record_status`: `async_*` after their cancellation, `unstoppable_*` after their creation.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from checkout.bootstrap import utc_now
from checkout.payments import record_status
from checkout.providers.sandbox.behaviour import Kind, behaviour_of, own_end
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import (
    TRANSACTION_PREFIX,
    deserialize,
    serialize,
    session_key_of,
    transaction_from,
)
from checkout.timestamps import from_text
from checkout.transactions import IN_FLIGHT, Transaction, TransactionKey, TransactionStatus
from local.aws import Aws
from local.change_feed import ChangeFeed
from local.console import say

EVERY_SECONDS = 0.25
# A round may take this share of the time, so that thousands of payments do not starve the stack.
SHARE = 0.25
# Even on a busy machine something goes on.
LONGEST_PAUSE = 2.0
KEYS_AT_ONCE = 100

Watched = dict[TransactionKey, Transaction]


def kind_of(transaction: Transaction) -> Kind | None:
    """None for a payment that is not the sandbox's, or that the sandbox does not know."""
    if not transaction.provider.startswith("sandbox") or transaction.provider_reference is None:
        return None
    try:
        return behaviour_of(transaction.provider_reference).kind
    except ValueError:
        return None


def notice(watched: Watched, image: Mapping[str, Any]) -> None:
    """Watch the transaction that was written if it will end by itself, or stop watching it."""
    item = deserialize({name: image[name] for name in ("PK", "SK")})
    if not item["SK"].startswith(TRANSACTION_PREFIX):
        return
    transaction = transaction_from(session_key_of(item["PK"]), image)
    ends_by_itself = kind_of(transaction) in (Kind.ASYNC, Kind.UNSTOPPABLE)
    if ends_by_itself and transaction.status in IN_FLIGHT:
        watched[transaction.key] = transaction
    else:
        watched.pop(transaction.key, None)


def ledger_key(transaction: Transaction) -> str:
    return f"{transaction.provider}#{transaction.key.transaction_id}"


def ended(
    watched: Iterable[Transaction], voided_at: Mapping[str, datetime], now: datetime
) -> Iterator[tuple[Transaction, TransactionStatus]]:
    """The payments that have ended at their provider by `now`, and how."""
    for transaction in watched:
        voided = voided_at.get(ledger_key(transaction))
        reference = transaction.provider_reference or ""
        status = own_end(reference, transaction.created_at, voided, now)
        if status is not None:
            yield transaction, status


class World:
    def __init__(self, aws: Aws, table: str, ledger_table: str) -> None:
        self._dynamodb = aws.dynamodb
        self._ledger_table = ledger_table
        self._store = CheckoutStore(aws.dynamodb, table)
        self._feed = ChangeFeed(aws, table)
        self._watched: Watched = {}

    def turn(self, now: datetime) -> None:
        """One look at everything, and a report of each payment that has ended."""
        for record in self._feed.read():
            if image := record["dynamodb"].get("NewImage"):
                notice(self._watched, image)
        voided_at = dict(self._voided())
        for transaction, status in list(ended(self._watched.values(), voided_at, now)):
            record_status(self._store, transaction.key, status, now)
            self._watched.pop(transaction.key, None)
            say(f"{transaction.provider_reference} of {transaction.key.transaction_id}: {status}")

    def start_again(self) -> None:
        self._watched.clear()
        self._feed.start_again()

    def _voided(self) -> Iterator[tuple[str, datetime]]:
        """When each watched payment was voided, of those that were."""
        waiting = [each for each in self._watched.values() if kind_of(each) is Kind.ASYNC]
        keys = [serialize({"payment": ledger_key(each)}) for each in waiting]
        for start in range(0, len(keys), KEYS_AT_ONCE):
            asked = {self._ledger_table: {"Keys": keys[start : start + KEYS_AT_ONCE]}}
            answer = self._dynamodb.batch_get_item(RequestItems=asked)  # type: ignore[arg-type]
            for raw in answer["Responses"].get(self._ledger_table, []):
                item = deserialize(raw)
                if "voidedAt" in item:
                    yield item["payment"], from_text(item["voidedAt"])


def main() -> None:
    """`python -m local.world <endpoint> <table> <ledger table>`."""
    endpoint_url, table, ledger_table = sys.argv[1:]
    world = World(Aws(endpoint_url), table, ledger_table)
    while True:
        started = time.monotonic()
        try:
            world.turn(utc_now())
        except Exception as error:  # noqa: BLE001 - the world does not end with one bad turn
            say(f"{type(error).__name__}: {error}")
            world.start_again()
        took = time.monotonic() - started
        time.sleep(min(max(EVERY_SECONDS, took / SHARE), LONGEST_PAUSE))


if __name__ == "__main__":
    main()

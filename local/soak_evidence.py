"""What a soak finds in the end: the tables, and what GET shows."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from checkout.providers.sandbox.ledger import LedgerEntry, entry_from
from checkout.transactions import SessionSnapshot
from local.calls import Client
from local.inspection import Inspector
from local.soak_checks import Evidence
from local.soak_history import History
from local.soak_records import Record, Records
from local.stack import Stack

READERS = 4


@dataclass(frozen=True)
class _Gatherer:
    merchant: Client
    inspector: Inspector
    ledger: dict[str, LedgerEntry]
    history: History
    kills: Sequence[float]

    def gather(self, record: Record) -> Evidence:
        snapshot = self.inspector.snapshot(record.session_id)
        items = self.history.transactions.get(record.session_id, {})
        return Evidence(
            record=record,
            snapshot=snapshot,
            ledger={each: self.ledger.get(each, LedgerEntry()) for each in items},
            items=items,
            shown=self._shown(snapshot),
            kills=self.kills,
        )

    def _shown(self, snapshot: SessionSnapshot) -> dict[str, Any]:
        """Only where money arrived: a call of GET takes a while."""
        if not any(each.settled_at for each in snapshot.transactions):
            return {}
        body = self.merchant.get(snapshot.session.key.session_id).json()
        return {each["transactionId"]: each["settledAfterCancel"] for each in body["transactions"]}


def gather(
    stack: Stack, records: Records, history: History, kills: Sequence[float]
) -> list[Evidence]:
    merchant = Client(stack, stack.merchants[0])
    inspector = Inspector(stack, merchant.merchant.client_id)
    gatherer = _Gatherer(merchant, inspector, dict(_ledger(stack)), history, kills)
    with ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(gatherer.gather, records))


def _ledger(stack: Stack) -> Iterator[tuple[str, LedgerEntry]]:
    """By transaction id, which is unique over all providers."""
    pages = stack.aws.dynamodb.get_paginator("scan").paginate(TableName=stack.ledger_table)
    for page in pages:
        for item in page["Items"]:
            _, _, transaction_id = item["payment"]["S"].partition("#")
            yield transaction_id, entry_from(item)

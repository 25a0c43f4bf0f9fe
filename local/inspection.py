"""What the tables hold: sessions as stored, and what the sandbox providers saw of each payment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkout.providers.sandbox.ledger import Ledger, LedgerEntry
from checkout.sessions import SessionKey
from checkout.storage.dynamodb import CheckoutStore
from checkout.storage.items import deserialize, session_item_key, transaction_item_key
from checkout.transactions import SessionSnapshot, TransactionKey
from local.stack import Stack


@dataclass(frozen=True)
class Inspector:
    stack: Stack
    merchant_id: str

    def key(self, session_id: str) -> SessionKey:
        return SessionKey(self.merchant_id, session_id)

    @property
    def store(self) -> CheckoutStore:
        return CheckoutStore(self.stack.aws.dynamodb, self.stack.table)

    def snapshot(self, session_id: str) -> SessionSnapshot:
        """Raises SessionNotFoundError."""
        return self.store.read_session(self.key(session_id))

    def session_item(self, session_id: str) -> dict[str, Any]:
        """The item with all its attributes; empty if there is none."""
        return self._item(session_item_key(self.key(session_id)))

    def transaction_item(self, session_id: str, transaction_id: str) -> dict[str, Any]:
        key = TransactionKey(self.key(session_id), transaction_id)
        return self._item(transaction_item_key(key))

    def _item(self, key: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.stack.aws.dynamodb.get_item(
            TableName=self.stack.table, Key=key, ConsistentRead=True
        )
        return deserialize(answer.get("Item", {}))

    def ledger(self, provider: str, transaction_id: str) -> LedgerEntry:
        """What the provider was asked for, and did."""
        ledger = Ledger(self.stack.aws.dynamodb, self.stack.ledger_table)
        return ledger.read(provider, transaction_id)

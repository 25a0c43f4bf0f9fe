"""Sessions and transactions to test with, made the way that the payment side makes them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from checkout.payments import PaymentStore, begin_transaction, open_session, record_reference
from checkout.sessions import SessionKey
from checkout.transactions import (
    Attempt,
    Money,
    Transaction,
    TransactionKey,
    TransactionStatus,
)
from tests.unit.clock import NOON, Clock

KEY = SessionKey("merchant-1", "018f0000-0000-7000-8000-000000000001")
MONEY = Money(1999, "EUR")


def transaction_id(number: int) -> str:
    """Ids that sort by their number."""
    return f"018f0000-0000-7000-9000-{number:012d}"


def transaction_key(number: int = 1) -> TransactionKey:
    return TransactionKey(KEY, transaction_id(number))


def an_attempt(number: int = 1, provider: str = "bank") -> Attempt:
    return Attempt(transaction_key(number), provider, "account-1", MONEY)


def a_transaction(number: int = 1, **facts: Any) -> Transaction:
    """In flight at `bank`, attached at noon; `facts` say what is different."""
    plain = Transaction(
        key=transaction_key(number),
        provider="bank",
        provider_account="account-1",
        money=MONEY,
        status=TransactionStatus.PROCESSING,
        created_at=NOON,
        attached_at=NOON,
        provider_reference=f"ref_{number}",
    )
    return replace(plain, **facts)


def open_with(store: PaymentStore, *providers: str, now: datetime = NOON) -> list[str]:
    """An open session with one started transaction for each name; their ids."""
    open_session(store, KEY, now)
    return [start(store, number, name, now) for number, name in enumerate(providers, start=1)]


def start(store: PaymentStore, number: int, provider: str, now: datetime = NOON) -> str:
    """Begin a transaction and send it to its provider."""
    attempt = an_attempt(number, provider)
    begin_transaction(store, attempt, Clock(now))
    record_reference(store, attempt.key, provider, f"ref_{number}")
    return attempt.key.transaction_id

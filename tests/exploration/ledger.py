"""The bank as one more place that steps change, with what may never happen there."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.transactions import TransactionStatus
from tests.exploration.replay import moment
from tests.integration.bank import Bank, Payment, Temper
from tests.integration.changes import demand

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Locked:
    """What the table says at the moment of a step; `driver` holds the lease or held it last."""

    status: str
    driver: str | None
    attached: frozenset[str]


@dataclass
class Ledger:
    """`refused` are the idempotency keys that a refusal was answered to; it is replayed."""

    bank: Bank = field(default_factory=Bank)
    refused: dict[str, set[str]] = field(default_factory=dict)
    captured_at: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "Ledger":
        bank = Bank()
        bank.drivers = [*self.bank.drivers]
        for name, payment in self.bank.payments.items():
            bank.payments[name] = replace(payment, asked=[*payment.asked])
        refused = {name: {*keys} for name, keys in self.refused.items()}
        return Ledger(bank, refused, {**self.captured_at})

    @property
    def form(self) -> str:
        """Equal for ledgers that nothing can tell apart."""
        refused = {name: sorted(keys) for name, keys in sorted(self.refused.items())}
        return repr((self.bank.payments, self.bank.drivers, refused, self.captured_at))

    def put(self, transaction_id: str, temper: Temper, *, sent: bool) -> None:
        self.bank.payments[transaction_id] = Payment(temper, sent=sent)

    def send(self, body: Content, now: int, seen: Locked) -> Content:
        if moment(now) > datetime.fromisoformat(body["until"]):
            return {"sent": False}
        demand(body["id"] in seen.attached, "sent without being attached")
        self.bank.send(body["id"])
        return {"sent": True}

    def void(self, body: Content, now: int, seen: Locked) -> Content:
        self._check_called(body, seen)
        payment = self.bank.payments[body["id"]]
        refused = self.refused.setdefault(body["id"], set())
        if payment.asked and payment.asked[-1][1] != body["key"]:
            last = payment.asked[-1][1]
            demand(last in refused, f"{body['id']}: another idempotency key, and no refusal")
        if body["key"] in refused:
            payment.asked.append((body["driver"], body["key"]))
            self.bank.drivers.append(body["driver"])
            answer = ProviderAnswer(CancelOutcome.REFUSED)
        else:
            answer = self.bank.cancel(body["id"], body["driver"], body["key"])
        if answer.outcome is CancelOutcome.REFUSED:
            refused.add(body["key"])
        return {"outcome": answer.outcome.value, "status": answer.status}

    def retrieve(self, body: Content, now: int, seen: Locked) -> Content:
        self._check_called(body, seen)
        found = self.bank.retrieve(body["id"])
        return {"status": found.status, "found": found.found}

    def act(self, body: Content, now: int, seen: Locked) -> Content:
        """A late void is carried out, or the payer is faster; a payment that ended stays so."""
        payment = self.bank.payments[body["id"]]
        if not payment.sent:
            return {"status": None}
        if payment.promised:
            payment.void()
        elif payment.alive:
            self.bank.capture(body["id"])
            self.captured_at[body["id"]] = now
        return {"status": payment.status}

    def refund(self, body: Content, now: int, seen: Locked) -> Content:
        payment = self.bank.payments[body["id"]]
        demand(payment.status is TransactionStatus.SETTLED, "refunded what was not settled")
        payment.refunded = True
        return {}

    def _check_called(self, body: Content, seen: Locked) -> None:
        demand(seen.status != "OPEN", "a provider was called before the lock")
        demand(seen.driver == body["driver"], "a provider was called by who does not drive")
        demand(body["id"] in seen.attached, "a provider was asked for what is not attached")

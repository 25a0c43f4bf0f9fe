"""What a provider has reported: as it was verified, as a message of the queue, and as recorded."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from checkout.errors import MalformedRecordError
from checkout.providers.webhook import Report
from checkout.timestamps import from_text, to_text
from checkout.transactions import PAID, TERMINAL, TransactionKey, TransactionStatus

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """A report, and whose secret has signed it. Only what was verified, and no payload."""

    provider: str
    account: str
    report: Report
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a report has made of a transaction. `reported` is None of a refused cancellation.

    `late_settlement`: it is the first to tell of money that came after a cancellation.
    """

    key: TransactionKey
    reported: TransactionStatus | None
    status: TransactionStatus
    late_settlement: bool = False

    @property
    def contradicts(self) -> bool:
        """One of the two ends has to do with money and the other has not.

        Ends without money are alike to us: what we cancel, a provider may report as expired.
        """
        if self.reported is None or not TERMINAL.issuperset((self.reported, self.status)):
            return False
        return (self.reported in PAID) != (self.status in PAID)

    @property
    def uncounted_money(self) -> bool:
        """Money for what had ended otherwise. That of a settlement the table's stream counts."""
        return self.late_settlement and self.status not in PAID


def report_to_message(told: ProviderReport) -> str:
    return json.dumps(
        {
            "provider": told.provider,
            "account": told.account,
            "reference": told.report.reference,
            "ownReference": told.report.own_reference,
            "status": told.report.status,
            "cancelRefused": told.report.cancel_refused,
            "ask": told.report.ask,
            "ends": told.report.ends,
            "amount": told.report.amount,
            "receivedAt": to_text(told.received_at),
        }
    )


def report_from_message(message: str) -> ProviderReport:
    """Raises MalformedRecordError."""
    try:
        told = json.loads(message)
        status, amount = told["status"], told["amount"]
        report = Report(
            reference=_text(told["reference"]),
            # A message of an older release, which waits up to two weeks, may lack these two.
            own_reference=_text(told.get("ownReference", "")),
            status=None if status is None else TransactionStatus(status),
            cancel_refused=_typed(bool, told["cancelRefused"]),
            ask=_typed(bool, told["ask"]),
            ends=_typed(bool, told.get("ends", False)),
            amount=None if amount is None else _typed(int, amount),
        )
        received_at = from_text(told["receivedAt"])
        if received_at.tzinfo is None:
            raise ValueError("no moment")
        return ProviderReport(_text(told["provider"]), _text(told["account"]), report, received_at)
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise MalformedRecordError("report") from error


def _typed(kind: type[Value], value: object) -> Value:
    if not isinstance(value, kind):
        raise TypeError("of another type")
    return value


def _text(value: object) -> str:
    found = _typed(str, value)
    found.encode()  # a ValueError of half of a surrogate pair, which no key can hold
    return found

"""A service in memory that gets reports: a store, a provider to ask, a queue to keep them on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from checkout.errors import CheckoutError, ReportsLostError
from checkout.providers.webhook import EMPTY, Acknowledgement, Delivery, Report
from checkout.reports import ProviderReport, Recorded
from checkout.transactions import Transaction, TransactionStatus
from checkout.webhooks import WebhookPorts, match_report, read_reports, take_report, take_reports
from tests.unit.clock import NOON, Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import ScriptedProvider, Troubles
from tests.unit.samples import a_transaction, transaction_key

TIME = timedelta(seconds=4)
DELIVERY = Delivery("account-1", b"payload", {}, {}, NOON)


@dataclass
class KeptReports:
    """The queue. Nothing can be put on it while it is `down`."""

    down: bool = False
    kept: list[ProviderReport] = field(default_factory=list)

    def keep(self, reports: Sequence[ProviderReport]) -> None:
        if reports and self.down:
            raise ReportsLostError
        self.kept += reports


@dataclass(frozen=True)
class ScriptedReader:
    """Has read what it is made with, or raises it."""

    found: list[Report] | CheckoutError
    acknowledgement: Acknowledgement = EMPTY

    def read(self, delivery: Delivery) -> list[Report]:
        if isinstance(self.found, CheckoutError):
            raise self.found
        return self.found


@dataclass
class Desk:
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=Clock)
    queue: KeptReports = field(default_factory=KeptReports)
    told: list[Recorded] = field(default_factory=list)
    troubles: Troubles = field(default_factory=Troubles)

    def __post_init__(self) -> None:
        self.bank = ScriptedProvider(self.clock)

    @property
    def ports(self) -> WebhookPorts:
        providers = {"bank": self.bank}
        return WebhookPorts(
            self.store, providers.__getitem__, self.clock, self.told.append, self.troubles
        )

    @property
    def until(self) -> datetime:
        return self.clock() + TIME

    def has(self, *transactions: Transaction) -> None:
        self.store.transactions |= {each.key: each for each in transactions}

    def transaction(self, number: int = 1) -> Transaction:
        return self.store.transactions[transaction_key(number)]

    def read(self, found: list[Report] | CheckoutError) -> list[ProviderReport]:
        return read_reports(self.ports, ScriptedReader(found), "bank", DELIVERY)

    def take(self, *reports: Report, until: datetime | None = None) -> int:
        """How many were kept."""
        return take_reports(self.ports, self.queue, told(*reports), until or self.until)

    def take_too_late(self, report: Report) -> bool:
        """Found, but when it is to be recorded the batch's time is over."""
        return take_report(self.ports, told(report)[0], self.until, claim=lambda: False)

    def match(self, report: Report) -> None:
        """As it comes from the queue."""
        match_report(self.ports, told(report)[0], self.until)


def told(*reports: Report, account: str = "account-1") -> list[ProviderReport]:
    return [ProviderReport("bank", account, each, NOON) for each in reports]


def a_desk(*transactions: Transaction) -> Desk:
    """With a payment in flight, `ref_1`, unless other ones are given."""
    desk = Desk()
    desk.has(*(transactions or (a_transaction(),)))
    return desk


def settled(number: int = 1) -> Report:
    return Report(f"ref_{number}", TransactionStatus.SETTLED)

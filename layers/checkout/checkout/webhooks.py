"""What providers report by themselves: from a verified report to the transaction that it is about.

A report that finds no transaction, or that nobody could confirm, is kept on a queue and tried
again: the payment side may be about to record the reference.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from checkout.errors import (
    CredentialsError,
    InvalidRequestError,
    NoSuchWebhookError,
    ProviderTrouble,
    ProviderTroubleError,
    ReportsLostError,
    StoreError,
    UnmatchedReportError,
)
from checkout.parallel import Claim, do_all
from checkout.payments import PaymentStore, record_status
from checkout.provider_cancellation import MAX_PARALLEL_CALLS, RETRIEVE_TIMEOUT, SHORTEST_CALL
from checkout.providers.base import Provider
from checkout.providers.webhook import Delivery, Report, WebhookReader
from checkout.reports import ProviderReport, Recorded
from checkout.transactions import (
    IN_FLIGHT,
    Transaction,
    TransactionKey,
    TransactionStatus,
)

# Characters. No provider's are longer, and a key of the table's index holds 2048 bytes.
MAX_REFERENCE = 500
_OWN_REFERENCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# For how long a refusal waits for the record of the cancellation that it refuses. The worker
# stores it within seconds; if it died, the next drive does, within two and a half minutes.
REFUSAL_WAIT = timedelta(minutes=5)


class ReportStore(PaymentStore, Protocol):
    """All raise StoreError."""

    def transactions_of(self, provider: str, reference: str) -> list[TransactionKey]:
        """By the provider's reference, of whichever account; one that is new may be missing."""

    def read_transaction(self, key: TransactionKey) -> Transaction | None: ...

    def record_cancel_refusal(self, key: TransactionKey) -> bool:
        """Whether a cancellation that the provider had accepted is now recorded as refused."""


class ReportQueue(Protocol):
    def keep(self, reports: Sequence[ProviderReport]) -> None:
        """Raises ReportsLostError."""


@dataclass(frozen=True, slots=True)
class WebhookPorts:
    """`tell` is told of each report at once: what comes after it may fail, and it is told once."""

    store: ReportStore
    provider: Callable[[str], Provider]
    clock: Callable[[], datetime]
    tell: Callable[[Recorded], None]
    report: Callable[[str, Exception], None]


def read_reports(
    ports: WebhookPorts, reader: WebhookReader, provider: str, delivery: Delivery
) -> list[ProviderReport]:
    """The verified reports of one delivery.

    Raises SignatureError, InvalidRequestError, NoSuchWebhookError (the account, which a stranger
    must not tell from a provider that we do not have), and ReportsLostError if it cannot be told
    now whom it is from.
    """
    try:
        reports = reader.read(delivery)
    except ProviderTroubleError as error:
        if isinstance(error, CredentialsError) and error.code is ProviderTrouble.NO_CREDENTIALS:
            raise NoSuchWebhookError from None
        ports.report("webhook cannot be verified", error)
        raise ReportsLostError from error
    if any(len(each.reference) > MAX_REFERENCE for each in reports):
        raise InvalidRequestError("reference", f"is longer than {MAX_REFERENCE} characters")
    at = delivery.received_at
    ours = [_without_foreign_names(each) for each in reports]
    return [ProviderReport(provider, delivery.account, each, at) for each in ours if each.tells]


def _without_foreign_names(report: Report) -> Report:
    """Whatever else the merchant has named it is no business of ours, and not for a queue."""
    is_ours = _OWN_REFERENCE.fullmatch(report.own_reference)
    return report if is_ours else replace(report, own_reference="")


def take_reports(
    ports: WebhookPorts, queue: ReportQueue, reports: Sequence[ProviderReport], until: datetime
) -> int:
    """Record each, or keep it for later; how many were kept.

    What is not recorded by `until` is kept, too. Raises ReportsLostError, with the others recorded
    and kept all the same: the provider sends all of them again, and repeats are harmless.
    """
    lost: list[ProviderReport] = []

    def work(report: ProviderReport, claim: Claim) -> bool:
        try:
            return take_report(ports, report, until, claim)
        except StoreError as error:
            ports.report("report was not recorded", error)
            lost.append(report)
        except Exception as error:  # noqa: BLE001 - the edge of a report: the others go on
            ports.report("report failed", error)
        return False

    seconds = max(0.0, (until - ports.clock()).total_seconds())
    done = do_all(work, reports, MAX_PARALLEL_CALLS, seconds)
    left = [each for each, result in zip(reports, done, strict=True) if result is not True]
    kept = [each for each in left if each not in lost]
    queue.keep(kept)
    if lost:
        raise ReportsLostError
    return len(kept)


def _always() -> bool:
    return True


def take_report(
    ports: WebhookPorts, told: ProviderReport, until: datetime, claim: Claim = _always
) -> bool:
    """Record one report; False if that has to be tried again. Repeats change nothing.

    Nothing is begun after `until`. Raises StoreError.
    """
    if ports.clock() >= until:
        return False
    found = _transactions(ports.store, told)
    statuses = [_status(ports, each, told.report, until) for each in found]
    if not found or not claim():
        return False
    done = [
        _record(ports, each, told, status) for each, status in zip(found, statuses, strict=True)
    ]
    return all(done)


def match_report(ports: WebhookPorts, told: ProviderReport, until: datetime) -> None:
    """The same of a report that was kept. Raises UnmatchedReportError, StoreError."""
    if not take_report(ports, told, until):
        raise UnmatchedReportError("no transaction has it yet", retry_after=90)


def _transactions(store: ReportStore, told: ProviderReport) -> list[Transaction]:
    """Of the account that has signed: it must not touch what another one's credentials made."""
    names = [told.report.reference, told.report.own_reference]
    searched = (store.transactions_of(told.provider, name) for name in names if name)
    keys = next((found for found in searched if found), [])
    read = (store.read_transaction(key) for key in keys)
    whose = (told.provider, told.account)
    return [each for each in read if each and (each.provider, each.provider_account) == whose]


def _status(
    ports: WebhookPorts, transaction: Transaction, report: Report, until: datetime
) -> TransactionStatus | None:
    """As signed, or as the provider tells when it is asked; None if it tells nothing."""
    if not _has_to_be_asked(report):
        return report.status
    timeout = min(RETRIEVE_TIMEOUT, (until - ports.clock()).total_seconds())
    if timeout < SHORTEST_CALL:
        return None
    told = ports.provider(transaction.provider).retrieve(transaction, timeout)
    # Not found there, of a payment that it has just told us of: a contradiction, never an end.
    if not told.found or (report.ends and told.status in IN_FLIGHT):
        return None
    return told.status


def _has_to_be_asked(report: Report) -> bool:
    return report.ask or (report.status is None and not report.cancel_refused)


def _record(
    ports: WebhookPorts,
    transaction: Transaction,
    told: ProviderReport,
    status: TransactionStatus | None,
) -> bool:
    if status is TransactionStatus.REFUNDED and _is_a_part(told.report, transaction):
        # What is refunded was paid, and the rest of it still is.
        status = TransactionStatus.SETTLED
    if status is not None:
        change = record_status(ports.store, transaction.key, status, ports.clock())
        late = change.late_settlement and change.after_cancel
        ports.tell(Recorded(transaction.key, status, change.status, late))
    if told.report.cancel_refused and not told.report.ask:
        return _record_refusal(ports, transaction, told.received_at)
    return status is not None


def _is_a_part(report: Report, transaction: Transaction) -> bool:
    return report.amount is not None and report.amount < transaction.money.amount


def _record_refusal(ports: WebhookPorts, transaction: Transaction, received_at: datetime) -> bool:
    if ports.store.record_cancel_refusal(transaction.key):
        ports.tell(Recorded(transaction.key, None, transaction.status))
        return True
    # It can be faster than the worker's record that the cancellation was accepted: taken for a
    # refusal of nothing, the next drives would only get that acceptance replayed, for ever.
    waited = ports.clock() - received_at >= REFUSAL_WAIT
    return waited or not transaction.in_flight

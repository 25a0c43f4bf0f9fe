"""Every request for a transaction's item: when a change may happen, and what it sets.

Each condition is made of named parts. A part's comment says in which situation it holds.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome
from checkout.storage.expressions import Request, put_new, update_if
from checkout.storage.items import (
    MARK,
    TRANSACTION_PREFIX,
    partition_key,
    provider_key,
    transaction_item_key,
)
from checkout.timestamps import to_text
from checkout.transactions import (
    IN_FLIGHT,
    PAID,
    TERMINAL,
    Attempt,
    PendingReason,
    TransactionKey,
    TransactionStatus,
    may_come_from,
)


def put_attempt(attempt: Attempt, now: datetime) -> Request:
    return put_new(
        {
            "PK": partition_key(attempt.key.session),
            "SK": TRANSACTION_PREFIX + attempt.key.transaction_id,
            "status": TransactionStatus.PENDING.value,
            "provider": attempt.provider,
            "providerAccount": attempt.provider_account,
            # Until the provider's reference is recorded, its reports find it by our own.
            "providerKey": provider_key(attempt.provider, attempt.key.transaction_id),
            "amount": attempt.money.amount,
            "currency": attempt.money.currency,
            "createdAt": to_text(now),
            "attachedAt": to_text(now),
        }
    )


def record_reference(key: TransactionKey, provider: str, reference: str) -> Request:
    exists = "attribute_exists(PK)"
    first = "attribute_not_exists(providerReference)"
    same = "providerReference = :reference"
    return update_if(
        transaction_item_key(key),
        condition=f"{exists} AND ({first} OR {same})",
        update="SET providerReference = :reference, providerKey = :key",
        values={":reference": reference, ":key": provider_key(provider, reference)},
        escape_status=False,
    )


def record_status(key: TransactionKey, status: TransactionStatus, now: datetime) -> Request:
    update = "SET #status = :status, statusAt = :now"
    values = {":status": status.value, ":now": to_text(now)}
    # Without a driver's token no driver can take this end for its own write.
    remove = " REMOVE cancellationDetail, driver"
    if status is TransactionStatus.SETTLED:
        update += ", settledAt = :now"
    if status in PAID:
        # The mark stays: it tells that a cancelled session waited, until that is recorded too.
        update += remove
    elif status in TERMINAL:
        update += remove + ", cancellation"
    return _update_from(key, may_come_from(status), update, values)


def record_late_settlement(key: TransactionKey, now: datetime, after_cancel: bool) -> Request:
    # Written with false, too: whether money came late is decided once, by its first report.
    # It settled while its session was being cancelled; or it had ended otherwise, which is never
    # overwritten, and the provider reports money.
    ended = "#status IN (:settled, :cancelled, :failed, :expired)"
    # It settled while its session was being cancelled, and was refunded before anybody told of it.
    refunded = "#status = :refunded AND attribute_exists(settledAt)"
    first = "attribute_not_exists(settledAfterCancel)"
    return update_if(
        transaction_item_key(key),
        condition=f"({ended} OR ({refunded})) AND {first}",
        update=(
            "SET settledAfterCancel = :late, settledAt = if_not_exists(settledAt, :now)"
            " REMOVE cancellation"
        ),
        values={
            ":settled": TransactionStatus.SETTLED.value,
            ":cancelled": TransactionStatus.CANCELLED.value,
            ":failed": TransactionStatus.FAILED.value,
            ":expired": TransactionStatus.EXPIRED.value,
            ":refunded": TransactionStatus.REFUNDED.value,
            ":late": after_cancel,
            ":now": to_text(now),
        },
    )


def mark_pending(key: TransactionKey) -> Request:
    return _mark(key, {}, [], PendingReason.UNKNOWN)


def record_outcome(key: TransactionKey, record: OutcomeRecord) -> Request:
    status = outcome_status(record)
    values: dict[str, Any] = {":driver": record.driver, ":now": to_text(record.now)}
    sets = [
        "driver = :driver",
        "firstTriedAt = if_not_exists(firstTriedAt, :now)",
        "lastTriedAt = :now",
    ]
    if status is None:
        if record.next_attempt is not None:
            sets.append("cancelAttempt = :attempt")
            values[":attempt"] = record.next_attempt
        return _mark(key, values, sets, _pending_reason(record.answer.outcome))
    sets = ["#status = :status", "statusAt = :now", *sets]
    values[":status"] = status.value
    if status is TransactionStatus.SETTLED:
        sets += ["settledAt = :now", "settledAfterCancel = :yes"]
        values[":yes"] = True
    update = f"SET {', '.join(sets)} REMOVE cancellation, cancellationDetail"
    if record.never_sent:
        update = update.replace("SET ", "SET neverSent = :yes, ", 1)
        values[":yes"] = True
        return _unless_sent(_update_from(key, {TransactionStatus.PENDING}, update, values))
    return _update_from(key, IN_FLIGHT, update, values)


def outcome_status(record: OutcomeRecord) -> TransactionStatus | None:
    """The terminal status that the provider's answer stands for; None leaves it in flight."""
    answer = record.answer
    if answer.outcome is CancelOutcome.CANCELLED:
        return TransactionStatus.CANCELLED
    if answer.outcome is CancelOutcome.TERMINAL and answer.status in TERMINAL:
        return answer.status
    return None


def _pending_reason(outcome: CancelOutcome) -> PendingReason:
    known = outcome.value in PendingReason.__members__
    return PendingReason[outcome.value] if known else PendingReason.UNKNOWN


def _unless_sent(request: Request) -> Request:
    # A reference, an answered refusal or another status tells that the provider was called.
    unknown = "attribute_not_exists(providerReference) AND attribute_not_exists(cancelAttempt)"
    return {**request, "ConditionExpression": f"{request['ConditionExpression']} AND {unknown}"}


def _mark(
    key: TransactionKey, values: dict[str, Any], sets: list[str], reason: PendingReason
) -> Request:
    # Not knowing is no news: it must not hide that an earlier cancellation was accepted.
    known = reason not in (PendingReason.UNKNOWN, PendingReason.NOT_FOUND)
    detail = ":reason" if known else "if_not_exists(cancellationDetail, :reason)"
    marks = ["cancellation = :mark", f"cancellationDetail = {detail}", *sets]
    values = {**values, ":mark": MARK, ":reason": reason.value}
    return _update_from(key, IN_FLIGHT, f"SET {', '.join(marks)}", values)


def _update_from(
    key: TransactionKey,
    before: Iterable[TransactionStatus],
    update: str,
    values: Mapping[str, Any],
) -> Request:
    """A change of a transaction that only one in the statuses `before` accepts."""
    # An IN takes no empty list, and no transaction becomes PENDING: no status has this name.
    names = [status.value for status in sorted(before)] or ["NONE"]
    allowed = {f":from{n}": name for n, name in enumerate(names)}
    condition = f"#status IN ({', '.join(allowed)})"
    return update_if(transaction_item_key(key), condition, update, {**values, **allowed})

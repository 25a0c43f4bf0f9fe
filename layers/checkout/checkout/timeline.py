"""The life of a session as a list of moments, each with a sentence for a person.

Made of what is stored and nothing else. What has left no time behind is not in it: the drives in
between, or when a provider's reference was recorded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from checkout.sessions import Session, SessionStatus
from checkout.transactions import (
    PAID,
    PendingReason,
    SessionSnapshot,
    Transaction,
    TransactionStatus,
)


class MomentKind(StrEnum):
    """In the order in which they happen, where they have the same time."""

    OPENED = "OPENED"
    ATTACHED = "ATTACHED"
    PROGRESSED = "PROGRESSED"  # authorized, say: further, and still in flight
    LOCKED = "LOCKED"
    TRIED = "TRIED"  # its cancellation was tried, and it stayed in flight
    SETTLED = "SETTLED"  # before it was refunded
    ANSWERED = "ANSWERED"  # it has ended, and its provider said so when it was asked
    REPORTED = "REPORTED"  # it has ended, and its provider or the payment service told
    LATE_MONEY = "LATE_MONEY"
    COMPLETED = "COMPLETED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, to the session, or to the transaction that is named.

    Where it is not `exact`, an older release did not record it: `at` is the earliest that it can
    have been. `status` is what it led to, if it led to another one.
    """

    at: datetime
    kind: MomentKind
    sentence: str
    transaction_id: str | None = None
    provider: str | None = None
    status: str | None = None
    exact: bool = True


ANSWERS = {
    PendingReason.REQUESTED: "{provider} accepted it, and will confirm it later.",
    PendingReason.UNSUPPORTED: "{provider} cannot cancel this one in progress.",
    PendingReason.REFUSED: "{provider} refused, and says that the payment is in flight.",
    PendingReason.UNKNOWN: "{provider} could not be asked, or its answer could not be read.",
    PendingReason.NOT_FOUND: "{provider} does not know the payment, which may yet be sent.",
}
STILL_IN_FLIGHT = "it stayed in flight."
_RANK = {kind: number for number, kind in enumerate(MomentKind)}


def timeline(snapshot: SessionSnapshot) -> tuple[Moment, ...]:
    """All moments of it, by time. It does not matter in which order its transactions are."""
    moments = [*_of_session(snapshot.session)]
    for each in snapshot.transactions:
        moments += _of_transaction(snapshot, each)
    return tuple(sorted(moments, key=_order))


def _order(moment: Moment) -> tuple[datetime, int, str]:
    return moment.at, _RANK[moment.kind], moment.transaction_id or ""


def _of_session(session: Session) -> Iterator[Moment]:
    yield Moment(
        session.created_at, MomentKind.OPENED, "The session was opened.", status=SessionStatus.OPEN
    )
    requested = session.cancel_requested_at
    if requested is not None:
        who = session.cancel_requested_by or "its merchant"
        sentence = f"Cancelled by {who}: the session is locked, and takes no payment any more."
        status = SessionStatus.PENDING_CANCELLATION
        yield Moment(requested, MomentKind.LOCKED, sentence, status=status)
    if session.status in _ENDS:
        kind, sentence = _ENDS[session.status]
        at = session.ended_at or session.cancelled_at
        earliest = at or requested or session.created_at
        yield Moment(earliest, kind, sentence, status=session.status, exact=at is not None)


_ENDS = {
    SessionStatus.COMPLETED: (
        MomentKind.COMPLETED,
        "The checkout succeeded: the session is COMPLETED.",
    ),
    SessionStatus.EXPIRED: (
        MomentKind.EXPIRED,
        "The checkout was abandoned: the session is EXPIRED.",
    ),
    SessionStatus.CANCELLED: (
        MomentKind.CANCELLED,
        "Nothing is in flight any more: the session is CANCELLED.",
    ),
}


def _of_transaction(snapshot: SessionSnapshot, each: Transaction) -> Iterator[Moment]:
    yield _attached(each)
    yield from _tries(each)
    if each.in_flight:
        yield from _progress(each)
    else:
        yield _end(snapshot.session, each)
    yield from _money(snapshot, each)


def _moment(
    each: Transaction,
    at: datetime,
    kind: MomentKind,
    sentence: str,
    status: TransactionStatus | None = None,
    *,
    exact: bool = True,
) -> Moment:
    return Moment(at, kind, sentence, each.transaction_id, each.provider, status, exact)


def _attached(each: Transaction) -> Moment:
    known = f"which knows it as {each.provider_reference}"
    unknown = "whose reference is not recorded"
    sentence = (
        f"A payment of {each.money.amount} minor units of {each.money.currency} began at"
        f" {each.provider}, account {each.provider_account},"
        f" {known if each.provider_reference else unknown}."
    )
    pending = TransactionStatus.PENDING
    return _moment(each, each.attached_at, MomentKind.ATTACHED, sentence, pending)


def _tries(each: Transaction) -> Iterator[Moment]:
    """The first and the last, but for the one whose answer was its end."""
    tried = {at for at in (each.first_tried_at, each.last_tried_at) if at is not None}
    if _was_answered(each):
        tried.discard(each.last_tried_at or each.attached_at)
    for at in sorted(tried):
        yield _moment(each, at, MomentKind.TRIED, _try(each, at))


def _try(each: Transaction, at: datetime) -> str:
    last = at == each.last_tried_at
    if each.first_tried_at == each.last_tried_at:
        which = ""
    else:
        which = " for the last time so far" if last else " for the first time"
    answer = STILL_IN_FLIGHT
    if last and each.pending_reason is not None:
        answer = ANSWERS[each.pending_reason].format(provider=each.provider)
    return f"Its cancellation was tried{which}: {answer}"


def _progress(each: Transaction) -> Iterator[Moment]:
    if each.status is not TransactionStatus.PENDING:
        sentence, at = f"It became {each.status}.", each.status_at
        kind, earliest = MomentKind.PROGRESSED, at or each.attached_at
        yield _moment(each, earliest, kind, sentence, each.status, exact=at is not None)


def _was_answered(each: Transaction) -> bool:
    """Whether its end was learnt by asking: a report takes the driver's token away."""
    return not each.in_flight and each.driver is not None


def _end(session: Session, each: Transaction) -> Moment:
    answered = _was_answered(each)
    kind = MomentKind.ANSWERED if answered else MomentKind.REPORTED
    sentence = _answer(each) if answered else _report(each)
    at = each.status_at
    if at is None and each.status is TransactionStatus.SETTLED:
        at = each.settled_at
    earliest = at or _earliest_end(session, each, answered=answered)
    return _moment(each, earliest, kind, sentence, each.status, exact=at is not None)


def _earliest_end(session: Session, each: Transaction, *, answered: bool) -> datetime:
    """Of an end whose time was not recorded: nobody asks before the lock, none refunds before."""
    bounds = [each.attached_at]
    if answered and session.cancel_requested_at is not None:
        bounds.append(session.cancel_requested_at)
    if each.status is TransactionStatus.REFUNDED and each.settled_at is not None:
        bounds.append(each.settled_at)
    return max(bounds)


def _answer(each: Transaction) -> str:
    if each.never_sent:
        return f"{each.provider} does not know it, and it can no longer be sent: {each.status}."
    if each.status is TransactionStatus.CANCELLED:
        return f"{each.provider} confirmed the cancellation: CANCELLED."
    return f"Asked about it, {each.provider} said that it had ended: {each.status}."


def _report(each: Transaction) -> str:
    return f"{each.provider} or the payment service reported its end: {each.status}."


def _money(snapshot: SessionSnapshot, each: Transaction) -> Iterator[Moment]:
    """What its end does not tell of: money before a refund, or in spite of the cancellation."""
    settled, at = TransactionStatus.SETTLED, each.settled_at
    if at is None:
        return
    late = snapshot.settled_after_cancel(each)
    if each.status is TransactionStatus.REFUNDED:
        yield _moment(each, at, MomentKind.SETTLED, "It settled, before it was refunded.", settled)
    if late or each.status not in PAID:
        yield _moment(each, at, MomentKind.LATE_MONEY, _late_money(each, late=late))


def _late_money(each: Transaction, *, late: bool) -> str:
    if not late:
        return f"Money arrived although it had ended as {each.status}."
    if each.status is TransactionStatus.REFUNDED:
        return "Its money arrived although it was being cancelled, and has been refunded since."
    return (
        "Its money arrived although it was being cancelled: somebody has to decide about a refund."
    )

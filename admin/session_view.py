"""One session on the terminal, and as JSON: its payments, its timeline, what it waits for."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from rich.table import Table
from rich.text import Text

from admin.explanation import Circumstances, Explanation, explained, of_completion, of_missing
from admin.terminal import cell, clock, grid, lasted, status
from checkout.sessions import SessionStatus
from checkout.timeline import Moment, MomentKind, timeline
from checkout.timestamps import to_text
from checkout.transactions import SessionSnapshot, Transaction

STYLES = {
    MomentKind.LOCKED: "bold yellow",
    MomentKind.TRIED: "yellow",
    MomentKind.ANSWERED: "green",
    MomentKind.REPORTED: "green",
    MomentKind.LATE_MONEY: "bold red",
    MomentKind.COMPLETED: "bold green",
    MomentKind.EXPIRED: "bold",
    MomentKind.CANCELLED: "bold green",
}
Labels = Mapping[str, str]


def labels_of(snapshot: SessionSnapshot) -> dict[str, str]:
    """`#1` and so on, by the time of their ids: a timeline of whole ids cannot be read."""
    ids = sorted(each.transaction_id for each in snapshot.transactions)
    return {each: f"#{number}" for number, each in enumerate(ids, start=1)}


def explanations(
    snapshot: SessionSnapshot, around: Circumstances
) -> Iterator[tuple[Transaction | None, Explanation]]:
    """For each payment that a session which is being cancelled waits for; else its completion."""
    session = snapshot.session
    if session.status is not SessionStatus.PENDING_CANCELLATION:
        return
    for each in snapshot.in_flight:
        yield each, explained(session, each, around)
    if missing := session.attempts - {each.transaction_id for each in snapshot.transactions}:
        yield None, of_missing(missing)
    if snapshot.drained:
        yield None, of_completion(session, around)


def drawn(snapshot: SessionSnapshot, around: Circumstances) -> list[Table | Text]:
    labels = labels_of(snapshot)
    parts: list[Table | Text] = [_head(snapshot, around)]
    if snapshot.transactions:
        parts += [Text(), _payments(snapshot, labels)]
    parts += [Text(), _moments(timeline(snapshot), labels)]
    for each, explanation in explanations(snapshot, around):
        title = f"{labels[each.transaction_id]} {each.provider}" if each else "session"
        parts += [Text(), grid(waiting_rows(title, each, explanation))]
    return parts


def waiting_rows(title: str, each: Transaction | None, said: Explanation) -> list[list[Text]]:
    why = (each.pending_reason or "not asked") if each else ""
    first = f"{said.waits_for} ({why})" if why else said.waits_for
    return [
        [cell(title, "bold"), cell("waits for"), cell(first)],
        [cell(""), cell("by itself"), cell(said.by_itself)],
        [cell(""), cell("you may"), cell(said.you_may)],
    ]


def _head(snapshot: SessionSnapshot, around: Circumstances) -> Table:
    session = snapshot.session
    now = status(session.status)
    if session.status is SessionStatus.PENDING_CANCELLATION:
        now.append(f", for {lasted(around.age)}", "default")
    rows = [
        [cell("session"), cell(session.key.session_id, "bold")],
        [cell("merchant"), cell(session.key.merchant_id)],
        [cell("stack"), cell(around.stack)],
        [cell("status"), now],
    ]
    if session.drives:
        by_recovery = f", {session.recoveries} of them by the recovery"
        drives = f"{session.drives}{by_recovery if session.recoveries else ''}"
        rows.append([cell("drives"), cell(drives)])
    if session.correlation_id:
        rows.append([cell("story"), cell(session.correlation_id)])
    return grid(rows)


def _payments(snapshot: SessionSnapshot, labels: Labels) -> Table:
    rows = [
        [
            cell(labels[each.transaction_id], "bold"),
            cell(each.transaction_id),
            cell(each.provider),
            status(each.status),
        ]
        for each in sorted(snapshot.transactions, key=lambda each: each.transaction_id)
    ]
    return grid(rows)


def _moments(moments: tuple[Moment, ...], labels: Labels) -> Table:
    """The day is told once; the second column counts from the opening."""
    rows: list[list[Text]] = []
    day: date | None = None
    for each in moments:
        if each.at.date() != day:
            day = each.at.date()
            rows.append([cell(f"{day} UTC", "bold"), cell(""), cell(""), cell("")])
        rows.append(_row(each, moments[0].at, labels))
    return grid(rows)


def _row(moment: Moment, opened: datetime, labels: Labels) -> list[Text]:
    label = f"{labels[moment.transaction_id]} {moment.provider}" if moment.transaction_id else ""
    style = STYLES.get(moment.kind, "")
    when = f"{clock(moment.at)}.{moment.at.microsecond // 1000:03d}"
    sentence = moment.sentence if moment.exact else f"{moment.sentence} (Or later.)"
    since = f"+{lasted(moment.at - opened)}"
    return [cell(when), cell(since, "dim"), cell(label, style), cell(sentence, style)]


def as_document(snapshot: SessionSnapshot, around: Circumstances) -> dict[str, object]:
    session = snapshot.session
    return {
        "stack": around.stack,
        "merchantId": session.key.merchant_id,
        "sessionId": session.key.session_id,
        "status": session.status,
        "drives": session.drives,
        "recoveries": session.recoveries,
        "correlationId": session.correlation_id,
        "timeline": [_moment_document(each) for each in timeline(snapshot)],
        "waitsFor": [explanation_document(*each) for each in explanations(snapshot, around)],
    }


def _moment_document(each: Moment) -> dict[str, object]:
    return {
        "at": to_text(each.at),
        "exact": each.exact,
        "kind": each.kind,
        "sentence": each.sentence,
        "transactionId": each.transaction_id,
        "provider": each.provider,
        "status": each.status,
    }


def explanation_document(each: Transaction | None, said: Explanation) -> dict[str, object]:
    """Of a payment, or of the completion, whose fields about a payment are null."""
    tried = each.last_tried_at if each else None
    return {
        "transactionId": each.transaction_id if each else None,
        "provider": each.provider if each else None,
        "providerAccount": each.provider_account if each else None,
        "providerReference": each.provider_reference if each else None,
        "status": each.status if each else None,
        "pendingReason": each.pending_reason if each else None,
        "lastTriedAt": to_text(tried) if tried else None,
        "waitsFor": said.waits_for,
        "byItself": said.by_itself,
        "youMay": said.you_may,
    }

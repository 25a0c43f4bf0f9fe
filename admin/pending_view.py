"""What is pending, on the terminal and as JSON: a block for each session, the oldest first."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from admin.explanation import Circumstances
from admin.session_view import explanation_document, explanations, waiting_rows
from admin.terminal import cell, clock, grid, lasted
from admin.waiting import Unreadable, Waiting
from checkout.timestamps import to_text
from checkout.transactions import Transaction


def circumstances(stack: str, now: datetime, each: Waiting) -> Circumstances:
    return Circumstances(stack, now, each.due_at, each.age, each.give_up)


def drawn(stack: str, now: datetime, found: Sequence[Waiting]) -> list[Table | Text]:
    parts: list[Table | Text] = []
    for each in found:
        parts += [*_session(stack, now, each), Text()]
    return parts


def _session(stack: str, now: datetime, each: Waiting) -> list[Table | Text]:
    session = each.snapshot.session
    title = cell(session.key.session_id, "bold")
    title.append(f"  waits for {lasted(each.age)}", "bold red" if each.stuck else "yellow")
    driven = f"driven {session.drives} time{'' if session.drives == 1 else 's'}"
    parts: list[Table | Text] = [title, cell(f"  of merchant {session.key.merchant_id}, {driven}")]
    for payment, said in explanations(each.snapshot, circumstances(stack, now, each)):
        rows = waiting_rows("", payment, said)
        if payment:
            rows.insert(0, [cell(""), cell("payment"), cell(_payment(payment))])
        parts.append(grid(rows))
    return parts


def _payment(each: Transaction) -> str:
    reference = each.provider_reference or "no reference"
    told = f"{each.provider}, account {each.provider_account}, {reference}, {each.status}"
    tried = each.last_tried_at
    return f"{told}, last tried {tried:%Y-%m-%d} {clock(tried)} UTC" if tried else told


def told(each: Unreadable) -> str:
    if each.key is None:
        return each.what
    return f"{each.what}: session {each.key.session_id} of merchant {each.key.merchant_id}"


def as_document(
    stack: str, now: datetime, found: Sequence[Waiting], unreadable: Sequence[Unreadable]
) -> dict[str, object]:
    return {
        "stack": stack,
        "sessions": [_session_document(stack, now, each) for each in found],
        "unreadable": [
            {
                "merchantId": each.key.merchant_id if each.key else None,
                "sessionId": each.key.session_id if each.key else None,
                "what": each.what,
            }
            for each in unreadable
        ],
    }


def _session_document(stack: str, now: datetime, each: Waiting) -> dict[str, object]:
    session = each.snapshot.session
    around = circumstances(stack, now, each)
    return {
        "merchantId": session.key.merchant_id,
        "sessionId": session.key.session_id,
        "ageSeconds": round(each.age.total_seconds()),
        "giveUpSeconds": round(each.give_up.total_seconds()),
        "stuck": each.stuck,
        "drives": session.drives,
        "recoveries": session.recoveries,
        "nextDriveAt": to_text(each.due_at),
        "correlationId": session.correlation_id,
        "waitsFor": [explanation_document(*one) for one in explanations(each.snapshot, around)],
    }

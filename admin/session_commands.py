"""`checkout-admin session ...`."""

from datetime import timedelta

import typer

from admin import session_view, target, terminal
from admin.exits import FAILED
from admin.one_or_many import no_such_session
from admin.options import AsJson, MerchantId, Profile, Region, SessionId, StackName
from admin.target import Target
from admin.waiting import deployed_ages
from checkout.bootstrap import utc_now
from checkout.errors import SessionNotFoundError
from checkout.explanation import Circumstances
from checkout.sessions import SessionKey, SessionStatus
from checkout.timestamps import from_millis
from checkout.transactions import SessionSnapshot
from local.console import Problem

app = typer.Typer(no_args_is_help=True, help="One checkout session, and what became of it.")


@app.command()
def show(
    merchant: MerchantId,
    session: SessionId,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Tell a session's life, moment by moment, and what it waits for."""
    there = target.find(stack, profile, region)
    snapshot = read(there, SessionKey(merchant, session))
    around = _circumstances(there, snapshot)
    if as_json:
        terminal.show_json(session_view.as_document(snapshot, around))
    else:
        terminal.show(*session_view.drawn(snapshot, around))


def read(there: Target, key: SessionKey) -> SessionSnapshot:
    """Raises Problem: there is no such session (exit code 3), or it cannot be read (1)."""
    try:
        return there.store.read_session(key)
    except SessionNotFoundError:
        raise no_such_session(there, key) from None
    except (KeyError, TypeError, ValueError):
        raise Problem(
            f"An item of session '{key.session_id}' cannot be read by this release"
            " (docs/runbook.md, RecoveryFailuresAlarm).",
            FAILED,
        ) from None


def _circumstances(there: Target, snapshot: SessionSnapshot) -> Circumstances:
    now, session = utc_now(), snapshot.session
    age, give_up = now - (session.cancel_requested_at or session.created_at), timedelta(0)
    if session.status is SessionStatus.PENDING_CANCELLATION:
        give_up = deployed_ages(there).of(each.provider for each in snapshot.in_flight)
    due_at = from_millis(session.due_at) if session.due_at else None
    return Circumstances(there.name, now, due_at, age, give_up)

"""Every conditional write of the store, in every form it has."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from checkout.lease import DueSession, new_lock
from checkout.provider_cancellation import OutcomeRecord
from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.sessions import SessionStatus
from checkout.storage import session_requests, transaction_requests
from checkout.transactions import TransactionStatus
from tests.exploration.actors import BY_CALL, KEY, attempt_at, key_of
from tests.exploration.replay import moment

Request = dict[str, Any]
# Public functions of the two modules that make no conditional write.
NO_WRITES = {
    "read_alone",
    "read_session",
    "due_sessions",
    "due_shard",
    "cancelled_sessions",
    "outcome_status",
}

_T1 = key_of("t1")
_NOW = moment(0)


def builders() -> dict[str, Callable[..., Request]]:
    """By introspection: one that is added has to be given its forms below."""
    return {
        name: value
        for module in (session_requests, transaction_requests)
        for name, value in vars(module).items()
        if callable(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
        and name not in NO_WRITES
    }


def _record(
    outcome: CancelOutcome, status: TransactionStatus | None = None, attempt: int | None = None
) -> Request:
    answer = ProviderAnswer(outcome, status)
    record = OutcomeRecord("driver", answer, _NOW, next_attempt=attempt)
    return transaction_requests.record_outcome(_T1, record)


def _never_sent() -> Request:
    answer = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.FAILED)
    record = replace(OutcomeRecord("driver", answer, _NOW), never_sent=True)
    return transaction_requests.record_outcome(_T1, record)


def _status(status: TransactionStatus) -> Request:
    return transaction_requests.record_status(_T1, status, _NOW)


def forms() -> dict[str, dict[str, Request]]:
    sessions, transactions = session_requests, transaction_requests
    first, later = (new_lock("driver", _NOW, 0.5, each) for each in (BY_CALL, None))
    due = _NOW + timedelta(minutes=1)
    return {
        "open_session": {"": sessions.open_session(KEY, _NOW)},
        "end_session": {"": sessions.end_session(KEY, SessionStatus.COMPLETED, _NOW)},
        "lock_for_cancellation": {
            "by a call": sessions.lock_for_cancellation(KEY, first),
            "by the reconciler": sessions.lock_for_cancellation(KEY, later),
        },
        "complete_cancellation": {"": sessions.complete_cancellation(KEY, _NOW)},
        "release_lease": {"": sessions.release_lease(KEY, "driver", due)},
        "postpone": {"": sessions.postpone(DueSession(KEY, 1), "driver", due)},
        "attach_attempt": {"": sessions.attach_attempt(_T1)},
        "put_attempt": {"": transactions.put_attempt(attempt_at("a", "t1"), _NOW)},
        "record_reference": {"": transactions.record_reference(_T1, "a", "ref-t1")},
        "record_status": {each.value: _status(each) for each in TransactionStatus},
        "record_late_settlement": {"": transactions.record_late_settlement(_T1, _NOW, True)},
        "mark_pending": {"": transactions.mark_pending(_T1)},
        "record_outcome": {
            "cancelled": _record(CancelOutcome.CANCELLED),
            "settled": _record(CancelOutcome.TERMINAL, TransactionStatus.SETTLED),
            "accepted": _record(CancelOutcome.REQUESTED),
            "refused": _record(CancelOutcome.REFUSED, attempt=1),
            "unknown": _record(CancelOutcome.UNKNOWN),
            "never sent": _never_sent(),
        },
    }


def same_form(one: Request, other: Request) -> bool:
    """Alike but for the values."""
    names = ("ConditionExpression", "UpdateExpression")
    return all(one.get(name) == other.get(name) for name in names)

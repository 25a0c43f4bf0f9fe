"""What a soak calls a violation: each kind of one is found, and what is well is not."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from checkout.providers.sandbox.ledger import LedgerEntry
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.transactions import (
    Money,
    SessionSnapshot,
    Transaction,
    TransactionKey,
    TransactionStatus,
)
from local.calls import Answer
from local.payments import Payment
from local.soak_checks import Evidence, violations
from local.soak_history import Item, session_violations, transaction_violations
from local.soak_plan import ENDLESS, Plan, kind_of, plan
from local.soak_records import Call, Record

SESSION = SessionKey("merchant", "session")
LOCKED_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = LOCKED_AT + timedelta(seconds=5)
PAYMENT = Payment("sandbox", "ok_1")
PLAN = Plan((PAYMENT,), (), 1, keyed=False, repeats=0, checkout_ends="", reports={})
HEADERS = {"content-type": "application/json", "x-request-id": "r"}
VOIDED = LedgerEntry(void_requests=1, voids=1, keys=frozenset({"t-0"}), voided_at=LOCKED_AT)
TRANSACTION = Transaction(
    key=TransactionKey(SESSION, "t"),
    provider="sandbox",
    provider_account="default",
    money=Money(1, "EUR"),
    status=TransactionStatus.CANCELLED,
    created_at=LOCKED_AT,
    attached_at=LOCKED_AT,
    provider_reference="ok_1",
)


def answer_200(
    status: str = "CANCELLED", cancelled: Sequence[str] = ("t",), pending: Sequence[str] = ()
) -> Answer:
    body = {
        "sessionId": "session",
        "status": status,
        "message": "m",
        "cancelledTransactionIds": list(cancelled),
        "pendingTransactionIds": list(pending),
    }
    return Answer(200, HEADERS, json.dumps(body).encode())


def refusal(status: int, phrase: str, **headers: str) -> Answer:
    body = {"message": "m", "error": phrase, "statusCode": status}
    return Answer(status, HEADERS | headers, json.dumps(body).encode())


def evidence(
    answers: Sequence[Answer] = (answer_200(),),
    session: SessionStatus = SessionStatus.CANCELLED,
    attempts: frozenset[str] = frozenset({"t"}),
    entry: LedgerEntry = VOIDED,
    reported: Sequence[str] = (),
    items: Mapping[str, Item] | None = None,
    shown: Mapping[str, Any] | None = None,
    kills: Sequence[float] = (),
    ledger: Mapping[str, LedgerEntry] | None = None,
    **changes: Any,
) -> Evidence:
    """A session with one payment, cancelled as it should be; `changes` are the transaction's."""
    record = Record("session", PLAN, sent={"t": PAYMENT})
    record.reported = {"t": list(reported)} if reported else {}
    record.calls = [Call(1.0, 2.0, "", answer) for answer in answers]
    found = Session(SESSION, session, LOCKED_AT, attempts, cancel_requested_at=LOCKED_AT)
    return Evidence(
        record=record,
        snapshot=SessionSnapshot(found, (replace(TRANSACTION, **changes),)),
        ledger={"t": entry, **(ledger or {})},
        items=items or {"t": {"status": "CANCELLED"}},
        shown=shown or {},
        kills=kills,
    )


def test_a_session_that_was_cancelled_as_promised_violates_nothing() -> None:
    assert violations(evidence()) == []


BUSY = refusal(409, "Conflict", **{"retry-after": "5"})
UNAVAILABLE = refusal(503, "Service Unavailable", **{"retry-after": "1"})
NOT_CLAIMED = answer_200(cancelled=[])
SETTLED = TransactionStatus.SETTLED
WELL = {
    "a call that was told to wait": evidence([answer_200(), BUSY]),
    "a store that could not be reached": evidence([UNAVAILABLE, answer_200()]),
    "a call whose process was killed": evidence([Answer(502, {}, b""), NOT_CLAIMED], kills=[1.5]),
    "late money that is shown": evidence(
        [NOT_CLAIMED], reported=["SETTLED"], shown={"t": True}, status=SETTLED, settled_at=LATER
    ),
    "a refused attempt": evidence(
        items={"t": {}, "u": {"status": "FAILED"}}, ledger={"u": LedgerEntry()}
    ),
}
WRONG = {
    "is PENDING_CANCELLATION": evidence(session=SessionStatus.PENDING_CANCELLATION),
    "and t is AUTHORIZED": evidence([NOT_CLAIMED], status=TransactionStatus.AUTHORIZED),
    "voided it 2 times": evidence(entry=replace(VOIDED, voids=2)),
    "2 idempotency keys": evidence(entry=replace(VOIDED, keys=frozenset({"t-0", "t-1"}))),
    "provider did not void it": evidence(entry=LedgerEntry(void_requests=1)),
    "ended as one of": evidence([NOT_CLAIMED], status=TransactionStatus.FAILED),
    "not in the contract": evidence([answer_200(), Answer(418, {}, b"")]),
    "nobody was killed": evidence([Answer(502, {}, b""), NOT_CLAIMED], kills=[2.5]),
    "a call said that it cancelled t, which is SETTLED": evidence(
        reported=["SETTLED"], status=SETTLED
    ),
    "two calls say that they cancelled t": evidence([answer_200(), answer_200()]),
    "are pending, which it does not have": evidence(
        [answer_200(), answer_200("PENDING_CANCELLATION", [], ["x"])]
    ),
    "was answered 200": evidence([answer_200(), answer_200("PENDING_CANCELLATION", ["x"], ["x"])]),
    "was answered 409": evidence([answer_200(), refusal(409, "Conflict")]),
    "was answered 503": evidence([answer_200(), refusal(503, "Service Unavailable")]),
    "and sent were": evidence(attempts=frozenset({"t", "u"})),
    "attempt u was refused": evidence(
        items={"t": {}, "u": {"status": "FAILED"}}, ledger={"u": LedgerEntry(void_requests=1)}
    ),
    "GET shows False": evidence(
        [NOT_CLAIMED], reported=["SETTLED"], shown={"t": False}, status=SETTLED, settled_at=LATER
    ),
    "GET shows None": evidence(reported=["SETTLED"]),
}


@pytest.mark.parametrize("case", WELL.values(), ids=WELL)
def test_what_is_allowed_is_no_violation(case: Evidence) -> None:
    assert violations(case) == []


@pytest.mark.parametrize(("said", "case"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_is_said(said: str, case: Evidence) -> None:
    assert any(said in each for each in violations(case))


def test_a_payment_of_a_session_that_was_paid_is_left_alone() -> None:
    case = evidence([refusal(409, "Conflict")], SessionStatus.COMPLETED)
    assert "its provider was asked to void it" in "".join(violations(case))


def test_the_same_answer_to_the_same_key_is_one_claim() -> None:
    case = evidence([answer_200()])
    case.record.calls = [Call(1.0, 2.0, "key", answer_200())] * 2
    assert violations(case) == []


LOCKED: dict[str, Any] = {"status": "PENDING_CANCELLATION", "attempts": {"t"}}
OPEN = LOCKED | {"status": "OPEN"}
CANCELLED = LOCKED | {"status": "CANCELLED"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LOCKED, LOCKED | {"attempts": {"t", "u"}}),
        (CANCELLED, CANCELLED | {"dueAt": 1}),
        (OPEN, CANCELLED),
        (LOCKED, OPEN),
    ],
    ids=["attached after the lock", "changed after its end", "never locked", "unlocked"],
)
def test_a_write_that_no_session_may_see_is_said(old: Item, new: Item) -> None:
    assert session_violations(old, new)


def test_the_writes_of_a_cancellation_are_no_violations() -> None:
    empty, released = OPEN | {"attempts": set()}, LOCKED | {"leaseUntil": 0}
    for old, new in pairwise([empty, OPEN, LOCKED, released, CANCELLED]):
        assert session_violations(old, new) == []


def test_a_terminal_status_that_is_overwritten_is_said() -> None:
    settled = {"SK": "TRANSACTION#t", "status": "SETTLED"}
    assert transaction_violations(settled, settled | {"status": "CANCELLED"})
    assert transaction_violations(settled, settled | {"status": "REFUNDED"}) == []
    assert transaction_violations(settled, settled | {"settledAfterCancel": True}) == []


def test_the_same_seed_gives_the_same_plans_and_every_endless_payment_is_reported() -> None:
    plans = [plan(random) for random in [Random("seed")] for _ in range(300)]
    assert plans == [plan(random) for random in [Random("seed")] for _ in range(300)]
    payments = [(each, one) for one in plans for each in (*one.payments, *one.racing)]
    assert {kind_of(each) for each, _ in payments} >= ENDLESS
    for payment, drawn in payments:
        assert kind_of(payment) not in ENDLESS or payment.reference in drawn.reports

"""What others are told: for which change, in which form, and under which id."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from checkout.events import (
    Event,
    EventType,
    SessionChange,
    TransactionChange,
    envelope,
    event_of,
    events_so_far,
)
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.transactions import IN_FLIGHT, SessionSnapshot, Transaction, TransactionStatus
from tests.unit.clock import NOON
from tests.unit.event_schemas import problems
from tests.unit.samples import KEY, a_transaction, transaction_id

SECOND = timedelta(seconds=1)
SETTLED, CANCELLED = TransactionStatus.SETTLED, TransactionStatus.CANCELLED
LOCKED = Session(
    KEY,
    SessionStatus.PENDING_CANCELLATION,
    NOON,
    reason="a canary of a reason",
    cancel_requested_at=NOON + SECOND,
    correlation_id="c-1",
)
OPEN = Session(KEY, SessionStatus.OPEN, NOON)
DONE = replace(LOCKED, status=SessionStatus.CANCELLED, cancelled_at=NOON + 2 * SECOND)
LATE = a_transaction(status=SETTLED, settled_at=NOON + 3 * SECOND, settled_after_cancel=True)
WAITED_FOR = replace(LATE, settled_after_cancel=False, awaited=True)


def nobody_asks(key: SessionKey) -> SessionSnapshot:
    raise AssertionError(f"{key} was read")


def of_session(before: Session, after: Session) -> Event | None:
    return event_of(SessionChange(before, after), nobody_asks)


def of_transaction(
    before: Transaction, after: Transaction, session: Session | None = None
) -> Event | None:
    """`session` may be asked, if there is one."""

    def read(key: SessionKey) -> SessionSnapshot:
        assert session, "it was read"
        assert key == session.key
        return SessionSnapshot(session, (after,))

    return event_of(TransactionChange(before, after, NOON + 9 * SECOND), read)


def told(event: Event | None) -> Event:
    assert event
    return event


EVENTS = {
    EventType.CANCELLATION_PENDING: told(of_session(OPEN, LOCKED)),
    EventType.SESSION_CANCELLED: told(of_session(LOCKED, DONE)),
    EventType.TRANSACTION_CANCELLED: told(
        of_transaction(a_transaction(), a_transaction(status=CANCELLED, status_at=NOON + SECOND))
    ),
    EventType.SETTLED_AFTER_CANCEL: told(of_transaction(a_transaction(), LATE)),
}
# They may never change: who was told once would take the repeat for something new.
IDS = {
    EventType.CANCELLATION_PENDING: "89b74396-fd65-56cb-b5bd-f2da248cc618",
    EventType.SESSION_CANCELLED: "6482dd83-6eb5-5cc2-9fb7-57f0743991a4",
    EventType.TRANSACTION_CANCELLED: "6308d497-058c-5d42-ab33-b0011e6a6b3b",
    EventType.SETTLED_AFTER_CANCEL: "1f92c06a-f955-5f08-aa56-4d209039c4d2",
}
OF_TRANSACTION = {
    "merchantId": "merchant-1",
    "sessionId": KEY.session_id,
    "transactionId": transaction_id(1),
    "provider": "bank",
    "providerReference": "ref_1",
    "amount": 1999,
    "currency": "EUR",
}


def test_every_type_is_told_here() -> None:
    assert {kind: each.type for kind, each in EVENTS.items()} == {kind: kind for kind in EventType}


@pytest.mark.parametrize("kind", EventType)
def test_it_has_the_form_of_its_schema(kind: EventType) -> None:
    assert problems(envelope(EVENTS[kind], "/cancel-a-session/shop")) == []


@pytest.mark.parametrize("kind", EventType)
def test_a_schema_refuses_what_lacks_a_part(kind: EventType) -> None:
    whole = envelope(EVENTS[kind], "/cancel-a-session/shop")
    data: Any = whole["data"]
    for part in whole:
        if part != "dataschema":
            assert problems({name: each for name, each in whole.items() if name != part})
    for part in set(data) - {"providerReference"}:
        less = {name: each for name, each in data.items() if name != part}
        assert problems({**whole, "data": less}), part


def test_what_a_locked_session_tells() -> None:
    assert envelope(EVENTS[EventType.CANCELLATION_PENDING], "/cancel-a-session/shop") == {
        "specversion": "1.0",
        "id": IDS[EventType.CANCELLATION_PENDING],
        "source": "/cancel-a-session/shop",
        "type": "session.cancellation_pending",
        "subject": KEY.session_id,
        "time": "2026-03-01T12:00:01.000Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:cancel-a-session:event:session.cancellation_pending:1",
        "data": {
            "merchantId": "merchant-1",
            "sessionId": KEY.session_id,
            "cancelRequestedAt": "2026-03-01T12:00:01.000Z",
        },
    }


def test_what_a_cancelled_session_tells() -> None:
    event = EVENTS[EventType.SESSION_CANCELLED]
    assert event.time == DONE.cancelled_at
    assert event.data == {
        "merchantId": "merchant-1",
        "sessionId": KEY.session_id,
        "cancelRequestedAt": "2026-03-01T12:00:01.000Z",
        "cancelledAt": "2026-03-01T12:00:02.000Z",
    }


def test_what_a_cancelled_transaction_tells() -> None:
    event = EVENTS[EventType.TRANSACTION_CANCELLED]
    assert event.time == NOON + SECOND
    assert event.data == {**OF_TRANSACTION, "cancelledAt": "2026-03-01T12:00:01.000Z"}
    assert envelope(event, "s")["subject"] == transaction_id(1)


def test_one_that_an_older_release_ended_was_cancelled_when_it_was_stored() -> None:
    event = told(of_transaction(a_transaction(), a_transaction(status=CANCELLED)))
    assert event.time == NOON + 9 * SECOND


def test_what_late_money_tells() -> None:
    event = EVENTS[EventType.SETTLED_AFTER_CANCEL]
    assert event.time == LATE.settled_at
    assert event.data == {
        **OF_TRANSACTION,
        "status": "SETTLED",
        "settledAt": "2026-03-01T12:00:03.000Z",
    }


@pytest.mark.parametrize("status", ["SETTLED", "REFUNDED", "CANCELLED", "FAILED", "EXPIRED"])
def test_late_money_of_any_end_has_the_form_of_its_schema(status: str) -> None:
    late = replace(LATE, status=TransactionStatus(status))
    told_again = events_so_far(SessionSnapshot(LOCKED, (late,)))
    (event,) = [each for each in told_again if each.type is EventType.SETTLED_AFTER_CANCEL]
    assert event.data["status"] == status
    assert problems(envelope(event, "/cancel-a-session/shop")) == []


def test_a_reference_that_is_not_known_is_left_out() -> None:
    unknown = a_transaction(provider_reference=None)
    event = told(of_transaction(unknown, replace(unknown, status=CANCELLED)))
    assert "providerReference" not in event.data
    assert problems(envelope(event, "/cancel-a-session/shop")) == []


def test_no_event_has_the_reason() -> None:
    for each in EVENTS.values():
        assert "canary" not in str(envelope(each, "s"))


@pytest.mark.parametrize("kind", EventType)
def test_an_id_is_the_same_for_ever(kind: EventType) -> None:
    assert EVENTS[kind].event_id == IDS[kind]


def test_no_two_things_have_the_same_id() -> None:
    event = EVENTS[EventType.TRANSACTION_CANCELLED]
    others = [
        *EVENTS.values(),
        replace(event, transaction_id="another"),
        replace(event, key=replace(event.key, session_id="another")),
        replace(event, key=replace(event.key, merchant_id="another")),
    ]
    assert len({each.event_id for each in others}) == len(others)


@pytest.mark.parametrize(("before", "after"), list(product(SessionStatus, SessionStatus)))
def test_a_session_tells_of_its_lock_and_of_its_end_and_of_nothing_else(
    before: SessionStatus, after: SessionStatus
) -> None:
    event = of_session(replace(DONE, status=before), replace(DONE, status=after))
    kinds = {
        ("OPEN", "PENDING_CANCELLATION"): EventType.CANCELLATION_PENDING,
        ("PENDING_CANCELLATION", "CANCELLED"): EventType.SESSION_CANCELLED,
    }
    assert (event and event.type) == kinds.get((before, after))


@pytest.mark.parametrize(("before", "after"), list(product(TransactionStatus, TransactionStatus)))
def test_a_transaction_tells_that_it_was_cancelled_once(
    before: TransactionStatus, after: TransactionStatus
) -> None:
    event = of_transaction(a_transaction(status=before), a_transaction(status=after))
    cancelled = before in IN_FLIGHT and after is CANCELLED
    assert (event and event.type) == (EventType.TRANSACTION_CANCELLED if cancelled else None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (a_transaction(), LATE),  # a worker found it settled
        (a_transaction(awaited=True), WAITED_FOR),
        (replace(LATE, settled_after_cancel=False), LATE),  # settled before it was marked
        (a_transaction(status=CANCELLED), replace(LATE, status=CANCELLED)),
        (a_transaction(status=TransactionStatus.FAILED), replace(LATE, status=CANCELLED)),
    ],
)
def test_money_is_told_of_when_it_is_first_known_to_be_late(
    before: Transaction, after: Transaction
) -> None:
    event = told(of_transaction(before, after))
    assert event.type is EventType.SETTLED_AFTER_CANCEL


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The mark goes when the flag comes: the same money, told of already.
        (WAITED_FOR, LATE),
        (LATE, replace(LATE, status=TransactionStatus.REFUNDED)),
        (LATE, LATE),
        # Refunded before it was recorded as late: told of when it settled.
        (WAITED_FOR, replace(WAITED_FOR, status=TransactionStatus.REFUNDED)),
        (replace(WAITED_FOR, status=TransactionStatus.REFUNDED), LATE),
        # Refunded, and nobody has heard that it had settled.
        (
            a_transaction(awaited=True),
            a_transaction(awaited=True, status=TransactionStatus.REFUNDED),
        ),
        # In an open session, or in time.
        (a_transaction(), replace(LATE, settled_after_cancel=False)),
    ],
)
def test_the_same_money_is_told_of_once(before: Transaction, after: Transaction) -> None:
    assert of_transaction(before, after) is None


@pytest.mark.parametrize("status", ["FAILED", "EXPIRED"])
def test_money_for_a_payment_that_had_failed_is_late_only_if_its_session_is_cancelled(
    status: str,
) -> None:
    """The layer of release 0.1.0 flags it in an open session, too."""
    failed = a_transaction(status=TransactionStatus(status))
    paid = replace(LATE, status=failed.status)
    assert of_transaction(failed, paid, OPEN) is None
    assert told(of_transaction(failed, paid, DONE)).data["status"] == status


def test_money_that_is_recorded_as_not_late_is_no_event_and_asks_nobody() -> None:
    failed = a_transaction(status=TransactionStatus.FAILED)
    paid = replace(LATE, status=TransactionStatus.FAILED, settled_after_cancel=False)
    assert of_transaction(failed, paid) is None


def test_all_that_has_happened_can_be_told_again_under_the_same_ids() -> None:
    cancelled = a_transaction(status=CANCELLED, status_at=NOON + SECOND)
    late = replace(LATE, key=a_transaction(2).key)
    snapshot = SessionSnapshot(DONE, (cancelled, late, a_transaction(3, status=SETTLED)))
    again = events_so_far(snapshot)
    assert [each.type for each in again] == [
        EventType.CANCELLATION_PENDING,
        EventType.TRANSACTION_CANCELLED,
        EventType.SESSION_CANCELLED,
        EventType.SETTLED_AFTER_CANCEL,
    ]
    assert again[:3] == [EVENTS[each.type] for each in again[:3]]


def test_of_a_session_that_nobody_cancelled_there_is_nothing_to_tell() -> None:
    assert events_so_far(SessionSnapshot(OPEN, (a_transaction(status=SETTLED),))) == []
    ended = replace(OPEN, status=SessionStatus.EXPIRED)
    assert events_so_far(SessionSnapshot(ended, ())) == []

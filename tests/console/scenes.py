"""Sessions as the operators' API tells of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

Document = dict[str, Any]
NOW = datetime(2026, 11, 26, 15, 20, 18, 400_000, tzinfo=UTC)
MERCHANT = "4pq7dkt2m1s0v9x8w3z6y5b2ca"
OTHER = "7h2kq9v4x1c8n5m3b6t0r2w8ey"
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=alert(1)> "
    "\u202egnorw si siht\u202c \u200bzero\ufeff "
)
LONGEST = (HOSTILE + "x" * 500)[:500]


def at(**before: float) -> str:
    moment = NOW - timedelta(**before)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def session_id(n: int) -> str:
    return f"01a205a2-86b6-7e4c-bc7e-3936cad2{n:04x}"


def transaction_id(n: int) -> str:
    return f"01a205a2-871d-75f3-857a-9aa05dc8{n:04x}"


WAITS = {
    "requested": {
        "transactionId": transaction_id(1),
        "provider": "adyen",
        "pendingReason": "REQUESTED",
        "explanation": "The provider accepted the cancellation and will confirm it by webhook.",
    },
    "unsupported": {
        "transactionId": transaction_id(2),
        "provider": "mpesa",
        "pendingReason": "UNSUPPORTED",
        "explanation": "The provider cannot cancel a payment under way: it ends by itself.",
    },
    "unreachable": {
        "transactionId": transaction_id(3),
        "provider": "gocardless",
        "pendingReason": "UNREACHABLE",
        "explanation": "The provider did not answer in time; it is asked again.",
    },
}


def pending(n: int, seconds: float, *waits: str, **more: Any) -> Document:
    return {
        "merchantId": MERCHANT,
        "sessionId": session_id(n),
        "status": "PENDING_CANCELLATION",
        "createdAt": at(seconds=seconds + 300),
        "cancelRequestedAt": at(seconds=seconds),
        "cancelledAt": None,
        "reason": "The payer changed their mind",
        "ageSeconds": int(seconds),
        "stuck": False,
        "waitsFor": [WAITS[each] for each in waits],
        **more,
    }


def cancelled(n: int, seconds: float, took: float = 0.4, **more: Any) -> Document:
    ended = {"status": "CANCELLED", "cancelledAt": at(seconds=seconds - took)}
    return {**pending(n, seconds), **ended, **more}


def a_list(*sessions: Document, cursor: str | None = None) -> Document:
    rows = {"sessions": list(sessions), "nextCursor": cursor, "hasMore": cursor is not None}
    return {**rows, "at": at()}


def the_list() -> Document:
    """A day's worth: one is stuck."""
    return a_list(
        pending(1, 75, "requested"),
        pending(2, 3_720, "unsupported", "requested", merchantId=OTHER, reason="Fraud suspected"),
        pending(3, 97_200, "unreachable", stuck=True, reason="Order withdrawn by the shop"),
        pending(4, 9, "requested", reason=None),
        pending(5, 610, "unsupported", merchantId=OTHER, reason="Basket expired at the till"),
    )


def transaction(n: int, provider: str, status: str, **more: Any) -> Document:
    return {
        "transactionId": transaction_id(n),
        "provider": provider,
        "providerReference": f"pi_3Nk{n}Lq2eZvKYlo2C",
        "amount": 1999 * n,
        "currency": "EUR",
        "status": status,
        "pendingReason": None,
        "explanation": None,
        "settledAfterCancel": False,
        "firstTriedAt": at(seconds=74),
        "lastTriedAt": at(seconds=74),
        "statusAt": at(seconds=73.6),
        **more,
    }


def event(kind: str, text: str, n: int | None = None, provider: str = "", **before: float) -> Any:
    of = {"transactionId": transaction_id(n) if n else None, "provider": provider or None}
    return {"at": at(**before), "kind": kind, "text": text, **of}


STORY = [
    event("opened", "The session was opened.", hours=1, minutes=4),
    event("attempt", "A payment was begun.", 1, "stripe", minutes=9),
    event("attempt", "A payment was begun.", 2, "adyen", minutes=4),
    event("attempt", "A payment was begun.", 3, "mpesa", minutes=2),
    event("locked", "The cancellation locked it: no payment can be added.", seconds=75.21),
    event("tried", "The provider was asked to cancel it.", 1, "stripe", seconds=75.12),
    event("tried", "The provider was asked to cancel it.", 2, "adyen", seconds=75.12),
    event("tried", "The provider was asked to cancel it.", 3, "mpesa", seconds=75.11),
    event("pending", "The provider cannot stop it: it ends by itself.", 3, "mpesa", seconds=75.1),
    event("cancelled", "The provider cancelled it.", 1, "stripe", seconds=74.7),
    event("pending", "The provider will confirm it later.", 2, "adyen", seconds=74.6),
    event("report", "The provider reported by webhook: cancelled.", 2, "adyen", seconds=31.3),
    event("cancelled", "It was recorded as cancelled.", 2, "adyen", seconds=31.28),
]


def the_session(**more: Any) -> Document:
    """Three payments: one is cancelled at once, one by a report, one is still under way."""
    why = {"pendingReason": "UNSUPPORTED", "explanation": WAITS["unsupported"]["explanation"]}
    return {
        **pending(1, 75.21),
        "cancelRequestedBy": f"merchant:{MERCHANT}",
        "endedAt": None,
        "drives": 1,
        "drivenNow": False,
        "nextDriveAt": at(seconds=-45),
        "correlationId": "0f3c9c2e-5c1f-4b8a-9d55-3f1f2a7b6c10",
        "cancellable": True,
        "transactions": [
            transaction(1, "stripe", "CANCELLED"),
            transaction(2, "adyen", "CANCELLED"),
            transaction(3, "mpesa", "PENDING", **why),
        ],
        "timeline": STORY,
        "at": at(),
        **more,
    }


def ended_session(**more: Any) -> Document:
    """The last payment settled, days later, although its session was being cancelled."""
    whole = the_session()
    late = transaction(3, "mpesa", "SETTLED", settledAfterCancel=True)
    text = "It settled although its session was cancelled: money that arrived all the same."
    ends = [
        event("late_money", text, 3, "mpesa", seconds=2.1),
        event("completed", "Nothing is in flight any more: the session is cancelled.", seconds=2),
    ]
    return {
        **whole,
        "status": "CANCELLED",
        "cancelledAt": at(seconds=2),
        "cancellable": False,
        "nextDriveAt": None,
        "transactions": [*whole["transactions"][:2], late],
        "timeline": [*whole["timeline"], *ends],
        **more,
    }


def an_open_session(**more: Any) -> Document:
    """Nobody has asked for its cancellation."""
    none = {"cancelRequestedAt": None, "cancelRequestedBy": None, "reason": None}
    last = {"nextDriveAt": None, "correlationId": None, "drives": 0}
    under_way = [transaction(n, "stripe", "PENDING", firstTriedAt=None) for n in (1, 2)]
    whole = the_session(**none, **last, status="OPEN", transactions=under_way, timeline=STORY[:3])
    return {**whole, **more}

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


def wait(n: int, provider: str, reason: str, explanation: str) -> Document:
    may = "look the payment up at the provider"
    of = {"transactionId": transaction_id(n), "provider": provider, "pendingReason": reason}
    return {**of, "explanation": explanation, "youMay": may}


WAITS = {
    "requested": wait(
        1, "adyen", "REQUESTED",
        "The provider accepted the cancellation and has not confirmed it. The recovery drives it in"
        " 45 s. Only its webhook can tell the end.",
    ),
    "unsupported": wait(
        3, "mpesa", "UNSUPPORTED",
        "It cannot be stopped, and goes on. mpesa is asked how it ended in 45 s.",
    ),
    "unknown": wait(
        3, "gocardless", "UNKNOWN",
        "It could not be asked: wrong credentials, an outage, an answer that cannot be read.",
    ),
}  # fmt: skip


def pending(n: int, seconds: float, *waits: str, **more: Any) -> Document:
    return {
        "merchantId": MERCHANT,
        "sessionId": session_id(n),
        "status": "PENDING_CANCELLATION",
        "createdAt": at(seconds=seconds + 3765),
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
        pending(2, 180_000, "unsupported", "requested", merchantId=OTHER, reason="Fraud suspected"),
        pending(3, 97_200, "unknown", stuck=True, reason="Order withdrawn by the shop"),
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


def event(kind: str, text: str, n: int = 0, provider: str = "", **more: Any) -> Document:
    """`more` is how long ago it was, and its `status`."""
    status = more.pop("status", None)
    of = {"transactionId": transaction_id(n) if n else None, "provider": provider or None}
    return {"at": at(**more), "exact": True, "kind": kind, "text": text, "status": status, **of}


BEGAN = "A payment of {} minor units of EUR began at {}, account default."
LATER = "Its cancellation was tried: adyen accepted it, and will confirm it later."
CANNOT = "Its cancellation was tried: mpesa cannot cancel this one in progress."
CONFIRMED = "stripe confirmed the cancellation: CANCELLED."
REPORTED = "adyen or the payment service reported its end: CANCELLED."
STORY = [
    event("OPENED", "The session was opened.", hours=1, minutes=4),
    event("ATTACHED", BEGAN.format(1999, "stripe"), 1, "stripe", minutes=9),
    event("ATTACHED", BEGAN.format(3998, "adyen"), 2, "adyen", minutes=4),
    event("ATTACHED", BEGAN.format(5997, "mpesa"), 3, "mpesa", minutes=2),
    event("LOCKED", "The session is locked, and takes no payment any more.", seconds=75.21),
    event("TRIED", CANNOT, 3, "mpesa", seconds=75.1),
    event("ANSWERED", CONFIRMED, 1, "stripe", seconds=74.7, status="CANCELLED"),
    event("TRIED", LATER, 2, "adyen", seconds=74.6),
    event("REPORTED", REPORTED, 2, "adyen", seconds=31.28, status="CANCELLED"),
]


def the_session(**more: Any) -> Document:
    """Three payments: one is cancelled at once, one by a report, one is still under way."""
    why = {"pendingReason": "UNSUPPORTED", "explanation": WAITS["unsupported"]["explanation"]}
    return {
        **pending(1, 75.21, "unsupported"),
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
    told = "mpesa reported its end: SETTLED."
    ends = [
        event("REPORTED", told, 3, "mpesa", seconds=2.1, status="SETTLED"),
        event("LATE_MONEY", text, 3, "mpesa", seconds=2.1),
        event("CANCELLED", "Nothing is in flight any more.", seconds=2, status="CANCELLED"),
    ]
    return {
        **whole,
        "status": "CANCELLED",
        "cancelledAt": at(seconds=2),
        "cancellable": False,
        "nextDriveAt": None,
        "waitsFor": [],
        "transactions": [*whole["transactions"][:2], late],
        "timeline": [*whole["timeline"], *ends],
        **more,
    }


def an_open_session(**more: Any) -> Document:
    """Nobody has asked for its cancellation."""
    none = {"cancelRequestedAt": None, "cancelRequestedBy": None, "reason": None}
    last: Document = {"waitsFor": [], "nextDriveAt": None, "correlationId": None, "drives": 0}
    under_way = [transaction(n, "stripe", "PENDING", firstTriedAt=None) for n in (1, 2)]
    whole = the_session(**none, **last, status="OPEN", transactions=under_way, timeline=STORY[:3])
    return {**whole, **more}

"""What a pending payment waits for, what happens next by itself, and what a human may do.

The runbook's table of reasons (docs/runbook.md, StuckSessionsAlarm) says the same: a test compares.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from admin.terminal import lasted
from checkout.providers.registry import WITHOUT_WEBHOOKS
from checkout.sessions import Session
from checkout.timestamps import from_millis
from checkout.transactions import PendingReason, Transaction

# Those whose adapters cannot ask how a payment has ended, or not cancel one at all.
CANNOT_BE_ASKED = frozenset({"adyen"})
CANNOT_CANCEL = frozenset({"mpesa"})

WAITS_FOR = {
    PendingReason.REQUESTED: "the provider accepted the cancellation and has not confirmed it",
    PendingReason.UNSUPPORTED: "it cannot be stopped, and goes on",
    PendingReason.REFUSED: "the provider refuses, and says that it is in flight",
    PendingReason.UNKNOWN: "it could not be asked: wrong credentials, an outage, an answer that"
    " cannot be read",
    PendingReason.NOT_FOUND: "it was sent, and the provider does not know it",
}
YOU_MAY = {
    PendingReason.REQUESTED: "look the payment up at the provider; if its webhook was lost, report"
    " the end with record_status",
    PendingReason.UNSUPPORTED: "nothing, if the provider gives its payers that long; then raise the"
    " age of this provider, and name all the others again: {ages}",
    PendingReason.REFUSED: "ask the provider",
    PendingReason.UNKNOWN: "look at the worker's log (/aws/lambda/{stack}-cancel-with-{provider})",
    PendingReason.NOT_FOUND: "most often the wrong account or environment: compare providerAccount"
    " with where the payment was made",
}
AGES = 'GiveUpHours="24 gocardless=336 mollie=336 mpesa=72 paypal=168 square=168 stripe=336"'


@dataclass(frozen=True, slots=True)
class Explanation:
    waits_for: str
    by_itself: str
    you_may: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Of the session: when it is driven next, and how long ago it was cancelled, or would stick."""

    stack: str
    now: datetime
    due_at: datetime | None
    age: timedelta
    give_up: timedelta


def explained(session: Session, payment: Transaction, around: Circumstances) -> Explanation:
    """Of a payment that is in flight in a session that is being cancelled."""
    reason, provider = payment.pending_reason, payment.provider
    return Explanation(
        WAITS_FOR[reason] if reason else f"nobody has asked {provider} yet",
        f"{_when(session, around)} {_how(provider)}",
        _too_early(around) or _you_may(reason, provider, around),
    )


def of_completion(session: Session, around: Circumstances) -> Explanation:
    """Of a session with nothing in flight, which nobody has completed."""
    return Explanation(
        "its completion: nothing is in flight any more",
        f"{_when(session, around)} That completes it, unless the table's stream does so before.",
        "complete it at once: checkout-admin redrive --all",
    )


def of_missing(transaction_ids: Collection[str]) -> Explanation:
    """Of attached payments whose items are not there: they count as in flight for ever."""
    return Explanation(
        f"attached payments that are not in the table: {', '.join(sorted(transaction_ids))}",
        "Nothing: no drive knows what to ask, and none can complete the session.",
        "find out who deleted their items, and put them back (docs/runbook.md,"
        " RecoveryFailuresAlarm)",
    )


def _when(session: Session, around: Circumstances) -> str:
    lease = from_millis(session.lease_until)
    if lease > around.now:
        left = lasted(lease - around.now)
        return f"It is being driven now; should that die, the recovery takes over in {left}."
    if around.due_at is None:
        return "The recovery drives it within the hour."
    if around.due_at <= around.now:
        return "It is due: the recovery drives it within a minute."
    return f"The recovery drives it in {lasted(around.due_at - around.now)}."


def _how(provider: str) -> str:
    if provider in CANNOT_BE_ASKED:
        return f"{provider} is asked to cancel once more; only its webhook can tell the end."
    if provider in CANNOT_CANCEL:
        return f"{provider} is asked how it ended; it may also tell by a webhook before."
    if provider in WITHOUT_WEBHOOKS:
        return f"{provider} is asked how it ended, and to cancel once more."
    return f"{provider} is asked how it ended, and to cancel once more; a webhook may be faster."


def _too_early(around: Circumstances) -> str:
    left = around.give_up - around.age
    if left <= timedelta(0):
        return ""
    return f"wait: it needs nobody before it is {lasted(around.give_up)} old, in {lasted(left)}"


def _you_may(reason: PendingReason | None, provider: str, around: Circumstances) -> str:
    text = YOU_MAY[reason or PendingReason.UNKNOWN]
    return text.format(stack=around.stack, provider=provider, ages=AGES)

"""What the demo's scenes are played with: a stack's merchants, its payment side, its tables."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from cancel_a_session_client.models import CancelAnswer, Error
from checkout.errors import SessionLockedError
from local import show
from local.inspection import Inspector
from local.listener import Listener
from local.payments import PaymentSide, parse
from local.promises import Promises
from local.typed_calls import Cancellation, TypedClient

Result = TypeVar("Result")


@dataclass(frozen=True)
class Stage:
    merchant: TypedClient
    other: TypedClient
    side: PaymentSide
    inspector: Inspector
    promises: Promises
    listener: Listener

    def session(self, *payments: str) -> str:
        session_id = self.side.open()
        for payment in payments:
            self.side.attempt(session_id, parse(payment))
        return session_id

    def statuses(self, session_id: str) -> dict[str, str]:
        found = self.inspector.snapshot(session_id).transactions
        return {each.transaction_id: each.status.value for each in found}

    def voids(self, session_id: str) -> list[int]:
        """How many void calls each payment saw at its provider."""
        found = self.inspector.snapshot(session_id).transactions
        entries = [self.inspector.ledger(each.provider, each.transaction_id) for each in found]
        return [entry.void_requests for entry in entries]

    def attempt(self, session_id: str, number: int) -> str:
        """Empty, or why the attempt was refused."""
        try:
            self.side.attempt(session_id, parse(f"sandbox-b:ok_{number}"))
        except SessionLockedError as error:
            return f"SessionLockedError, the session is {error.status}"
        return ""


def _in_answer(transaction_id: str, answer: CancelAnswer | Error | None) -> str:
    if not isinstance(answer, CancelAnswer):
        return "-"
    if transaction_id in answer.cancelled_transaction_ids:
        return "cancelled"
    return "pending" if transaction_id in answer.pending_transaction_ids else "-"


def cancel_and_show(stage: Stage, title: str, *payments: str) -> tuple[str, Cancellation]:
    """Cancel a new session with `payments`; show each before, in the answer and after."""
    session_id = stage.session(*payments)
    before = stage.statuses(session_id)
    began = time.monotonic()
    answer = stage.merchant.cancel(session_id, reason="the demo")
    took = time.monotonic() - began
    said = answer.parsed
    word = show.status(said.status) if isinstance(said, CancelAnswer) else str(said)
    print(
        f"\n{show.heading(title)}\n   POST cancel: {answer.status_code} {word} after {took:.2f} s"
    )
    if payments:
        after = stage.statuses(session_id)
        rows = [
            [each.provider, each.provider_reference or "", before[each.transaction_id],
             _in_answer(each.transaction_id, said), after[each.transaction_id]]
            for each in stage.inspector.snapshot(session_id).transactions
        ]  # fmt: skip
        print(show.table(["provider", "payment", "before", "in the answer", "after"], rows))
    return session_id, answer


def at_once(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    pool = ThreadPoolExecutor(len(calls))
    try:
        return [future.result() for future in [pool.submit(call) for call in calls]]
    finally:
        # Not waiting: at Ctrl-C the calls end with the stack.
        pool.shutdown(wait=False)

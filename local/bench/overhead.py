"""What a cancellation on the deployed local stack takes besides its provider.

The emulator's gateway, store and Lambda are in it, all on this machine, and for several providers
its Step Functions, which pause for 0.15 s in each execution. With eight clients it is the emulator
that is measured: one process does all of it.
"""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from local import lifecycle, listeners
from local.answers import cancellation
from local.bench import delayed
from local.calls import Client
from local.markdown import rows
from local.payments import Payment, PaymentSide
from local.places import LOCAL, Places
from local.stack import Stack

PROVIDER_MS = 50
# Of the median, with one client and one transaction.
GOAL_MS = 50
CLIENTS = (1, 8)
ACCOUNT = "bench"
# By name: Stripe's real adapter before a provider that takes 50 ms, and the sandbox, which besides
# calls its ledger.
PAYMENTS = {
    "1 at Stripe": [Payment("stripe", "pi_1", ACCOUNT)],
    "1 in the sandbox": [Payment("sandbox", f"slow_{PROVIDER_MS}_1")],
    "3 in three sandboxes": [
        Payment(name, f"slow_{PROVIDER_MS}_1") for name in ("sandbox", "sandbox-b", "sandbox-c")
    ],
}


@dataclass(frozen=True, slots=True)
class Overhead:
    """Median milliseconds, of the answer; `per_second` of all clients together."""

    payments: str
    clients: int
    answer_ms: float
    per_second: float

    @property
    def over_ms(self) -> float:
        return self.answer_ms - PROVIDER_MS


def measure(rounds: int = 40, warm_up: int = 40) -> list[Overhead]:
    """On a stack of its own."""
    with _stack() as stack, delayed.provider(PROVIDER_MS) as url:
        secret = {"environment": "sandbox", "secretKey": "sk_test_1", "baseUrl": url}
        name = f"{stack.stack_name}/stripe/{ACCOUNT}"
        stack.aws.secrets.create_secret(Name=name, SecretString=json.dumps(secret))
        caller = Caller(stack)
        found = []
        for payments in PAYMENTS:
            for clients in CLIENTS:
                caller.warm_up(payments, clients, warm_up)
                found.append(caller.overhead(payments, clients, rounds))
        return found


@contextmanager
def _stack() -> Iterator[Stack]:
    places = Places(LOCAL / "bench")
    lifecycle.down(places)
    try:
        stack, _ = lifecycle.up(places, listeners.any_free_port())
        yield stack
    finally:
        lifecycle.down(places)


class Caller:
    def __init__(self, stack: Stack) -> None:
        merchant = stack.merchants[0]
        self._client = Client(stack, merchant)
        self._side = PaymentSide(stack, merchant.client_id)

    def warm_up(self, payments: str, clients: int, number: int) -> None:
        """An environment for each of those that are called at once.

        All of them start cold together, and some are not done in time: that is pending, and right.
        """
        self._cancel_all(self._sessions(payments, number), clients)

    def overhead(self, payments: str, clients: int, number: int) -> Overhead:
        sessions = self._sessions(payments, number)
        began = time.perf_counter()
        found = self._cancel_all(sessions, clients)
        per_second = number / (time.perf_counter() - began)
        assert not any(pending for _, pending in found), "all of them cancel"
        return Overhead(payments, clients, median(took for took, _ in found), per_second)

    def _sessions(self, payments: str, number: int) -> list[str]:
        return [self._session(PAYMENTS[payments]) for _ in range(number)]

    def _session(self, payments: Sequence[Payment]) -> str:
        session_id = self._side.open()
        for each in payments:
            self._side.attempt(session_id, each)
        return session_id

    def _cancel_all(self, sessions: Sequence[str], clients: int) -> list[tuple[float, int]]:
        with ThreadPoolExecutor(clients) as pool:
            return list(pool.map(self._cancel, sessions))

    def _cancel(self, session_id: str) -> tuple[float, int]:
        """Milliseconds until the answer, and how many payments it says are pending."""
        began = time.perf_counter()
        answer = self._client.cancel(session_id)
        took = 1000 * (time.perf_counter() - began)
        return took, len(cancellation(answer).pending)


def tables(found: Sequence[Overhead]) -> dict[str, str]:
    lines = [
        (
            each.payments, each.clients, f"{each.answer_ms:.0f}", f"{each.over_ms:.0f}",
            f"{each.per_second:.1f}",
        )
        for each in found
    ]  # fmt: skip
    first = found[0]
    return {
        "overhead_rows": rows(lines),
        "overhead_one": f"{first.over_ms:.0f}",
        "overhead_kept": "kept" if first.over_ms <= GOAL_MS else "missed",
    }

"""A circuit breaker before an adapter: who is in trouble is not waited for each time anew.

In memory, so each execution environment learns for itself (docs/adr/0011-circuit-breaker.md).
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar

from checkout.errors import CredentialsError, ProviderTrouble, ProviderTroubleError
from checkout.observability import count
from checkout.providers.base import CancelOutcome, Provider, ProviderAnswer, ProviderStatus
from checkout.transactions import Transaction

# This many troubles in a row open a circuit,
TROUBLES_TO_OPEN = 5
# for this long; then one call may try.
OPEN_FOR = timedelta(seconds=30)
# The longest that a provider's Retry-After is kept to without a new look.
LONGEST_PAUSE = timedelta(minutes=5)

_UNKNOWN = ProviderAnswer(CancelOutcome.UNKNOWN)
_SILENT = ProviderStatus(None)

Answer = TypeVar("Answer", ProviderAnswer, ProviderStatus)


@dataclass(slots=True)
class _Circuit:
    """Open if `next_probe` is set: until then no call is let through, and then one.

    Until `paused_until` none is either, since the provider has asked us to wait.
    """

    troubles: int = 0
    next_probe: datetime | None = None
    paused_until: datetime | None = None

    def paused(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until


class CircuitBreaker:
    """One circuit an account, since one account's wrong credentials are no other's trouble.

    `opened` is told the account each time that its circuit opens. Safe to use from many threads.
    """

    def __init__(self, clock: Callable[[], datetime], opened: Callable[[str], None]) -> None:
        self._clock = clock
        self._opened = opened
        self._lock = Lock()
        # Of accounts in trouble only: an answer removes its account's.
        self._circuits: dict[str, _Circuit] = {}

    def admit(self, account: str) -> bool:
        """Whether a call may be made now. Who is let through while it is open is the probe."""
        with self._lock:
            circuit = self._circuits.get(account)
            if circuit is None:
                return True
            now = self._clock()
            if circuit.paused(now):
                return False
            if circuit.next_probe is None:
                return True
            if now < circuit.next_probe:
                return False
            # The circuit stays open while it is probed. So no herd follows the probe, and if the
            # probe never comes back, the next one is not waiting for it.
            circuit.next_probe = now + OPEN_FOR
            circuit.troubles = TROUBLES_TO_OPEN - 1
            return True

    def note_answer(self, account: str) -> None:
        with self._lock:
            circuit = self._circuits.pop(account, None)
            if circuit is not None and circuit.paused(self._clock()):
                # The answer to a call from before it: the wish to wait stands.
                self._circuits[account] = _Circuit(paused_until=circuit.paused_until)

    def note_trouble(self, account: str, retry_after: int | None = None) -> None:
        """`retry_after` is in seconds: the provider's own wish, which is no outage."""
        with self._lock:
            circuit = self._circuits.setdefault(account, _Circuit())
            circuit.troubles += 1
            # Not "at least": calls that were under way when it opened do not open it again.
            opens = circuit.troubles == TROUBLES_TO_OPEN
            if opens:
                circuit.next_probe = self._clock() + OPEN_FOR
            if retry_after:
                until = self._clock() + min(timedelta(seconds=retry_after), LONGEST_PAUSE)
                circuit.paused_until = max(circuit.paused_until or until, until)
        if opens:
            self._opened(account)


@dataclass(frozen=True, slots=True)
class CallTimes:
    """How long the calls of an adapter took, until somebody takes note of it: the last hundred.

    `monotonic` is in seconds. Safe to use from many threads.
    """

    monotonic: Callable[[], float] = time.monotonic
    _milliseconds: deque[float] = field(default_factory=lambda: deque(maxlen=100))

    def note(self, began: float) -> None:
        self._milliseconds.append(1000 * (self.monotonic() - began))

    def take(self) -> list[float]:
        return [self._milliseconds.popleft() for _ in range(len(self._milliseconds))]


@dataclass(frozen=True, slots=True)
class GuardedProvider:
    """The adapter, as long as the circuit of a transaction's account is closed.

    With an open one the answer is at once what it would be after a time-out: nothing is known.
    """

    adapter: Provider
    breaker: CircuitBreaker
    times: CallTimes = field(default_factory=CallTimes)

    @property
    def name(self) -> str:
        return self.adapter.name

    @property
    def supports_cancel(self) -> bool:
        return self.adapter.supports_cancel

    @property
    def supports_retrieve(self) -> bool:
        return self.adapter.supports_retrieve

    def cancel(
        self, transaction: Transaction, idempotency_key: str, timeout: float
    ) -> ProviderAnswer:
        def call() -> ProviderAnswer:
            return self.adapter.cancel(transaction, idempotency_key, timeout)

        return self._guard(transaction, call, _UNKNOWN)

    def retrieve(self, transaction: Transaction, timeout: float) -> ProviderStatus:
        def call() -> ProviderStatus:
            return self.adapter.retrieve(transaction, timeout)

        return self._guard(transaction, call, _SILENT)

    def _guard(
        self, transaction: Transaction, call: Callable[[], Answer], trouble: Answer
    ) -> Answer:
        account = transaction.provider_account
        if not self.breaker.admit(account):
            return trouble
        answer, told = None, False
        began = self.times.monotonic()
        try:
            answer = call()
        except ProviderTroubleError as error:
            answer, told = replace(trouble, retry_after=error.retry_after), True
            # Time cures other trouble, and this one only somebody who is told. Of what cannot be
            # read it was told at the reading.
            unread = error.code is ProviderTrouble.CREDENTIALS_UNREADABLE
            told_now = isinstance(error, CredentialsError) and not unread
            count("CredentialTroubles", int(told_now))
        finally:
            self.times.note(began)
            # Here, since an adapter that raises for a bug has not answered either.
            if answer is not None and answer.is_known:
                self.breaker.note_answer(account)
            elif told or transaction.provider_reference is not None:
                # Without a reference an adapter may be unable to ask: that tells of no trouble.
                wish = None if answer is None else answer.retry_after
                self.breaker.note_trouble(account, wish)
        return answer

"""Cancelling a session: lock it, cancel what is in flight, settle up.

The API's call, a repeated call and the recovery of a dead one all run `drive`.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from checkout.cancellation_store import CancellationStore
from checkout.correlation import not_correlated
from checkout.errors import (
    CancellationInProgressError,
    SessionEndedError,
    StoreError,
    StoreUnavailableError,
)
from checkout.fan_out import FanOut, FanOutResult, TransactionOutcome, WorkOrder
from checkout.lease import (
    CancelRequest,
    Lock,
    new_lock,
    next_due,
    seconds_to_wait,
)
from checkout.sessions import Session, SessionKey, SessionStatus
from checkout.transactions import SessionSnapshot, TransactionKey, TransactionStatus

# What a fan-out and a call of the store may take, time-outs and retries included (aws.py): a
# drive begins none that could end after its answer is due.
FAN_OUT_TIME = timedelta(seconds=15)
STORE_TIME = timedelta(seconds=4)
# However much time there is: what a drive starts has to end within its lease.
LONGEST_DRIVE = timedelta(seconds=27)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What a drive did. The ids are in ascending order.

    `settled` settled after the lock, and nobody but this drive tells of it: before its first look,
    or behind a worker that was not heard of. `waits_for` are the providers of what is pending.
    `completed_after` is the cancellation's age, if it was this drive that completed it.
    """

    status: SessionStatus
    cancelled: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    requested_at: datetime | None = None
    completed_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Ports:
    """`jitter`, from 0 to 1, keeps retries apart. `report` tells operators what callers are not.

    `correlate` is given the id under which whatever is told from then on has to be found.
    """

    store: CancellationStore
    fan_out: FanOut
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    report: Callable[[str, Exception], None]
    correlate: Callable[[str], None] = not_correlated


def drive(
    ports: Ports,
    key: SessionKey,
    driver: str,
    request: CancelRequest | None,
    answer_by: datetime,
) -> Cancellation:
    """Lock the session and cancel what is in flight. After the lock nothing is raised any more.

    `driver` is a token of this drive alone. Raises SessionNotFoundError, SessionEndedError (also,
    without a `request`, of a session that nobody has begun to cancel), CancellationInProgressError,
    and StoreError when it is not known whether the lock was taken; no provider was called then.
    """
    started = ports.clock()
    lock = new_lock(driver, started, ports.jitter(), request)
    answer_by = min(answer_by, started + LONGEST_DRIVE)
    ports.correlate(lock.correlation_id)
    try:
        attempt = ports.store.lock_for_cancellation(key, lock)
    except StoreUnavailableError:
        if ports.clock() + STORE_TIME > answer_by:
            raise
        # It may be ours all the same, which the token tells. Else nobody drives it for a lease.
        attempt = ports.store.lock_for_cancellation(key, lock)
    # The first request's, also in a repeat and in the recovery.
    ports.correlate(attempt.session.correlation_id or lock.correlation_id)
    if not attempt.held:
        return _answer_without_lock(attempt.session, started)
    return _Drive(ports, attempt.session, lock, answer_by).run()


def _answer_without_lock(session: Session, now: datetime) -> Cancellation:
    if session.status is SessionStatus.CANCELLED:
        return Cancellation(SessionStatus.CANCELLED)
    if session.status is SessionStatus.PENDING_CANCELLATION:
        raise CancellationInProgressError(seconds_to_wait(session.lease_until, now))
    raise SessionEndedError(session.status.value)


class _Drive:
    """One drive of a session that this driver has locked."""

    def __init__(self, ports: Ports, session: Session, lock: Lock, answer_by: datetime) -> None:
        self._ports = ports
        self._session = session
        self._lock = lock
        self._answer_by = answer_by
        self._cancelled: set[str] = set()
        self._settled: set[str] = set()
        self._in_flight: set[str] = set(session.attempts)
        self._providers: dict[str, str] = {}
        self._completed_after: timedelta | None = None

    def run(self) -> Cancellation:
        try:
            return self._cancel_in_flight()
        except Exception as error:  # noqa: BLE001 - from the lock on trouble means pending
            # It is not known what was stored, nor whether a worker runs.
            self._ports.report("drive was cut short", error)
            return self._leave()

    def _cancel_in_flight(self) -> Cancellation:
        if not self._session.attempts:
            return self._complete()
        snapshot = self._read()
        self._tell_of_late_money(snapshot, frozenset())
        if snapshot.drained:
            return self._complete()
        if not self._has(FAN_OUT_TIME + STORE_TIME):
            return self._settle_up(FanOutResult((), finished=True))
        order = WorkOrder(
            self._session.key,
            self._lock.driver,
            self._session.lease_until,
            snapshot.in_flight,
            self._session.correlation_id or self._lock.correlation_id,
        )
        result = self._ports.fan_out.cancel(order)
        for outcome in result.outcomes:
            self._hear(outcome)
        if not self._in_flight:
            return self._complete()
        return self._settle_up(result)

    @property
    def _store(self) -> CancellationStore:
        # A store that may answer after the gateway has given up is as good as a broken one.
        if not self._has(STORE_TIME):
            raise StoreUnavailableError("no time left to ask")
        return self._ports.store

    def _hear(self, outcome: TransactionOutcome) -> None:
        if outcome.ended:
            self._in_flight.discard(outcome.transaction_id)
        if outcome.cancelled:
            self._cancelled.add(outcome.transaction_id)

    def _settle_up(self, result: FanOutResult) -> Cancellation:
        # Mark before reading again. What ends before the mark is seen by the read, what ends
        # after it wakes the stream; the other way round a transaction could end in between.
        heard = {each.transaction_id for each in result.outcomes if each.status}
        for transaction_id in sorted(self._in_flight - heard):
            self._store.mark_pending(TransactionKey(self._session.key, transaction_id))
        were_in_flight = frozenset(self._in_flight)
        snapshot = self._read()
        self._tell_of_late_money(snapshot, were_in_flight)
        if snapshot.drained:
            return self._complete()
        return self._release() if result.finished else self._leave()

    def _tell_of_late_money(self, snapshot: SessionSnapshot, in_flight: frozenset[str]) -> None:
        """Of what a report settled before it was marked; of a marked one the stream tells."""
        for each in snapshot.untold_settlements(in_flight):
            if self._store.record_late_settlement(each.key, self._ports.clock()):
                self._settled.add(each.transaction_id)

    def _read(self) -> SessionSnapshot:
        """What is in flight now, and what our workers cancelled without our hearing of it."""
        snapshot = self._store.read_session(self._session.key)
        read = {each.transaction_id for each in snapshot.transactions}
        self._in_flight = {each.transaction_id for each in snapshot.in_flight}
        self._in_flight |= self._session.attempts - read
        self._providers = {each.transaction_id: each.provider for each in snapshot.transactions}
        for transaction in snapshot.transactions:
            cancelled = transaction.status is TransactionStatus.CANCELLED
            if cancelled and transaction.driver == self._lock.driver:
                self._cancelled.add(transaction.transaction_id)
        return snapshot

    def _complete(self) -> Cancellation:
        now, requested = self._ports.clock(), self._session.cancel_requested_at
        if self._store.complete_cancellation(self._session.key, now) and requested:
            self._completed_after = now - requested
        return self._result(SessionStatus.CANCELLED)

    def _release(self) -> Cancellation:
        status = self._store.release_lease(self._session.key, self._lock.driver, self._next_due())
        if status is SessionStatus.CANCELLED:
            self._in_flight.clear()
        return self._result(status)

    def _leave(self) -> Cancellation:
        """Let the lease run out; what goes wrong each time is driven less and less often."""
        due_at = self._next_due()
        if due_at > self._lock.due_at:
            with suppress(StoreError):  # then the lock's own time stands, soon after the lease
                seen = self._lock.makes_due(self._session.key)
                self._store.postpone(seen, self._lock.driver, due_at)
        return self._result(SessionStatus.PENDING_CANCELLATION)

    def _next_due(self) -> datetime:
        # Only the recovery waits longer each time: a caller's repeats must not slow it down.
        drives = 1 if self._lock.request else 1 + self._session.recoveries
        return next_due(self._ports.clock(), drives, self._ports.jitter())

    def _has(self, time: timedelta) -> bool:
        return self._ports.clock() + time <= self._answer_by

    def _result(self, status: SessionStatus) -> Cancellation:
        known = self._in_flight & self._providers.keys()
        return Cancellation(
            status=status,
            cancelled=tuple(sorted(self._cancelled)),
            pending=tuple(sorted(self._in_flight)),
            settled=tuple(sorted(self._settled)),
            waits_for=tuple(sorted({self._providers[each] for each in known})),
            requested_at=self._session.cancel_requested_at,
            completed_after=self._completed_after,
        )

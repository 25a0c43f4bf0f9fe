"""The recovery: drives the sessions that are due, so that none waits for a merchant's call.

It runs the same `drive` as the call does. The list of due sessions only says where to look; the
lock decides. What cannot be helped comes up less and less often, and never stands in another's way.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore, Lock
from typing import Protocol, Self

from checkout.cancellation import LONGEST_DRIVE, Cancellation, Ports, drive
from checkout.due_sessions import DueStore, pages
from checkout.errors import (
    CancellationInProgressError,
    SessionEndedError,
    SessionNotFoundError,
    StoreError,
    StoreUnavailableError,
)
from checkout.lease import DUE_SHARDS, LAST_RETRY, DueSession
from checkout.sessions import SessionKey, SessionStatus
from checkout.timestamps import from_millis

# A run begins drives for so long: the next one comes after a minute.
RUN = timedelta(seconds=55)
LONGEST_GIVE_UP_HOURS = 10 * 365 * 24
# Given the session, what the drive came to, and the cancellation's age.
Tell = Callable[[SessionKey, Cancellation, timedelta], None]


class RecoveryStore(DueStore, Protocol):
    def postpone(self, seen: DueSession, driver: str, due_at: datetime) -> None:
        """As `CancellationStore.postpone`. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class GiveUpAges:
    """How old a pending cancellation may become before a human has to look at it."""

    default: timedelta
    by_provider: Mapping[str, timedelta] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Hours, then those of some providers: `24`, or `24 adyen=72 mpesa=48`.

        Raises ValueError for anything else.
        """
        default, *others = text.split()
        named = dict(each.split("=", 1) for each in others)
        ages = {provider: _hours(hours) for provider, hours in named.items()}
        return cls(_hours(default), ages)

    def of(self, providers: Iterable[str]) -> timedelta:
        """The shortest of the providers that a session waits for."""
        return min(
            (self.by_provider.get(each, self.default) for each in providers), default=self.default
        )


@dataclass(frozen=True, slots=True)
class RecoveryPorts:
    """`drive` are a drive's own ports. `new_driver` gives a token; `sleep` takes seconds.

    `tell_stuck` tells operators of a session that is past its give-up age, each time it is driven,
    and `tell_completed` of one that this drive has completed.
    """

    drive: Ports
    store: RecoveryStore
    new_driver: Callable[[], str]
    sleep: Callable[[float], None]
    tell_stuck: Tell
    tell_completed: Tell


@dataclass(frozen=True, slots=True)
class RecoveryLimits:
    """At most so many drives begin in a second, and so many run at the same time."""

    starts_per_second: float
    at_once: int
    give_up: GiveUpAges

    def __post_init__(self) -> None:
        if self.starts_per_second <= 0:
            raise ValueError("starts per second have to be more than 0")


@dataclass(slots=True)
class Tally:
    """What one run did. `behind`: time was over before all that was due had been driven.

    `busy` were driven by somebody else, or done, when we came; `failed` could not be driven, and
    no other moment will help; `oldest` is for how long the first of them had been due.
    """

    driven: int = 0
    recovered: int = 0
    stuck: int = 0
    busy: int = 0
    unavailable: int = 0
    failed: int = 0
    transactions_cancelled: int = 0
    transactions_settled: int = 0
    behind: bool = False
    oldest: timedelta = timedelta(0)

    def numbers(self) -> dict[str, int]:
        """All of it, `oldest` in seconds."""
        oldest = round(self.oldest.total_seconds())
        return {**asdict(self), "behind": int(self.behind), "oldest": oldest}


def _hours(text: str) -> timedelta:
    hours = float(text)
    if not 0 <= hours <= LONGEST_GIVE_UP_HOURS:
        raise ValueError("an age is a number of hours, up to ten years")
    return timedelta(hours=hours)


def reconcile(ports: RecoveryPorts, limits: RecoveryLimits, end_by: datetime) -> Tally:
    """Drive what is due. No drive ends after `end_by`.

    A list that cannot be read ends the run; what was begun is finished, and counted.
    """
    return _Run(ports, limits, end_by).run()


class _Run:
    def __init__(self, ports: RecoveryPorts, limits: RecoveryLimits, end_by: datetime) -> None:
        self._ports = ports
        self._limits = limits
        self._clock = ports.drive.clock
        self._end_by = end_by
        self._next_start = self._clock()
        self._start_until = min(self._next_start + RUN, end_by - LONGEST_DRIVE)
        # Whoever lists waits for a place: what is listed and not begun is never more than a page.
        self._places = BoundedSemaphore(limits.at_once)
        self._tally = Tally()
        self._counting = Lock()

    def run(self) -> Tally:
        with ThreadPoolExecutor(self._limits.at_once) as pool:
            try:
                self._drive_all(pool)
            except StoreError as error:
                self._ports.drive.report("due sessions cannot be listed", error)
                with self._counting:
                    self._tally.unavailable += 1
        return self._tally

    def _drive_all(self, pool: ThreadPoolExecutor) -> None:
        for due in self._due():
            if not self._may_start():
                self._tally.behind = True
                return
            pool.submit(self._drive_and_leave, due)

    def _due(self) -> Iterator[DueSession]:
        """A page of each shard in turn, so that no shard waits for another one to be empty."""
        now = self._clock()
        first = int(self._ports.drive.jitter() * DUE_SHARDS)
        shards = deque(
            pages(self._ports.store, (first + number) % DUE_SHARDS, now)
            for number in range(DUE_SHARDS)
        )
        while shards:
            shard = shards.popleft()
            if (page := next(shard, None)) is None:
                continue
            shards.append(shard)
            with self._counting:
                self._tally.failed += page.unreadable
            for due in page.sessions:
                self._tally.oldest = max(self._tally.oldest, now - from_millis(due.due_at))
                yield due

    def _may_start(self) -> bool:
        """Wait for a free place and for the pace; whether there is time left to begin."""
        left = (self._start_until - self._clock()).total_seconds()
        if left <= 0 or not self._places.acquire(timeout=left):
            return False
        now = self._clock()
        self._ports.sleep(max(0.0, (self._next_start - now).total_seconds()))
        between = timedelta(seconds=1 / self._limits.starts_per_second)
        self._next_start = max(self._next_start, now) + between
        return True

    def _drive_and_leave(self, due: DueSession) -> None:
        try:
            self._drive(due)
        finally:
            self._places.release()

    def _drive(self, due: DueSession) -> None:
        ports, tally = self._ports.drive, self._tally
        driver = self._ports.new_driver()
        try:
            self._take_in(due, drive(ports, due.key, driver, None, self._end_by))
        except (CancellationInProgressError, SessionEndedError, SessionNotFoundError):
            # The list is a little behind the table: somebody drives it, or it is done.
            with self._counting:
                tally.busy += 1
        except StoreUnavailableError as error:
            ports.report("due session was not locked", error)
            with self._counting:
                tally.unavailable += 1
        except Exception as error:  # noqa: BLE001 - one that nobody can drive must not stop the rest
            ports.report("due session cannot be driven", error)
            with self._counting:
                tally.failed += 1
            self._put_off(due, driver)

    def _take_in(self, due: DueSession, cancellation: Cancellation) -> None:
        pending = cancellation.status is SessionStatus.PENDING_CANCELLATION
        requested = cancellation.requested_at
        age = self._clock() - requested if requested else timedelta(0)
        stuck = pending and age >= self._limits.give_up.of(cancellation.waits_for)
        with self._counting:
            self._tally.driven += 1
            self._tally.recovered += not pending
            self._tally.stuck += stuck
            self._tally.transactions_cancelled += len(cancellation.cancelled)
            self._tally.transactions_settled += len(cancellation.settled)
        if stuck:
            self._ports.tell_stuck(due.key, cancellation, age)
        if cancellation.completed_after is not None:
            self._ports.tell_completed(due.key, cancellation, age)

    def _put_off(self, due: DueSession, driver: str) -> None:
        """It would be the first of its shard each time, and cost the others theirs."""
        due_at = self._clock() + LAST_RETRY * (0.8 + 0.2 * self._ports.drive.jitter())
        try:
            self._ports.store.postpone(due, driver, due_at)
        except StoreError as error:
            self._ports.drive.report("due session was not put off", error)

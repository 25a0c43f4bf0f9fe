"""A service in memory with many cancelled sessions, whose drivers have died."""

from dataclasses import dataclass, field
from datetime import timedelta

from checkout.cancellation import Cancellation
from checkout.lease import CancelRequest, new_lock
from checkout.payments import begin_transaction, open_session, record_reference
from checkout.recovery import GiveUpAges, RecoveryLimits, RecoveryPorts, Tally, reconcile
from checkout.sessions import SessionKey, SessionStatus
from checkout.timestamps import from_millis
from checkout.transactions import Attempt, Money, TransactionKey
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.world import World, a_world

DAY = timedelta(hours=24)
ONE_AT_A_TIME = RecoveryLimits(starts_per_second=50, at_once=1, give_up=GiveUpAges(DAY))


@dataclass
class Recovery:
    """`told` are the sessions that operators were told are stuck, or `completed`."""

    world: World = field(default_factory=a_world)
    limits: RecoveryLimits = ONE_AT_A_TIME
    told: list[tuple[SessionKey, tuple[str, ...], timedelta]] = field(default_factory=list)
    completed: list[tuple[SessionKey, timedelta]] = field(default_factory=list)
    drivers: int = 0

    @property
    def store(self) -> MemoryStore:
        return self.world.store

    @property
    def clock(self) -> Clock:
        return self.world.clock

    def abandoned(self, number: int, provider: str = "bank") -> SessionKey:
        """Locked a moment ago by a driver that died, with one transaction in flight."""
        key = SessionKey("merchant-1", f"session-{number:05d}")
        open_session(self.store, key, self.clock())
        attempt = Attempt(
            TransactionKey(key, f"{number:05d}"), provider, "main", Money(1999, "EUR")
        )
        begin_transaction(self.store, attempt, self.clock)
        record_reference(self.store, attempt.key, provider, f"ref_{number}")
        self.store.lock_for_cancellation(key, new_lock("dead", self.clock(), 0.5, REQUEST))
        return key

    @property
    def ports(self) -> RecoveryPorts:
        return RecoveryPorts(
            self.world.ports,
            self.store,
            self._new_driver,
            self.clock.sleep,
            self._tell_stuck,
            self._tell_completed,
        )

    def run(self, minutes_later: float = 2) -> Tally:
        self.clock.sleep(60 * minutes_later)
        return reconcile(self.ports, self.limits, self.clock() + timedelta(seconds=89))

    def status(self, key: SessionKey) -> SessionStatus:
        return self.store.sessions[key].status

    def due_in(self, key: SessionKey) -> timedelta:
        return from_millis(self.store.due[key]) - self.clock()

    def _new_driver(self) -> str:
        self.drivers += 1
        return f"recovery-{self.drivers}"

    def _tell_stuck(self, key: SessionKey, cancellation: Cancellation, age: timedelta) -> None:
        self.told.append((key, cancellation.waits_for, age))

    def _tell_completed(self, key: SessionKey, cancellation: Cancellation, age: timedelta) -> None:
        assert cancellation.completed_after == age
        self.completed.append((key, age))


REQUEST = CancelRequest("merchant-1", None)

"""Whoever dies, and at whichever call: the session ends right, with no human and no further call.

A crash takes a driver or a worker, at each call that it makes of the table, of a provider or of the
machine, before the call and right after it. Then the recovery runs each minute.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from checkout.cancellation import Ports, drive
from checkout.lease import CancelRequest
from checkout.payments import record_status
from checkout.recovery import GiveUpAges, RecoveryLimits, RecoveryPorts, reconcile
from checkout.sessions import SessionStatus
from checkout.transactions import TERMINAL, TransactionStatus
from tests.integration.bank import Bank, Payment, Temper
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.mortal import Died, Fate, MortalFanOut
from tests.unit.samples import KEY, open_with, transaction_id, transaction_key

REQUEST = CancelRequest("merchant-1", "changed my mind")
LIMITS = RecoveryLimits(50, 1, GiveUpAges(timedelta(hours=24)))
MINUTE = timedelta(minutes=1)
NAMES = ("bank", "card", "wallet")

# How each of three payments takes a cancellation. None: it had been captured, and nobody told us.
Tempers = tuple[Temper | None, Temper | None, Temper | None]
CAST: dict[str, Tempers] = {
    "all willing": (Temper.WILLING, Temper.WILLING, Temper.WILLING),
    "one confirms later, one cannot be stopped": (Temper.WILLING, Temper.LATE, Temper.UNSTOPPABLE),
    "answers that are refusals, or lost": (Temper.MOODY, Temper.FORGETFUL, Temper.DEAF),
    "one captured before": (Temper.WILLING, None, Temper.LATE),
}
# How long it may take, crash and lease included, where nothing but the crash holds it up.
WITHOUT_A_HUMAN = timedelta(minutes=4)


@dataclass
class Stage:
    """One session with a transaction at each of three providers, and a fate for who cancels it."""

    tempers: Tempers
    fate: Fate = field(default_factory=Fate)
    clock: Clock = field(default_factory=Clock)
    store: MemoryStore = field(default_factory=MemoryStore)
    bank: Bank = field(default_factory=Bank)
    ends: dict[str, TransactionStatus] = field(default_factory=dict)
    drivers: int = 0

    def __post_init__(self) -> None:
        for number, temper in enumerate(self.tempers, start=1):
            payment = Payment(temper or Temper.WILLING, sent=True, captured=temper is None)
            self.bank.payments[transaction_id(number)] = payment
        open_with(self.store, *NAMES, now=self.clock())

    @property
    def ports(self) -> Ports:
        fan_out = MortalFanOut(self.store, self.clock, self.bank, self.fate)
        return Ports(
            store=self.fate.port("store", self.store),
            fan_out=self.fate.port("machine", fan_out),
            clock=self.clock,
            jitter=lambda: 0.5,
            report=fan_out.troubles,
        )

    @property
    def status(self) -> SessionStatus:
        return self.store.sessions[KEY].status

    def cancel(self) -> None:
        """A merchant's call; its function may die of it."""
        with suppress(Died):
            drive(self.ports, KEY, "caller", REQUEST, self.clock() + timedelta(seconds=26))
        self._look()

    def recover(self) -> None:
        """A run of the recovery, whose drive may die too. To die of the list changes nothing."""
        new, sleep = self._new_driver, self.clock.sleep
        ports = RecoveryPorts(self.ports, self.store, new, sleep, _nobody, _nobody)
        reconcile(ports, LIMITS, self.clock() + timedelta(seconds=89))
        self._look()

    def finish(self) -> None:
        """The providers go on by themselves. Every webhook of it is lost."""
        for each in self.bank.payments:
            self.bank.finish(each)

    def recover_until_cancelled(self, within: timedelta) -> None:
        until = self.clock() + within
        while self.status is not SessionStatus.CANCELLED:
            assert self.clock() < until, f"stuck: {self.store.sessions[KEY]}"
            self.clock.now += MINUTE
            self.finish()
            self.recover()

    def _new_driver(self) -> str:
        self.drivers += 1
        return f"recovery-{self.drivers}"

    def _look(self) -> None:
        """No terminal status is ever overwritten, and none is CANCELLED by a guess."""
        for transaction in self.store.transactions.values():
            before = self.ends.get(transaction.transaction_id)
            assert before in (None, transaction.status)
            if transaction.status in TERMINAL:
                self.ends[transaction.transaction_id] = transaction.status
            if transaction.status is TransactionStatus.CANCELLED:
                assert self.bank.payments[transaction.transaction_id].voids == 1


def _nobody(*stuck: object) -> None:
    return None


def check_the_end(stage: Stage) -> None:
    assert stage.status is SessionStatus.CANCELLED
    for transaction in stage.store.transactions.values():
        payment = stage.bank.payments[transaction.transaction_id]
        assert transaction.status is payment.status
        assert transaction.status in TERMINAL
        assert payment.voids == (transaction.status is TransactionStatus.CANCELLED)
        # A repeat carries the key of the first one; only an answered refusal asks for a new one.
        keys = {key for _, key in payment.asked}
        assert len(keys) <= (2 if payment.temper is Temper.MOODY else 1)


def calls_of(tempers: Tempers) -> list[str]:
    """All calls of a cancellation that nobody dies of."""
    stage = Stage(tempers)
    stage.cancel()
    return stage.fate.calls


POINTS = [
    pytest.param(cast, at, id=f"{cast}, {at}. call, {call}")
    for cast, tempers in CAST.items()
    for at, call in enumerate(calls_of(tempers), start=1)
]


def test_the_points_are_all_calls_of_a_cancellation() -> None:
    assert calls_of(CAST["all willing"]) == [
        "store.lock_for_cancellation",
        "store.read_session",
        "machine.cancel",
        *["provider.cancel", "store.record_outcome"] * 3,
        "store.complete_cancellation",
    ]
    assert calls_of(CAST["one confirms later, one cannot be stopped"])[-2:] == [
        "store.read_session",
        "store.release_lease",
    ]


@pytest.mark.parametrize("everybody", [False, True], ids=["one process", "driver and worker"])
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize(("cast", "at"), POINTS)
def test_a_cancellation_that_dies_at_any_call_ends_by_itself(
    cast: str, at: int, after: bool, everybody: bool
) -> None:
    stage = Stage(CAST[cast], Fate(at, after, everybody))
    stage.cancel()
    if stage.status is SessionStatus.OPEN:
        assert (at, after) == (1, False), "it died before the lock: nothing happened"
        assert not any(payment.asked for payment in stage.bank.payments.values())
        stage.cancel()
    stage.recover_until_cancelled(WITHOUT_A_HUMAN)
    check_the_end(stage)


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize(("cast", "at"), POINTS)
def test_a_recovery_that_dies_at_any_call_is_taken_over_by_the_next(
    cast: str, at: int, after: bool
) -> None:
    stage = Stage(CAST[cast], Fate(2, everybody=True))
    stage.cancel()
    assert stage.status is SessionStatus.PENDING_CANCELLATION
    stage.clock.now += 2 * MINUTE
    stage.fate = Fate(at, after, everybody=True)
    stage.recover()
    stage.fate = Fate()
    stage.recover_until_cancelled(3 * WITHOUT_A_HUMAN)
    check_the_end(stage)


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("at", [1, 2])
def test_a_report_that_dies_leaves_the_end_to_the_provider_who_is_asked(
    at: int, after: bool
) -> None:
    """A webhook's function dies in the middle, and the provider does not send it again."""
    stage = Stage((Temper.UNSTOPPABLE, Temper.WILLING, Temper.WILLING))
    stage.cancel()
    stage.finish()
    store = Fate(at, after).port("store", stage.store)
    with pytest.raises(Died):
        record_status(store, transaction_key(1), TransactionStatus.SETTLED, stage.clock())
    stage.recover_until_cancelled(WITHOUT_A_HUMAN)
    check_the_end(stage)

"""Processes that die at one of their calls of a port, before it is made or right after it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from checkout.fan_out import FanOutResult, TransactionOutcome, WorkOrder
from checkout.provider_cancellation import cancel_transactions
from tests.integration.bank import Bank, BankProvider
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import Troubles


class Died(BaseException):
    """kill -9: nothing of ours can catch it, and nothing of ours runs afterwards."""


@dataclass
class Fate:
    """Counts all calls of ports; whoever makes the call number `at`, from 1 on, dies of it.

    `after`: the call is made first. `everybody`: who waits for the dead one dies too.
    """

    at: int = 0
    after: bool = False
    everybody: bool = False
    calls: list[str] = field(default_factory=list)

    def port(self, name: str, port: Any) -> Any:
        return _Port(self, name, port)

    def meet(self, call: str, make: Any) -> Any:
        self.calls.append(call)
        here = len(self.calls) == self.at
        if here and not self.after:
            raise Died
        result = make()
        if here:
            raise Died
        return result


class _Port:
    def __init__(self, fate: Fate, name: str, port: Any) -> None:
        self._fate = fate
        self._name = name
        self._port = port

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found
        call = f"{self._name}.{name}"
        return lambda *args, **named: self._fate.meet(call, lambda: found(*args, **named))


@dataclass
class MortalFanOut:
    """One worker a provider, one after the other; a driver hears nothing of a dead one."""

    store: MemoryStore
    clock: Clock
    bank: Bank
    fate: Fate
    troubles: Troubles = field(default_factory=Troubles)

    def cancel(self, order: WorkOrder) -> FanOutResult:
        heard: list[TransactionOutcome] = []
        finished = True
        for provider in sorted({each.provider for each in order.transactions}):
            try:
                heard += self._work(provider, order)
            except Died:
                if self.fate.everybody:
                    raise
                finished = False
        return FanOutResult(tuple(heard), finished)

    def _work(self, provider: str, order: WorkOrder) -> list[TransactionOutcome]:
        theirs = tuple(each for each in order.transactions if each.provider == provider)
        adapter = BankProvider(provider, self.bank, order.driver, lambda what: None)
        return cancel_transactions(
            self.fate.port("provider", adapter),
            self.fate.port("store", self.store),
            WorkOrder(order.session, order.driver, order.lease_until, theirs),
            self.clock() + timedelta(seconds=12),
            self.clock,
            self.troubles,
        )

"""One interleaving: two cancellations, a payment attempt, a settlement and the stream at once.

A seed decides who makes the next step, who dies, what is delivered twice, and how the provider
takes it. Whatever happens, `check` demands what the contract promises.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from checkout import bootstrap, payments, provider_cancellation
from checkout.cancellation import Cancellation, Ports, drive
from checkout.errors import CheckoutError, SessionLockedError
from checkout.fan_out import (
    FanOutResult,
    WorkOrder,
    order_from_message,
    order_to_message,
    outcomes_from_message,
    outcomes_to_message,
)
from checkout.lease import LEASE, CancelRequest
from checkout.provider_cancellation import cancel_transactions
from checkout.sessions import SessionKey
from checkout.storage import session_requests, transaction_requests
from checkout.transactions import (
    NEVER_SENT_AFTER,
    Attempt,
    Money,
    TransactionKey,
    TransactionStatus,
)
from tests.integration.bank import Bank, BankProvider, Payment, Temper
from tests.integration.cloud import Cloud
from tests.integration.history import History
from tests.integration.schedule import Actor, Died, Pool, Schedule
from tests.integration.stack import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.wire import Answer, Call


START = datetime(2026, 1, 1, tzinfo=UTC)
PROVIDERS = ("sandbox", "sandbox-b")


@dataclass
class Play:
    """`faultless` as long as nobody died and no answer was lost."""

    cloud: Cloud
    seed: int
    bank: Bank = field(default_factory=Bank)
    history: History = field(default_factory=History)
    answers: list[Cancellation] = field(default_factory=list)
    captured_at: dict[str, datetime] = field(default_factory=dict)
    faultless: bool = True
    _luck: bool = False

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.schedule = Schedule(self.random)
        self.schedule.after_step = self.look
        self.store = bootstrap.checkout_store()
        self.key = SessionKey("merchant", f"session-{self.seed}")
        self.now = self.cloud.clock.now
        complete = self.cloud.function("CompleteCancellationsFunction").app.complete
        self._stream = lambda record: complete(record, set())

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def misfortune(self, probability: float) -> bool:
        """No more of it once the session is being recovered: that has to work."""
        return self.chance(probability) and not self._luck

    def look(self) -> None:
        """After a step: time goes on, and the stream delivers at least once, some time."""
        longest = 1500 if self.chance(0.03) else 20
        self.cloud.clock.advance(timedelta(milliseconds=self.random.randint(0, longest)))
        for record in self.history.read_on(self.now()):
            for _ in range(2 if self.chance(0.4) else 1):
                self.schedule.add("stream", _call(self._stream, record))

    def turn(self, call: Call, proceed: Callable[[], Answer]) -> Answer:
        self.schedule.step(call.name)
        return proceed()

    def trouble(self, message: str, error: Exception) -> None:
        """What our code hides from its caller. The store is sound here, so there is none."""
        self.schedule.broken.append(error)

    # The actors.

    def cancel(self, driver: str, request: CancelRequest | None) -> Cancellation | None:
        ports = Ports(self.store, PlayedFanOut(self), self.now, lambda: 0.5, self.trouble)
        answer_by = self.now() + timedelta(seconds=26)
        try:
            answer = drive(ports, self.key, driver, request, answer_by)
        except CheckoutError:
            return None
        self.history.read_on(self.now())
        self.answers.append(answer)
        return answer

    def pay(self, transaction_id: str) -> None:
        attempt = self._attempt(transaction_id)
        try:
            until = payments.begin_transaction(self.store, attempt, self.now)
        except SessionLockedError:
            return
        self.schedule.step("send")
        if self.now() <= until:
            self.bank.send(transaction_id)
            reference = f"ref-{transaction_id}"
            payments.record_reference(self.store, attempt.key, attempt.provider, reference)

    def settle(self, transaction_id: str) -> None:
        self.schedule.step("capture")
        if not self.bank.capture(transaction_id):
            return
        self.captured_at.setdefault(transaction_id, self.now())
        self.report(transaction_id)
        if self.chance(0.3):
            self.bank.payments[transaction_id].refunded = True
            self.report(transaction_id)

    def finish(self, transaction_id: str) -> None:
        """The provider goes on by itself, and tells of it; sometimes the message is lost."""
        self.bank.finish(transaction_id)
        payment = self.bank.payments[transaction_id]
        if payment.captured:
            self.captured_at.setdefault(transaction_id, self.now())
        if payment.sent and not payment.alive and self.chance(0.8):
            self.report(transaction_id)

    def report(self, transaction_id: str) -> None:
        """The provider's message, maybe twice, maybe with an older one behind it."""
        key = TransactionKey(self.key, transaction_id)
        told = [self.bank.payments[transaction_id].status]
        told += told if self.chance(0.2) else []
        told += [TransactionStatus.AUTHORIZED] if self.chance(0.2) else []
        for status in told:
            payments.record_status(self.store, key, status, self.now())

    # The acts.

    def perform(self) -> None:
        self.cloud.clock.stop(START)
        self.history.begin()
        pool = patch.object(provider_cancellation, "do_all", Pool(self.schedule))
        with pool, patch.object(self.cloud.wire, "meddle", self.turn):
            self._everybody_at_once()
            self._dust_settles()

    def _everybody_at_once(self) -> None:
        there = [self._payment(f"t{number}") for number in range(self.random.randint(1, 3))]
        self._pay_before(there)
        late = self._payment("t9")
        for each in there:
            # As soon as it was asked to cancel: so that it ends while the others are cancelled.
            provider = self._add("provider", _call(self.finish, each))
            provider.ready = _call(lambda payment: bool(payment.asked), self.bank.payments[each])
        self.look()
        asked = CancelRequest("merchant", None)
        self._add("cancel-a", lambda: self.cancel("driver-a", asked), dies=0.15)
        self._add("cancel-b", lambda: self.cancel("driver-b", asked), dies=0.1)
        self._add("payment", lambda: self.pay(late), dies=0.1)
        self._add("settlement", lambda: self.settle(self.random.choice([*there, late])))
        if self.chance(0.1):
            self._add("checkout", self._complete)
        self._run()

    def _dust_settles(self) -> None:
        for each in self.bank.payments:
            self._add("provider", _call(self.finish, each))
        self._run()

    def recover(self) -> None:
        """One more drive, when the lease is over and nothing can be sent any more."""
        self.bank.calm_down()
        self._luck = True
        self.cloud.clock.advance(LEASE + NEVER_SENT_AFTER)
        unlocked = self.history.session["status"] == "OPEN"
        request = CancelRequest("merchant", None) if unlocked else None
        pool = patch.object(provider_cancellation, "do_all", Pool(self.schedule))
        with pool, patch.object(self.cloud.wire, "meddle", self.turn):
            self._add("recovery", lambda: self.cancel("driver-c", request))
            self._run()

    def _run(self) -> None:
        self.schedule.run()
        for error in self.schedule.broken:
            raise error
        for actor in self.schedule.actors:
            self.faultless = self.faultless and not actor.died

    def _pay_before(self, transaction_ids: list[str]) -> None:
        """The session and its payments so far, in one call; moto is slow, and the rest matters."""
        session = session_requests.open_session(self.key, self.now())["Item"]
        items = [session | {"attempts": {"SS": transaction_ids}}]
        for each in transaction_ids:
            put = transaction_requests.put_attempt(self._attempt(each), self.now())
            items.append(put["Item"] | {"providerReference": {"S": f"ref-{each}"}})
            self.bank.send(each)
        requests: Any = {TABLE: [{"PutRequest": {"Item": item}} for item in items]}
        bootstrap.dynamodb().batch_write_item(RequestItems=requests)

    def _attempt(self, transaction_id: str) -> Attempt:
        key = TransactionKey(self.key, transaction_id)
        return Attempt(key, self.random.choice(PROVIDERS), "main", Money(1999, "EUR"))

    def _payment(self, transaction_id: str) -> str:
        self.bank.payments[transaction_id] = Payment(self.random.choice(list(Temper)))
        return transaction_id

    def _add(self, name: str, action: Callable[[], Any], dies: float = 0) -> Actor:
        dies_at = self.random.randint(1, 8) if self.chance(dies) else None
        return self.schedule.add(name, action, dies_at)

    def _complete(self) -> None:
        try:
            payments.complete_session(self.store, self.key, self.now())
        except CheckoutError:
            return


@dataclass(frozen=True, slots=True)
class PlayedFanOut:
    """The state machine: a worker a provider, whose answers may be lost."""

    play: Play

    def cancel(self, order: WorkOrder) -> FanOutResult:
        message = json.loads(json.dumps(order_to_message(order)))
        schedule = self.play.schedule
        schedule.step("start")
        groups = [
            schedule.add("group", _call(self._work, {**message, **group}))
            for group in message["groups"]
        ]
        schedule.wait_for(groups)
        if self.play.misfortune(0.08):
            self.play.faultless = False
            return FanOutResult((), finished=False)
        heard = [outcome for each in groups if not each.died for outcome in each.result]
        finished = not any(each.died for each in groups)
        return FanOutResult(tuple(outcomes_from_message(heard)), finished)

    def _work(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        play = self.play
        order = order_from_message(message)
        provider = BankProvider(message["provider"], play.bank, order.driver, play.schedule.step)
        if play.misfortune(0.05):
            play.schedule.step("start of a worker that dies")
            raise Died
        deadline = play.now() + timedelta(seconds=12)
        outcomes = cancel_transactions(
            provider, play.store, order, deadline, play.now, play.trouble
        )
        return outcomes_to_message(outcomes)


def _call(action: Callable[[Any], Any], argument: Any) -> Callable[[], Any]:
    return lambda: action(argument)

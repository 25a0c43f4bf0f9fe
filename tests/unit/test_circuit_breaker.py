"""An open circuit: whom it opens for, when it closes, and that it is UNKNOWN at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Barrier, Event

import pytest

from checkout.errors import ProviderFailedError, ProviderTrouble
from checkout.fan_out import TransactionOutcome, WorkOrder
from checkout.provider_cancellation import MAX_PARALLEL_CALLS, PROVIDER_TIMEOUT, cancel_transactions
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.circuit_breaker import (
    LONGEST_PAUSE,
    OPEN_FOR,
    TROUBLES_TO_OPEN,
    CircuitBreaker,
    GuardedProvider,
)
from checkout.timestamps import to_millis
from checkout.transactions import PendingReason, Transaction, TransactionStatus
from tests.unit.clock import Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import (
    CANCELLED,
    IN_FLIGHT,
    NO_SUCH_PAYMENT,
    NOT_FOUND,
    REFUSED,
    REQUESTED,
    SILENT,
    UNKNOWN,
    UNSUPPORTED,
    ScriptedProvider,
    Troubles,
)
from tests.unit.samples import KEY, a_transaction

A_MOMENT = timedelta(milliseconds=1)
MINE, OTHER = a_transaction(1), a_transaction(2, provider_account="account-2")
SETTLED = ProviderAnswer(CancelOutcome.TERMINAL, TransactionStatus.SETTLED)


@dataclass
class Counter:
    """The bank, behind a breaker, and what is asked of it there."""

    clock: Clock = field(default_factory=Clock)
    opened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bank = ScriptedProvider(self.clock, answer=UNKNOWN, state=SILENT)
        self.breaker = CircuitBreaker(self.clock, self.opened.append)
        self.guarded = GuardedProvider(self.bank, self.breaker)

    def cancel(self, transaction: Transaction = MINE) -> ProviderAnswer:
        return self.guarded.cancel(transaction, "key-0", PROVIDER_TIMEOUT)

    def retrieve(self, transaction: Transaction = MINE) -> ProviderStatus:
        return self.guarded.retrieve(transaction, PROVIDER_TIMEOUT)

    def open_it(self) -> None:
        for _ in range(TROUBLES_TO_OPEN):
            self.cancel()

    def asks(self, call: Callable[[], object]) -> bool:
        """Whether the call reaches the bank."""
        before = len(self.bank.asked)
        call()
        return len(self.bank.asked) > before


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def opened(counter: Counter) -> Counter:
    counter.open_it()
    return counter


def fail(verb: str, transaction: Transaction) -> None:
    raise KeyError("status")


def work(counter: Counter, *transactions: Transaction) -> list[TransactionOutcome]:
    store = MemoryStore()
    store.transactions |= {each.key: each for each in transactions}
    now = counter.clock()
    order = WorkOrder(KEY, "driver-1", to_millis(now + timedelta(minutes=1)), transactions)
    deadline = now + timedelta(seconds=12)
    outcomes = cancel_transactions(
        counter.guarded, store, order, deadline, counter.clock, Troubles()
    )
    assert all(each.in_flight and each.awaited for each in store.transactions.values())
    return outcomes


def test_an_open_circuit_is_unknown_at_once_and_not_8_seconds_later(counter: Counter) -> None:
    counter.bank.cancel_takes = 60
    for number in range(TROUBLES_TO_OPEN):
        began = counter.clock()
        work(counter, a_transaction(number + 1))
        assert (counter.clock() - began).total_seconds() == PROVIDER_TIMEOUT

    began, asked = counter.clock(), len(counter.bank.asked)
    outcomes = work(counter, *(a_transaction(number) for number in range(1, 60)))

    assert {each.outcome for each in outcomes} == {CancelOutcome.UNKNOWN}
    assert {each.status for each in outcomes} == {TransactionStatus.PROCESSING}
    assert counter.clock() == began
    assert len(counter.bank.asked) == asked


def test_what_a_drive_before_left_pending_is_not_asked_about_either(opened: Counter) -> None:
    pending = a_transaction(1, awaited=True, pending_reason=PendingReason.REQUESTED)
    assert not opened.asks(lambda: work(opened, pending))


def test_an_open_circuit_answers_as_a_provider_that_is_silent(opened: Counter) -> None:
    opened.bank.answer, opened.bank.state = CANCELLED, IN_FLIGHT
    assert (opened.cancel(), opened.retrieve()) == (UNKNOWN, SILENT)


def test_one_trouble_less_does_not_open_it(counter: Counter) -> None:
    for _ in range(TROUBLES_TO_OPEN - 1):
        counter.cancel()
    assert counter.asks(counter.cancel)
    assert not counter.asks(counter.cancel)


def test_silence_about_a_status_is_a_trouble_like_any_other(counter: Counter) -> None:
    for _ in range(TROUBLES_TO_OPEN):
        counter.retrieve()
    assert not counter.asks(counter.cancel)


@pytest.mark.parametrize("answer", [CANCELLED, REQUESTED, UNSUPPORTED, REFUSED, NOT_FOUND, SETTLED])
def test_any_answer_to_a_cancellation_ends_the_row_of_troubles(
    counter: Counter, answer: ProviderAnswer
) -> None:
    for said in [*[UNKNOWN] * (TROUBLES_TO_OPEN - 1), answer] * 2:
        counter.bank.answer = said
        assert counter.cancel() == said
    assert counter.opened == []


@pytest.mark.parametrize("state", [IN_FLIGHT, NO_SUCH_PAYMENT])
def test_any_answer_about_a_status_ends_the_row_of_troubles(
    counter: Counter, state: ProviderStatus
) -> None:
    for said in [*[SILENT] * (TROUBLES_TO_OPEN - 1), state] * 2:
        counter.bank.state = said
        assert counter.retrieve() == said
    assert counter.opened == []


def test_an_adapter_that_raises_has_not_answered(counter: Counter) -> None:
    counter.bank.before_answer = fail
    for _ in range(TROUBLES_TO_OPEN):
        with pytest.raises(KeyError):
            counter.cancel()
    assert counter.cancel() == UNKNOWN


def test_not_knowing_a_payment_without_a_reference_tells_nothing_of_the_provider(
    counter: Counter,
) -> None:
    unsent = a_transaction(provider_reference=None)
    for _ in range(2 * TROUBLES_TO_OPEN):
        counter.cancel(unsent)
    assert counter.opened == []


def test_another_accounts_circuit_stays_closed(opened: Counter) -> None:
    opened.bank.answer = CANCELLED
    assert opened.cancel(OTHER) == CANCELLED
    assert not opened.asks(opened.cancel)
    assert opened.opened == ["account-1"]


def test_it_stays_open_for_its_time_and_then_lets_one_through(opened: Counter) -> None:
    opened.clock.now += OPEN_FOR - A_MOMENT
    assert not opened.asks(opened.cancel)
    opened.clock.now += A_MOMENT
    assert opened.asks(opened.cancel)


def test_a_probe_that_is_answered_closes_it(opened: Counter) -> None:
    opened.clock.now += OPEN_FOR
    opened.bank.answer = REFUSED
    assert opened.cancel() == REFUSED
    assert all(opened.asks(opened.cancel) for _ in range(TROUBLES_TO_OPEN + 1))


def test_after_a_probe_that_was_answered_it_takes_a_whole_row_to_open_it_again(
    opened: Counter,
) -> None:
    opened.clock.now += OPEN_FOR
    opened.bank.answer = CANCELLED
    opened.cancel()
    opened.bank.answer = UNKNOWN
    assert [opened.asks(opened.cancel) for _ in range(TROUBLES_TO_OPEN + 1)] == [
        *[True] * TROUBLES_TO_OPEN,
        False,
    ]


def test_a_probe_that_is_not_answered_opens_it_again_for_as_long(opened: Counter) -> None:
    opened.clock.now += OPEN_FOR
    opened.bank.cancel_takes = 60
    opened.cancel()
    failed_at = opened.clock()
    opened.clock.now = failed_at + OPEN_FOR - A_MOMENT
    assert not opened.asks(opened.cancel)
    opened.clock.now = failed_at + OPEN_FOR
    assert opened.asks(opened.cancel)


def test_each_opening_is_told_once(opened: Counter) -> None:
    opened.cancel()
    assert opened.opened == ["account-1"]
    opened.clock.now += OPEN_FOR
    opened.cancel()
    opened.cancel()
    assert opened.opened == ["account-1"] * 2


def test_a_probe_that_raises_leaves_the_next_one_to_be_made(opened: Counter) -> None:
    opened.clock.now += OPEN_FOR
    opened.bank.before_answer = fail
    with pytest.raises(KeyError):
        opened.cancel()
    opened.bank.before_answer, opened.bank.answer = None, CANCELLED
    opened.clock.now += OPEN_FOR
    assert opened.cancel() == CANCELLED


def test_a_probe_that_never_comes_back_leaves_the_next_one_to_be_made(opened: Counter) -> None:
    opened.clock.now += OPEN_FOR
    assert opened.breaker.admit("account-1"), "and nothing is ever noted of it"
    assert not opened.breaker.admit("account-1")
    opened.clock.now += OPEN_FOR
    assert opened.breaker.admit("account-1")


def test_of_fifty_threads_one_is_the_probe(opened: Counter) -> None:
    opened.clock.now += OPEN_FOR
    ready = Barrier(MAX_PARALLEL_CALLS)

    def admit(_: int) -> bool:
        ready.wait(timeout=10)
        return opened.breaker.admit("account-1")

    with ThreadPoolExecutor(MAX_PARALLEL_CALLS) as pool:
        admitted = list(pool.map(admit, range(MAX_PARALLEL_CALLS)))
    assert admitted.count(True) == 1


def test_while_the_probe_is_under_way_nobody_follows_it(opened: Counter) -> None:
    opened.clock.now += OPEN_FOR
    asked, go_on = Event(), Event()

    def answer_late(verb: str, transaction: Transaction) -> None:
        asked.set()
        assert go_on.wait(timeout=10)

    opened.bank.answer, opened.bank.before_answer = CANCELLED, answer_late
    with ThreadPoolExecutor(1) as pool:
        probe = pool.submit(opened.cancel)
        assert asked.wait(timeout=10)
        assert opened.cancel(MINE) == UNKNOWN
        go_on.set()
        assert probe.result(timeout=10) == CANCELLED
    opened.bank.before_answer = None
    assert opened.cancel() == CANCELLED


def test_calls_that_were_under_way_when_it_opened_do_not_open_it_again(counter: Counter) -> None:
    for _ in range(MAX_PARALLEL_CALLS):
        assert counter.breaker.admit("account-1")
    for _ in range(MAX_PARALLEL_CALLS):
        counter.breaker.note_trouble("account-1")
        counter.clock.now += A_MOMENT
    assert counter.opened == ["account-1"]
    # The first five of them opened it, and the time counts from the fifth.
    counter.clock.now += OPEN_FOR - A_MOMENT * (MAX_PARALLEL_CALLS - TROUBLES_TO_OPEN + 1)
    assert counter.breaker.admit("account-1")


def test_a_late_answer_closes_it_since_the_provider_is_there(opened: Counter) -> None:
    opened.breaker.note_answer("account-1")
    assert opened.asks(opened.cancel)


def test_a_guarded_provider_can_what_its_adapter_can(counter: Counter) -> None:
    counter.bank.supports_cancel = False
    guarded = counter.guarded
    assert (guarded.name, guarded.supports_cancel, guarded.supports_retrieve) == (
        *("bank", False, True),
    )


def test_a_providers_wish_to_wait_is_kept_and_is_no_outage(counter: Counter) -> None:
    counter.breaker.note_trouble("account-1", 7)
    counter.clock.now += timedelta(seconds=7) - A_MOMENT
    assert not counter.breaker.admit("account-1")
    assert counter.breaker.admit("account-2")
    counter.clock.now += A_MOMENT
    assert counter.breaker.admit("account-1")
    assert counter.opened == []


def test_an_answer_from_before_the_wish_does_not_end_it(counter: Counter) -> None:
    counter.breaker.note_trouble("account-1", 7)
    counter.breaker.note_answer("account-1")
    assert not counter.breaker.admit("account-1")
    counter.clock.now += timedelta(seconds=7)
    counter.breaker.note_answer("account-1")
    assert counter.breaker.admit("account-1")


def test_a_shorter_wish_does_not_shorten_a_longer_one_and_none_is_endless(
    counter: Counter,
) -> None:
    counter.breaker.note_trouble("account-1", 60)
    counter.breaker.note_trouble("account-1", 1)
    counter.clock.now += timedelta(seconds=59)
    assert not counter.breaker.admit("account-1")
    counter.breaker.note_trouble("account-1", 86400)
    counter.clock.now += LONGEST_PAUSE
    assert counter.breaker.admit("account-1")


def test_what_an_adapter_raises_as_trouble_is_unknown_and_carries_the_wish(
    counter: Counter,
) -> None:
    def busy(verb: str, transaction: Transaction) -> None:
        raise ProviderFailedError(ProviderTrouble.RATE_LIMITED, 429, 7)

    counter.bank.before_answer = busy
    answer = counter.cancel()
    assert answer == ProviderAnswer(CancelOutcome.UNKNOWN, retry_after=7)
    assert not counter.breaker.admit("account-1")

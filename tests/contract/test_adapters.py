"""One suite that the adapter of every real provider passes, before a double that remembers."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest

from checkout.bootstrap import utc_now
from checkout.fan_out import TransactionOutcome, WorkOrder
from checkout.lease import LEASE
from checkout.provider_cancellation import STORE_RESERVE, cancel_transactions
from checkout.providers.base import CancelOutcome, Provider
from checkout.providers.registry import PROVIDERS
from checkout.timestamps import to_millis
from checkout.transactions import NEVER_SENT_AFTER, Transaction, TransactionStatus
from local.waiting import wait_until
from tests.contract.benches import BENCHES
from tests.contract.desks.base import Desk, State
from tests.contract.desks.every import DESKS
from tests.doubles.server import TROUBLES
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import Troubles
from tests.unit.samples import KEY

# Seconds for a call that is answered, however busy the machine is; and for one that is not.
TIMEOUT = 8.0
SHORT = 0.4


@pytest.fixture(params=sorted(DESKS))
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with DESKS[request.param]().open() as desk:
        yield desk


@pytest.fixture
def provider(desk: Desk) -> Provider:
    return desk.provider()


def cancellable(desk: Desk) -> Transaction:
    return desk.payment(State.CANCELLABLE)


def times(number: int, desk: Desk) -> int:
    """That many voids at a provider that cancels, and none at one that does not."""
    return number if desk.provider().supports_cancel else 0


def repeated(desk: Desk) -> set[CancelOutcome]:
    """The answers to a repeat: the first one again, or that to a payment that is cancelled."""
    return {desk.expected[state].outcome for state in (State.CANCELLABLE, State.CANCELLED)}


def work(
    desk: Desk, *payments: Transaction, provider: Provider | None = None, parallel: int = 50
) -> tuple[list[TransactionOutcome], MemoryStore]:
    """One worker, as it is wired."""
    store, troubles, now = MemoryStore(), Troubles(), utc_now()
    store.transactions = {each.key: each for each in payments}
    order = WorkOrder(KEY, "driver-1", to_millis(now + LEASE), payments)
    deadline = now + STORE_RESERVE + timedelta(seconds=2 * TIMEOUT)
    outcomes = cancel_transactions(
        provider or desk.provider(), store, order, deadline, utc_now, troubles, parallel
    )
    assert troubles.told == [], "an adapter keeps its time-out, and raises nothing but trouble"
    return outcomes, store


def test_every_provider_is_before_this_suite_or_the_sandboxs() -> None:
    assert set(DESKS) | set(BENCHES) == set(PROVIDERS)
    assert not set(DESKS) & set(BENCHES)


def test_every_state_has_its_expectation(desk: Desk, provider: Provider) -> None:
    assert set(desk.expected) == set(State)
    assert provider.name == desk.name


@pytest.mark.parametrize("state", State)
def test_a_cancellation_is_answered_as_the_payment_is(
    desk: Desk, provider: Provider, state: State
) -> None:
    payment = desk.payment(state)
    if provider.supports_cancel:
        assert provider.cancel(payment, "key-0", TIMEOUT).outcome is desk.expected[state].outcome
        assert desk.cancels(payment.provider_reference or "") == 1
    else:
        assert desk.expected[state].outcome is CancelOutcome.UNSUPPORTED


@pytest.mark.parametrize("state", State)
def test_a_question_is_answered_as_the_payment_is_and_changes_nothing(
    desk: Desk, provider: Provider, state: State
) -> None:
    payment = desk.payment(state)
    found = provider.retrieve(payment, TIMEOUT)
    assert found.status is desk.expected[state].retrieved
    assert found.found is desk.expected[state].found
    assert desk.cancels(payment.provider_reference or "") == 0


@pytest.mark.parametrize("state", State)
def test_the_worker_stores_what_is_true(desk: Desk, state: State) -> None:
    payment, expected = desk.payment(state), desk.expected[state]
    (outcome,), store = work(desk, payment)
    stored = store.transactions[payment.key]
    assert stored.status is (expected.status or payment.status)
    assert (stored.pending_reason if stored.in_flight else None) is expected.reason
    assert outcome.cancelled is (expected.status is TransactionStatus.CANCELLED)


@pytest.mark.parametrize("state", State)
def test_a_second_drive_ends_what_has_ended_and_voids_nothing_twice(
    desk: Desk, state: State
) -> None:
    payment, expected = desk.payment(state), desk.expected[state]
    _, store = work(desk, payment)
    between = store.transactions[payment.key]
    if between.in_flight:
        _, store = work(desk, between)
        assert store.transactions[payment.key].in_flight is (expected.status is None)
    assert desk.voids(payment.provider_reference or "") <= 1


@pytest.mark.parametrize("key", ["key-0", "key-1"])
def test_cancelled_twice_is_voided_once(desk: Desk, provider: Provider, key: str) -> None:
    payment = cancellable(desk)
    first = provider.cancel(payment, "key-0", TIMEOUT)
    again = provider.cancel(payment, key, TIMEOUT)
    assert first.outcome is desk.expected[State.CANCELLABLE].outcome
    assert again.outcome in repeated(desk)
    assert desk.voids(payment.provider_reference or "") == times(1, desk)


def test_a_lost_answer_is_unknown_and_the_repeat_with_its_key_voids_nothing_again(
    desk: Desk, provider: Provider
) -> None:
    payment = cancellable(desk)
    desk.double.trouble = "lost"
    first = provider.cancel(payment, "key-0", TIMEOUT)
    desk.double.trouble = None
    again = provider.cancel(payment, "key-0", TIMEOUT)
    if provider.supports_cancel:
        assert (first.outcome, first.new_key) == (CancelOutcome.UNKNOWN, False)
    assert again.outcome in repeated(desk)
    assert desk.voids(payment.provider_reference or "") == times(1, desk)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_is_unknown_and_nothing_is_voided_or_repeated(
    desk: Desk,
    provider: Provider,
    trouble: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    payment = cancellable(desk)
    timeout = SHORT if trouble == "slow" else TIMEOUT
    desk.double.trouble = trouble
    answer = provider.cancel(payment, "key-0", timeout)
    status = desk.provider().retrieve(payment, timeout)
    if provider.supports_cancel:
        assert answer.outcome is CancelOutcome.UNKNOWN
        assert answer.retry_after == (7 if trouble == "429" else None)
    assert (status.status, status.found) == (None, True)
    tries = 1 + (trouble == "401" and desk.fetches_tokens)
    ways = provider.supports_cancel + provider.supports_retrieve
    assert len(desk.double.asked) == tries * ways
    assert desk.voids(payment.provider_reference or "") == 0
    said = capsys.readouterr().out + caplog.text
    assert "a secret" not in said
    assert all(str(each) not in said for each in desk.secret.values())


@pytest.mark.parametrize("trouble", ["401", "500", "reset", "lost"])
def test_after_trouble_it_is_cancelled(desk: Desk, provider: Provider, trouble: str) -> None:
    payment = cancellable(desk)
    desk.double.trouble = trouble
    _, store = work(desk, payment, provider=provider)
    desk.double.trouble = None
    _, store = work(desk, store.transactions[payment.key], provider=provider)
    expected = desk.expected[State.CANCELLABLE]
    assert store.transactions[payment.key].status is (expected.status or payment.status)
    assert desk.voids(payment.provider_reference or "") == times(1, desk)


def test_nothing_is_asked_before_retry_after_is_over(desk: Desk, provider: Provider) -> None:
    payment = cancellable(desk)
    desk.double.trouble = "429"
    ask(provider, payment)
    desk.double.trouble = None
    desk.clock.sleep(6.9)
    assert not ask(provider, payment)
    assert len(desk.double.asked) == 1
    desk.clock.sleep(0.2)
    assert ask(provider, payment)


def ask(provider: Provider, payment: Transaction, timeout: float = TIMEOUT) -> bool:
    """Whether anything was learnt, by whichever way this provider has."""
    if provider.supports_cancel:
        return provider.cancel(payment, "key-0", timeout).is_known
    return provider.retrieve(payment, timeout).is_known


def test_a_call_that_is_not_answered_ends_at_its_timeout(desk: Desk, provider: Provider) -> None:
    payment = cancellable(desk)
    desk.double.trouble = "slow"
    began = time.monotonic()
    assert not ask(provider, payment, SHORT)
    assert SHORT <= time.monotonic() - began < TIMEOUT


def test_an_unknown_account_is_unknown_and_nobody_is_asked(desk: Desk, provider: Provider) -> None:
    payment = replace(cancellable(desk), provider_account="nobody")
    assert not ask(provider, payment)
    assert desk.double.calls == []


def test_each_account_has_its_own_credentials(desk: Desk, provider: Provider) -> None:
    desk.put_secret("other", **dict.fromkeys(desk.credentials, "wrong"))
    payment = cancellable(desk)
    assert not ask(provider, replace(payment, provider_account="other"))
    assert ask(provider, payment)


def test_a_changed_secret_is_read_when_the_old_one_is_refused(
    desk: Desk, provider: Provider
) -> None:
    payment = cancellable(desk)
    desk.put_secret(**dict.fromkeys(desk.credentials, "old"))
    assert not ask(provider, payment)
    desk.put_secret()
    desk.ticks.ahead += 6
    assert ask(provider, payment)


def test_without_a_reference_nothing_is_concluded(desk: Desk, provider: Provider) -> None:
    """Neither that it is cancelled, nor that it was never sent: not even when it is too late to be.

    A provider that is asked by our own id may have accepted, or refused.
    """
    long_ago = utc_now() - NEVER_SENT_AFTER - timedelta(seconds=1)
    facts = {"status": TransactionStatus.PENDING, "attached_at": long_ago}
    payment = desk.payment(State.MISSING, provider_reference=None, **facts)
    _, store = work(desk, payment)
    stored = store.transactions[payment.key]
    assert (stored.status, stored.never_sent) == (TransactionStatus.PENDING, False)
    assert provider.retrieve(payment, TIMEOUT).status is None


def test_forty_are_cancelled_at_once_and_no_more_than_the_limit(desk: Desk) -> None:
    payments = [cancellable(desk) for _ in range(40)]
    desk.double.gate.clear()
    opener = Thread(target=_open_when, args=(desk, 10))
    opener.start()
    outcomes, store = work(desk, *payments, parallel=10)
    opener.join()
    expected = desk.expected[State.CANCELLABLE]
    assert desk.double.most_busy == 10
    assert len(outcomes) == 40
    for payment in payments:
        stored = store.transactions[payment.key]
        assert stored.status is (expected.status or payment.status)
        assert stored.pending_reason in (expected.reason, None)
        assert desk.voids(payment.provider_reference or "") == times(1, desk)


def _open_when(desk: Desk, number: int) -> None:
    wait_until(lambda: desk.double.busy == number, "the calls have met", TIMEOUT, every=0.01)
    desk.double.gate.set()

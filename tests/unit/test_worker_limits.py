"""When a worker asks no more, and when it believes that a payment was never created."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.fan_out import WorkOrder
from checkout.provider_cancellation import (
    PROVIDER_TIMEOUT,
    RETRIEVE_TIMEOUT,
    SHORTEST_CALL,
    STORE_RESERVE,
    cancel_transactions,
)
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.timestamps import to_millis
from checkout.transactions import (
    CLOCK_SKEW,
    NEVER_SENT_AFTER,
    SEND_DEADLINE,
    PendingReason,
    Transaction,
    TransactionStatus,
)
from tests.unit.clock import NOON, Clock
from tests.unit.memory_store import MemoryStore
from tests.unit.providers import (
    CANCELLED,
    NO_SUCH_PAYMENT,
    NOT_FOUND,
    REFUSED,
    REQUESTED,
    UNKNOWN,
    UNSUPPORTED,
    ScriptedProvider,
    Troubles,
)
from tests.unit.samples import KEY, a_transaction

FAR = timedelta(minutes=10)
A_MOMENT = timedelta(milliseconds=1)


def _work(
    provider: ScriptedProvider, transaction: Transaction, deadline: datetime, lease: datetime
) -> tuple[CancelOutcome, Transaction]:
    """The outcome, and the transaction as it is stored afterwards."""
    store = MemoryStore()
    store.transactions[transaction.key] = transaction
    order = WorkOrder(KEY, "driver-1", to_millis(lease), (transaction,))
    (outcome,) = cancel_transactions(provider, store, order, deadline, provider.clock, Troubles())
    return outcome.outcome, store.transactions[transaction.key]


def _after(waited: timedelta, **facts: Any) -> Transaction:
    """A payment that its provider does not know, `waited` after it was attached."""
    provider = ScriptedProvider(Clock(NOON + waited), answer=NOT_FOUND, state=NO_SUCH_PAYMENT)
    unsent = a_transaction(status=TransactionStatus.PENDING, provider_reference=None)
    far = provider.clock() + FAR
    return _work(provider, replace(unsent, **facts), far, far)[1]


@given(
    lease=st.integers(0, 60_000),
    deadline=st.integers(0, 15_000),
    cancel_takes=st.floats(0, 12),
    retrieve_takes=st.floats(0, 12),
    reason=st.sampled_from([None, *PendingReason]),
)
def test_no_call_at_the_provider_outlives_the_lease_the_worker_or_its_own_limit(
    lease: int,
    deadline: int,
    cancel_takes: float,
    retrieve_takes: float,
    reason: PendingReason | None,
) -> None:
    provider = ScriptedProvider(
        Clock(), answer=REFUSED, cancel_takes=cancel_takes, retrieve_takes=retrieve_takes
    )
    lease_until = NOON + timedelta(milliseconds=lease)
    stopped_at = NOON + timedelta(milliseconds=deadline)
    _, stored = _work(provider, a_transaction(pending_reason=reason), stopped_at, lease_until)
    for asked in provider.asked:
        assert asked.ends_by <= min(lease_until - CLOCK_SKEW, stopped_at - STORE_RESERVE)
        limit = PROVIDER_TIMEOUT if asked.verb == "cancel" else RETRIEVE_TIMEOUT
        assert SHORTEST_CALL <= asked.timeout <= limit
    assert stored.in_flight


def test_a_worker_with_time_gives_its_provider_the_whole_limit() -> None:
    provider = ScriptedProvider(Clock())
    _work(provider, a_transaction(), NOON + FAR, NOON + FAR)
    assert [each.timeout for each in provider.asked] == [PROVIDER_TIMEOUT]


@pytest.mark.parametrize("reason", [None, *PendingReason])
def test_a_worker_whose_lease_is_over_asks_nobody(reason: PendingReason | None) -> None:
    provider = ScriptedProvider(Clock())
    _, stored = _work(provider, a_transaction(pending_reason=reason), NOON + FAR, NOON - FAR)
    assert provider.asked == []
    assert stored.in_flight
    assert stored.pending_reason is (reason or PendingReason.UNKNOWN)


def test_a_worker_with_no_time_left_but_for_storing_asks_nobody() -> None:
    provider = ScriptedProvider(Clock())
    stopped_at = NOON + STORE_RESERVE + timedelta(seconds=SHORTEST_CALL) - A_MOMENT
    assert _work(provider, a_transaction(), stopped_at, NOON + FAR)[0] is CancelOutcome.UNKNOWN
    assert provider.asked == []


def test_a_cancellation_that_took_all_the_time_leaves_the_refusal_as_it_is() -> None:
    provider = ScriptedProvider(Clock(), answer=REFUSED, cancel_takes=8)
    provider.state = ProviderStatus(TransactionStatus.SETTLED)
    stopped_at = NOON + timedelta(seconds=8) + STORE_RESERVE
    outcome, stored = _work(provider, a_transaction(), stopped_at, NOON + FAR)
    assert outcome is CancelOutcome.REFUSED
    assert stored.in_flight
    assert provider.verbs == ["cancel"]


def test_a_provider_that_is_slower_than_the_limit_is_in_flight() -> None:
    provider = ScriptedProvider(Clock(), answer=CANCELLED, cancel_takes=8.5)
    outcome, stored = _work(provider, a_transaction(), NOON + FAR, NOON + FAR)
    assert outcome is CancelOutcome.UNKNOWN
    assert stored.in_flight


@pytest.mark.parametrize("waited", [timedelta(0), SEND_DEADLINE, NEVER_SENT_AFTER])
def test_a_payment_that_may_still_be_sent_is_in_flight(waited: timedelta) -> None:
    stored = _after(waited)
    assert stored.status is TransactionStatus.PENDING
    assert stored.pending_reason is PendingReason.NOT_FOUND
    assert stored.awaited is True


def test_a_payment_that_can_no_longer_be_sent_was_never_created() -> None:
    stored = _after(NEVER_SENT_AFTER + A_MOMENT)
    assert (stored.status, stored.driver) == (TransactionStatus.FAILED, "driver-1")


def test_a_payment_that_could_be_sent_after_its_provider_was_asked_is_in_flight() -> None:
    asked_at = NOON + NEVER_SENT_AFTER - A_MOMENT
    provider = ScriptedProvider(Clock(asked_at), answer=NOT_FOUND, cancel_takes=7)
    unsent = a_transaction(status=TransactionStatus.PENDING, provider_reference=None)
    outcome, stored = _work(provider, unsent, NOON + FAR, NOON + FAR)
    assert outcome is CancelOutcome.NOT_FOUND
    assert stored.in_flight


@pytest.mark.parametrize("reason", [None, PendingReason.NOT_FOUND, PendingReason.UNKNOWN])
def test_not_having_found_it_before_does_not_make_it_sent(reason: PendingReason | None) -> None:
    assert _after(FAR, pending_reason=reason).status is TransactionStatus.FAILED


SENT = [
    {"provider_reference": "ref_1"},
    {"status": TransactionStatus.PROCESSING},
    {"status": TransactionStatus.AUTHORIZED},
    {"pending_reason": PendingReason.REQUESTED},
    {"pending_reason": PendingReason.UNSUPPORTED},
    {"pending_reason": PendingReason.REFUSED},
    {"cancel_attempt": 1},
]


@pytest.mark.parametrize("facts", SENT)
def test_a_payment_that_anything_tells_of_was_created_whatever_its_provider_says(
    facts: dict[str, Any],
) -> None:
    assert _after(FAR, **facts).in_flight


@pytest.mark.parametrize("answer", [REFUSED, UNSUPPORTED])
def test_a_payment_that_its_provider_would_not_cancel_and_then_did_not_find_exists(
    answer: ProviderAnswer,
) -> None:
    provider = ScriptedProvider(Clock(NOON + FAR), answer=answer, state=NO_SUCH_PAYMENT)
    unsent = a_transaction(status=TransactionStatus.PENDING, provider_reference=None)
    outcome, stored = _work(provider, unsent, NOON + 2 * FAR, NOON + 2 * FAR)
    assert outcome is answer.outcome
    assert stored.in_flight


def test_a_payment_that_its_provider_found_a_moment_ago_exists() -> None:
    provider = ScriptedProvider(Clock(NOON + FAR), answer=NOT_FOUND)
    provider.state = ProviderStatus(TransactionStatus.AUTHORIZED)
    seen = a_transaction(
        status=TransactionStatus.PENDING,
        provider_reference=None,
        pending_reason=PendingReason.UNKNOWN,
    )
    assert _work(provider, seen, NOON + 2 * FAR, NOON + 2 * FAR)[1].in_flight


def test_a_provider_that_can_only_look_can_say_that_there_is_no_payment() -> None:
    provider = ScriptedProvider(Clock(NOON + FAR), state=NO_SUCH_PAYMENT, supports_cancel=False)
    unsent = a_transaction(status=TransactionStatus.PENDING, provider_reference=None)
    _, stored = _work(provider, unsent, NOON + 2 * FAR, NOON + 2 * FAR)
    assert stored.status is TransactionStatus.FAILED
    assert stored.never_sent


@pytest.mark.parametrize("answer", [UNKNOWN, UNSUPPORTED, REQUESTED])
def test_only_a_provider_that_looked_can_say_that_there_is_no_payment(
    answer: ProviderAnswer,
) -> None:
    provider = ScriptedProvider(Clock(NOON + FAR), answer=answer)
    unsent = a_transaction(status=TransactionStatus.PENDING, provider_reference=None)
    _, stored = _work(provider, unsent, NOON + 2 * FAR, NOON + 2 * FAR)
    assert stored.in_flight


def test_a_payment_whose_reference_comes_while_the_worker_asks_is_in_flight() -> None:
    provider = ScriptedProvider(Clock(NOON + FAR), answer=NOT_FOUND)
    unsent = a_transaction(status=TransactionStatus.PENDING, provider_reference=None)
    store = MemoryStore()
    store.transactions[unsent.key] = unsent
    hook = ("record_outcome", 1)
    store.before[hook] = lambda: store.record_reference(unsent.key, "bank", "ref_1")
    order = WorkOrder(KEY, "driver-1", to_millis(NOON + 2 * FAR), (unsent,))
    (outcome,) = cancel_transactions(
        provider, store, order, NOON + 2 * FAR, provider.clock, Troubles()
    )
    assert outcome.outcome is CancelOutcome.NOT_FOUND
    assert store.transactions[unsent.key].status is TransactionStatus.PENDING
    assert store.transactions[unsent.key].awaited is True


def test_the_send_deadline_leaves_room_for_a_slow_attach_a_slow_call_and_other_clocks() -> None:
    assert SEND_DEADLINE + timedelta(seconds=45) <= NEVER_SENT_AFTER

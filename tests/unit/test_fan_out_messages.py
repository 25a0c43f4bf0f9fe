"""What driver and workers say to each other comes through the state machine as it was said."""

import json
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.fan_out import (
    TransactionOutcome,
    WorkOrder,
    order_from_message,
    order_to_message,
    outcomes_from_message,
    outcomes_to_message,
)
from checkout.providers.base import CancelOutcome
from checkout.sessions import SessionKey
from checkout.transactions import (
    IN_FLIGHT,
    MAX_TRANSACTIONS,
    TERMINAL,
    Money,
    PendingReason,
    Transaction,
    TransactionKey,
    TransactionStatus,
)
from tests.unit.samples import KEY, a_transaction

WORDS = st.text(min_size=1, max_size=20)
NAMES = st.text(string.ascii_lowercase + "-", min_size=1, max_size=8)
MOMENTS = st.integers(0, 10**9).map(
    lambda millis: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
)
MONEY = st.builds(Money, st.integers(0, 10**15), st.text("EURUSD", min_size=3, max_size=3))
KEYS = st.builds(SessionKey, WORDS, WORDS)
STATUSES = st.sampled_from(TransactionStatus)
OUTCOMES = st.builds(
    TransactionOutcome,
    WORDS,
    st.sampled_from(CancelOutcome),
    st.none() | STATUSES,
    st.booleans(),
    st.booleans(),
)


@st.composite
def orders(draw: st.DrawFn) -> WorkOrder:
    session = draw(KEYS)
    transactions = st.builds(
        Transaction,
        key=st.builds(TransactionKey, st.just(session), WORDS),
        provider=NAMES,
        provider_account=WORDS,
        money=MONEY,
        status=STATUSES,
        created_at=MOMENTS,
        attached_at=MOMENTS,
        provider_reference=st.none() | WORDS,
        cancel_attempt=st.integers(0, 1000),
        pending_reason=st.none() | st.sampled_from(PendingReason),
    )
    listed = draw(st.lists(transactions, max_size=5))
    return WorkOrder(session, draw(WORDS), draw(st.integers(0, 10**13)), tuple(listed))


@settings(max_examples=25)
@given(order=orders())
def test_each_worker_gets_its_own_part_of_the_order_and_nothing_is_lost(order: WorkOrder) -> None:
    message = json.loads(json.dumps(order_to_message(order)))
    received: list[Transaction] = []
    for group in message.pop("groups"):
        part = order_from_message(message | group)
        assert {each.provider for each in part.transactions} == {group["provider"]}
        assert (part.session, part.driver) == (order.session, order.driver)
        assert part.lease_until == order.lease_until
        received += part.transactions
    by_provider = sorted(order.transactions, key=lambda each: each.provider)
    assert received == by_provider


@given(outcomes=st.lists(OUTCOMES, max_size=5))
def test_outcomes_come_back_as_they_were_sent(outcomes: list[TransactionOutcome]) -> None:
    message = json.loads(json.dumps(outcomes_to_message(outcomes)))
    assert outcomes_from_message(message) == outcomes


def test_the_form_of_an_order_is_the_one_that_the_state_machine_reads() -> None:
    order = WorkOrder(KEY, "driver-1", 1_772_366_460_000, (a_transaction(),))
    assert order_to_message(order) == {
        "merchantId": KEY.merchant_id,
        "sessionId": KEY.session_id,
        "driver": "driver-1",
        "leaseUntil": 1_772_366_460_000,
        "groups": [
            {
                "provider": "bank",
                "transactions": [
                    {
                        "transactionId": a_transaction().transaction_id,
                        "providerAccount": "account-1",
                        "providerReference": "ref_1",
                        "amount": 1999,
                        "currency": "EUR",
                        "status": "PROCESSING",
                        "createdAt": "2026-03-01T12:00:00.000Z",
                        "attachedAt": "2026-03-01T12:00:00.000Z",
                        "cancelAttempt": 0,
                        "pendingReason": None,
                    }
                ],
            }
        ],
    }


def test_an_order_of_the_largest_session_fits_into_an_express_execution() -> None:
    long = "x" * 255
    transactions = tuple(
        a_transaction(number, provider_reference=long, provider_account=long, provider=long)
        for number in range(MAX_TRANSACTIONS)
    )
    message = json.dumps(order_to_message(WorkOrder(KEY, "driver-1", 10**13, transactions)))
    assert len(message.encode()) < 256 * 1024


@pytest.mark.parametrize("status", [*TransactionStatus, None])
def test_an_outcome_has_ended_exactly_if_its_stored_status_is_terminal(
    status: TransactionStatus | None,
) -> None:
    outcome = TransactionOutcome("id", CancelOutcome.UNKNOWN, status)
    assert outcome.ended is (status in TERMINAL)


@pytest.mark.parametrize("outcome", CancelOutcome)
@pytest.mark.parametrize("status", [*TransactionStatus, None])
def test_only_what_is_confirmed_and_stored_is_cancelled_by_this_drive(
    outcome: CancelOutcome, status: TransactionStatus | None
) -> None:
    told = TransactionOutcome("id", outcome, status).cancelled
    confirmed = outcome is CancelOutcome.CANCELLED
    assert told is (confirmed and status is TransactionStatus.CANCELLED)
    assert not (told and status in IN_FLIGHT)

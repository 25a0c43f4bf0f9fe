"""No session stays stuck (MUST 5): killed cancellations end with no human and no further call.

They were killed in test_contract_crashes and test_contract_killed. Alone, this waits for the lease.
"""

import sys
import time

import pytest

from local.calls import Client
from local.inspection import Inspector
from local.stack import Stack
from local.waiting import wait_until
from tests.local import crashes, killed
from tests.local.conftest import Seed, Seeded
from tests.local.crashes import CRASHES

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc"),
    pytest.mark.timeout(400),
]
# The contract: driven on within four minutes.
WITHIN = 240.0
NOTHING_HAPPENED = "before the lock"


@pytest.fixture(autouse=True)
def only_on_the_emulator(stack: Stack) -> None:
    if stack.endpoint_url is None:
        pytest.skip("nobody can kill a process of AWS Lambda")


def ends_by_itself(merchant: Client, session_id: str, killed_at: float) -> None:
    """Reading changes nothing: whoever ends it, it is not this test."""
    left = killed_at + WITHIN - time.monotonic()

    def cancelled() -> bool:
        return bool(merchant.get(session_id).json()["status"] == "CANCELLED")

    wait_until(cancelled, "the session is CANCELLED", max(left, 0.0), every=1.0)


def voided_once(inspect: Inspector, provider: str, session: Seeded) -> None:
    for transaction_id in session.transaction_ids:
        item = inspect.transaction_item(session.session_id, transaction_id)
        assert item["status"] == "CANCELLED"
        entry = inspect.ledger(provider, transaction_id)
        assert entry.voids == 1
        assert len(entry.keys) == 1, "a repeat carries the same idempotency key"


@pytest.mark.parametrize("when", [each for each in CRASHES if each != NOTHING_HAPPENED])
def test_a_cancellation_that_was_killed_ends_within_four_minutes_and_voids_once(
    stack: Stack, merchant: Client, seed: Seed, inspect: Inspector, when: str
) -> None:
    scene = crashes.scenes(stack, merchant, seed)[when]
    ends_by_itself(merchant, scene.session.session_id, scene.killed_at)
    voided_once(inspect, "sandbox", scene.session)


def test_of_a_driver_killed_before_the_lock_nothing_is_left_and_a_repeat_cancels(
    stack: Stack, merchant: Client, seed: Seed
) -> None:
    session = crashes.scenes(stack, merchant, seed)[NOTHING_HAPPENED].session
    assert merchant.get(session.session_id).json()["status"] == "OPEN"
    answer = merchant.cancel(session.session_id).json()
    assert answer["cancelledTransactionIds"] == session.transaction_ids


def test_three_slow_voids_whose_driver_and_worker_were_killed_end_with_no_call(
    stack: Stack, merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    scene = killed.scenes(stack, merchant, seed, inspect)[killed.LEFT_ALONE]
    ends_by_itself(merchant, scene.session.session_id, scene.killed_at)
    voided_once(inspect, scene.provider, scene.session)

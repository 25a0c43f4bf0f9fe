"""A repeat after the lease of a killed driver: it finishes, and nothing is done twice.

What is killed is killed in test_contract_killed: the minute of the lease passes in the tests
between. Alone, this waits for it.
"""

import sys
from collections.abc import Mapping

import pytest

from local.answers import busy, cancellation
from local.calls import Answer, Client
from local.inspection import Inspector
from local.stack import Stack
from local.waiting import wait_until
from tests.local import killed
from tests.local.conftest import Seed
from tests.local.killed import Scene

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc"),
    pytest.mark.timeout(300),
]
LEASE_IS_OVER_WITHIN = 100.0


@pytest.fixture(scope="module")
def scenes(stack: Stack, merchant: Client, seed: Seed, inspect: Inspector) -> Mapping[str, Scene]:
    if stack.endpoint_url is None:
        pytest.skip("nobody can kill a process of AWS Lambda")
    return killed.scenes(stack, merchant, seed, inspect)


def driven_again(merchant: Client, session_id: str) -> Answer:
    """The first answer that is not 'somebody drives it'."""

    def answer() -> Answer | None:
        repeat = merchant.cancel(session_id)
        if repeat.status == 409:
            busy(repeat)
            return None
        return repeat

    found = wait_until(answer, "the lease is over", LEASE_IS_OVER_WITHIN, every=1.0)
    assert found
    return found


@pytest.mark.parametrize("what", [killed.DRIVER, killed.DRIVER_AND_WORKER])
def test_a_repeat_after_the_lease_finishes_it_and_each_payment_was_voided_once(
    scenes: Mapping[str, Scene], merchant: Client, inspect: Inspector, what: str
) -> None:
    scene = scenes[what]
    session_id = scene.session.session_id

    assert cancellation(driven_again(merchant, session_id)).status == "CANCELLED"

    read = merchant.get(session_id).json()
    assert read["status"] == "CANCELLED"
    assert [each["status"] for each in read["transactions"]] == ["CANCELLED"] * 3
    for transaction_id in scene.session.transaction_ids:
        entry = inspect.ledger(scene.provider, transaction_id)
        assert entry.voids == 1
        assert len(entry.keys) == 1, "a repeat carries the same idempotency key"

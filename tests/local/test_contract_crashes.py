"""kill -9 at each step of the failure table: what it leaves. Its end is in test_recovery."""

import sys
from collections.abc import Mapping

import pytest

from local.answers import cancellation
from local.calls import Client
from local.inspection import Inspector
from local.stack import Stack
from tests.local import crashes
from tests.local.conftest import Seed
from tests.local.crashes import CRASHES, DRIVER, Scene

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")

LEFT = {"before the lock": "OPEN", "completed, before the answer": "CANCELLED"}


@pytest.fixture
def scenes(stack: Stack, merchant: Client, seed: Seed) -> Mapping[str, Scene]:
    if stack.endpoint_url is None:
        pytest.skip("nobody can kill a process of AWS Lambda")
    return crashes.scenes(stack, merchant, seed)


@pytest.mark.parametrize("when", CRASHES)
def test_a_dead_driver_leaves_the_gateways_answer_and_a_locked_session(
    scenes: Mapping[str, Scene], when: str
) -> None:
    scene = scenes[when]
    if DRIVER in CRASHES[when].dead:
        assert scene.answer.status >= 500, "the gateway's answer, for a function that is no more"
        assert scene.status == LEFT.get(when, "PENDING_CANCELLATION")
    else:
        cancellation(scene.answer)


def test_a_driver_that_dies_before_the_lock_has_asked_no_provider(
    scenes: Mapping[str, Scene], inspect: Inspector
) -> None:
    (transaction_id,) = scenes["before the lock"].session.transaction_ids
    assert inspect.ledger("sandbox", transaction_id).void_requests == 0

"""kill -9 in the middle of a cancellation: what has begun is finished, and nothing is done twice.

Both scenes run at once, so that their leases are waited for at once.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from local.calls import Answer, Client
from local.inspection import Inspector
from local.stack import Stack
from local.waiting import wait_until
from tests.local import workers
from tests.local.answers import busy, cancellation
from tests.local.conftest import Seed, Seeded
from tests.local.moments import wait_until_voided, warm_up, warm_up_fan_out

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc"),
    # The lease is a minute.
    pytest.mark.timeout(300),
]
LEASE_IS_OVER_WITHIN = 100.0


@dataclass(frozen=True)
class Scene:
    """A cancellation that was killed, its answer, and what was found right after it."""

    session: Seeded
    provider: str
    killed: Answer
    status: str
    meanwhile: Answer
    repeat: Answer


def _driven_again(merchant: Client, session: Seeded) -> Answer:
    """The first answer that is not 'somebody drives it'."""

    def answer() -> Answer | None:
        repeat = merchant.cancel(session.session_id)
        if repeat.status == 409:
            busy(repeat)
            return None
        return repeat

    found = wait_until(answer, "the lease is over", LEASE_IS_OVER_WITHIN, every=1.0)
    assert found
    return found


def _finish(merchant: Client, session: Seeded, provider: str, call: Future[Answer]) -> Scene:
    killed = call.result()
    status = merchant.get(session.session_id).json()["status"]
    meanwhile = merchant.cancel(session.session_id)
    repeat = _driven_again(merchant, session)
    return Scene(session, provider, killed, status, meanwhile, repeat)


@pytest.fixture(scope="module")
def scenes(
    stack: Stack, merchant: Client, seed: Seed, inspect: Inspector
) -> Iterator[dict[str, Scene]]:
    if stack.endpoint_url is None:
        pytest.skip("nobody can kill a process of AWS Lambda")
    warm_up_fan_out(merchant, seed)
    warm_up(merchant, 2)
    sessions = {each: seed(*[f"{each}:slow_3000_1"] * 3) for each in ("sandbox", "sandbox-b")}
    with ThreadPoolExecutor() as pool:
        calls = {
            provider: pool.submit(merchant.cancel, session.session_id)
            for provider, session in sessions.items()
        }
        for provider, session in sessions.items():
            wait_until_voided(inspect, provider, session.transaction_ids)
        workers.kill(stack, "cancel-session", "cancel-with-sandbox-b")
        finished = {
            provider: pool.submit(_finish, merchant, session, provider, calls[provider])
            for provider, session in sessions.items()
        }
        yield {provider: future.result() for provider, future in finished.items()}


KILLED = pytest.mark.parametrize(
    "provider",
    [
        pytest.param("sandbox", id="the driver was killed"),
        pytest.param("sandbox-b", id="the driver and the provider's worker were killed"),
    ],
)


@KILLED
def test_the_session_of_a_dead_driver_is_locked_until_its_lease_is_over(
    scenes: dict[str, Scene], provider: str
) -> None:
    scene = scenes[provider]
    assert scene.killed.status >= 500  # the gateway's answer, for a function that is no more
    assert scene.status == "PENDING_CANCELLATION"
    busy(scene.meanwhile)


@KILLED
def test_a_repeat_after_the_lease_finishes_the_cancellation(
    scenes: dict[str, Scene], provider: str, merchant: Client
) -> None:
    scene = scenes[provider]
    assert cancellation(scene.repeat).status == "CANCELLED"
    read = merchant.get(scene.session.session_id).json()
    assert read["status"] == "CANCELLED"
    assert {each["status"] for each in read["transactions"]} == {"CANCELLED"}


@KILLED
def test_each_payment_of_a_dead_driver_is_voided_once(
    scenes: dict[str, Scene], provider: str, inspect: Inspector
) -> None:
    for transaction_id in scenes[provider].session.transaction_ids:
        entry = inspect.ledger(provider, transaction_id)
        assert entry.voids == 1
        assert len(entry.keys) == 1, "a repeat carries the same idempotency key"

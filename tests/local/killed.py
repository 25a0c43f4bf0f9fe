"""Two cancellations that were killed with kill -9, for the tests of what is left and of the end.

Made once for all of them: the lease of a dead driver lasts a minute, in which others run.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from local import workers
from local.calls import Answer, Client
from local.inspection import Inspector
from local.stack import Stack
from tests.local.conftest import Seed, Seeded
from tests.local.moments import wait_until_voided, warm_up, warm_up_fan_out

# By what was killed: the driver alone, or the provider's worker with it; and whom nobody calls for
# afterwards.
DRIVER = "the driver"
DRIVER_AND_WORKER = "the driver and the provider's worker"
LEFT_ALONE = "both, and nobody repeats the call"
PROVIDERS = {DRIVER: "sandbox", DRIVER_AND_WORKER: "sandbox-b", LEFT_ALONE: "sandbox-c"}


@dataclass(frozen=True)
class Scene:
    """A cancellation that was killed: its answer, and what was found right after it."""

    session: Seeded
    provider: str
    answer: Answer
    status: str
    repeat: Answer
    killed_at: float


_made: dict[str, Scene] = {}


def scenes(stack: Stack, merchant: Client, seed: Seed, inspect: Inspector) -> Mapping[str, Scene]:
    if not _made:
        _made.update(_kill(stack, merchant, seed, inspect))
    return _made


def _kill(stack: Stack, merchant: Client, seed: Seed, inspect: Inspector) -> dict[str, Scene]:
    warm_up_fan_out(merchant, seed)
    warm_up(merchant, len(PROVIDERS))
    sessions = {what: seed(*[f"{at}:slow_3000_1"] * 3) for what, at in PROVIDERS.items()}
    with ThreadPoolExecutor() as pool:
        calls = {
            what: pool.submit(merchant.cancel, session.session_id)
            for what, session in sessions.items()
        }
        for what, session in sessions.items():
            wait_until_voided(inspect, PROVIDERS[what], session.transaction_ids)
        workers.kill(stack, "cancel-session", "cancel-with-sandbox-b", "cancel-with-sandbox-c")
        killed_at = time.monotonic()
        return {
            what: _look(merchant, session, PROVIDERS[what], calls[what], killed_at)
            for what, session in sessions.items()
        }


def _look(
    merchant: Client, session: Seeded, provider: str, call: Future[Answer], killed_at: float
) -> Scene:
    answer = call.result()
    status = merchant.get(session.session_id).json()["status"]
    repeat = merchant.cancel(session.session_id)
    return Scene(session, provider, answer, status, repeat, killed_at)

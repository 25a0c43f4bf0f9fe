"""Making things happen at the same moment, and at the right one, with no fixed sleep."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from local.answers import NO_SESSION, cancellation, error
from local.calls import Client
from local.inspection import Inspector
from local.waiting import wait_until
from tests.local.conftest import Seed

Result = TypeVar("Result")

# Seconds that what comes by itself may take on a machine with much else to do.
PATIENCE = 60.0


def together(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Call all at the same moment; the results in the order of the calls."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        ready.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def warm_up(client: Client, environments: int) -> None:
    """Have that many environments of the function ready, so that calls at once start at once."""
    for answer in together([lambda: client.cancel(NO_SESSION)] * environments):
        error(answer, 404)


def warm_up_fan_out(client: Client, seed: Seed) -> None:
    """Have every provider's worker ready, where seconds are going to count."""
    session = seed("sandbox:ok_1", "sandbox-b:ok_1", "sandbox-c:ok_1")
    cancellation(client.cancel(session.session_id))


def wait_until_voided(inspect: Inspector, provider: str, transaction_ids: Sequence[str]) -> None:
    """Wait until the provider has voided them; it may not have answered yet."""

    def all_voided() -> bool:
        return all(inspect.ledger(provider, each).voids for each in transaction_ids)

    wait_until(all_voided, "the provider has voided them", PATIENCE, every=0.02)

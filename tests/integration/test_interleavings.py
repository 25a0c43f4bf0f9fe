"""Hundreds of interleavings of everybody who may touch one session, and what must hold in each.

A failure names its seed: `Play(cloud, seed)` does the same again, step by step.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from multiprocessing import get_context
from unittest.mock import patch

import pytest

from checkout import cancellation
from checkout.fan_out import FanOutResult
from tests.integration.changes import BrokenPromiseError
from tests.integration.cloud import Cloud
from tests.integration.mutants import WHOLE, mutated
from tests.integration.play import Play
from tests.integration.promises import check

PLAYS = 500
CHUNK = 25


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.INFO)
    yield
    logging.disable(logging.NOTSET)


def violation_of(cloud: Cloud, seed: int) -> str | None:
    """The promise that this play breaks, with its steps."""
    played = Play(cloud, seed)
    try:
        check(played)
    except BrokenPromiseError as violation:
        return f"{violation} (seed {seed})\n" + "\n".join(played.schedule.trace)
    return None


_clouds: list[Cloud] = []


def _violation(seed: int) -> str | None:
    return violation_of(_clouds[-1], seed)


@pytest.mark.timeout(600)  # half a minute, on a machine that has nothing else to do
def test_every_interleaving_keeps_every_promise(cloud: Cloud) -> None:
    # Forked: each process has its own copy of the cloud, and a processor for itself.
    _clouds.append(cloud)
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        found = pool.map(_violation, range(PLAYS), chunksize=CHUNK)
        violations = [each for each in found if each]
    assert not violations, f"{len(violations)} of {PLAYS}, the first:\n{violations[0]}"


def test_the_same_seed_is_the_same_play(cloud: Cloud) -> None:
    for seed in range(3):
        plays = [Play(cloud, seed), Play(cloud, seed)]
        for each in plays:
            check(each)
        assert plays[0].schedule.trace == plays[1].schedule.trace


def _no_second_query() -> AbstractContextManager[object]:
    """A driver with something left gives the lease back without looking again."""

    def settle_up(drive: cancellation._Drive, result: FanOutResult) -> cancellation.Cancellation:
        return drive._release()

    return patch.object(cancellation._Drive, "_settle_up", settle_up)


# What is weakened, how, the promise that it breaks, and a seed shortly before one that shows it.
WEAKER: dict[str, tuple[Callable[[], AbstractContextManager[object]], str, int]] = {
    "lock without its condition": (
        lambda: mutated("lock_for_cancellation", WHOLE),
        "two drivers at a time",
        0,
    ),
    "lock of a lease that somebody holds": (
        lambda: mutated("lock_for_cancellation", "leaseUntil < :now"),
        "two drivers at a time",
        0,
    ),
    "attach to a session that is locked": (
        lambda: mutated("attach_attempt", "#status = :open"),
        "attached to a session",
        0,
    ),
    "no second query": (_no_second_query, "drained, and nobody will complete it", 195),
    "an outcome over a terminal status": (
        lambda: mutated("record_outcome", WHOLE),
        "REFUNDED became SETTLED",
        38,
    ),
    "a status over a terminal status": (lambda: mutated("record_status", WHOLE), "became", 0),
    "a completion of what is not pending": (
        lambda: mutated("complete_cancellation", WHOLE),
        "a cancelled session changed",
        0,
    ),
}


@pytest.mark.parametrize("weakness", WEAKER)
def test_a_weaker_protocol_is_found_out(cloud: Cloud, weakness: str) -> None:
    weaken, promise, first = WEAKER[weakness]
    with weaken():
        seeds = (seed % PLAYS for seed in range(first, first + PLAYS))
        found = next((each for seed in seeds if (each := violation_of(cloud, seed))), "none")
    assert promise in found

"""A hundred interleavings of everybody who may touch one session, and what must hold in each.

A sample, on moto and with threads: tests/exploration has all schedules of three, and the proof that
they bite. A failure names its seed: `Play(cloud, seed)` does the same again, step by step.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.integration.changes import BrokenPromiseError
from tests.integration.cloud import Cloud
from tests.integration.play import Play
from tests.integration.promises import check

PLAYS = 100
CHUNK = 5


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


@pytest.mark.timeout(600)  # a quarter of a minute, on a machine that has nothing else to do
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

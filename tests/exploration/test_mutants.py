"""Every part of every condition is needed, and every rule: without it a schedule breaks a promise.

The few that nobody misses protect against what is not in the worlds; each says what that is.
"""

import pytest

from tests.exploration.hunt import hunt_all, weaknesses

SURVIVORS: dict[str, str] = {
    "release_lease: without driver = :driver": "",
}


@pytest.mark.timeout(2400)  # three minutes, on a machine that has nothing else to do
def test_all_mutants_but_the_explained_ones_are_killed() -> None:
    verdicts = hunt_all()
    killed = [each for each in verdicts if each.shown]
    print("\n" + "\n".join(map(str, verdicts)))
    print(f"{len(killed)} of {len(verdicts)} killed, {len(SURVIVORS)} explained")
    assert {each.weakness for each in verdicts if not each.shown} == {*SURVIVORS}


def test_every_explained_survivor_is_a_mutant() -> None:
    assert {*SURVIVORS} <= {*weaknesses()}

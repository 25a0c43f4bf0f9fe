"""Every part of every condition is needed, and every rule: without it a schedule breaks a promise.

The few that nobody misses protect against what is not in the worlds; each says what that is.
"""

import pytest

from tests.exploration.hunt import hunt_all, weaknesses

ONE_LEASE = (
    "Only a session that is being cancelled has a lease: nothing of ours leaves one on another."
)
NEVER_FOUND = (
    "The worlds' provider finds what it was sent, and who sends keeps to its time. This is for a"
    " provider that does not, and a sender that does not."
)
SURVIVORS: dict[str, str] = {
    "lock_for_cancellation (by a call): without #status = :pending": ONE_LEASE,
    "lock_for_cancellation (by the reconciler): without #status = :pending": ONE_LEASE,
    "postpone: without driver = :driver": (
        "Time passes at once in all worlds: to be due later costs them nothing."
    ),
    "release_lease: without driver = :driver": (
        "A lease outlives its driver in all worlds. This is for clocks that disagree by more."
    ),
    "record_late_settlement: without #status = :refunded": (
        "Beside the statuses before it, only a refunded payment has a settledAt."
    ),
    "record_outcome (never sent): without #status IN (:from0)": NEVER_FOUND,
    "record_outcome (never sent): without attribute_not_exists(providerReference)": NEVER_FOUND,
    "record_outcome (never sent): without attribute_not_exists(cancelAttempt)": NEVER_FOUND,
    "record_outcome (never sent): without the whole condition": NEVER_FOUND,
}


@pytest.mark.timeout(2400)  # three minutes, on a machine that has nothing else to do
def test_all_mutants_but_the_explained_ones_are_killed() -> None:
    verdicts = hunt_all(SURVIVORS)
    killed = [each for each in verdicts if each.shown]
    print("\n" + "\n".join(map(str, verdicts)))
    print(f"{len(killed)} of {len(verdicts)} killed, {len(SURVIVORS)} explained")
    assert {each.weakness for each in verdicts if not each.shown} == {*SURVIVORS}


def test_every_explained_survivor_is_a_mutant() -> None:
    assert {*SURVIVORS} <= {*weaknesses()}

"""Every schedule of any three actors keeps every promise of the contract.

`pytest -s` and `make explore` show how many there are.
"""

from functools import cache

import pytest

from tests.exploration.explore import explore_all, table
from tests.exploration.explorer import Found
from tests.exploration.forms import forms
from tests.exploration.world import TRIPLES, WORLDS


@cache
def found() -> list[Found]:
    every = explore_all()
    print(f"\n{table(every)}")
    return every


@pytest.mark.timeout(1200)  # two minutes, on a machine that has nothing else to do
def test_every_schedule_keeps_every_promise() -> None:
    violations = [each for each in found() if each.violation]
    assert not violations, f"{violations[0].world}: {violations[0].violation}"


@pytest.mark.timeout(1200)
def test_all_triples_were_explored_in_all_worlds_and_every_status_was_an_end() -> None:
    assert {(each.world, each.actors) for each in found()} == {
        (world.name, names) for world in WORLDS for names in TRIPLES
    }
    ends = {end for each in found() for end in each.ends}
    assert ends == {"OPEN", "COMPLETED", "PENDING_CANCELLATION", "CANCELLED"}


@pytest.mark.timeout(1200)
def test_every_conditional_write_was_asked_for_in_every_form() -> None:
    asked = {write for each in found() for write in each.writes}
    missing = {
        f"{builder} {form}"
        for builder, every in forms().items()
        for form, request in every.items()
        if (request["ConditionExpression"], request.get("UpdateExpression")) not in asked
    }
    assert not missing

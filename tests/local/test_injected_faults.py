"""Every call of AWS that a function makes fails, in every way: nothing is lost, nothing is stuck.

The faults are microburst's, a proxy that answers as AWS does; the table of them is in fault_table.
A store that is down for good, and how often it is asked, are in test_failing_store.
"""

from collections.abc import Mapping

import pytest

from checkout.transactions import IN_FLIGHT, TransactionStatus
from local.calls import Answer, Client
from local.function_variables import functions_of
from local.inspection import Inspector
from local.stack import Stack
from tests.local.answers import busy, cancellation, error
from tests.local.conftest import Seed
from tests.local.fault_play import Outcome, Played, play
from tests.local.fault_scenes import Part, Stage
from tests.local.fault_table import CALLS, LIKE_THE_WORKER, ROWS, Act, Row

pytestmark = pytest.mark.timeout(900)
_played: list[Played] = []


@pytest.fixture(scope="module")
def played(stack: Stack, merchant: Client, seed: Seed, inspect: Inspector) -> Played:
    if stack.endpoint_url is None:
        pytest.skip("nobody can make AWS fail")
    return play(Stage(stack, merchant, seed, inspect))


def test_the_table_has_every_call_that_a_function_makes(played: Played, stack: Stack) -> None:
    assert played.seen.unknown == frozenset(), "calls without rows"
    in_the_table = {(call.function, call.request.name) for call in CALLS if not call.unheard}
    assert in_the_table - played.seen.known == set(), "calls that nobody makes any more"
    functions = {call.function for call in CALLS}
    assert functions.union(LIKE_THE_WORKER) == set(functions_of(stack))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_fault_loses_nothing_and_leaves_nothing_stuck(played: Played, row: Row) -> None:
    outcome = played.outcomes[row]
    assert outcome.fired >= row.tries, "the fault did not happen"
    check_first_answer(row, outcome.part)
    check_answers(outcome)
    check_end(outcome)


def check_first_answer(row: Row, part: Part) -> None:
    """It is one of the contract's, and the same as ever where a second try has helped."""
    scene = row.call.scene
    if not part.answers:
        assert scene.act in (Act.RECOVER, Act.LIST)
        return
    answer = part.answers[0]
    allowed = row.call.refusals if not row.is_hidden or row.is_taken_for_another else set()
    assert answer.status in {scene.answer} | allowed
    if answer.status in (409, 503) and not scene.completed:
        check_refusal(row, part, answer)
    elif scene.act not in (Act.READ, Act.CANCEL_WITH_KEY) and row.is_hidden:
        found = cancellation(answer)
        assert len(found.cancelled) == scene.cancelled
        assert len(found.pending) == scene.pending


def check_refusal(row: Row, part: Part, answer: Answer) -> None:
    """No provider was called, and the session is as before, unless the lock was made unheard."""
    ...


def check_answers(outcome: Outcome) -> None: ...


def check_end(outcome: Outcome) -> None: ...

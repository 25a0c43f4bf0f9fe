"""Every call of AWS in a cancellation fails, in every way: nothing is lost, nothing is stuck.

The faults are those of microburst, a proxy that fails as AWS fails; fault_table has them all. A
store that is down for one call and all after it is in test_failing_store.
"""

import pytest

from local.answers import Cancelled, busy, cancellation, error
from local.calls import Answer, Client
from local.function_variables import functions_of
from local.inspection import Inspector
from local.stack import Stack
from tests.local.conftest import Seed
from tests.local.fault_play import Outcome, Played, play
from tests.local.fault_scenes import Part, Stage
from tests.local.fault_table import CALLS, ELSEWHERE, LIKE_THE_WORKER, ROWS, Act, Row
from tests.template.cloudformation import ROOT

# The first test plays everything.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def played(stack: Stack, merchant: Client, seed: Seed, inspect: Inspector) -> Played:
    if stack.endpoint_url is None:
        pytest.skip("nobody can make AWS itself fail")
    return play(Stage(stack, merchant, seed, inspect))


def test_the_table_has_every_call_that_a_function_makes(played: Played, stack: Stack) -> None:
    assert played.seen.unknown == frozenset(), "calls without rows"
    ordinary = {(call.function, call.request.name) for call in CALLS if call.ordinary}
    assert ordinary - played.seen.known == set(), "calls that nobody makes any more"
    functions = {call.function for call in CALLS}
    assert functions.union(LIKE_THE_WORKER, ELSEWHERE) == set(functions_of(stack))
    assert all((ROOT / test).is_file() for test in ELSEWHERE.values())


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_whatever_fails_nothing_is_lost_and_nothing_is_stuck(played: Played, row: Row) -> None:
    outcome = played.outcomes[row]
    assert outcome.part.trouble == ""
    assert outcome.fired >= row.tries, "it did not fail"
    if outcome.part.first:
        check_first(row, outcome.part, outcome.part.first)
    check_claims(outcome.part)
    check_end(row, outcome)


def check_first(row: Row, part: Part, answer: Answer) -> None:
    """The answer while it failed: one of the contract's, and true."""
    scene = row.call.scene
    allowed = frozenset() if row.is_hidden else row.call.refusals
    assert answer.status in {scene.answer} | allowed
    if scene.answer == 409:
        error(answer, 409, "COMPLETED")
    elif answer.status != 200:
        check_refusal(row, part, answer)
    elif scene.act is not Act.READ:
        check_truth(row, part, cancellation(answer))


def check_refusal(row: Row, part: Part, answer: Answer) -> None:
    """No provider was called; nothing has changed, unless the lock was made and not heard of."""
    if answer.status == 409:
        busy(answer)
    else:
        error(answer, 503)
        assert int(answer.headers["retry-after"]) >= 1
    assert part.found
    assert part.found.session.status == "OPEN" or row.fault.done
    assert part.asked
    assert part.asked.void_requests == 0


def check_truth(row: Row, part: Part, answer: Cancelled) -> None:
    assert part.found
    stored = {each.transaction_id: each.status for each in part.found.transactions}
    assert all(stored[each] == "CANCELLED" for each in answer.cancelled)
    in_flight = {each.transaction_id for each in part.found.in_flight}
    assert in_flight <= set(answer.pending)
    assert answer.status == "PENDING_CANCELLATION" or part.found.session.status == "CANCELLED"
    if row.is_hidden and not row.call.unheard:
        scene = row.call.scene
        assert (len(answer.cancelled), len(answer.pending)) == (scene.cancelled, scene.pending)


def check_claims(part: Part) -> None:
    """A payment is cancelled by one call only, and no repeat is answered with a 5xx."""
    claimed: list[str] = []
    first = [part.first] if part.first and part.scene.act is not Act.READ else []
    for answer in [*first, *part.repeats]:
        if answer.status == 200:
            claimed += cancellation(answer).cancelled
    assert len(claimed) == len(set(claimed))
    for answer in part.repeats:
        if answer.status != 200:
            busy(answer)


def check_end(row: Row, outcome: Outcome) -> None:
    scene = row.call.scene
    assert outcome.snapshot.session.status is scene.session
    (transaction,) = outcome.snapshot.transactions
    assert transaction.status is scene.transaction
    assert outcome.ledger.voids == scene.voids, "as often as it was voided at its provider"
    if outcome.ledger.voids:
        assert len(outcome.ledger.keys) == 1, "a repeat carries the same idempotency key"
    if scene.transaction == "SETTLED":
        assert outcome.snapshot.settled_after_cancel(transaction), "late money is shown"

"""The race with a payment attempt: it was there before the lock, or it is refused. Nothing else."""

import json
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from checkout.bootstrap import new_id, utc_now
from checkout.errors import SessionLockedError, TooManyTransactionsError
from checkout.payments import complete_session, expire_session
from local.answers import Cancelled, cancellation
from local.calls import Client
from local.inspection import Inspector
from local.payments import Payment, PaymentSide
from local.places import ROOT
from local.stack import Stack
from local.waiting import wait_until
from tests.local.conftest import Seed
from tests.local.moments import PATIENCE, warm_up

PAYERS = 6
# The session has its hundred attempts: on a machine that is slow to lock it.
FULL = "full"
# So that the lock comes while they are at it, and not after.
ATTEMPTS_BEFORE_THE_CALL = 5


def attempts_until_refused(side: PaymentSide, session_id: str, made: list[str]) -> str:
    """Start payments one after the other; the session's status when it takes no more."""
    for number in count():
        try:
            made.append(side.attempt(session_id, Payment("sandbox", f"ok_{number}")))
        except SessionLockedError as refused:
            return refused.status
        except TooManyTransactionsError:
            return FULL
    raise AssertionError("a session takes a hundred at most")


def cancelled_in_the_end(merchant: Client, session_id: str) -> set[str]:
    """What all cancellations together have cancelled, once the session is CANCELLED.

    The payments of some attempts come to their provider after the first of them.
    """
    told: set[str] = set()

    def is_cancelled() -> bool:
        answer = merchant.cancel(session_id)
        if answer.status == 409:
            return False
        found: Cancelled = cancellation(answer)
        assert not told & set(found.cancelled)
        told.update(found.cancelled)
        return found.status == "CANCELLED"

    wait_until(is_cancelled, "the session is CANCELLED", PATIENCE)
    return told


@pytest.mark.parametrize("round_number", range(3))
def test_every_attempt_is_cancelled_with_the_rest_or_refused(
    merchant: Client, payment_side: PaymentSide, inspect: Inspector, round_number: int
) -> None:
    warm_up(merchant, 1)
    session_id = payment_side.open()
    made: list[list[str]] = [[] for _ in range(PAYERS)]
    with ThreadPoolExecutor(PAYERS) as pool:
        paying = [
            pool.submit(attempts_until_refused, payment_side, session_id, each) for each in made
        ]
        wait_until(lambda: sum(map(len, made)) >= ATTEMPTS_BEFORE_THE_CALL, "some are there",
                   every=0.005)  # fmt: skip
        told = cancelled_in_the_end(merchant, session_id)
        assert {each.result() for each in paying} <= {"PENDING_CANCELLATION", "CANCELLED", FULL}

    accepted = {transaction_id for each in made for transaction_id in each}
    assert told == accepted
    read = merchant.get(session_id).json()
    assert {
        each["transactionId"]: each["status"] for each in read["transactions"]
    } == dict.fromkeys(accepted, "CANCELLED")
    assert {inspect.ledger("sandbox", each).voids for each in accepted} == {1}


def test_a_session_that_is_locked_takes_no_attempt_whatever_it_is_waiting_for(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    pending, cancelled = seed("sandbox:refused_1"), seed("sandbox:ok_1")
    completed, expired = seed(), seed()
    for session in (pending, cancelled):
        cancellation(merchant.cancel(session.session_id))
    complete_session(inspect.store, inspect.key(completed.session_id), utc_now())
    expire_session(inspect.store, inspect.key(expired.session_id), utc_now())

    for session, status in [
        (pending, "PENDING_CANCELLATION"),
        (cancelled, "CANCELLED"),
        (completed, "COMPLETED"),
        (expired, "EXPIRED"),
    ]:
        with pytest.raises(SessionLockedError) as refused:
            seed("sandbox:ok_1", session_id=session.session_id)
        assert refused.value.status == status
        shown = merchant.get(session.session_id).json()["transactions"]
        assert [each["transactionId"] for each in shown] == session.transaction_ids


def test_a_locked_session_cannot_be_completed_or_expired(
    merchant: Client, seed: Seed, inspect: Inspector
) -> None:
    session = seed("sandbox:refused_1")
    cancellation(merchant.cancel(session.session_id))

    for end in (complete_session, expire_session):
        with pytest.raises(SessionLockedError):
            end(inspect.store, inspect.key(session.session_id), utc_now())

    assert merchant.get(session.session_id).json()["status"] == "PENDING_CANCELLATION"


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def seed_command(stack: Stack, tmp_path: Path) -> Command:
    """bin/seed on this stack, wherever its stack.json is."""
    if stack.endpoint_url is None:
        pytest.skip("bin/seed is for the local stack")
    (tmp_path / "stack.json").write_text(stack.as_json())
    return partial(_run, {**os.environ, "STACK_HOME": str(tmp_path)}, stack.merchants[0].client_id)


def _run(
    environment: dict[str, str], merchant_id: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    command = [str(ROOT / "bin" / "seed"), "--merchant", merchant_id, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_command_seed_opens_a_session_and_starts_payments_on_it(
    seed_command: Command, merchant: Client
) -> None:
    opened = json.loads(seed_command("--transaction", "sandbox:ok_1").stdout)
    assert set(opened) == {"sessionId", "transactionIds"}

    further = seed_command("--session", opened["sessionId"], "--transaction", "sandbox-b:ok_1")

    more = json.loads(further.stdout)
    assert (further.returncode, more["sessionId"]) == (0, opened["sessionId"])
    answer = cancellation(merchant.cancel(opened["sessionId"]))
    assert answer.cancelled == opened["transactionIds"] + more["transactionIds"]


def test_the_command_seed_on_a_locked_session_says_so_and_exits_3(
    seed_command: Command, merchant: Client, seed: Seed
) -> None:
    session = seed("sandbox:ok_1")
    cancellation(merchant.cancel(session.session_id))

    refused = seed_command("--session", session.session_id, "--transaction", "sandbox:ok_1")

    assert (refused.returncode, refused.stdout) == (3, "")
    assert "CANCELLED" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_the_command_seed_on_no_session_says_so(seed_command: Command) -> None:
    refused = seed_command("--session", new_id(), "--transaction", "sandbox:ok_1")
    assert refused.returncode not in (0, 3)
    assert len(refused.stderr.splitlines()) == 1

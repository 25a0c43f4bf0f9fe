"""Every conditional write refuses what it must, and every part of its condition is needed for it.

A mutant is a condition with one part replaced. Each one has a scene that passes with the whole
condition and fails with the mutant's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from checkout import bootstrap
from checkout.lease import DueSession
from checkout.sessions import SessionKey, SessionStatus
from checkout.storage import report_requests, session_requests, transaction_requests
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import TERMINAL, TransactionKey, TransactionStatus
from tests.integration import protections, scenes
from tests.integration.mutants import ALWAYS, MODULES, NEVER, WHOLE, mutated, parts_of
from tests.integration.protections import Scene, no_session_is_made, no_transaction_is_made

NOW = bootstrap.utc_now()
OPEN = "#status = :open"
PENDING = "#status = :pending"
FREE = "leaseUntil < :now"
ENDED = "#status IN (:settled, :cancelled, :failed, :expired)"
FIRST_REFERENCE = "attribute_not_exists(providerReference)"
SAME_REFERENCE = "providerReference = :reference"
REFUNDED = "(#status = :refunded AND attribute_exists(settledAt))"
FIRST_MONEY = "attribute_not_exists(settledAfterCancel)"
IN_FLIGHT = "#status IN (:created, :processing, :authorized)"
ACCEPTED = "cancellationDetail = :requested"


@dataclass(frozen=True, slots=True)
class Mutant:
    """`builder` makes the request, `part` of its condition `becomes` something else."""

    builder: str
    part: str
    becomes: str
    protection: Callable[[Scene], None]

    def __str__(self) -> str:
        return f"{self.builder}: {self.part} -> {self.becomes}"


SESSION_CHANGES: dict[str, Callable[[CheckoutStore, SessionKey], Any]] = {
    "end_session": lambda store, key: store.end_session(key, SessionStatus.COMPLETED, NOW),
    "lock_for_cancellation": lambda store, key: store.lock_for_cancellation(
        key, scenes.lock_at(NOW)
    ),
    "complete_cancellation": lambda store, key: store.complete_cancellation(key, NOW),
    "release_lease": lambda store, key: store.release_lease(key, "driver", NOW),
    "attach_attempt": lambda store, key: store.attach_attempt(TransactionKey(key, "t")),
}
SEEN = "dueAt = :seen"
OURS = "driver = :driver"
STILL_DUE = "attribute_exists(dueAt)"
TRANSACTION_CHANGES: dict[str, Callable[[CheckoutStore, TransactionKey], Any]] = {
    "record_reference": lambda store, key: store.record_reference(key, "sandbox", "ok_1"),
    "record_status": lambda store, key: store.record_status(key, TransactionStatus.FAILED, NOW),
    "record_late_settlement": lambda store, key: store.record_late_settlement(key, NOW),
    "mark_pending": lambda store, key: store.mark_pending(key),
    "record_outcome": lambda store, key: store.record_outcome(key, scenes.record()),
    "record_cancel_refusal": lambda store, key: store.record_cancel_refusal(key),
}

SESSION_MUTANTS = [
    Mutant("open_session", WHOLE, ALWAYS, protections.a_session_is_opened_once),
    Mutant("end_session", OPEN, ALWAYS, protections.a_locked_session_is_not_ended_otherwise),
    Mutant("lock_for_cancellation", OPEN, NEVER, protections.an_open_session_is_locked),
    Mutant("lock_for_cancellation", OPEN, ALWAYS, protections.a_completed_session_is_not_locked),
    Mutant(
        "lock_for_cancellation",
        PENDING,
        ALWAYS,
        protections.a_cancelled_session_is_not_locked_whatever_is_left_on_it,
    ),
    Mutant(
        "lock_for_cancellation",
        PENDING,
        ALWAYS,
        partial(protections.a_cancelled_session_is_not_locked_whatever_is_left_on_it, first=False),
    ),
    Mutant("lock_for_cancellation", PENDING, NEVER, protections.a_lease_given_back_is_taken),
    Mutant("lock_for_cancellation", FREE, ALWAYS, protections.a_held_lease_is_not_taken),
    Mutant(
        "lock_for_cancellation",
        FREE,
        ALWAYS,
        partial(protections.a_held_lease_is_not_taken, first=False),
    ),
    Mutant(
        "lock_for_cancellation",
        FREE,
        "leaseUntil <= :now",
        protections.a_lease_is_not_taken_in_its_last_millisecond,
    ),
    Mutant("lock_for_cancellation", FREE, NEVER, protections.a_lease_given_back_is_taken),
    Mutant(
        "lock_for_cancellation",
        FREE,
        NEVER,
        partial(protections.a_lease_given_back_is_taken, first=False),
    ),
    Mutant(
        "lock_for_cancellation",
        WHOLE,
        ALWAYS,
        protections.the_recovery_does_not_begin_a_cancellation,
    ),
    Mutant(
        "complete_cancellation",
        PENDING,
        ALWAYS,
        protections.an_open_session_is_not_completed_as_cancelled,
    ),
    Mutant("complete_cancellation", PENDING, ALWAYS, protections.a_completion_happens_once),
    Mutant(
        "release_lease",
        "driver = :driver",
        ALWAYS,
        protections.somebody_elses_lease_is_not_given_back,
    ),
    Mutant(
        "release_lease", PENDING, ALWAYS, protections.a_completed_session_does_not_become_due_again
    ),
    Mutant("postpone", SEEN, ALWAYS, protections.what_was_driven_since_is_not_postponed),
    Mutant("postpone", SEEN, ALWAYS, protections.a_completed_session_is_not_postponed),
    Mutant("postpone", SEEN, NEVER, protections.what_nobody_has_driven_is_postponed),
    Mutant("postpone", OURS, ALWAYS, protections.what_was_driven_since_is_not_postponed),
    Mutant("postpone", OURS, NEVER, protections.what_we_have_driven_is_postponed),
    Mutant("postpone", STILL_DUE, ALWAYS, protections.a_completed_session_is_not_postponed),
    Mutant("postpone", STILL_DUE, NEVER, protections.what_we_have_driven_is_postponed),
    Mutant("attach_attempt", OPEN, ALWAYS, protections.nothing_is_attached_to_a_locked_session),
    # Not "attribute_not_exists(attempts)" becoming NEVER: to moto a missing set has the size 0.
    *(
        Mutant(
            "attach_attempt",
            part,
            becomes,
            protections.a_session_takes_so_many_attempts_and_no_more,
        )
        for part, becomes in (
            ("attribute_not_exists(attempts)", ALWAYS),
            ("size(attempts) < :limit", ALWAYS),
            ("size(attempts) < :limit", "size(attempts) <= :limit"),
        )
    ),
    Mutant(
        "attach_attempt",
        "size(attempts) < :limit",
        NEVER,
        protections.the_second_attempt_is_attached,
    ),
    *(
        Mutant(name, WHOLE, ALWAYS, partial(no_session_is_made, change=change))
        for name, change in SESSION_CHANGES.items()
    ),
]
TRANSACTION_MUTANTS = [
    Mutant("put_attempt", WHOLE, ALWAYS, protections.an_attempt_is_put_once),
    Mutant(
        "record_reference",
        "attribute_exists(PK)",
        ALWAYS,
        partial(no_transaction_is_made, change=TRANSACTION_CHANGES["record_reference"]),
    ),
    Mutant("record_reference", FIRST_REFERENCE, ALWAYS, protections.the_first_reference_is_kept),
    Mutant("record_reference", FIRST_REFERENCE, NEVER, protections.a_first_reference_is_recorded),
    Mutant("record_reference", SAME_REFERENCE, ALWAYS, protections.the_first_reference_is_kept),
    Mutant("record_reference", SAME_REFERENCE, NEVER, protections.the_same_reference_again_is_fine),
    *(
        Mutant(
            "record_late_settlement",
            ENDED,
            ENDED.replace(name, ":late"),
            partial(protections.late_money_is_recorded, status=name.strip(":").upper()),
        )
        for name in (":settled", ":cancelled", ":failed", ":expired")
    ),
    *(
        Mutant(
            "record_late_settlement",
            ENDED,
            ALWAYS,
            partial(protections.money_that_never_came_is_not_late, status=status),
        )
        for status in ("PENDING", "PROCESSING", "AUTHORIZED", "REFUNDED")
    ),
    Mutant(
        "record_late_settlement",
        REFUNDED,
        NEVER,
        protections.money_that_was_refunded_at_once_is_recorded,
    ),
    Mutant(
        "record_late_settlement",
        "attribute_exists(settledAt)",
        ALWAYS,
        partial(protections.money_that_never_came_is_not_late, status="REFUNDED"),
    ),
    Mutant(
        "record_late_settlement",
        "#status = :refunded",
        ALWAYS,
        protections.money_in_flight_is_not_late,
    ),
    Mutant("record_late_settlement", FIRST_MONEY, ALWAYS, protections.late_money_is_recorded_once),
    Mutant(
        "record_late_settlement",
        FIRST_MONEY,
        ALWAYS,
        protections.whether_money_is_late_is_decided_once,
    ),
    Mutant(
        "record_outcome",
        FIRST_REFERENCE,
        ALWAYS,
        protections.a_payment_with_a_reference_was_sent,
    ),
    Mutant(
        "record_outcome",
        "attribute_not_exists(cancelAttempt)",
        ALWAYS,
        protections.a_payment_that_was_refused_a_cancellation_was_sent,
    ),
    *(
        Mutant(
            "record_cancel_refusal",
            IN_FLIGHT,
            IN_FLIGHT.replace(name, ":one"),
            partial(protections.a_cancellation_that_was_accepted_is_refused_later, status=status),
        )
        for name, status in (
            (":created", "PENDING"),
            (":processing", "PROCESSING"),
            (":authorized", "AUTHORIZED"),
        )
    ),
    *(
        Mutant(
            "record_cancel_refusal",
            IN_FLIGHT,
            ALWAYS,
            partial(protections.what_has_ended_is_not_refused, status=status.value),
        )
        for status in sorted(TERMINAL)
    ),
    Mutant(
        "record_cancel_refusal",
        ACCEPTED,
        ALWAYS,
        protections.a_refusal_that_comes_again_uses_up_no_key,
    ),
    *(
        Mutant(name, WHOLE, ALWAYS, partial(no_transaction_is_made, change=change))
        for name, change in TRANSACTION_CHANGES.items()
    ),
]
MUTANTS = SESSION_MUTANTS + TRANSACTION_MUTANTS


@pytest.fixture
def scene(store: CheckoutStore, client: DynamoDBClient) -> Scene:
    return Scene(store, client)


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_the_condition_protects_and_the_mutant_does_not(scene: Scene, mutant: Mutant) -> None:
    mutant.protection(scene)
    with mutated(mutant.builder, mutant.part, mutant.becomes), pytest.raises(AssertionError):
        mutant.protection(scene)


def _requests() -> dict[str, dict[str, Any]]:
    """One request of each builder; the statuses of a transaction have a test of their own."""
    key = scenes.new_key()
    transaction = TransactionKey(key, "t")
    lock = scenes.lock_at(NOW)
    sessions, transactions = session_requests, transaction_requests
    return {
        "open_session": sessions.open_session(key, NOW),
        "end_session": sessions.end_session(key, SessionStatus.COMPLETED, NOW),
        "lock_for_cancellation": sessions.lock_for_cancellation(key, lock),
        "complete_cancellation": sessions.complete_cancellation(key, NOW),
        "release_lease": sessions.release_lease(key, "driver", NOW),
        "postpone": sessions.postpone(DueSession(key, 1), "driver", NOW),
        "attach_attempt": sessions.attach_attempt(transaction),
        "put_attempt": transactions.put_attempt(scenes.attempt_on(key), NOW),
        "record_reference": transactions.record_reference(transaction, "sandbox", "ok_1"),
        "record_late_settlement": transactions.record_late_settlement(transaction, NOW, True),
        "record_cancel_refusal": report_requests.record_cancel_refusal(transaction),
    }


def test_every_part_of_every_condition_has_a_mutant() -> None:
    for builder, request in _requests().items():
        parts = parts_of(request)
        replaced = {each.part for each in MUTANTS if each.builder == builder}
        covered = parts if len(parts) == 1 and WHOLE in replaced else replaced
        assert parts, builder
        assert parts <= covered, f"{builder}: {parts - covered} may be removed unnoticed"


def test_every_conditional_write_of_the_store_has_mutants() -> None:
    not_writes = {
        "transactions_of",
        "read_transaction",
        "read_session",
        "due_sessions",
        "due_shard",
        "read_alone",
        "cancelled_sessions",
        "outcome_status",
        "put_new",
        "update_if",
    }
    builders = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if callable(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert builders - not_writes == {each.builder for each in MUTANTS}

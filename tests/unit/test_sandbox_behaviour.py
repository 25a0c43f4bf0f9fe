"""The table of the sandbox: what a payment does, as its reference tells."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.providers.sandbox.behaviour import (
    Behaviour,
    Kind,
    behaviour_of,
    own_end,
    status_at,
)
from checkout.transactions import IN_FLIGHT, TERMINAL, TransactionStatus
from tests.unit.clock import NOON

S = TransactionStatus
REFERENCES = {
    Kind.OK: "ok_1",
    Kind.SLOW: "slow_250_1",
    Kind.ASYNC: "async_5_1",
    Kind.UNSTOPPABLE: "unstoppable_5_SETTLED_1",
    Kind.SETTLED: "settled_1",
    Kind.REFUSED: "refused_1",
    Kind.DOWN: "down_1",
    Kind.HANG: "hang_1",
    Kind.FLAKY: "flaky_2_1",
}
BEHAVIOURS = {
    Kind.OK: Behaviour(Kind.OK),
    Kind.SLOW: Behaviour(Kind.SLOW, wait=timedelta(milliseconds=250)),
    Kind.ASYNC: Behaviour(Kind.ASYNC, wait=timedelta(seconds=5)),
    Kind.UNSTOPPABLE: Behaviour(Kind.UNSTOPPABLE, wait=timedelta(seconds=5), end=S.SETTLED),
    Kind.SETTLED: Behaviour(Kind.SETTLED, end=S.SETTLED),
    Kind.REFUSED: Behaviour(Kind.REFUSED),
    Kind.DOWN: Behaviour(Kind.DOWN),
    Kind.HANG: Behaviour(Kind.HANG),
    Kind.FLAKY: Behaviour(Kind.FLAKY, failures=2),
}


def test_every_kind_has_its_row() -> None:
    assert set(REFERENCES) == set(BEHAVIOURS) == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_a_reference_tells_the_behaviour(kind: Kind) -> None:
    assert behaviour_of(REFERENCES[kind]) == BEHAVIOURS[kind]


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_an_unstoppable_payment_may_end_in_any_terminal_status(status: TransactionStatus) -> None:
    assert behaviour_of(f"unstoppable_0_{status}_x").end is status


@pytest.mark.parametrize("status", [*sorted(IN_FLIGHT), "PAID", "settled"])
def test_an_unstoppable_payment_ends_in_no_other_status(status: str) -> None:
    with pytest.raises(ValueError, match="no payment"):
        behaviour_of(f"unstoppable_5_{status}_x")


@pytest.mark.parametrize(
    "reference",
    [
        *("", "ok", "ok_", "OK_1", "okay_1", " ok_1", "settled", "pi_3Nx"),
        *("slow_1", "slow_x_1", "slow_-1_1", "slow_5_", "slow_1234567_x"),
        *("async_5", "flaky_1", "flaky_1000_x", "unstoppable_5_SETTLED"),
    ],
)
def test_a_reference_of_another_form_is_no_payment_of_the_sandbox(reference: str) -> None:
    with pytest.raises(ValueError, match="no payment"):
        behaviour_of(reference)


@given(reference=st.text(max_size=20))
def test_any_reference_is_known_or_refused(reference: str) -> None:
    try:
        assert behaviour_of(reference).kind in Kind
    except ValueError as error:
        assert str(error) == "the sandbox knows no payment with such a reference"  # noqa: PT017


# Reference, seconds since the void (None: not voided) and since the creation, and both answers.
ENDS = [
    ("ok_1", None, 99, None, S.AUTHORIZED),
    ("ok_1", 0, 99, None, S.CANCELLED),
    ("slow_250_1", 0.249, 99, None, S.AUTHORIZED),
    ("slow_250_1", 0.25, 99, None, S.CANCELLED),
    ("async_5_1", None, 99, None, S.AUTHORIZED),
    ("async_5_1", 4.999, 99, None, S.AUTHORIZED),
    ("async_5_1", 5, 99, S.CANCELLED, S.CANCELLED),
    ("unstoppable_5_SETTLED_1", None, 4.999, None, S.PROCESSING),
    ("unstoppable_5_SETTLED_1", None, 5, S.SETTLED, S.SETTLED),
    ("unstoppable_5_EXPIRED_1", None, 5, S.EXPIRED, S.EXPIRED),
    ("unstoppable_0_FAILED_1", None, 0, S.FAILED, S.FAILED),
    ("settled_1", None, 0, None, S.SETTLED),
    ("refused_1", None, 99, None, S.AUTHORIZED),
    ("down_1", None, 99, None, S.AUTHORIZED),
    ("hang_1", None, 99, None, S.AUTHORIZED),
    ("flaky_2_1", None, 99, None, S.AUTHORIZED),
    ("flaky_2_1", 0, 99, None, S.CANCELLED),
]


def test_every_kind_has_its_end() -> None:
    assert {behaviour_of(row[0]).kind for row in ENDS} == set(Kind)


@pytest.mark.parametrize(("reference", "voided", "age", "own", "status"), ENDS)
def test_a_payment_is_at_every_moment_what_its_reference_tells(
    reference: str,
    voided: float | None,
    age: float,
    own: TransactionStatus | None,
    status: TransactionStatus,
) -> None:
    voided_at = None if voided is None else NOON - timedelta(seconds=voided)
    created_at = NOON - timedelta(seconds=age)
    assert own_end(reference, created_at, voided_at, NOON) is own
    assert status_at(reference, created_at, voided_at, NOON) is status

"""The sandbox's own table: every kind of payment, and what its adapter answers."""

from typing import TYPE_CHECKING

import pytest

from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.providers.sandbox.behaviour import Kind, behaviour_of
from checkout.providers.sandbox.ledger import Ledger, LedgerEntry
from checkout.transactions import TransactionStatus
from tests.contract.benches import LEDGER_TABLE, REFERENCES, SandboxBench, Situation
from tests.unit.clock import NOON
from tests.unit.samples import a_transaction

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

O = CancelOutcome  # noqa: E741
# Kind: reference, what four cancellations a second apart with one key are answered, and the voids.
ANSWERS: dict[Kind, tuple[str, list[CancelOutcome], int]] = {
    Kind.OK: ("ok_x", [O.CANCELLED] * 4, 1),
    Kind.SLOW: ("slow_250_x", [O.CANCELLED] * 4, 1),
    Kind.ASYNC: ("async_2_x", [O.REQUESTED, O.REQUESTED, O.CANCELLED, O.CANCELLED], 1),
    Kind.UNSTOPPABLE: ("unstoppable_2_SETTLED_x", [O.UNSUPPORTED] * 4, 0),
    Kind.SETTLED: ("settled_x", [O.REFUSED] * 4, 0),
    Kind.REFUSED: ("refused_x", [O.REFUSED] * 4, 0),
    Kind.DOWN: ("down_x", [O.UNKNOWN] * 4, 0),
    Kind.HANG: ("hang_x", [O.UNKNOWN] * 4, 0),
    Kind.FLAKY: ("flaky_2_x", [O.UNKNOWN, O.UNKNOWN, O.CANCELLED, O.CANCELLED], 1),
}


def test_every_kind_of_payment_has_its_answers() -> None:
    assert set(ANSWERS) == set(Kind)
    kinds = {behaviour_of(each).kind for each in REFERENCES.values() if each}
    assert kinds == set(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_is_answered_as_its_row_tells(bench: SandboxBench, kind: Kind) -> None:
    reference, wanted, voids = ANSWERS[kind]
    payment = bench.payment(Situation.CANCELLABLE)
    payment = a_transaction(1, key=payment.key, provider_reference=reference)
    answers: list[CancelOutcome] = []
    for _ in wanted:
        answers.append(bench.provider.cancel(payment, "key-0", 8).outcome)
        bench.clock.sleep(1)
    assert answers == wanted
    assert bench.requests(payment) == len(wanted)
    assert bench.voids(payment) == voids


@pytest.mark.parametrize("reference", [None, "", "pi_3Nx", "okay_1"])
def test_a_payment_of_no_kind_is_not_found_and_its_request_counted(
    bench: SandboxBench, reference: str | None
) -> None:
    payment = bench.payment(Situation.UNKNOWN)
    payment = a_transaction(1, key=payment.key, provider_reference=reference)
    assert bench.provider.cancel(payment, "key-0", 8) == ProviderAnswer(O.NOT_FOUND)
    assert not bench.provider.retrieve(payment, 8).found
    assert (bench.requests(payment), bench.voids(payment)) == (1, 0)


@pytest.mark.parametrize("end", sorted(TransactionStatus))
def test_an_unstoppable_payment_is_refused_until_and_after_its_end(
    bench: SandboxBench, end: TransactionStatus
) -> None:
    reference = f"unstoppable_1_{end}_x"
    payment = bench.payment(Situation.UNSTOPPABLE)
    payment = a_transaction(1, key=payment.key, provider_reference=reference)
    bench.clock.sleep(1)
    state = bench.provider.retrieve(payment, 8)
    if end in ("PENDING", "PROCESSING", "AUTHORIZED"):
        assert not state.found
    else:
        assert state.status is end


def test_the_three_sandboxes_keep_their_payments_apart(dynamodb: "DynamoDBClient") -> None:
    ledger = Ledger(dynamodb, LEDGER_TABLE)
    ledger.count_request("sandbox", "payment-1", "key-0")
    assert ledger.read("sandbox-b", "payment-1") == LedgerEntry()


def test_a_ledger_keeps_the_first_void_and_every_key(dynamodb: "DynamoDBClient") -> None:
    ledger = Ledger(dynamodb, LEDGER_TABLE)
    for key in ("key-0", "key-1", "key-0"):
        ledger.count_request("sandbox", "payment-2", key)
        ledger.void("sandbox", "payment-2", NOON)
    entry = LedgerEntry(3, 1, frozenset({"key-0", "key-1"}), NOON)
    assert ledger.read("sandbox", "payment-2") == entry

"""The suite of the sandbox providers, whose time is a clock's: every situation that they play."""

from typing import TYPE_CHECKING

import pytest

from checkout.errors import MisconfiguredError
from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.providers.parts import Parts
from checkout.providers.registry import PROVIDERS, provider_of
from checkout.transactions import IN_FLIGHT, TERMINAL, TransactionStatus
from tests.contract.benches import (
    ASYNC_SECONDS,
    FAILURES,
    SLOW_SECONDS,
    UNSTOPPABLE_SECONDS,
    Bench,
    Situation,
    no_secrets,
)
from tests.unit.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TIMEOUT = 8.0
NOBODY_KNOWS = ProviderStatus(None)

# Situation: the answers to a cancellation that are right, and whether it voids the payment.
FIRST_ANSWERS: dict[Situation, tuple[set[CancelOutcome], bool]] = {
    Situation.CANCELLABLE: ({CancelOutcome.CANCELLED}, True),
    Situation.SLOW: ({CancelOutcome.CANCELLED}, True),
    Situation.ASYNC: ({CancelOutcome.REQUESTED}, True),
    Situation.UNSTOPPABLE: ({CancelOutcome.UNSUPPORTED, CancelOutcome.REFUSED}, False),
    Situation.SETTLED: ({CancelOutcome.REFUSED, CancelOutcome.TERMINAL}, False),
    Situation.REFUSED: ({CancelOutcome.REFUSED}, False),
    Situation.DOWN: ({CancelOutcome.UNKNOWN}, False),
    Situation.HANG: ({CancelOutcome.UNKNOWN}, False),
    Situation.FLAKY: ({CancelOutcome.UNKNOWN}, False),
    Situation.UNKNOWN: ({CancelOutcome.NOT_FOUND, CancelOutcome.UNKNOWN}, False),
}
BEFORE: dict[Situation, TransactionStatus | None] = {
    Situation.CANCELLABLE: TransactionStatus.AUTHORIZED,
    Situation.SLOW: TransactionStatus.AUTHORIZED,
    Situation.ASYNC: TransactionStatus.AUTHORIZED,
    Situation.UNSTOPPABLE: TransactionStatus.PROCESSING,
    Situation.SETTLED: TransactionStatus.SETTLED,
    Situation.REFUSED: TransactionStatus.AUTHORIZED,
    Situation.DOWN: None,
    Situation.HANG: None,
    Situation.FLAKY: TransactionStatus.AUTHORIZED,
    Situation.UNKNOWN: None,
}
TROUBLES = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "InternalServerError",
    "ResourceNotFoundException",
    "AccessDeniedException",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "EndpointConnectionError",
    "HTTPClientError",
]


def test_every_situation_has_its_answers() -> None:
    assert set(FIRST_ANSWERS) == set(BEFORE) == set(Situation)


def test_a_provider_of_no_name_is_misconfigured(dynamodb: "DynamoDBClient") -> None:
    with pytest.raises(MisconfiguredError):
        provider_of(Parts("nobody", {}, Clock(), lambda: dynamodb, no_secrets))


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_provider_without_its_settings_is_misconfigured(
    name: str, dynamodb: "DynamoDBClient"
) -> None:
    with pytest.raises(MisconfiguredError):
        provider_of(Parts(name, {}, Clock(), lambda: dynamodb, no_secrets))


def test_a_provider_knows_its_name_and_what_it_can_do(bench: Bench) -> None:
    assert bench.provider.name in PROVIDERS
    assert bench.provider.supports_cancel or bench.provider.supports_retrieve


@pytest.mark.parametrize("situation", Situation)
def test_a_cancellation_is_answered_as_the_payment_is(bench: Bench, situation: Situation) -> None:
    payment = bench.payment(situation)
    outcomes, voided = FIRST_ANSWERS[situation]
    answer = bench.provider.cancel(payment, "key-0", TIMEOUT)
    assert answer.outcome in outcomes
    assert (answer.outcome is CancelOutcome.TERMINAL) == (answer.status in TERMINAL)
    assert bench.voids(payment) == int(voided)


@pytest.mark.parametrize("situation", Situation)
def test_a_status_is_what_the_payment_is_or_unknown(bench: Bench, situation: Situation) -> None:
    state = bench.provider.retrieve(bench.payment(situation), TIMEOUT)
    assert state.status is BEFORE[situation]
    assert state.found is (situation is not Situation.UNKNOWN)


@pytest.mark.parametrize("situation", Situation)
def test_asking_for_a_status_changes_nothing(bench: Bench, situation: Situation) -> None:
    payment = bench.payment(situation)
    bench.provider.retrieve(payment, TIMEOUT)
    assert (bench.requests(payment), bench.voids(payment)) == (0, 0)


@pytest.mark.parametrize("situation", Situation)
@pytest.mark.parametrize("timeout", [0.2, 3.0, 8.0])
def test_no_call_takes_longer_than_its_timeout(
    bench: Bench, situation: Situation, timeout: float
) -> None:
    payment = bench.payment(situation)
    for call in (
        lambda: bench.provider.cancel(payment, "key-0", timeout),
        lambda: bench.provider.retrieve(payment, timeout),
    ):
        began = bench.clock()
        call()
        assert (bench.clock() - began).total_seconds() <= timeout


@pytest.mark.parametrize("situation", Situation)
def test_a_repeat_with_the_same_key_voids_no_second_time(
    bench: Bench, situation: Situation
) -> None:
    payment = bench.payment(situation)
    for _ in range(FAILURES + 2):
        bench.provider.cancel(payment, "key-0", TIMEOUT)
    assert bench.voids(payment) <= 1
    assert bench.requests(payment) == FAILURES + 2


@pytest.mark.parametrize("key", ["key-0", "key-1"])
def test_a_cancelled_payment_is_cancelled_already(bench: Bench, key: str) -> None:
    payment = bench.payment(Situation.CANCELLABLE)
    bench.provider.cancel(payment, "key-0", TIMEOUT)
    again = bench.provider.cancel(payment, key, TIMEOUT)
    assert again == ProviderAnswer(CancelOutcome.CANCELLED)
    assert bench.voids(payment) == 1
    status = bench.provider.retrieve(payment, TIMEOUT)
    assert status == ProviderStatus(TransactionStatus.CANCELLED)


def test_a_settled_payment_is_never_cancelled(bench: Bench) -> None:
    payment = bench.payment(Situation.SETTLED)
    for attempt in range(3):
        answer = bench.provider.cancel(payment, f"key-{attempt}", TIMEOUT)
        assert answer.outcome is not CancelOutcome.CANCELLED
    assert bench.provider.retrieve(payment, TIMEOUT).status is TransactionStatus.SETTLED


def test_a_payment_that_cannot_be_stopped_ends_by_itself(bench: Bench) -> None:
    payment = bench.payment(Situation.UNSTOPPABLE)
    bench.provider.cancel(payment, "key-0", TIMEOUT)
    assert bench.provider.retrieve(payment, TIMEOUT).status in IN_FLIGHT
    bench.clock.sleep(UNSTOPPABLE_SECONDS)
    assert bench.provider.retrieve(payment, TIMEOUT).status is TransactionStatus.SETTLED
    late = bench.provider.cancel(payment, "key-1", TIMEOUT)
    assert late.outcome is not CancelOutcome.CANCELLED


def test_a_refused_payment_stays_in_flight(bench: Bench) -> None:
    payment = bench.payment(Situation.REFUSED)
    bench.provider.cancel(payment, "key-0", TIMEOUT)
    assert bench.provider.retrieve(payment, TIMEOUT).status in IN_FLIGHT


def test_an_accepted_cancellation_is_confirmed_later_and_voids_once(bench: Bench) -> None:
    payment = bench.payment(Situation.ASYNC)
    for _ in range(2):
        answer = bench.provider.cancel(payment, "key-0", TIMEOUT)
        assert answer.outcome is CancelOutcome.REQUESTED
    assert bench.provider.retrieve(payment, TIMEOUT).status in IN_FLIGHT
    bench.clock.sleep(ASYNC_SECONDS)
    assert bench.provider.retrieve(payment, TIMEOUT).status is TransactionStatus.CANCELLED
    confirmed = bench.provider.cancel(payment, "key-0", TIMEOUT)
    assert confirmed.outcome is CancelOutcome.CANCELLED
    assert bench.voids(payment) == 1


def test_a_slow_answer_is_waited_for(bench: Bench) -> None:
    payment = bench.payment(Situation.SLOW)
    answer = bench.provider.cancel(payment, "key-0", SLOW_SECONDS)
    assert answer.outcome is CancelOutcome.CANCELLED
    assert sum(bench.slept) == pytest.approx(SLOW_SECONDS, abs=0.01)


def test_an_answer_that_is_too_slow_is_unknown_and_the_repeat_is_cancelled_already(
    bench: Bench,
) -> None:
    payment = bench.payment(Situation.SLOW)
    first = bench.provider.cancel(payment, "key-0", SLOW_SECONDS - 1)
    assert first.outcome is CancelOutcome.UNKNOWN
    bench.clock.sleep(1)
    assert bench.provider.retrieve(payment, TIMEOUT).status is TransactionStatus.CANCELLED
    again = bench.provider.cancel(payment, "key-0", TIMEOUT)
    assert again.outcome is CancelOutcome.CANCELLED
    assert (bench.requests(payment), bench.voids(payment)) == (2, 1)


def test_a_provider_that_hangs_is_left_at_the_timeout(bench: Bench) -> None:
    payment = bench.payment(Situation.HANG)
    assert bench.provider.cancel(payment, "key-0", 3.0).outcome is CancelOutcome.UNKNOWN
    assert bench.provider.retrieve(payment, 2.0) == NOBODY_KNOWS
    assert bench.slept == [3.0, 2.0]


def test_a_provider_that_is_down_is_unknown_for_as_long_as_it_is(bench: Bench) -> None:
    payment = bench.payment(Situation.DOWN)
    for _ in range(4):
        assert bench.provider.cancel(payment, "key-0", TIMEOUT).outcome is CancelOutcome.UNKNOWN
    assert bench.provider.retrieve(payment, TIMEOUT) == NOBODY_KNOWS
    assert (bench.requests(payment), bench.voids(payment)) == (4, 0)


def test_a_flaky_provider_cancels_once_it_has_failed_often_enough(bench: Bench) -> None:
    payment = bench.payment(Situation.FLAKY)
    answers = [bench.provider.cancel(payment, "key-0", TIMEOUT).outcome for _ in range(4)]
    assert answers == [CancelOutcome.UNKNOWN] * FAILURES + [CancelOutcome.CANCELLED] * 2
    assert bench.voids(payment) == 1


def test_payments_do_not_know_of_each_other(bench: Bench) -> None:
    one, other = (bench.payment(Situation.CANCELLABLE) for _ in range(2))
    bench.provider.cancel(one, "key-0", TIMEOUT)
    assert (bench.voids(one), bench.requests(other)) == (1, 0)
    assert bench.provider.retrieve(other, TIMEOUT).status in IN_FLIGHT


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("situation", Situation)
def test_trouble_on_the_way_is_unknown_and_never_raised(
    bench: Bench, trouble: str, situation: Situation
) -> None:
    payment = bench.payment(situation)
    with bench.trouble(trouble):
        answer = bench.provider.cancel(payment, "key-0", TIMEOUT)
        state = bench.provider.retrieve(payment, TIMEOUT)
    assert answer == ProviderAnswer(CancelOutcome.UNKNOWN)
    assert state.status is None
    assert bench.voids(payment) == 0

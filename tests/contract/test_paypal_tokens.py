"""PayPal's access tokens: fetched once, and anew when they end or are refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from checkout.providers.base import CancelOutcome, ProviderAnswer, ProviderStatus
from checkout.transactions import TransactionStatus
from tests.contract.desks.base import Desk, State
from tests.contract.desks.paypal import paypal_desk
from tests.doubles.paypal import is_token_call
from tests.doubles.server import Call, Reply

TIMEOUT = 8.0
UNKNOWN, VOIDED = ProviderAnswer(CancelOutcome.UNKNOWN), ProviderAnswer(CancelOutcome.CANCELLED)
SETTLED = TransactionStatus.SETTLED


@pytest.fixture
def desk() -> Iterator[Desk]:
    with paypal_desk().open() as desk:
        yield desk


def token_calls(desk: Desk) -> int:
    return sum(is_token_call(call) for call in desk.double.calls)


def test_a_token_is_fetched_once_for_all_threads(desk: Desk) -> None:
    provider, payments = desk.provider(), [desk.payment(State.CANCELLABLE) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda each: provider.cancel(each, "key-0", TIMEOUT), payments))
    assert found == [VOIDED] * 20
    assert token_calls(desk) == 1


def test_a_token_is_fetched_anew_before_it_ends(desk: Desk) -> None:
    provider, payment = desk.provider(), desk.payment(State.SETTLED)
    for ahead, fetched in [(0, 1), (32_000, 1), (32_400 - 59, 2)]:
        desk.ticks.ahead = ahead
        assert provider.retrieve(payment, TIMEOUT) == ProviderStatus(SETTLED)
        assert token_calls(desk) == fetched


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_fetched_anew_once(desk: Desk, status: int) -> None:
    provider, payment = desk.provider(), desk.payment(State.CANCELLABLE)
    plain = desk.double.respond

    def refuse_the_first(call: Call) -> Reply:
        first = call.headers.get("authorization") == "Bearer token-0"
        return Reply(status, {}) if first else plain(call)

    desk.double.respond = refuse_the_first
    assert provider.cancel(payment, "key-0", TIMEOUT) == VOIDED
    assert (token_calls(desk), len(desk.double.asked)) == (2, 2)
    desk.double.respond = lambda call: plain(call) if is_token_call(call) else Reply(status, {})
    assert provider.cancel(payment, "key-0", TIMEOUT) == UNKNOWN
    assert (token_calls(desk), len(desk.double.asked)) == (3, 4)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, {}),
        Reply(401, {"error": "invalid_client"}),
        Reply(400, {"error": "unsupported_grant_type"}),
        Reply(200, {"expires_in": 32400}),
        Reply(200, {"access_token": "t", "expires_in": "soon"}),
        Reply(200, []),
    ],
)
def test_without_a_token_nothing_is_known_and_nothing_is_sent(desk: Desk, reply: Reply) -> None:
    desk.double.respond = lambda call: reply
    payment = desk.payment(State.CANCELLABLE)
    assert desk.provider().cancel(payment, "key-0", TIMEOUT) == UNKNOWN
    assert desk.double.asked == []


def test_a_token_and_the_call_share_the_time(desk: Desk) -> None:
    provider, payment = desk.provider(), desk.payment(State.CANCELLABLE)
    plain = desk.double.respond

    def slow_token(call: Call) -> Reply:
        desk.ticks.ahead += 5 if is_token_call(call) else 0
        return plain(call)

    desk.double.respond = slow_token
    assert provider.cancel(payment, "key-0", 5.0) == UNKNOWN
    assert desk.double.asked == []

"""M-Pesa: its results and errors, one by one, its tokens, and its unsigned callback."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from checkout.errors import InvalidRequestError, SignatureError
from checkout.providers.base import ProviderStatus
from checkout.providers.mpesa.cancel import RESULTS
from checkout.providers.mpesa.client import MpesaSecret
from checkout.providers.webhook import Delivery, Report
from checkout.transactions import PendingReason, TransactionStatus
from tests.contract.desks.base import ACCOUNT, Desk, State
from tests.contract.desks.mpesa import mpesa_desk
from tests.contract.test_adapters import work
from tests.doubles.mpesa import callback, is_token_call
from tests.doubles.server import Call, Reply
from tests.unit.clock import NOON

TIMEOUT = 8.0
PROCESSING, SETTLED = TransactionStatus.PROCESSING, TransactionStatus.SETTLED
FAILED, EXPIRED = TransactionStatus.FAILED, TransactionStatus.EXPIRED

RESULT_CODES = {
    "0": SETTLED,
    "1": FAILED,
    "17": FAILED,
    "26": FAILED,
    "1001": FAILED,
    "1019": EXPIRED,
    "1025": FAILED,
    "1032": TransactionStatus.CANCELLED,
    "1037": EXPIRED,
    "2001": FAILED,
    "9999": FAILED,
}
# An error's HTTP status, its code and its text; and whether the payment is known to be under way.
ERRORS = {
    (500, "500.001.1001", "The transaction is being processed"): PROCESSING,
    (500, "500.001.1001", "the transaction is being processed."): PROCESSING,
    (500, "500.001.1001", "Merchant does not exist"): None,
    (500, "500.001.1001", "Wrong credentials"): None,
    (500, "500.001.1001", "Unable to lock subscriber"): None,
    (500, "500.001.1001", "The balance is insufficient for the transaction"): None,
    (500, "500.003.02", "Spike arrest violation"): None,
    (500, "500.003.03", "Quota violation"): None,
    (400, "400.002.02", "The transaction is being processed"): None,
    (500, "unheard of", "The transaction is being processed"): None,
    (503, "500.001.1001", "The transaction is being processed"): None,
}


@pytest.fixture
def desk() -> Iterator[Desk]:
    with mpesa_desk().open() as desk:
        yield desk


def says(desk: Desk, reply: Reply) -> None:
    """To every question, not to those for a token."""
    plain = desk.double.respond

    def respond(call: Call) -> Reply:
        return plain(call) if is_token_call(call) else reply

    desk.double.respond = respond


def retrieve(desk: Desk, state: State = State.SETTLED) -> ProviderStatus:
    return desk.provider().retrieve(desk.payment(state), TIMEOUT)


def token_calls(desk: Desk) -> int:
    return sum(is_token_call(call) for call in desk.double.calls)


def delivery(body: bytes, **query: str) -> Delivery:
    return Delivery(ACCOUNT, body, {}, query, NOON)


def test_every_result_code_is_in_the_map() -> None:
    assert RESULTS == RESULT_CODES


@pytest.mark.parametrize("code", [*RESULT_CODES, *map(int, RESULT_CODES), "4321", None, [], ""])
def test_a_result(desk: Desk, code: Any) -> None:
    says(desk, Reply(200, {"ResponseCode": "0", "ResultCode": code}))
    assert retrieve(desk) == ProviderStatus(RESULT_CODES.get(str(code)))


@pytest.mark.parametrize(("status", "code", "message"), ERRORS)
def test_an_error(desk: Desk, status: int, code: str, message: str) -> None:
    says(desk, Reply(status, {"errorCode": code, "errorMessage": message}))
    assert retrieve(desk) == ProviderStatus(ERRORS[status, code, message])


def test_a_payer_who_is_still_being_asked_is_no_trouble(desk: Desk) -> None:
    provider, payment = desk.provider(), desk.payment(State.PROCESSING)
    for _ in range(10):
        assert provider.retrieve(payment, TIMEOUT).status is PROCESSING
    assert desk.opened == []


def test_what_is_sent(desk: Desk) -> None:
    retrieve(desk)
    token, query = desk.double.calls
    assert (token.method, token.path) == ("GET", "/oauth/v1/generate")
    assert set(query.json) == {"BusinessShortCode", "Password", "Timestamp", "CheckoutRequestID"}
    # East Africa's time.
    assert query.json["Timestamp"] == "20260301150000"


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("sandbox", "https://sandbox.safaricom.co.ke"),
        ("live", "https://api.safaricom.co.ke"),
    ],
)
def test_the_host_is_that_of_the_environment(desk: Desk, environment: str, host: str) -> None:
    secret = MpesaSecret.parse(json.dumps({**desk.secret, "environment": environment}))
    assert secret.host == host


def test_each_drive_asks_once(desk: Desk) -> None:
    provider, payment = desk.provider(), desk.payment(State.PROCESSING)
    for drive in (1, 2, 3):
        _, store = work(desk, payment, provider=provider)
        payment = store.transactions[payment.key]
        assert payment.pending_reason is PendingReason.UNSUPPORTED
        assert len(desk.double.asked) == drive


def test_nothing_is_ever_cancelled(desk: Desk) -> None:
    assert not desk.provider().supports_cancel


def test_a_token_is_fetched_once_for_all_threads(desk: Desk) -> None:
    provider, payments = desk.provider(), [desk.payment(State.SETTLED) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda each: provider.retrieve(each, TIMEOUT), payments))
    assert {each.status for each in found} == {SETTLED}
    assert token_calls(desk) == 1


def test_a_token_is_fetched_anew_before_it_ends(desk: Desk) -> None:
    provider, payment = desk.provider(), desk.payment(State.SETTLED)
    for ahead, fetched in [(0, 1), (3500, 1), (3599 - 59, 2)]:
        desk.ticks.ahead = ahead
        provider.retrieve(payment, TIMEOUT)
        assert token_calls(desk) == fetched


def test_a_refused_token_is_fetched_anew_once(desk: Desk) -> None:
    provider, payment = desk.provider(), desk.payment(State.SETTLED)
    provider.retrieve(payment, TIMEOUT)
    says(desk, Reply(404, {"errorCode": "404.001.03", "errorMessage": "Invalid Access Token"}))
    assert provider.retrieve(payment, TIMEOUT) == ProviderStatus(None)
    assert (token_calls(desk), len(desk.double.asked)) == (2, 3)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, {}),
        Reply(429, {}, {"Retry-After": "7"}),
        Reply(400, {"errorCode": "400.008.01"}),
        Reply(200, {"expires_in": "3599"}),
        Reply(200, {"access_token": "t", "expires_in": "soon"}),
        Reply(200, b"<html>"),
        Reply(200, []),
    ],
)
def test_without_a_token_nothing_is_known_and_nothing_is_asked(desk: Desk, reply: Reply) -> None:
    desk.double.respond = lambda call: reply
    status = retrieve(desk)
    assert (status.status, status.found) == (None, True)
    assert desk.double.asked == []


def test_a_callback_is_never_believed_only_asked_about(desk: Desk) -> None:
    sent = delivery(callback("ws_CO_1", result=0), token="webhook_token_1")
    assert desk.reader().read(sent) == [Report("ws_CO_1", ask=True, ends=True)]
    assert json.loads(desk.reader().acknowledgement.text)["ResultCode"] == 0


@pytest.mark.parametrize("token", ["", "wrong", "webhook_token_", "é"])
def test_a_callback_without_the_token_is_refused(desk: Desk, token: str) -> None:
    with pytest.raises(SignatureError):
        desk.reader().read(delivery(callback("ws_CO_1"), token=token))
    with pytest.raises(SignatureError):
        desk.reader().read(delivery(callback("ws_CO_1")))


def test_an_account_without_a_token_takes_no_callback(desk: Desk) -> None:
    desk.put_secret(webhookTokens=[])
    with pytest.raises(SignatureError):
        desk.reader().read(delivery(callback("ws_CO_1"), token=""))


@pytest.mark.parametrize("body", [b"", b"{}", b'{"Body": []}', b'{"Body": {"stkCallback": 1}}'])
def test_a_callback_that_cannot_be_read_says_so(desk: Desk, body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        desk.reader().read(delivery(body, token="webhook_token_1"))

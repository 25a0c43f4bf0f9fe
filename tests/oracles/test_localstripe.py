"""Our Stripe adapter against localstripe, a Stripe that others have written.

It knows less than Stripe does: no code and no PaymentIntent in its errors, no idempotency keys, and
no Checkout Sessions. What it does know, it has from somebody else than us.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from checkout.providers.base import CancelOutcome, Provider, ProviderStatus
from checkout.transactions import Transaction, TransactionStatus
from local import listeners
from local.places import tool
from tests.contract.desks.base import ACCOUNT, Desk
from tests.contract.desks.stripe import stripe_desk
from tests.oracles.processes import listening
from tests.unit.samples import a_transaction

TIMEOUT = 8.0
KEY = "sk_test_12345"
# Its own command listens on every address.
SERVE = (
    "import sys; from aiohttp import web; import localstripe.server as server;"
    " web.run_app(server.app, host='127.0.0.1', port=int(sys.argv[1]), print=None)"
)

Pay = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home, port = tmp_path_factory.mktemp("localstripe"), listeners.any_free_port()
    command = [str(tool("localstripe", "python")), "-c", SERVE, str(port)]
    # It keeps its payments in a file there.
    with listening(command, port, home / "log", {"TMPDIR": str(home)}) as url:
        yield url


@pytest.fixture
def provider(url: str) -> Provider:
    desk: Desk = stripe_desk()
    desk.put_secret(secretKey=KEY, baseUrl=url)
    return desk.provider()


@pytest.fixture
def pay(url: str) -> Pay:
    """A PaymentIntent of a card, with these parameters, as Stripe would make it."""
    headers = {
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/x-www-form-urlencoded",
    }

    def post(path: str, **fields: str) -> dict[str, Any]:
        answer = urllib3.request("POST", url + path, body=urlencode(fields), headers=headers)
        made: dict[str, Any] = answer.json()
        assert answer.status == 200, made
        return made

    def make(**fields: str) -> dict[str, Any]:
        card = {
            "type": "card",
            "card[number]": "4242424242424242",
            "card[exp_month]": "12",
            "card[exp_year]": "2030",
            "card[cvc]": "123",
        }
        method = post("/v1/payment_methods", **card)
        money = {"amount": "1999", "currency": "eur", "payment_method": method["id"]}
        return post("/v1/payment_intents", **money, **fields)

    return make


def of(intent: dict[str, Any]) -> Transaction:
    return a_transaction(provider_reference=intent["id"], provider_account=ACCOUNT)


@pytest.mark.parametrize("fields", [{"capture_method": "manual", "confirm": "true"}, {}])
def test_what_is_in_flight_is_cancelled(
    provider: Provider, pay: Pay, fields: dict[str, str]
) -> None:
    payment = of(pay(**fields))
    before = provider.retrieve(payment, TIMEOUT).status
    assert before in (TransactionStatus.AUTHORIZED, TransactionStatus.PENDING)
    assert provider.cancel(payment, "key-0", TIMEOUT).outcome is CancelOutcome.CANCELLED
    assert provider.retrieve(payment, TIMEOUT) == ProviderStatus(TransactionStatus.CANCELLED)


def test_what_is_settled_is_not(provider: Provider, pay: Pay) -> None:
    payment = of(pay(confirm="true"))
    assert provider.cancel(payment, "key-0", TIMEOUT).outcome is CancelOutcome.REFUSED
    assert provider.retrieve(payment, TIMEOUT) == ProviderStatus(TransactionStatus.SETTLED)


def test_what_is_cancelled_stays_so(provider: Provider, pay: Pay) -> None:
    payment = of(pay(capture_method="manual", confirm="true"))
    provider.cancel(payment, "key-0", TIMEOUT)
    assert provider.cancel(payment, "key-0", TIMEOUT).outcome is CancelOutcome.REFUSED
    assert provider.retrieve(payment, TIMEOUT) == ProviderStatus(TransactionStatus.CANCELLED)


def test_what_it_does_not_know_is_not_found(provider: Provider) -> None:
    payment = of({"id": "pi_nobody"})
    assert provider.cancel(payment, "key-0", TIMEOUT).outcome is not CancelOutcome.CANCELLED
    assert provider.retrieve(payment, TIMEOUT) == ProviderStatus(None, found=False)

"""What our adapters send, against the providers' own OpenAPI documents, served by Prism.

Prism refuses a path, a header, a body or a key that the document does not have. It remembers
nothing, so the rest is for the doubles.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from checkout.providers.base import CancelOutcome, Provider
from checkout.transactions import Transaction
from local import listeners, prism
from tests.contract.desks.adyen import adyen_desk
from tests.contract.desks.base import ACCOUNT, Desk
from tests.contract.desks.paypal import paypal_desk
from tests.contract.desks.stripe import stripe_desk
from tests.doubles.server import Call, Reply
from tests.oracles.conftest import SPECS
from tests.oracles.processes import listening
from tests.unit.samples import a_transaction

TIMEOUT = 8.0
# Prism's own refusals, and no provider's.
REFUSAL = "https://stoplight.io/prism/errors#"
DROPPED = {"host", "connection", "content-length"}


@dataclass
class Checked:
    """An adapter whose every call goes through Prism. `code` is the answer that is wanted."""

    desk: Desk
    prism: str
    code: int | None = None
    refused: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = self.desk.double.respond

        def respond(call: Call) -> Reply:
            return own(call) if self.desk.double.spares(call) else self._ask(call)

        self.desk.double.respond = respond

    @property
    def provider(self) -> Provider:
        return self.desk.provider()

    def _ask(self, call: Call) -> Reply:
        headers = {name: value for name, value in call.headers.items() if name not in DROPPED}
        if self.code:
            headers["Prefer"] = f"code={self.code}"
        url = f"{self.prism}{call.path}?{urlencode(call.query)}"
        answer = urllib3.request(
            call.method, url, body=call.body or None, headers=headers, retries=False
        )
        # Where the document has the status of a refusal, Prism refuses with its example of it.
        if REFUSAL in answer.data.decode() or (answer.status >= 400 and self.code is None):
            self.refused.append(answer.data.decode())
        self.paths.append(f"{call.method} {call.path}")
        return Reply(answer.status, answer.data)


def served(document: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = SPECS / document
    port, log = listeners.any_free_port(), tmp_path_factory.mktemp("prism") / "log"
    options = ["--errors", "-h", "127.0.0.1", "-p", str(port)]
    command = [str(prism.ensure()), "mock", *options, str(path)]
    with listening(command, port, log, {}) as url:
        yield url


@pytest.fixture(scope="module")
def stripe_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served("stripe-trimmed.json", tmp_path_factory)


@pytest.fixture(scope="module")
def adyen_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served("adyen-checkout.json", tmp_path_factory)


@pytest.fixture(scope="module")
def paypal_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served("paypal-payments-v2.json", tmp_path_factory)


Check = Callable[[Callable[[], Desk], str], Checked]


@pytest.fixture
def check() -> Iterator[Check]:
    with ExitStack() as opened:

        def make(desk: Callable[[], Desk], url: str) -> Checked:
            return Checked(opened.enter_context(desk().open()), url)

        yield make


def payment(reference: str | None) -> Transaction:
    return a_transaction(provider_reference=reference, provider_account=ACCOUNT)


def cancel(checked: Checked, reference: str | None) -> CancelOutcome:
    return checked.provider.cancel(payment(reference), "key-0", TIMEOUT).outcome


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("pi_1", "POST /v1/payment_intents/pi_1/cancel"),
        ("cs_1", "POST /v1/checkout/sessions/cs_1/expire"),
    ],
)
def test_stripe_takes_what_we_send(
    check: Check, stripe_url: str, reference: str, path: str
) -> None:
    checked = check(stripe_desk, stripe_url)
    cancel(checked, reference)
    checked.provider.retrieve(payment(reference), TIMEOUT)
    assert checked.refused == []
    assert checked.paths == [path, f"GET {path.removeprefix('POST ').rpartition('/')[0]}"]


@pytest.mark.parametrize(
    ("reference", "path"), [("psp_1", "POST /payments/psp_1/cancels"), (None, "POST /cancels")]
)
def test_adyen_takes_what_we_send_and_has_received_it(
    check: Check, adyen_url: str, reference: str | None, path: str
) -> None:
    checked = check(adyen_desk, adyen_url)
    assert cancel(checked, reference) is CancelOutcome.REQUESTED
    assert (checked.refused, checked.paths) == ([], [path])


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (400, CancelOutcome.REFUSED),
        (401, CancelOutcome.UNKNOWN),
        (403, CancelOutcome.UNKNOWN),
        (500, CancelOutcome.UNKNOWN),
    ],
)
def test_adyens_own_examples_of_errors_are_understood(
    check: Check, adyen_url: str, code: int, outcome: CancelOutcome
) -> None:
    checked = check(adyen_desk, adyen_url)
    checked.code = code
    assert cancel(checked, "psp_1") is outcome


def test_paypal_takes_what_we_send(check: Check, paypal_url: str) -> None:
    checked = check(paypal_desk, paypal_url)
    cancel(checked, "0VF52814937998046")
    checked.provider.retrieve(payment("0VF52814937998046"), TIMEOUT)
    checked.provider.retrieve(payment("capture:0VF52814937998046"), TIMEOUT)
    assert checked.refused == []
    assert checked.paths == [
        "POST /v2/payments/authorizations/0VF52814937998046/void",
        "GET /v2/payments/authorizations/0VF52814937998046",
        "GET /v2/payments/captures/0VF52814937998046",
    ]


def test_what_a_document_does_not_have_is_refused(check: Check, adyen_url: str) -> None:
    checked = check(adyen_desk, adyen_url)
    bad: list[dict[str, Any]] = [
        {"path": "/payments/psp_1/cancel", "body": b"{}"},
        {"path": "/payments/psp_1/cancels", "body": b"{}"},
    ]
    for each in bad:
        headers = {"x-api-key": "k", "content-type": "application/json"}
        checked._ask(Call("POST", each["path"], {}, headers, each["body"]))
    assert len(checked.refused) == 2

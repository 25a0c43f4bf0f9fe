"""What the functions have logged in the whole run: nothing that merchants or providers have said.

It is the last file of the tier by its name, so that every other test's secrets are looked for too.
"""

import time

import pytest

from local.answers import cancellation
from local.calls import Client
from local.function_logs import lines
from local.stack import Stack
from local.waiting import wait_until
from tests.doubles import adyen, mpesa, stripe
from tests.local.canaries import Canary, found
from tests.local.conftest import Seed
from tests.local.test_bad_input import CANARY
from tests.local.test_merchant_webhooks import PATH, SIGNING_SECRET

WITHIN = 30.0
REASON = "canary-of-a-reason"
IDEMPOTENCY_KEY = "c0ffee00-0000-4000-8000-00000000cafe"
SECRETS = (
    stripe.KEY, stripe.WEBHOOK_SECRET, adyen.KEY, adyen.HMAC_KEY, *mpesa.CONSUMER, mpesa.PASSKEY,
)  # fmt: skip
OF_PROVIDERS = [Canary("provider's secret", each) for each in SECRETS]
SENT = [
    Canary("reason", REASON),
    Canary("bad input", CANARY),
    Canary("idempotency key", IDEMPOTENCY_KEY),
    Canary("merchant's signing secret", SIGNING_SECRET),
    Canary("merchant's endpoint", PATH),
]


def of_merchants(stack: Stack) -> list[Canary]:
    return [Canary("merchant's secret", each.client_secret) for each in stack.merchants]


@pytest.fixture(scope="module")
def logged(stack: Stack, merchant: Client, seed: Seed) -> str:
    """All of it, once the last call of this run is in it."""
    session = seed("sandbox:ok_1")
    answer = merchant.cancel(session.session_id, reason=REASON, idempotency_key=IDEMPOTENCY_KEY)
    cancellation(answer)
    text = ""

    def is_there() -> bool:
        nonlocal text
        text = "".join(map(str, lines(stack.aws, stack.stack_name, _since(stack))))
        return session.session_id in text

    wait_until(is_there, "the last call is in the log", WITHIN)
    return text


def _since(stack: Stack) -> int:
    """In milliseconds: of the emulator all; on AWS the last hour, since others use the stack."""
    return 0 if stack.endpoint_url else int(1000 * (time.time() - 3600))


def test_something_was_logged(logged: str) -> None:
    assert logged.count("cancellation answered") >= 1
    assert logged.count("transaction asked to cancel") >= 1


def test_metrics_and_the_lines_of_errors_are_among_it(logged: str) -> None:
    """Lambda keeps them with the log: what is looked for here is looked for in them too."""
    assert '"_aws"' in logged
    assert "TransactionsCancelled" in logged


def test_nothing_that_merchants_send_and_no_secret_is_logged(logged: str, stack: Stack) -> None:
    # tests/unit/local_stack/test_canaries.py shows that each kind would be found.
    assert found(logged, [*SENT, *OF_PROVIDERS, *of_merchants(stack)]) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/checkout/session/cancel", f'{{"sessionId": 1, "reason": "{REASON}"}}'),
        ("/v1/checkout/session/cancel", f'{{"sessionId": "{REASON}"}}'),
        ("/v1/checkout/session/cancel", REASON),
        ("/v1/webhooks/stripe/default", f'{{"id": "{REASON}"}}'),
        (f"/v1/webhooks/stripe/{REASON}", "{}"),
        (f"/v1/{REASON}", "{}"),
    ],
)
def test_no_error_says_what_was_sent(merchant: Client, stack: Stack, path: str, body: str) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": IDEMPOTENCY_KEY}
    answer = merchant.request("POST", path, body.encode(), headers)
    assert 400 <= answer.status < 500
    said = answer.body.decode() + str(dict(answer.headers))
    assert found(said, [*SENT, *OF_PROVIDERS, *of_merchants(stack)]) == []

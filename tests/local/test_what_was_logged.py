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
from tests.local.conftest import Seed
from tests.local.test_bad_input import CANARY

WITHIN = 30.0
REASON = "canary-of-a-reason"
IDEMPOTENCY_KEY = "c0ffee00-0000-4000-8000-00000000cafe"
# Every JSON Web Token begins with the letters of `{"`.
TOKEN = "eyJ"
OF_PROVIDERS = (
    stripe.KEY, stripe.WEBHOOK_SECRET, adyen.KEY, adyen.HMAC_KEY, *mpesa.CONSUMER, mpesa.PASSKEY,
)  # fmt: skip


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


@pytest.mark.parametrize("canary", [REASON, CANARY, IDEMPOTENCY_KEY, TOKEN, "Bearer"])
def test_nothing_that_a_merchant_sends_is_logged(logged: str, canary: str) -> None:
    assert canary not in logged


@pytest.mark.parametrize("secret", OF_PROVIDERS)
def test_no_secret_of_a_provider_is_logged(logged: str, secret: str) -> None:
    assert secret not in logged


def test_no_secret_of_a_merchant_is_logged(logged: str, stack: Stack) -> None:
    assert not [each.client_id for each in stack.merchants if each.client_secret in logged]

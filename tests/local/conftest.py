"""The deployed template, over HTTP: on the emulator (STACK_JSON), or on AWS (STACK_NAME)."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from checkout.bootstrap import new_id
from local import merchants, operators, remote
from local import stack as stacks
from local.calls import Client
from local.console import Problem
from local.function_logs import lines as log_lines
from local.inspection import Inspector
from local.operators import OperatorClient
from local.payments import PaymentSide, parse
from local.places import LOCAL
from local.stack import Merchant, Stack
from local.waiting import wait_until


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Fails, and skips nothing, where there is none."""
    try:
        if name := os.environ.get("STACK_NAME"):
            with remote.running(name) as deployed:
                yield deployed
        else:
            yield stacks.read(Path(os.environ.get("STACK_JSON") or LOCAL / "stack.json"))
    except Problem as problem:
        pytest.fail(f"the local tier cannot run. {problem}", pytrace=False)


@pytest.fixture(scope="session")
def merchant(stack: Stack) -> Client:
    """Calls as the first merchant: .cancel(id), .get(id), .post(bytes), .request(...)."""
    return Client(stack, stack.merchants[0])


@pytest.fixture(scope="session")
def other_merchant(stack: Stack) -> Client:
    return Client(stack, stack.merchants[1])


@pytest.fixture(scope="session")
def operator(stack: Stack) -> Iterator[OperatorClient]:
    """Signed in as a person is, with both scopes."""
    if not stack.console_client_id:
        pytest.fail("the stack has no console: deploy it with Console=true", pytrace=False)
    name = f"tests-{new_id()}"
    made = operators.make(stack, name)
    yield OperatorClient(stack, operators.sign_in(stack, made))
    operators.remove(stack, made)


@pytest.fixture
def token(merchant: Client) -> str:
    return merchant.token


@pytest.fixture
def client_with_scopes(stack: Stack) -> Iterator[Callable[[list[str]], Client]]:
    """Makes a merchant whose tokens have just these scopes."""
    made: list[Merchant] = []

    def make(scopes: list[str]) -> Client:
        made.append(merchants.make(stack, "narrow", scopes))
        return Client(stack, made[-1])

    yield make
    for each in made:
        merchants.remove(stack, each)


@pytest.fixture(scope="session")
def inspect(stack: Stack, merchant: Client) -> Inspector:
    """The first merchant's items as stored, and the sandbox's ledger."""
    return Inspector(stack, merchant.merchant.client_id)


@dataclass(frozen=True)
class Seeded:
    session_id: str
    transaction_ids: list[str]


class Seed(Protocol):
    def __call__(self, *payments: str, session_id: str = "", account: str = "") -> Seeded: ...


@pytest.fixture(scope="session")
def payment_side(stack: Stack, merchant: Client) -> PaymentSide:
    return PaymentSide(stack, merchant.merchant.client_id)


@pytest.fixture(scope="session")
def seed(payment_side: PaymentSide) -> Seed:
    """`seed("sandbox:ok_1", ...)`: a session of the first merchant, or more on one it has.

    Each payment is of an account of its own, unless they are given one, so that none meets a
    circuit that another one has opened. Raises SessionLockedError where the session takes no
    attempt.
    """

    def start(*payments: str, session_id: str = "", account: str = "") -> Seeded:
        session = session_id or payment_side.open()
        made = [replace(parse(each), account=account or payment_side.new_id()) for each in payments]
        return Seeded(session, [payment_side.attempt(session, payment) for payment in made])

    return start


@pytest.fixture
def becomes(merchant: Client) -> Callable[[str, str, float], None]:
    """`becomes(session_id, status, seconds)`: read over HTTP until it does."""

    def wait(session_id: str, status: str, within: float) -> None:
        def seen() -> bool:
            return bool(merchant.get(session_id).json()["status"] == status)

        wait_until(seen, f"the session is {status}", within)

    return wait


@pytest.fixture
def function_logs(stack: Stack) -> Callable[[], str]:
    """All that the functions have logged since this test began. Ask after the calls' answers."""
    began = int(time.time() * 1000)
    return lambda: "".join(map(str, log_lines(stack.aws, stack.stack_name, began)))

"""The pages' Python, executed: with what a reader has around it."""

from textwrap import indent
from types import SimpleNamespace
from typing import Any

from checkout.providers.base import CancelOutcome, ProviderAnswer
from checkout.providers.http import Request
from checkout.storage.dynamodb import CheckoutStore
from checkout.transactions import Attempt, TransactionStatus
from tests.integration import scenes
from tests.integration.cloud import Cloud
from tests.template.blocks import Block, blocks
from tests.template.test_blocks import EXECUTED_PYTHON, listed

# Needs a stack: tests/local plays it.
OF_THE_CLIENT = "test_the_clients_lines..."


def executed(page: str) -> Block:
    here = {
        key: test
        for key, test in EXECUTED_PYTHON.items()
        if key[0] == page and test != OF_THE_CLIENT
    }
    (found,) = [each for each in blocks() if each.language == "python" and listed(each, here)]
    return found


def test_each_block_that_is_listed_as_executed_is_here() -> None:
    elsewhere = (OF_THE_CLIENT, "tests/template/test_merchant_webhooks.py")
    here = {page for (page, _), test in EXECUTED_PYTHON.items() if test not in elsewhere}
    assert here == {"README.md", "docs/adding-a-provider.md"}


def test_the_readmes_lines_attach_a_payment_before_it_is_sent(
    cloud: Cloud, store: CheckoutStore
) -> None:
    sent: list[tuple[Attempt, bool]] = []

    def call_your_provider(attempt: Attempt, send_until: Any) -> str:
        there = store.read_session(attempt.key.session)
        sent.append((attempt, attempt.key.transaction_id in there.session.attempts))
        return "ok_1"

    around: dict[str, Any] = {
        "merchant_id": scenes.merchant(), "call_your_provider": call_your_provider,
    }  # fmt: skip
    exec(compile(executed("README.md").text, "README.md", "exec"), around)  # noqa: S102 - our own page

    ((attempt, was_attached),) = sent
    assert was_attached
    (payment,) = store.read_session(attempt.key.session).transactions
    assert (payment.status, payment.provider_reference) == (TransactionStatus.PENDING, "ok_1")
    assert scenes.cancel(cloud, attempt.key.session).cancelled == [payment.transaction_id]


def test_an_adapters_lines_send_a_request_and_map_its_answer() -> None:
    sent: list[tuple[Request, float]] = []

    def send(request: Request, timeout: float) -> SimpleNamespace:
        sent.append((request, timeout))
        return SimpleNamespace(status=200, json={"status": "canceled"})

    def outcome_of(status: int, body: Any) -> ProviderAnswer:
        assert (status, body) == (200, {"status": "canceled"})
        return ProviderAnswer(CancelOutcome.CANCELLED)

    around: dict[str, Any] = {
        "Request": Request, "exchange": SimpleNamespace(send=send), "outcome_of": outcome_of,
        "url": "https://provider.example/void", "headers": {}, "body": b"{}", "left": lambda: 5.0,
    }  # fmt: skip
    page = "docs/adding-a-provider.md"
    code = f"def cancel():\n{indent(executed(page).text, '    ')}"
    exec(compile(code, page, "exec"), around)  # noqa: S102 - our own page
    assert around["cancel"]() == ProviderAnswer(CancelOutcome.CANCELLED)
    ((request, timeout),) = sent
    assert (request.method, timeout) == ("POST", 5.0)

"""The example of a payment service, over HTTP, with payers who race with a cancellation."""

import pytest

from checkout.storage.dynamodb import CheckoutStore
from examples.payment_service import demo
from examples.payment_service.provider import StandIn
from examples.payment_service.service import PaymentService
from local.stack import Stack


def test_every_payment_of_the_example_is_cancelled_or_refused(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    provider = StandIn()
    store = CheckoutStore(stack.aws.dynamodb, stack.table)
    service = PaymentService(store, provider, stack.merchants[0].client_id)
    with demo.serving(service) as url:
        assert demo.race(stack, url)
    assert f"paid before the lock   {len(provider.created)}," in capsys.readouterr().out
    assert provider.voided == []

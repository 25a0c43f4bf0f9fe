"""Every operation over HTTP through the client of clients/python: each answer has its model."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from cancel_a_session_client import AuthenticatedClient
from cancel_a_session_client.api.merchants import cancel_session, get_session
from cancel_a_session_client.api.providers import receive_webhook
from cancel_a_session_client.models import (
    CancelAnswer,
    CancelAnswerStatus,
    CancelRequest,
    Error,
    PendingReason,
    ReceiveWebhookProvider,
    SessionAnswer,
    SessionStatus,
    TransactionStatus,
    WebhookEvent,
    WebhookForm,
)
from checkout.bootstrap import utc_now
from checkout.payments import complete_session
from checkout.sessions import SessionKey
from local import merchants
from local.calls import Client
from local.payments import PaymentSide
from local.stack import Stack
from local.typed_calls import Cancellation
from local.typed_calls import client as client_of
from tests.contract.desks.every import DESKS
from tests.doubles import stripe
from tests.local.conftest import Seed
from tests.unit.client_operations import Operation, operations

WithScopes = Callable[[list[str]], Client]
STRIPE = ReceiveWebhookProvider.STRIPE


@pytest.fixture
def client(stack: Stack, token: str) -> Iterator[AuthenticatedClient]:
    with client_of(stack.base_url, token) as made:
        yield made


@pytest.fixture
def stranger(stack: Stack) -> Iterator[AuthenticatedClient]:
    with client_of(stack.base_url, "no-token") as made:
        yield made


@pytest.fixture
def account(stack: Stack, payment_side: PaymentSide) -> Iterator[str]:
    """One of this name at Stripe, which is not there to be asked."""
    account = f"typed-{payment_side.new_id()}"
    name = f"{stack.stack_name}/stripe/{account}"
    secret = json.dumps({**DESKS["stripe"]().secret, "baseUrl": "http://127.0.0.1:9"})
    stack.aws.secrets.create_secret(Name=name, SecretString=secret)
    yield account
    stack.aws.secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


def is_error(answer: object, status: int) -> bool:
    return isinstance(answer, Error) and answer.status_code == status


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.id)
def test_an_operation_called_as_in_its_example_has_its_model(
    client: AuthenticatedClient, stranger: AuthenticatedClient, operation: Operation
) -> None:
    for caller in (client, stranger):
        answer = operation.call(caller)
        assert type(answer.parsed) is operation.model(answer.status_code)
        later = asyncio.run(operation.call_later(client_of(caller_url(caller), caller.token)))
        assert later.parsed == answer.parsed


def caller_url(caller: AuthenticatedClient) -> str:
    return str(caller.get_httpx_client().base_url)


def test_a_session_is_cancelled_and_read(client: AuthenticatedClient, seed: Seed) -> None:
    made = seed("sandbox:ok_1", "sandbox-b:unstoppable_900_SETTLED_1")
    first, second = made.transaction_ids
    body = CancelRequest(made.session_id, "changed my mind")
    said = cancel_session.sync(client=client, body=body)
    assert isinstance(said, CancelAnswer)
    assert said.status is CancelAnswerStatus.PENDING_CANCELLATION
    assert (said.cancelled_transaction_ids, said.pending_transaction_ids) == ([first], [second])

    seen = get_session.sync(made.session_id, client=client)
    assert isinstance(seen, SessionAnswer)
    assert (seen.status, seen.reason) == (SessionStatus.PENDING_CANCELLATION, body.reason)
    assert seen.cancel_requested_at is not None
    assert seen.created_at <= seen.cancel_requested_at
    assert seen.cancelled_at is None
    waits = {each.transaction_id: each for each in seen.transactions}
    assert waits[first].status is TransactionStatus.CANCELLED
    assert waits[first].pending_reason is None
    assert waits[second].pending_reason is PendingReason.UNSUPPORTED


def cancel(client: AuthenticatedClient, session_id: str, key: str) -> Cancellation:
    body = CancelRequest(session_id)
    return cancel_session.sync_detailed(client=client, body=body, idempotency_key=key)


def test_every_refusal_of_a_cancellation_is_an_error(
    client: AuthenticatedClient, seed: Seed, payment_side: PaymentSide
) -> None:
    key = str(uuid4())
    made, ended = seed().session_id, seed().session_id
    complete_session(payment_side.store, SessionKey(payment_side.merchant_id, ended), utc_now())
    assert isinstance(cancel(client, made, key).parsed, CancelAnswer)
    assert is_error(cancel(client, made, "1").parsed, 400)
    assert is_error(cancel(client, payment_side.new_id(), str(uuid4())).parsed, 404)
    assert is_error(cancel(client, ended, str(uuid4())).parsed, 409)
    assert is_error(cancel(client, ended, key).parsed, 422)
    assert is_error(cancel(client, str(uuid4()), str(uuid4())).parsed, 422)


def test_every_refusal_of_a_reading_is_an_error(
    client: AuthenticatedClient, payment_side: PaymentSide
) -> None:
    assert is_error(get_session.sync("1", client=client), 400)
    assert is_error(get_session.sync(payment_side.new_id(), client=client), 404)
    assert is_error(get_session.sync(str(uuid4()), client=client), 422)


def test_without_a_token_or_its_scope_there_is_an_error(
    stack: Stack, stranger: AuthenticatedClient, client_with_scopes: WithScopes
) -> None:
    assert is_error(get_session.sync(str(uuid4()), client=stranger), 401)
    reader = client_of(stack.base_url, client_with_scopes([merchants.READ]).token)
    refused = cancel(reader, str(uuid4()), str(uuid4()))
    # As the contract has it: one or the other.
    assert refused.status_code in {401, 403}
    assert is_error(refused.parsed, refused.status_code)


def event(**fields: object) -> WebhookEvent:
    return WebhookEvent.from_dict(fields)


def signed(body: bytes) -> str:
    return stripe.signature(body, str(int(time.time())))


def test_a_webhook_is_taken_or_refused(client: AuthenticatedClient, account: str) -> None:
    told = event(id="evt_1", type="customer.created", data={"object": {"id": "cus_1"}})
    # As httpx writes it.
    written = json.dumps(told.to_dict(), separators=(",", ":")).encode()
    form = WebhookForm.from_dict({"id": "evt_1"})
    for body, proof, status in (
        (told, signed(written), 200),
        (told, signed(b"{}"), 401),
        (form, signed(b"id=evt_1"), 400),
    ):
        answer = receive_webhook.sync_detailed(
            STRIPE, account, client=client, body=body, stripe_signature=proof
        )
        assert answer.status_code == status, answer
        assert answer.parsed == "{}" if status == 200 else is_error(answer.parsed, status)
    nobody = receive_webhook.sync(STRIPE, "nobody", client=client, body=told)
    assert is_error(nobody, 404)

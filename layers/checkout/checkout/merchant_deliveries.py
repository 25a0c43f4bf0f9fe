"""One event for one merchant: sent if it is wanted, and what becomes of its message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from checkout.errors import CredentialsError, MalformedRecordError, ProviderTrouble
from checkout.merchant_queue import QueuedEvent, SqsMerchantEvents
from checkout.merchant_webhooks import (
    Attempt,
    Endpoint,
    MerchantEvent,
    Outcome,
    event_of_message,
    headers_of,
    next_try,
)
from checkout.observability import count, log_failure, logger
from checkout.parallel import Claim
from checkout.providers.circuit_breaker import CircuitBreaker


class Endpoints(Protocol):
    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Attempt: ...


@dataclass(frozen=True, slots=True)
class DeliveryPorts:
    """`endpoint_of` raises CredentialsError. `breaker` has a circuit a merchant.

    `jitter` gives numbers from 0 to 1.
    """

    endpoint_of: Callable[[str], Endpoint]
    endpoints: Endpoints
    queue: SqsMerchantEvents
    breaker: CircuitBreaker
    clock: Callable[[], datetime]
    jitter: Callable[[], float]


def deliver(ports: DeliveryPorts, queued: QueuedEvent, claim: Claim) -> bool:
    """Whether the message is done with: told, given up, or sent on to wait for its next try.

    Without the `claim` its time is over: it stays as it is, and comes again by itself.
    """
    now = ports.clock()
    if queued.due_at is not None and now < queued.due_at:
        return claim() and _wait(ports, queued, queued.due_at, now)
    try:
        event = event_of_message(queued.body)
    except MalformedRecordError as error:
        # No moment could cure it.
        return claim() and _give_up_malformed(ports, queued, error)
    attempt = _attempt(ports, event)
    if not claim():
        return False
    tried = replace(queued, tried=queued.tried + 1)
    # First: what becomes of the message may fail, and the call was made.
    _tell(event, tried, attempt)
    _settle(ports, tried, attempt)
    return True


def _wait(ports: DeliveryPorts, queued: QueuedEvent, due_at: datetime, now: datetime) -> bool:
    ports.queue.send_on(queued, due_at, now)
    return True


def _attempt(ports: DeliveryPorts, event: MerchantEvent) -> Attempt:
    try:
        endpoint = ports.endpoint_of(event.merchant_id)
    except CredentialsError as error:
        absent = error.code is ProviderTrouble.NO_CREDENTIALS
        return Attempt(Outcome.NOT_WANTED if absent else Outcome.UNREADABLE)
    if not endpoint.wants(event):
        return Attempt(Outcome.NOT_WANTED)
    # Or one endpoint that is silent would keep threads of all others waiting.
    if not ports.breaker.admit(event.merchant_id):
        return Attempt(Outcome.HELD_BACK)
    headers = headers_of(event, endpoint.keys, ports.clock())
    attempt = ports.endpoints.post(endpoint.url, headers, event.body)
    if attempt.is_silence:
        ports.breaker.note_trouble(event.merchant_id, attempt.retry_after)
    else:
        ports.breaker.note_answer(event.merchant_id)
    return attempt


def _settle(ports: DeliveryPorts, tried: QueuedEvent, attempt: Attempt) -> None:
    if attempt.is_done:
        return
    gone = attempt.outcome is Outcome.GONE
    delay = None if gone else next_try(attempt, tried.tried, ports.jitter())
    if delay is None:
        ports.queue.give_up(tried)
    else:
        now = ports.clock()
        ports.queue.send_on(tried, now + delay, now)


def _give_up_malformed(ports: DeliveryPorts, queued: QueuedEvent, error: Exception) -> bool:
    log_failure("merchant event cannot be read", error)
    count("MalformedMerchantEvents")
    ports.queue.give_up(queued)
    return True


def _tell(event: MerchantEvent, tried: QueuedEvent, attempt: Attempt) -> None:
    if attempt.outcome is not Outcome.NOT_WANTED:
        logger.info(
            "merchant webhook tried",
            merchant_id=event.merchant_id,
            session_id=event.session_id,
            event_id=event.event_id,
            event_type=event.type,
            outcome=attempt.outcome,
            status=attempt.status,
            tries=tried.tried,
        )
    count("MerchantWebhooks", outcome=attempt.outcome)
    count("MerchantEndpointTroubles", int(attempt.outcome is Outcome.UNREADABLE))

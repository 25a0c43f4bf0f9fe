"""One event for one merchant: sent if it is wanted, and what becomes of its message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
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

AT_ONCE = timedelta(0)


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
    """Whether the message is done with. One that is not comes again, when its delay is over.

    Without the `claim` its time is over: it stays as it is, and comes again by itself.
    """
    try:
        event = event_of_message(queued.body)
    except MalformedRecordError as error:
        # No moment could cure it.
        return claim() and _give_up_malformed(ports, queued, error)
    attempt = _attempt(ports, event)
    if not claim():
        return False
    done = _settle(ports, queued, attempt)
    _tell(event, queued, attempt)
    return done


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


def _settle(ports: DeliveryPorts, queued: QueuedEvent, attempt: Attempt) -> bool:
    if attempt.is_done:
        return True
    if attempt.outcome is Outcome.GONE:
        ports.queue.give_up(queued)
        return True
    # After the last try SQS itself moves it to the dead letters, once it is seen again.
    again = next_try(attempt, queued.tries, ports.jitter())
    ports.queue.postpone(queued, AT_ONCE if again is None else again)
    return False


def _give_up_malformed(ports: DeliveryPorts, queued: QueuedEvent, error: Exception) -> bool:
    log_failure("merchant event cannot be read", error)
    count("MalformedMerchantEvents")
    ports.queue.give_up(queued)
    return True


def _tell(event: MerchantEvent, queued: QueuedEvent, attempt: Attempt) -> None:
    if attempt.outcome is not Outcome.NOT_WANTED:
        logger.info(
            "merchant webhook tried",
            merchant_id=event.merchant_id,
            session_id=event.session_id,
            event_id=event.event_id,
            event_type=event.type,
            outcome=attempt.outcome,
            status=attempt.status,
            tries=queued.tries,
        )
    count("MerchantWebhooks", outcome=attempt.outcome)
    count("MerchantEndpointTroubles", int(attempt.outcome is Outcome.UNREADABLE))

"""The wiring: what is made of the environment, once in each execution environment.

Tests clear it with `forget`.
"""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import NoRegionError

from checkout.aws import FAN_OUT_CONFIG, QUEUE_CONFIG, SECRETS_CONFIG, STORE_CONFIG, make_client
from checkout.cancellation import Ports
from checkout.direct_fan_out import DirectFanOut
from checkout.errors import MisconfiguredError
from checkout.ids import RANDOM_BYTES, uuid7
from checkout.observability import correlate, log_failure, report_open_circuit, tell_recorded
from checkout.provider_cancellation import MAX_PARALLEL_CALLS
from checkout.recovery import GiveUpAges, RecoveryLimits, RecoveryPorts, Tell
from checkout.settings import (
    CallersSettings,
    EdgeSettings,
    FanOutSettings,
    IdempotencySettings,
    RecoverySettings,
    ReportQueueSettings,
    StoreSettings,
    WorkerSettings,
)
from checkout.storage.dynamodb import CheckoutStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

    from checkout.idempotency import IdempotentAnswers
    from checkout.providers.circuit_breaker import GuardedProvider
    from checkout.providers.parts import Parts
    from checkout.providers.webhook import WebhookReader
    from checkout.report_queue import SqsReportQueue
    from checkout.state_machine import StateMachineFanOut
    from checkout.webhooks import WebhookPorts

# Of a worker's memory, and so of its share of a processor, for each call that it makes at once:
# with less, calls would wait for each other until one has waited for longer than it may.
MB_PER_CALL = 12
# What a function keeps for itself of the time it has.
ANSWER_RESERVE = timedelta(milliseconds=500)
# And for the record of an answer under an idempotency key.
RECORD_RESERVE = timedelta(seconds=4)
# And, of a provider's report, for the write that has begun, or for keeping it on the queue.
REPORT_RESERVE = timedelta(seconds=5)


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """A new UUID version 7."""
    return uuid7(utc_now(), os.urandom(RANDOM_BYTES))


def deadline(context: LambdaContext) -> datetime:
    """When the function is stopped."""
    return utc_now() + timedelta(milliseconds=context.get_remaining_time_in_millis())


def prepare(*parts: Callable[[], object]) -> None:
    """Make them in the init phase, which has more of a processor, and for which nobody waits yet.

    What cannot be made is told by the call that needs it, with the API's own error.
    """
    for part in parts:
        try:
            part()
        except (MisconfiguredError, NoRegionError):
            continue
        except Exception as error:  # noqa: BLE001 - or the function could not answer at all
            log_failure("not prepared", error)


@cache
def dynamodb() -> DynamoDBClient:
    client: DynamoDBClient = make_client("dynamodb", STORE_CONFIG)
    return client


@cache
def checkout_store() -> CheckoutStore:
    return CheckoutStore(dynamodb(), StoreSettings.read(os.environ).table_name)


@cache
def edge() -> EdgeSettings:
    return EdgeSettings.read(os.environ)


@cache
def callers() -> str:
    return CallersSettings.read(os.environ).callers


@cache
def lambda_functions() -> LambdaClient:
    client: LambdaClient = make_client("lambda", FAN_OUT_CONFIG)
    return client


@cache
def state_machine() -> StateMachineFanOut:
    from checkout.state_machine import StateMachineFanOut

    client: SFNClient = make_client("stepfunctions", FAN_OUT_CONFIG)
    return StateMachineFanOut(client, FanOutSettings.read(os.environ).state_machine_arn)


@cache
def ports() -> Ports:
    prefix = FanOutSettings.read(os.environ).worker_prefix
    return Ports(
        store=checkout_store(),
        fan_out=DirectFanOut(lambda_functions, prefix, state_machine),
        clock=utc_now,
        # The system's: a generator of our own would be the same in all copies of a snapshot.
        jitter=random.SystemRandom().random,
        report=log_failure,
        correlate=correlate,
    )


def recovery_ports(tell_stuck: Tell, tell_completed: Tell) -> RecoveryPorts:
    store, sleep = checkout_store(), time.sleep
    return RecoveryPorts(ports(), store, new_id, sleep, tell_stuck, tell_completed)


@cache
def recovery_limits() -> RecoveryLimits:
    """Raises MisconfiguredError."""
    settings = RecoverySettings.read(os.environ)
    try:
        starts = float(settings.recovery_starts_per_second)
        ages = GiveUpAges.parse(settings.give_up_hours)
        return RecoveryLimits(starts, MAX_PARALLEL_CALLS, ages)
    except ValueError as error:
        raise MisconfiguredError(f"recovery cannot be configured: {error}") from None


@cache
def idempotent_answers() -> IdempotentAnswers:
    # Late: few calls carry a key, and it doubles the imports.
    from checkout.idempotency import IdempotentAnswers

    table = IdempotencySettings.read(os.environ).idempotency_table_name
    return IdempotentAnswers(dynamodb(), table)


@cache
def secrets_manager() -> SecretsManagerClient:
    client: SecretsManagerClient = make_client("secretsmanager", SECRETS_CONFIG)
    return client


def provider() -> GuardedProvider:
    """This worker's own."""
    return provider_named(WorkerSettings.read(os.environ).provider)


def parallel_calls() -> int:
    """How many calls this worker's provider gets at once: it may be more than one's memory bears.

    Lambda gives a processor by memory. Raises MisconfiguredError.
    """
    memory_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    try:
        wanted = int(WorkerSettings.read(os.environ).parallel_calls)
        borne = int(memory_mb) // MB_PER_CALL if memory_mb else wanted
    except ValueError:
        raise MisconfiguredError("PARALLEL_CALLS is no number") from None
    return max(1, min(wanted, borne))


@cache
def provider_named(name: str) -> GuardedProvider:
    """Raises MisconfiguredError for a name that no adapter has."""
    from checkout.providers.circuit_breaker import CircuitBreaker, GuardedProvider
    from checkout.providers.registry import provider_of

    adapter = provider_of(_parts(name))
    return GuardedProvider(adapter, CircuitBreaker(utc_now, partial(report_open_circuit, name)))


@cache
def webhook_reader(name: str) -> WebhookReader:
    """Raises NoSuchWebhookError."""
    from checkout.providers.registry import webhook_reader_of

    return webhook_reader_of(_parts(name))


@cache
def webhook_ports() -> WebhookPorts:
    from checkout.webhooks import WebhookPorts

    return WebhookPorts(checkout_store(), provider_named, utc_now, tell_recorded, log_failure)


@cache
def report_queue() -> SqsReportQueue:
    from checkout.report_queue import SqsReportQueue

    client: SQSClient = make_client("sqs", QUEUE_CONFIG)
    return SqsReportQueue(client, ReportQueueSettings.read(os.environ).unmatched_reports_queue_url)


def _parts(name: str) -> Parts:
    from checkout.providers.parts import Parts

    return Parts(name, os.environ, utc_now, dynamodb, secrets_manager)


def forget() -> None:
    """Make everything anew at its next use."""
    made: list[Any] = [
        dynamodb, checkout_store, edge, callers, lambda_functions, state_machine, ports,
        recovery_limits, idempotent_answers, secrets_manager, provider_named, webhook_reader,
        webhook_ports, report_queue,
    ]  # fmt: skip
    for each in made:
        each.cache_clear()

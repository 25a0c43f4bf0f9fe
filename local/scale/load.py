"""What one cancellation asks of each service: read from template and code, or assumed and said so.

The shape is that of the cost's comparison (local/bench): three payments at three providers, and all
of them cancel. The milliseconds are its assumptions, too.
"""

from bisect import bisect_right
from datetime import timedelta

from checkout.lease import DUE_SHARDS
from checkout.merchant_queue import LONGEST_DELAY_OF_SQS
from checkout.merchant_webhooks import DELAYS
from checkout.provider_cancellation import MAX_PARALLEL_CALLS, PROVIDER_TIMEOUT
from checkout.providers.accounts import KEPT_FOR
from checkout.recovery import RUN
from local.bench.designs import TIMINGS, TRACED, ours
from local.scale import arithmetic, quotas
from tests.template.cloudformation import properties, template

LEVELS = (1_000, 10_000, 100_000)
TRANSACTIONS = 3
# Assumed: each payment's end is reported once, whoever ended it.
REPORTS = 3
# Assumed: of the sessions, these wait for longer than a minute, and are driven so often.
WAITING, DRIVES = 0.01, 2

# docs/architecture.md: lock, outcomes, complete. A report writes once, and pays if it is refused.
CANCEL_WRITES = 1 + TRANSACTIONS + 1
TABLE_WRITES = CANCEL_WRITES + REPORTS
# Into the list by the lock, and out of it.
DUE_WRITES = 2
# Into the merchant's list by the lock; by the completion out of it, and into that of the cancelled.
LIST_WRITES = 3
# Of these, those that meet in the partition of what one merchant has pending.
PENDING_WRITES = 2
INDEX_WRITES = DUE_WRITES + LIST_WRITES
# One consistent query; a report reads the index at half price, then the item.
READS = 1 + REPORTS * 1.5
# Before it was cancelled: opened, and for each payment put, attached, reference recorded.
OPENING_WRITES = 1 + TRANSACTIONS * 3
# And in the index: one entry, which then changes its key.
OPENING_INDEX_WRITES = TRANSACTIONS * 3
IDEMPOTENCY_WRITES = 2
# Assumed: gateway 1, each function 2, the machine 1; a report is a trace of its own.
SEGMENTS = 1 + 2 + 1 + TRANSACTIONS * 2 + REPORTS * 3
GATEWAY_REQUESTS = 1 + REPORTS

_STORE, PROVIDER = TIMINGS.store_call / 1000, TIMINGS.provider / 1000
_BUSY = TIMINGS.driver_busy(ours().api_mb) / 1000
WORKER = TIMINGS.worker_busy(ours().worker_mb) / 1000 + PROVIDER + _STORE
MACHINE = TIMINGS.machine / 1000 + WORKER
DRIVER = _BUSY + 3 * _STORE + MACHINE
REPORT = _BUSY + 3 * _STORE
# What has waited is asked for first.
RECOVERY_DRIVE = DRIVER + PROVIDER
# At least: a provider that hangs is waited for that long.
HANGING_DRIVE = PROVIDER_TIMEOUT
RECORD = 2 * _STORE
# Assumed: an event that waits on is received, sent and deleted, with nine others at once.
LOOK = 2 * _STORE + _BUSY
TRACE_SHARE = TRACED
# More than anybody has.
MOST_ACCOUNTS = 1_000_000


def parameter(name: str) -> float:
    return float(template()["Parameters"][name]["Default"])


def executions() -> float:
    """Of Lambda at once, for one cancellation a second."""
    limit = quotas.PER_ENVIRONMENT.number
    return (
        arithmetic.concurrency(DRIVER, limit)
        + TRANSACTIONS * arithmetic.concurrency(WORKER, limit)
        + REPORTS * arithmetic.concurrency(REPORT, limit)
    )


def recovery(starts: float, drive: float = RECOVERY_DRIVE) -> float:
    """Sessions a second."""
    return arithmetic.recovery_rate(starts, MAX_PARALLEL_CALLS, drive, RUN.total_seconds())


def secret_reads(rate: float, accounts: float) -> float:
    """Of the workers, each of one provider's accounts, and of the webhooks, of all of them."""
    limit = quotas.PER_ENVIRONMENT.number
    workers = rate * TRANSACTIONS * arithmetic.concurrency(WORKER, limit)
    webhooks = rate * REPORTS * arithmetic.concurrency(REPORT, limit)
    return arithmetic.secret_reads(
        workers, 1 / arithmetic.concurrency(WORKER, limit), accounts, KEPT_FOR
    ) + arithmetic.secret_reads(
        webhooks, 1 / arithmetic.concurrency(REPORT, limit), accounts * TRANSACTIONS, KEPT_FOR
    )


def accounts_per_provider(rate: float) -> int | None:
    """So many do not use up Secrets Manager's rate; None if a look-up for each call does not."""
    if secret_reads(rate, float("inf")) <= quotas.SECRETS.number:
        return None
    several = range(1, MOST_ACCOUNTS)
    return bisect_right(several, quotas.SECRETS.number, key=lambda each: secret_reads(rate, each))


def give_up_seconds() -> float:
    """For how long a report that matches nothing is tried, and in flight nearly all the time."""
    queue = properties("UnmatchedReportsQueue")
    return float(queue["VisibilityTimeout"]) * float(queue["RedrivePolicy"]["maxReceiveCount"])


def tried_seconds() -> float:
    """For how long an event waits with us that its merchant never takes."""
    return sum(DELAYS, timedelta(0)).total_seconds()


def untaken_events() -> float:
    """A second, of all merchants."""
    (mapping,) = properties("SendWebhooksFunction")["Events"].values()
    settings = mapping["Properties"]
    at_once = settings["ScalingConfig"]["MaximumConcurrency"] * settings["BatchSize"]
    between = LONGEST_DELAY_OF_SQS.total_seconds()
    return arithmetic.untaken_events(at_once, LOOK, between, tried_seconds())


def due_units() -> float:
    """Write units a second of all shards of the list, if the hash is even."""
    return DUE_SHARDS * quotas.PARTITION_WRITES.number

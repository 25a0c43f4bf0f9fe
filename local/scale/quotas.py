"""The quotas on the way of a cancellation, as published, with where and when each was read.

Of one account in one Region, if nothing else is said. `sure` is False where the page was read in an
old or second-hand copy only, where two pages disagree, or where it is not said whether it counts
here; `note` says which.
"""

from dataclasses import dataclass

READ = "2026-11-25"
NO, ON_REQUEST = "no", "on request"
_AWS = "https://docs.aws.amazon.com/"
_GATEWAY = f"{_AWS}apigateway/latest/developerguide/limits.html"
_LAMBDA = f"{_AWS}lambda/latest/dg/gettingstarted-limits.html"
_GROWTH = f"{_AWS}lambda/latest/dg/scaling-behavior.html"
_STREAM = f"{_AWS}lambda/latest/dg/services-ddb-params.html"
_QUEUE = f"{_AWS}lambda/latest/dg/services-sqs-scaling.html"
_MACHINE = f"{_AWS}step-functions/latest/dg/service-quotas.html"
_TABLE = f"{_AWS}amazondynamodb/latest/developerguide/"
_MESSAGES = f"{_AWS}AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"
_SECRETS = f"{_AWS}secretsmanager/latest/userguide/reference_limits.html"
_TOKENS = f"{_AWS}cognito/latest/developerguide/quotas.html"
_LOGS = f"{_AWS}AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"
_TRACES = f"{_AWS}general/latest/gr/xray.html"
_STRIPE = "https://docs.stripe.com/rate-limits"
_CHECKOUT_COM = "https://www.checkout.com/docs/resources/api-rate-limits"
_OWN_LOGS = "not said whether it counts what Lambda itself writes"


@dataclass(frozen=True, slots=True)
class Quota:
    """`value` is None where AWS publishes no number."""

    service: str
    what: str
    value: float | None
    raised: str
    source: str
    note: str = ""
    sure: bool = True
    read: str = READ

    @property
    def number(self) -> float:
        """Raises ValueError if there is none."""
        if self.value is None:
            raise ValueError(self.what)
        return self.value


REQUESTS = Quota(
    "API Gateway", "requests a second, all APIs together", 10_000, ON_REQUEST, _GATEWAY,
    "2,500 in 13 Regions, which the page lists",
)  # fmt: skip
BURST = Quota(
    "API Gateway", "requests at once", 5_000, NO, _GATEWAY,
    "AWS sets it by the rate; 1,250 in the same 13 Regions",
)  # fmt: skip
CONCURRENCY = Quota(
    "Lambda", "executions at once, all functions", 1_000, ON_REQUEST, _LAMBDA,
    "to tens of thousands; a new account has less",
)  # fmt: skip
PER_ENVIRONMENT = Quota(
    "Lambda", "calls a second for each execution at once", 10, NO, _LAMBDA,
    "below 0.1 s a call it is this that counts",
)  # fmt: skip
GROWTH = Quota("Lambda", "more environments in 10 s, each function", 1_000, NO, _GROWTH)
SYNC_STARTS = Quota(
    "Step Functions", "StartSyncExecution a second", None, "by itself, with the load", _MACHINE,
    "capacity on demand; surges may be throttled",
)  # fmt: skip
SYNC_AT_ONCE = Quota(
    "Step Functions", "synchronous Express executions at once", 1_000, ON_REQUEST, _MACHINE,
    "1,000 to 3,700 by Region in a copy of 2020 to 2023; gone from today's page", sure=False,
)  # fmt: skip
ASYNC_STARTS = Quota(
    "Step Functions", "StartExecution a second, Express", 6_000, ON_REQUEST, _MACHINE,
    "not our call; its state transitions are unlimited",
)  # fmt: skip
UNITS = Quota(
    "DynamoDB", "units a second, each table: 40,000 of writes, 40,000 of reads", 40_000,
    ON_REQUEST, f"{_TABLE}throttling-account-limit-exceeded-mitigation.html",
    "with its indexes, says this page; each index by itself, says the one on indexes", sure=False,
)  # fmt: skip
NEW_WRITES = Quota(
    "DynamoDB", "writes a second of a new on-demand table", 4_000, "WarmThroughput",
    f"{_TABLE}on-demand-capacity-mode.html", "then twice the last peak, within 30 minutes",
)  # fmt: skip
NEW_READS = Quota(
    "DynamoDB", "reads a second of a new on-demand table", 12_000, "WarmThroughput",
    f"{_TABLE}on-demand-capacity-mode.html", "likewise",
)  # fmt: skip
PARTITION_WRITES = Quota(
    "DynamoDB", "write units a second, each partition", 1_000, NO,
    f"{_TABLE}throttling-key-range-limit-exceeded-mitigation.html",
    "one key is one partition, unless DynamoDB splits it",
)  # fmt: skip
PARTITION_READS = Quota(
    "DynamoDB", "read units a second, each partition", 3_000, NO,
    f"{_TABLE}throttling-key-range-limit-exceeded-mitigation.html",
)  # fmt: skip
SHARD_READERS = Quota(
    "DynamoDB Streams", "readers of a shard", 2, NO, f"{_TABLE}Streams.html",
    "ours is one; a global table takes another",
)  # fmt: skip
BATCHES_PER_SHARD = Quota(
    "Lambda", "batches at once of a shard: `ParallelizationFactor`", 10, NO, _STREAM,
    "1 if not set, as in template.yaml",
)  # fmt: skip
MESSAGES = Quota(
    "SQS", "messages in flight", 120_000, NO, _MESSAGES, "about; sending has no number",
)  # fmt: skip
QUEUE_BATCHES = Quota(
    "Lambda", "batches at once of a queue", 1_000, NO, _QUEUE,
    "from 5, 300 more a minute; a newer page may say 1,250", sure=False,
)  # fmt: skip
SECRETS = Quota(
    "Secrets Manager", "GetSecretValue a second", 10_000, NO, _SECRETS,
    "that it cannot be raised was not read", sure=False,
)  # fmt: skip
TOKENS = Quota(
    "Cognito", "tokens a second by client credentials", 150, NO, _TOKENS,
    "number and `no` from lists of 2022 and 2026, not from the page", sure=False,
)  # fmt: skip
LOG_WRITES = Quota(
    "CloudWatch Logs", "PutLogEvents a second", 5_000, ON_REQUEST, _LOGS, _OWN_LOGS, sure=False
)
LOG_STREAMS = Quota(
    "CloudWatch Logs", "CreateLogStream a second", 50, ON_REQUEST, _LOGS, _OWN_LOGS, sure=False
)
SEGMENTS = Quota(
    "X-Ray", "segments a second", 2_600, NO, _TRACES, "from a dated list; the rest is lost",
    sure=False,
)  # fmt: skip
STRIPE_ENDPOINT = Quota(
    "Stripe", "calls a second of one endpoint, each account", 25, ON_REQUEST, _STRIPE,
    "ask six weeks ahead for much more",
)  # fmt: skip
STRIPE_ACCOUNT = Quota(
    "Stripe", "calls a second, each account, live", 100, ON_REQUEST, _STRIPE, "25 in a sandbox"
)
CHECKOUT_COM = Quota(
    "Checkout.com", "writing calls a second, each account", 100, ON_REQUEST, _CHECKOUT_COM,
    "and 100 reading ones",
)  # fmt: skip
QUOTAS = (
    REQUESTS, BURST, CONCURRENCY, PER_ENVIRONMENT, GROWTH, SYNC_STARTS, SYNC_AT_ONCE, ASYNC_STARTS,
    UNITS, NEW_WRITES, NEW_READS, PARTITION_WRITES, PARTITION_READS, SHARD_READERS,
    BATCHES_PER_SHARD, MESSAGES, QUEUE_BATCHES, SECRETS, TOKENS, LOG_WRITES, LOG_STREAMS, SEGMENTS,
    STRIPE_ENDPOINT, STRIPE_ACCOUNT, CHECKOUT_COM,
)  # fmt: skip
# Of these no number was found in what they publish.
SILENT = ("Adyen", "GoCardless", "Mollie", "M-Pesa", "PayPal", "Square")

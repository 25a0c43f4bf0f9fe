"""From what one cancellation uses of AWS to dollars for a million of them, by service.

`python -m local.bench.cost` counts (counted.py) and prints (cost_report.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from local.bench import prices
from local.bench.prices import MILLION, Price

ARM: str = "arm64"
X86: str = "x86_64"
REST: str = "REST API"
HTTP: str = "HTTP API"
# How Step Functions bills an Express execution: in steps of this much, always up.
EXPRESS_STEP_MS = 100
EXPRESS_STEP_MB = 64
# What an Express execution takes (AWS's pricing page): this, its definition, and its data times the
# Map's steps, here some kilobytes.
EXPRESS_BASE_MB = 50


@dataclass(frozen=True, slots=True)
class Function:
    """Invocations of one kind of function, for one cancellation."""

    name: str
    times: float
    milliseconds: float
    memory_mb: int
    architecture: str = ARM


@dataclass(frozen=True, slots=True)
class Express:
    """Executions of an Express state machine; `memory_mb` before it is rounded."""

    times: float
    milliseconds: float
    memory_mb: float = EXPRESS_BASE_MB + 0.1


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one cancellation. Write and read units are already of items in steps of 1 and 4 KB."""

    gateway: str = REST
    requests: float = 1
    functions: tuple[Function, ...] = ()
    express: Express = field(default_factory=lambda: Express(0, 0))
    transitions: float = 0
    operations: float = 0
    table_writes: float = 0
    index_writes: float = 0
    reads: float = 0
    stream_reads: float = 0
    queue_requests: float = 0
    log_bytes: float = 0
    traces: float = 0


def lambda_gb_seconds(function: Function) -> float:
    """Lambda bills each invocation by the millisecond, up."""
    seconds = ceil(function.milliseconds) / 1000
    return function.times * seconds * function.memory_mb / 1024


def express_gb_seconds(express: Express) -> float:
    seconds = EXPRESS_STEP_MS * ceil(express.milliseconds / EXPRESS_STEP_MS) / 1000
    memory = EXPRESS_STEP_MB * ceil(express.memory_mb / EXPRESS_STEP_MB)
    return express.times * seconds * memory / 1024


def bill(usage: Usage) -> dict[str, float]:
    """Dollars for a million cancellations by service, without logs and traces."""
    request = prices.REST_REQUEST if usage.gateway == REST else prices.HTTP_REQUEST
    lines = {
        "API Gateway requests": usage.requests * request.each,
        "Lambda requests": sum(f.times for f in usage.functions) * prices.LAMBDA_REQUEST.each,
    }
    for function in usage.functions:
        name = f"Lambda time, {function.name}"
        dollars = lambda_gb_seconds(function) * _time_price(function).each
        lines[name] = lines.get(name, 0) + dollars
    lines |= {
        "Express requests": usage.express.times * prices.EXPRESS_REQUEST.each,
        "Express time": express_gb_seconds(usage.express) * prices.EXPRESS_TIME.each,
        "Standard transitions": usage.transitions * prices.TRANSITION.each,
        "Durable operations": usage.operations * prices.DURABLE_OPERATION.each,
        "DynamoDB writes, table": usage.table_writes * prices.WRITE_UNIT.each,
        "DynamoDB writes, indexes": usage.index_writes * prices.WRITE_UNIT.each,
        "DynamoDB reads": usage.reads * prices.READ_UNIT.each,
        "Stream reads": usage.stream_reads * prices.STREAM_READ.each,
        "SQS requests": usage.queue_requests * prices.QUEUE_REQUEST.each,
    }
    return {name: MILLION * dollars for name, dollars in lines.items()}


def apart(usage: Usage) -> dict[str, float]:
    """What watching costs: it depends on settings, and not on the design."""
    return {
        "CloudWatch Logs": MILLION * usage.log_bytes * prices.LOG_BYTE.each,
        "X-Ray": MILLION * usage.traces * prices.TRACE.each,
    }


def total(lines: Mapping[str, float]) -> float:
    return sum(lines.values())


def dollars(usage: Usage) -> float:
    """For a million cancellations, without logs and traces."""
    return total(bill(usage))


def _time_price(function: Function) -> Price:
    return prices.ARM_TIME if function.architecture == ARM else prices.X86_TIME


if __name__ == "__main__":
    # There, since what is run as a program is another module than what others import.
    from local.bench.cost_report import main
    from local.console import run

    run(main)

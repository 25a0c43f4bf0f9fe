"""The rows of docs/scale.md, in Markdown."""

from collections.abc import Callable

from checkout.lease import DUE_SHARDS
from local.markdown import number, row, rows
from local.scale import arithmetic, limits, load, quotas
from local.scale.arithmetic import MINUTE
from local.scale.limits import Limit, Mend

OUTAGE = 10 * MINUTE
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
RUNS_SIDE_BY_SIDE = 16


def by_level(what: str, of: Callable[[float], object]) -> tuple[object, ...]:
    return what, *(of(rate) for rate in load.LEVELS)


def counted(what: str, each: float) -> tuple[object, ...]:
    return by_level(what, lambda rate: number(rate * each))


def duration(seconds: float) -> str:
    for unit, name in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def breaks() -> str:
    lines, before = [], 0.0
    for level in load.LEVELS:
        new = [each for each in limits.passed(level) if each.holds_to >= before]
        told = (f"{each.what} ({number(each.holds_to)}){_mark(each)}" for each in new)
        above = "all of the above; " if before else ""
        lines.append((number(level), f"{above}{'; '.join(told)}"))
        before = level
    return rows(lines)


def _mark(limit: Limit) -> str:
    return "" if limit.sure else "?"


def limit_table() -> str:
    head = ("limit", "takes", "of", "holds to", *map(number, load.LEVELS), "mended by", "how")
    lines = [
        (
            f"{each.what}{_mark(each)}",
            number(each.each),
            number(each.quota),
            f"{number(each.holds_to)}/s",
            *(_share(each.use(rate)) for rate in load.LEVELS),
            each.mend,
            each.cure,
        )
        for each in limits.limits()
    ]
    return "\n".join([row(*head), "|---" * len(head) + "|", rows(lines)])


def _share(use: float) -> str:
    if use > 1:
        return f"**{number(use)}x**"
    return f"{use:.0%}" if use >= 0.01 else "< 1%"


def takes() -> str:
    refused = "paid for even if it is refused"
    there = f"{_ms(load.PROVIDER)} of it at the provider"
    return rows(
        [
            ("requests at the gateway", load.GATEWAY_REQUESTS, "the call, and a webhook each"),
            ("`cancel_session`", _ms(load.DRIVER), "three store calls, and the fan-out"),
            ("a worker, each payment", _ms(load.WORKER), there),
            ("`receive_webhook`, each payment", _ms(load.REPORT), "three store calls"),
            ("the state machine", _ms(load.MACHINE), "one execution"),
            (
                "writes of the table",
                load.TABLE_WRITES,
                f"lock, outcomes, completion: {load.CANCEL_WRITES}; each report one, {refused}",
            ),
            ("writes of `due`", load.DUE_WRITES, "into the list by the lock, and out of it"),
            (
                "writes of the merchants' lists",
                load.LIST_WRITES,
                "into one by the lock; out of it, and into the other, by the completion",
            ),
            *_other_units(),
        ]
    )


def _other_units() -> list[tuple[object, ...]]:
    return [
        ("read units", load.READS, "one query; each report an index entry and an item"),
        ("with an `Idempotency-Key`", load.IDEMPOTENCY_WRITES, "writes of its own table"),
        (
            "segments of X-Ray",
            load.SEGMENTS,
            f"of the {load.TRACE_SHARE:.0%} that are traced; assumed",
        ),
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def raised() -> str:
    share = quotas.SEGMENTS.number / load.SEGMENTS
    most = load.recovery(float("inf"))
    wait = load.WAITING * load.DRIVES

    def sampled(rate: float) -> str:
        return f"{min(load.TRACE_SHARE, share / rate):.1%}"

    return rows(
        [
            counted("`RequestsPerSecond`, and API Gateway's rate", load.GATEWAY_REQUESTS),
            counted("Lambda's concurrency", load.executions()),
            counted("write units of the table", load.TABLE_WRITES + load.INDEX_WRITES),
            counted("read units of the table", load.READS),
            counted("`WarmThroughput`, writes, before it begins", load.TABLE_WRITES),
            counted(
                "write units of the idempotency table, if all calls use it", load.IDEMPOTENCY_WRITES
            ),
            by_level("`DUE_SHARDS`", shards),
            by_level("recovery runs side by side", lambda r: arithmetic.parts(r * wait, most)),
            by_level("`ParallelizationFactor`", lambda _: 10),
            by_level("X-Ray samples at most", sampled),
            counted("`PutLogEvents` a second, if it counts", load.executions()),
            counted("executions of the machine at once, to ask about", load.MACHINE),
        ]
    )


def shards(rate: float) -> int:
    found = arithmetic.shards_needed(rate, load.DUE_WRITES, quotas.PARTITION_WRITES.number)
    return max(found, DUE_SHARDS)


def functions() -> str:
    limit = quotas.PER_ENVIRONMENT.number
    each = [
        ("`cancel_session`", load.DRIVER, 1),
        ("workers, of three providers", load.WORKER, load.TRANSACTIONS),
        ("`receive_webhook`", load.REPORT, load.REPORTS),
    ]
    lines = [
        _function(name, seconds, times * arithmetic.concurrency(seconds, limit))
        for name, seconds, times in each
    ]
    return rows([*lines, _function("together", None, load.executions())])


def _function(name: str, seconds: float | None, at_once: float) -> tuple[object, ...]:
    head, *levels = counted(name, at_once)
    return head, "" if seconds is None else f"{seconds:.2f}", *levels


def growth() -> str:
    limit, grown = quotas.PER_ENVIRONMENT.number, quotas.GROWTH.number

    def until(each: float) -> Callable[[float], str]:
        return lambda rate: duration(arithmetic.growth_seconds(rate * each, grown))

    return rows(
        [
            by_level("`cancel_session`", until(arithmetic.concurrency(load.DRIVER, limit))),
            by_level("each worker", until(arithmetic.concurrency(load.WORKER, limit))),
            by_level(
                "`receive_webhook`",
                until(load.REPORTS * arithmetic.concurrency(load.REPORT, limit)),
            ),
        ]
    )


def drains() -> str:
    default = load.recovery(load.parameter("RecoveryStartsPerSecond"))
    most = load.recovery(float("inf"))

    def drained(pace: float) -> Callable[[float], str]:
        return lambda rate: duration(
            arithmetic.drain_seconds(arithmetic.backlog(rate, OUTAGE), pace)
        )

    return rows(
        [
            by_level("sessions", lambda rate: number(arithmetic.backlog(rate, OUTAGE))),
            by_level("each driven once, as it is set", drained(default)),
            by_level("as fast as one run can", drained(most)),
            by_level(f"{RUNS_SIDE_BY_SIDE} runs side by side", drained(RUNS_SIDE_BY_SIDE * most)),
        ]
    )


def accounts() -> str:
    def needed(quota: quotas.Quota) -> Callable[[float], str]:
        return lambda rate: number(arithmetic.parts(rate, quota.number))

    return rows(
        [
            by_level("accounts at Stripe, 25 a second each", needed(quotas.STRIPE_ENDPOINT)),
            by_level("at Checkout.com, 100 a second each", needed(quotas.CHECKOUT_COM)),
        ]
    )


def quota_table() -> str:
    head = ("service", "what", "quota", "raised", "note", "source")
    lines = [
        (
            each.service,
            f"{each.what}{'' if each.sure else '?'}",
            "no number" if each.value is None else number(each.value),
            each.raised,
            each.note,
            f"[page]({each.source})",
        )
        for each in quotas.QUOTAS
    ]
    return "\n".join([row(*head), "|---" * len(head) + "|", rows(lines)])


def unsure() -> str:
    doubted = (each for each in quotas.QUOTAS if not each.sure)
    return "\n".join(f"- {each.service}, {each.what}: {each.note}." for each in doubted)


def colours() -> dict[str, str]:
    return dict(zip(Mend, ("#4c9f70", "#e0a030", "#c8553d", "#3d6fb4"), strict=True))

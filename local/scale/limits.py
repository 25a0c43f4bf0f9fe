"""Every limit that grows with the cancellations: how far it holds, and what mends it."""

from dataclasses import dataclass
from enum import StrEnum

from checkout.lease import DUE_SHARDS
from local.scale import arithmetic, load, quotas


class Mend(StrEnum):
    SETTING = "a setting of ours"
    REQUEST = "a request to AWS"
    CODE = "a change of our code"
    OTHERS = "merchants or providers"


@dataclass(frozen=True, slots=True)
class Limit:
    """`each` is what one cancellation takes of `quota`; `cure` is what to do, in a few words."""

    what: str
    quota: float
    each: float
    mend: Mend
    cure: str
    sure: bool = True

    @property
    def holds_to(self) -> float:
        return arithmetic.holds_to(self.quota, self.each)

    def use(self, rate: float) -> float:
        return rate / self.holds_to


def _published(
    what: str, quota: quotas.Quota, each: float, cure: str, mend: Mend = Mend.REQUEST
) -> Limit:
    return Limit(what, quota.number, each, mend, cure, quota.sure)


def _own() -> list[Limit]:
    return [
        Limit(
            "the stage's throttle",
            load.parameter("RequestsPerSecond"),
            load.GATEWAY_REQUESTS,
            Mend.SETTING,
            "`RequestsPerSecond`, `RequestBurst`",
        ),
        Limit(
            f"the {DUE_SHARDS} shards of `due`",
            load.due_units(),
            load.DUE_WRITES,
            Mend.CODE,
            "`DUE_SHARDS`",
        ),
        Limit(
            "the recovery",
            load.recovery(load.parameter("RecoveryStartsPerSecond")),
            load.WAITING * load.DRIVES,
            Mend.CODE,
            "`RecoveryStartsPerSecond` a little, then several runs side by side",
        ),
    ]


def _tables() -> list[Limit]:
    warm, units = "`WarmThroughput` before the day", "the table's quota"
    both = load.TABLE_WRITES + load.INDEX_WRITES
    keys = load.IDEMPOTENCY_WRITES
    return [
        _published(
            "writes of a new table", quotas.NEW_WRITES, load.TABLE_WRITES, warm, Mend.SETTING
        ),
        _published("reads of a new table", quotas.NEW_READS, load.READS, warm, Mend.SETTING),
        _published("writes of the table", quotas.UNITS, both, units),
        _published("reads of the table", quotas.UNITS, load.READS, units),
        _published("the idempotency table, new", quotas.NEW_WRITES, keys, warm, Mend.SETTING),
        _published("the idempotency table", quotas.UNITS, keys, units),
    ]


def _services() -> list[Limit]:
    executions = load.executions()
    return [
        _published("API Gateway's rate", quotas.REQUESTS, load.GATEWAY_REQUESTS, "the rate"),
        _published("Lambda's executions", quotas.CONCURRENCY, executions, "the concurrency"),
        _published(
            "Express executions", quotas.SYNC_AT_ONCE, load.MACHINE, "ask first; grow slowly"
        ),
        _published(
            "log writes, one a second each", quotas.LOG_WRITES, executions, "`PutLogEvents`"
        ),
        _published(
            "X-Ray's segments",
            quotas.SEGMENTS,
            load.SEGMENTS * load.TRACE_SHARE,
            "a sampling rule below 5 %; until then traces are lost, and nothing else",
            Mend.SETTING,
        ),
    ]


def _others() -> list[Limit]:
    return [
        _published(
            "a token for every call", quotas.TOKENS, 1, "keep a token for its hour", Mend.OTHERS
        ),
        _published(
            "one Stripe account", quotas.STRIPE_ENDPOINT, 1, "more accounts; ask", Mend.OTHERS
        ),
        _published(
            "one Checkout.com account", quotas.CHECKOUT_COM, 1, "more accounts; ask", Mend.OTHERS
        ),
    ]


def limits() -> list[Limit]:
    """Those that break first first."""
    every = [*_own(), *_tables(), *_services(), *_others()]
    return sorted(every, key=lambda each: (each.holds_to, each.what))


def passed(rate: float) -> list[Limit]:
    return [each for each in limits() if each.use(rate) > 1]

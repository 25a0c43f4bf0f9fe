"""How a sandbox payment behaves, as its reference tells.

| reference                     | the provider                                                    |
|-------------------------------|-----------------------------------------------------------------|
| `ok_*`                        | cancels it at once                                              |
| `slow_<ms>_*`                 | cancels it, and answers that many milliseconds later            |
| `async_<s>_*`                 | accepts the cancellation, confirms it that many seconds later   |
| `unstoppable_<s>_<status>_*`  | cannot cancel it; `<status>` that many seconds after creation   |
| `settled_*`                   | had settled it                                                  |
| `refused_*`                   | refuses, and it stays in flight                                 |
| `down_*`                      | answers with a 5xx                                              |
| `hang_*`                      | never answers                                                   |
| `flaky_<n>_*`                 | answers the first n cancellations with a 5xx, then cancels it   |
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from checkout.transactions import TERMINAL, TransactionStatus


class Kind(StrEnum):
    OK = "ok"
    SLOW = "slow"
    ASYNC = "async"
    UNSTOPPABLE = "unstoppable"
    SETTLED = "settled"
    REFUSED = "refused"
    DOWN = "down"
    HANG = "hang"
    FLAKY = "flaky"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`wait` is the time until it has ended by itself, `end` how; `failures` come first."""

    kind: Kind
    wait: timedelta = timedelta(0)
    end: TransactionStatus = TransactionStatus.CANCELLED
    failures: int = 0


_PLAIN = re.compile(r"(ok|settled|refused|down|hang)_.+")
_SLOW = re.compile(r"slow_(\d{1,6})_.+")
_ASYNC = re.compile(r"async_(\d{1,6})_.+")
_UNSTOPPABLE = re.compile(r"unstoppable_(\d{1,6})_([A-Z]+)_.+")
_FLAKY = re.compile(r"flaky_(\d{1,3})_.+")


def behaviour_of(reference: str) -> Behaviour:
    """Raises ValueError for a reference of none of the forms above."""
    if match := _PLAIN.fullmatch(reference):
        kind = Kind(match[1])
        settled = kind is Kind.SETTLED
        end = TransactionStatus.SETTLED if settled else TransactionStatus.CANCELLED
        return Behaviour(kind, end=end)
    if match := _SLOW.fullmatch(reference):
        return Behaviour(Kind.SLOW, wait=timedelta(milliseconds=int(match[1])))
    if match := _ASYNC.fullmatch(reference):
        return Behaviour(Kind.ASYNC, wait=timedelta(seconds=int(match[1])))
    if match := _FLAKY.fullmatch(reference):
        return Behaviour(Kind.FLAKY, failures=int(match[1]))
    match = _UNSTOPPABLE.fullmatch(reference)
    if match and match[2] in TERMINAL:
        wait = timedelta(seconds=int(match[1]))
        return Behaviour(Kind.UNSTOPPABLE, wait=wait, end=TransactionStatus(match[2]))
    raise ValueError("the sandbox knows no payment with such a reference")


def own_end(
    reference: str, created_at: datetime, voided_at: datetime | None, now: datetime
) -> TransactionStatus | None:
    """The terminal status that the payment has reached by itself, and a webhook would tell of."""
    behaviour = behaviour_of(reference)
    starts = {Kind.UNSTOPPABLE: created_at, Kind.ASYNC: voided_at}
    start = starts.get(behaviour.kind)
    ended = start is not None and now >= start + behaviour.wait
    return behaviour.end if ended else None


def status_at(
    reference: str, created_at: datetime, voided_at: datetime | None, now: datetime
) -> TransactionStatus:
    """What the provider says of the payment when it is asked."""
    behaviour = behaviour_of(reference)
    if behaviour.kind is Kind.SETTLED:
        return TransactionStatus.SETTLED
    if behaviour.kind is Kind.UNSTOPPABLE:
        return own_end(reference, created_at, voided_at, now) or TransactionStatus.PROCESSING
    voided = voided_at is not None and now >= voided_at + behaviour.wait
    return TransactionStatus.CANCELLED if voided else TransactionStatus.AUTHORIZED

"""The event source mapping of the table's stream, as AWS runs it, in process.

After AWS's guide to Lambda, "Using Lambda with DynamoDB streams" and its pages on partial batch
responses and on discarded records. What it leaves open is a `Reading`. Not here: polling, several
shards at once, waiting between retries, and that Lambda may put several positions in one message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Self

from tests.template.filter_pattern import Pattern, matches, stream_mapping

Record = dict[str, Any]

SHARD = "shardId-00000001541626099285-f35f62ef"
NO_LIMIT = -1
# A test ends, also with the default of AWS: to try again until the record is gone, a day later.
FOR_EVER = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """Named as the template's properties are; their defaults are AWS's."""

    patterns: tuple[Pattern, ...] = ()
    batch_size: int = 100
    reports_item_failures: bool = False
    bisects: bool = False
    retries: int = NO_LIMIT
    record_age_seconds: int = NO_LIMIT

    @classmethod
    def of_template(cls, function: str = "CompleteCancellationsFunction") -> Self:
        mapping = stream_mapping(function)
        filters = mapping["FilterCriteria"]["Filters"]
        return cls(
            patterns=tuple(json.loads(each["Pattern"]) for each in filters),
            batch_size=mapping["BatchSize"],
            reports_item_failures="ReportBatchItemFailures" in mapping["FunctionResponseTypes"],
            bisects=mapping["BisectBatchOnFunctionError"],
            retries=mapping["MaximumRetryAttempts"],
            record_age_seconds=mapping["MaximumRecordAgeInSeconds"],
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What AWS's guide can be read to mean. What we promise has to hold in every reading.

    `halves_named`: a batch whose first record is named as failed is halved, as one is whose
    function raised; else it comes again as it is. `counts_anew`: what is left of a batch that was
    cut at a failed record has all its retries again.
    """

    halves_named: bool = True
    counts_anew: bool = False


READINGS = tuple(Reading(*each) for each in product((True, False), repeat=2))


@dataclass(frozen=True, slots=True)
class Batch:
    records: tuple[Record, ...]
    retries: int = 0

    @property
    def numbers(self) -> list[str]:
        return [each["dynamodb"]["SequenceNumber"] for each in self.records]

    @property
    def halves(self) -> list[Batch]:
        middle = (len(self.records) + 1) // 2
        parts = (self.records[:middle], self.records[middle:])
        return [replace(self, records=each) for each in parts]


@dataclass(frozen=True, slots=True)
class Failure:
    """`first` is the index of the lowest failed record; `named` if an answer told so."""

    first: int
    named: bool


WHOLE_BATCH = Failure(first=0, named=False)


@dataclass
class EventSource:
    """`deliver` ends when every record was dealt with, one way or another.

    `invoked` has the sequence numbers of each invocation, `discarded` the messages that the
    on-failure destination got. `between` is called after each failed invocation.
    """

    function: Callable[[Record], Any]
    settings: Settings = field(default_factory=Settings.of_template)
    reading: Reading = field(default_factory=Reading)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    between: Callable[[], object] = lambda: None
    invoked: list[list[str]] = field(default_factory=list)
    discarded: list[dict[str, Any]] = field(default_factory=list)

    def deliver(self, records: Sequence[Record]) -> None:
        patterns, size = self.settings.patterns, self.settings.batch_size
        wanted = [
            each
            for each in records
            if not patterns or any(matches(pattern, each) for pattern in patterns)
        ]
        waiting = [Batch(tuple(wanted[at : at + size])) for at in range(0, len(wanted), size)]
        while waiting:
            batch = self._without_the_old(waiting.pop(0))
            if batch.records:
                waiting[:0] = self._try(batch)

    @property
    def positions(self) -> list[tuple[str, str]]:
        """The first and the last sequence number of each message."""
        found = [each["DDBStreamBatchInfo"] for each in self.discarded]
        return [(each["startSequenceNumber"], each["endSequenceNumber"]) for each in found]

    def _try(self, batch: Batch) -> list[Batch]:
        """Invoke the function; what is to be tried after it, in order."""
        failure = self._invoke(batch)
        if failure is None:
            return []
        self.between()
        anew = failure.first > 0 and self.reading.counts_anew
        left = Batch(batch.records[failure.first :], 0 if anew else batch.retries)
        if self.settings.bisects:
            # Neither kind of cut uses up a retry.
            if failure.first > 0:
                return [left]
            if len(left.records) > 1 and (self.reading.halves_named or not failure.named):
                return left.halves
        if left.retries == self.settings.retries:
            self._discard(left, "RetryAttemptsExhausted")
            return []
        return [replace(left, retries=left.retries + 1)]

    def _invoke(self, batch: Batch) -> Failure | None:
        assert len(self.invoked) < FOR_EVER, "it would be tried for ever"
        self.invoked.append(batch.numbers)
        try:
            answer = self.function({"Records": json.loads(json.dumps(batch.records))})
        except Exception:  # noqa: BLE001 - as Lambda does
            return WHOLE_BATCH
        if not (self.settings.reports_item_failures and answer):
            return None
        return _named_in(answer, batch)

    def _without_the_old(self, batch: Batch) -> Batch:
        """Records come in order, so that the old ones are the first."""
        limit = self.settings.record_age_seconds
        if limit == NO_LIMIT:
            return batch
        since = (self.now() - timedelta(seconds=limit)).timestamp()
        young = [
            each
            for each in batch.records
            if each["dynamodb"]["ApproximateCreationDateTime"] >= since
        ]
        old = len(batch.records) - len(young)
        if old:
            self._discard(Batch(batch.records[:old], batch.retries), "RecordAgeExceeded")
        return replace(batch, records=batch.records[old:])

    def _discard(self, batch: Batch, condition: str) -> None:
        self.discarded.append(
            {
                "requestContext": {
                    "condition": condition,
                    "approximateInvokeCount": batch.retries + 1,
                },
                "version": "1.0",
                "DDBStreamBatchInfo": {
                    "shardId": SHARD,
                    "startSequenceNumber": batch.numbers[0],
                    "endSequenceNumber": batch.numbers[-1],
                    "batchSize": len(batch.records),
                },
            }
        )


def _named_in(answer: Any, batch: Batch) -> Failure | None:
    """An answer that names what the batch does not have fails all of it."""
    try:
        named = [each["itemIdentifier"] for each in answer.get("batchItemFailures") or ()]
        first = min((batch.numbers.index(each) for each in named), default=None)
    except (AttributeError, KeyError, TypeError, ValueError):
        return WHOLE_BATCH
    return None if first is None else Failure(first, named=True)

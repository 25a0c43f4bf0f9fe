"""What the clients of a soak did and were answered: what is checked in the end."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from local.calls import Answer
from local.payments import Payment
from local.soak_plan import Plan


@dataclass(frozen=True)
class Call:
    """A cancellation. `began` and `ended` are of the monotonic clock; no answer: None."""

    began: float
    ended: float
    key: str
    answer: Answer | None


@dataclass
class Record:
    """One session. `sent` are the attempts that the provider was called for, by transaction id.

    `refused` counts the others. `reported` are the statuses of its webhooks, in their order.
    """

    session_id: str
    plan: Plan
    sent: dict[str, Payment] = field(default_factory=dict)
    refused: int = 0
    checkout_ended: bool = False
    reported: dict[str, list[str]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    @property
    def answers(self) -> Iterator[Answer]:
        """Each once: that of a repeat with the same key is the first one again."""
        seen: set[tuple[str, bytes]] = set()
        for call in self.calls:
            if call.answer is None or (call.key and (call.key, call.answer.body) in seen):
                continue
            seen.add((call.key, call.answer.body))
            yield call.answer


class Records:
    """Of all clients; `troubles` are what clients met that they should not, by session id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self.troubles: list[tuple[str, str]] = []

    def add(self, record: Record) -> None:
        with self._lock:
            self._records.append(record)

    def __iter__(self) -> Iterator[Record]:
        with self._lock:
            return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)

"""Completing what the stream's function has given up on.

The failures queue says where a record was in the stream, not whose it was, and a day later the
stream has forgotten it. So the messages only say that there is work: the work itself is found in
the table, among the sessions that wait.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from checkout.completion import CompletionStore, complete_if_drained
from checkout.due_sessions import DueStore, pages
from checkout.errors import SessionNotFoundError
from checkout.lease import DUE_SHARDS
from checkout.sessions import SessionKey

# A receipt is some hundred bytes. What is left over is for the next run.
MOST_MESSAGES = 10_000
Progress = Callable[[int, int, int], None]


class WaitingStore(CompletionStore, DueStore, Protocol):
    """Every session that waits is in some shard of its list."""


class FailuresQueue(Protocol):
    """A message that was received is hidden from others, for a while, or until it is given back."""

    def receive(self, limit: int) -> Sequence[str]:
        """Receipts of as many messages as there are, but for more than `limit`."""

    def delete(self, receipts: Sequence[str]) -> None: ...

    def give_back(self, receipts: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Redriven:
    """`unread` counts what could not be looked at: sessions, and parts of the list of them.

    `settled` are payments of the completed sessions that were paid after the lock, unknown so far.
    """

    messages: int
    looked_at: int
    completed: int
    unread: int
    settled: int = 0

    @property
    def more(self) -> bool:
        """Whether there may be messages that were not received."""
        return self.messages >= MOST_MESSAGES


def _nobody_looks(*_: int) -> None:
    return None


def redrive(
    store: WaitingStore,
    queue: FailuresQueue,
    clock: Callable[[], datetime],
    report: Callable[[str], None],
    *,
    progress: Progress = _nobody_looks,
    always: bool = False,
) -> Redriven:
    """Look at every session that waits, if there is a message, or `always`; complete the drained.

    `report` is given a line about each thing that could not be looked at, and about late money that
    nobody had told of; `progress` how many parts the list has, how many are done, and how many
    sessions were looked at. Nothing but the queue's own errors is raised. Needs no lock and may run
    at any time, also twice at once: completing is safe to repeat. The messages are deleted last,
    and only if everything could be looked at: if we die before, they come back by themselves.
    """
    # Received before the first look: a later message may be of a session that was looked at before
    # its payment had ended.
    receipts = queue.receive(MOST_MESSAGES)
    if not (receipts or always):
        return Redriven(0, 0, 0, 0)
    walk = _Walk(store, clock, report, progress)
    try:
        walk.run()
    finally:
        settle = queue.delete if walk.saw_all else queue.give_back
        settle(receipts)
    return Redriven(len(receipts), walk.looked_at, walk.completed, walk.unread, walk.settled)


class _Walk:
    """Through all sessions that wait, a page at a time."""

    def __init__(
        self,
        store: WaitingStore,
        clock: Callable[[], datetime],
        report: Callable[[str], None],
        progress: Progress,
    ) -> None:
        self._store = store
        self._clock = clock
        self._report = report
        self._progress = progress
        self.looked_at = 0
        self.completed = 0
        self.settled = 0
        self.unread = 0
        self.saw_all = False

    def run(self) -> None:
        for shard in range(DUE_SHARDS):
            self._progress(DUE_SHARDS, shard, self.looked_at)
            try:
                for key in self._waiting(shard):
                    self._look_at(key)
                    self._progress(DUE_SHARDS, shard, self.looked_at)
            except Exception as error:  # noqa: BLE001 - the other shards can be read
                self._could_not_read(f"shard {shard} of the waiting sessions", _why(error))
        self._progress(DUE_SHARDS, DUE_SHARDS, self.looked_at)
        self.saw_all = not self.unread

    def _waiting(self, shard: int) -> Iterator[SessionKey]:
        for page in pages(self._store, shard, None):
            for _ in range(page.unreadable):
                self._could_not_read(f"an item in shard {shard}", "it names no session")
            for each in page.sessions:
                yield each.key

    def _look_at(self, key: SessionKey) -> None:
        try:
            tell = partial(self._tell_settled, key)
            done = complete_if_drained(self._store, key, self._clock(), tell)
            self.completed += bool(done)
        except SessionNotFoundError:
            # Deleted by hand, and the list lags behind: nothing is left to complete.
            pass
        except Exception as error:  # noqa: BLE001 - the other sessions can be completed
            self._could_not_read(_name(key), _why(error))
            return
        self.looked_at += 1

    def _tell_settled(self, key: SessionKey, transaction_id: str) -> None:
        self.settled += 1
        self._report(f"{_name(key)}: {transaction_id} was paid after the cancellation")

    def _could_not_read(self, what: str, why: str) -> None:
        self.unread += 1
        self._report(f"{what}: {why}")


def _name(key: SessionKey) -> str:
    return f"session {key.session_id} of merchant {key.merchant_id}"


def _why(error: Exception) -> str:
    """Without the error's text, which may hold what somebody sent."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} ({code})" if code else type(error).__name__

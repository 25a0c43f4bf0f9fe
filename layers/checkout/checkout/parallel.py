"""Work in parallel threads, of which no part can hold up the others."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from enum import Enum
from threading import Lock
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Claim = Callable[[], bool]


class Unfinished(Enum):
    NEVER_BEGUN = 1
    STILL_RUNNING = 2  # a thread cannot be stopped; it has been told that it comes too late


def do_all(
    work: Callable[[Item, Claim], Result], items: Sequence[Item], threads: int, seconds: float
) -> list[Result | Unfinished]:
    """The results in the order of the items, from work that had `seconds`.

    `work` claims its item before it changes anything. Until the time is over a claim is granted,
    and its result is waited for, however long it takes. Afterwards none is, and `work` has to
    leave everything as it is: its caller was told that it did. Raises what `work` raises.
    """
    claims = _Claims()

    # In a copy of the caller's context: a thread that comes too late tells of its own call, and not
    # of the next one.
    contexts = [copy_context() for _ in items]

    def begin(number: int) -> Result:
        return contexts[number].run(work, items[number], lambda: claims.claim(number))

    # Not in a `with`: leaving it would wait for every thread.
    pool = ThreadPoolExecutor(min(len(items) or 1, threads))
    futures = [pool.submit(begin, number) for number in range(len(items))]
    wait(futures, seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    granted = claims.end()
    return [
        each.result() if number in granted or _raised(each) else _unfinished(each)
        for number, each in enumerate(futures)
    ]


class _Claims:
    """Decides which came first, an item's claim or the end of the time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ended = False
        self._granted: set[int] = set()

    def claim(self, number: int) -> bool:
        with self._lock:
            if not self._ended:
                self._granted.add(number)
            return not self._ended

    def end(self) -> frozenset[int]:
        with self._lock:
            self._ended = True
            return frozenset(self._granted)


def _raised(future: Future[Result]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is not None


def _unfinished(future: Future[Result]) -> Unfinished:
    return Unfinished.NEVER_BEGUN if future.cancelled() else Unfinished.STILL_RUNNING

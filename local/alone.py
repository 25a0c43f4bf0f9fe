"""One make at a time: a lock on a file, which the system gives back however its holder ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.console import say


@contextmanager
def alone(lock: Path, what_we_wait_for: str) -> Iterator[None]:
    """Hold `lock`; if another process does, say so and wait."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"  {what_we_wait_for}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield

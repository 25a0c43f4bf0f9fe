"""Whose code the processor's time of a request is spent in.

Every call and return of every thread is noted with the thread's own processor time, so that waiting
for AWS is nobody's. What is listed below owns its time; all else, as `copy` or `re`, works for who
has called it. The profiler's own time is left out, and what it adds between two notes is measured
on calls that do nothing, and taken off: else who makes many small calls would look larger than it
is.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.client import BaseClient

import checkout.errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

TRIALS, TRIAL_CALLS = 7, 5000
BENCH, THREADS = "benchmark", "threads"
OURS, APP = "checkout", "app.py"
HTTP, VALIDATE, SERIALIZE, SIGN, PARSE, ENDPOINT, USER_AGENT, BOTOCORE = (
    "HTTP: urllib3, http, email, socket",
    "botocore: validate parameters",
    "botocore: serialize",
    "botocore: sign",
    "botocore: parse",
    "botocore: find endpoint",
    "botocore: write user agent",
    "botocore: the rest",
)
ITEMS = "boto3: items' types"
POWERTOOLS, PYDANTIC, JSON, LOGGING = "Powertools", "pydantic", "json", "logging"

_PACKAGE = str(Path(checkout.errors.__file__).parent) + os.sep
# By a part of the file's name; the first one counts.
_FILES = {
    _PACKAGE: OURS,
    "/functions/": APP,
    "/local/bench/": BENCH,
    "/botocore/serialize.py": SERIALIZE,
    "/botocore/validate.py": VALIDATE,
    "/botocore/useragent.py": USER_AGENT,
    "/botocore/auth.py": SIGN,
    "/botocore/signers.py": SIGN,
    "/botocore/credentials.py": SIGN,
    "/botocore/parsers.py": PARSE,
    "/botocore/endpoint_provider.py": ENDPOINT,
    "/botocore/regions.py": ENDPOINT,
    "/botocore/httpsession.py": HTTP,
    "/botocore/awsrequest.py": HTTP,
    "/botocore/": BOTOCORE,
    "/boto3/dynamodb/": ITEMS,
    "/urllib3/": HTTP,
    "/http/client.py": HTTP,
    "/socket.py": HTTP,
    "/aws_lambda_powertools/": POWERTOOLS,
    "/pydantic/": PYDANTIC,
    "/json/": JSON,
    "/logging/": LOGGING,
    "/threading.py": THREADS,
    "/concurrent/": THREADS,
}
# Of what is written in C, by its module.
_MODULES = {"_json": JSON, "_socket": HTTP, "socket": HTTP, "pydantic_core": PYDANTIC}
_CALL = BaseClient._make_api_call.__code__  # type: ignore[attr-defined]  # noqa: SLF001


@cache
def owner_of_file(name: str) -> str | None:
    """None: whoever has called it."""
    return next((owner for part, owner in _FILES.items() if part in name), None)


def _owner_of_builtin(function: Any) -> str | None:
    module = getattr(function, "__module__", None) or type(function.__self__).__module__
    return _MODULES.get(module.partition(".")[0])


class Owners:
    """Seconds by owner, and how many calls of AWS were made."""

    def __init__(self) -> None:
        self.calls = 0
        self._threads: list[_Thread] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """This thread, and those that begin meanwhile."""
        threading.setprofile(self._begin)
        self._begin(None, "", None)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def shares(self) -> dict[str, float]:
        """Percent, the largest first; without the benchmark's own."""
        extra, seconds = seconds_of_a_note(), self.seconds()
        found = {owner: spent - extra * notes for owner, (spent, notes) in seconds.items()}
        found = {owner: max(0.0, spent) for owner, spent in found.items() if owner != BENCH}
        whole = sum(found.values())
        shares = {owner: 100 * spent / whole for owner, spent in found.items()}
        return dict(sorted(shares.items(), key=lambda each: -each[1]))

    def seconds(self) -> dict[str, tuple[float, int]]:
        """By owner, and how many notes they were added up from."""
        found: dict[str, tuple[float, int]] = {}
        for thread in self._threads:
            for owner, spent in thread.seconds.items():
                before, notes = found.get(owner, (0.0, 0))
                found[owner] = (before + spent, notes + thread.notes[owner])
        return found

    def _begin(self, frame: FrameType | None, event: str, arg: Any) -> None:
        thread = _Thread(self, BENCH if frame is None else THREADS)
        self._threads.append(thread)
        sys.setprofile(thread.note)
        if frame is not None:
            thread.note(frame, event, arg)


class _Thread:
    def __init__(self, owners: Owners, owner: str) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.notes: dict[str, int] = defaultdict(int)
        self._owners = owners
        self._stack = [owner]
        self._since = time.thread_time()

    def note(self, frame: FrameType, event: str, arg: Any) -> None:
        stack = self._stack
        self.seconds[stack[-1]] += time.thread_time() - self._since
        self.notes[stack[-1]] += 1
        if event == "call":
            self._owners.calls += frame.f_code is _CALL
            stack.append(owner_of_file(frame.f_code.co_filename) or stack[-1])
        elif event == "c_call":
            stack.append(_owner_of_builtin(arg) or stack[-1])
        elif len(stack) > 1:  # a thread's first frames began before it was watched
            stack.pop()
        self._since = time.thread_time()


def _nothing() -> None:
    """Stands for a call."""


def _call_nothing() -> None:
    for _ in range(TRIAL_CALLS):
        _nothing()


@cache
def seconds_of_a_note() -> float:
    """What watching adds to the time between two notes; the least of some trials."""
    return max(0.0, min(_extra() for _ in range(TRIALS)))


def _extra() -> float:
    began = time.thread_time()
    _call_nothing()
    alone = time.thread_time() - began
    watched = Owners()
    with watched.watching():
        _call_nothing()
    spent, notes = watched.seconds()[BENCH]
    return (spent - alone) / notes

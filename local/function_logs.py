"""Writes what the functions log into one file, as it comes: a background process of the stack."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.aws import Aws
from local.console import say

EVERY_SECONDS = 1.0
# A turn may take this share of the time, since the emulator looks through all it has kept.
SHARE = 0.05
# Even on a busy machine the log goes on.
LONGEST_PAUSE = 10.0
OVERLAP_MS = 5000


@dataclass(frozen=True, order=True)
class Line:
    at: int
    stream: str
    function: str
    message: str

    def __str__(self) -> str:
        moment = time.strftime("%H:%M:%S", time.localtime(self.at / 1000))
        return f"{moment} {self.function} {self.message}\n"


def lines(aws: Aws, stack_name: str, since: int) -> Iterator[Line]:
    """What every function of the stack has logged since `since`, in epoch milliseconds."""
    prefix = f"/aws/lambda/{stack_name}-"
    groups = aws.logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
    pages = aws.logs.get_paginator("filter_log_events")
    for name in [group["logGroupName"] for group in groups]:
        for page in pages.paginate(logGroupName=name, startTime=since):
            for event in page["events"]:
                stream, message = event["logStreamName"], event["message"].rstrip()
                yield Line(event["timestamp"], stream, name.removeprefix(prefix), message)


class Follower:
    """Writes each invocation once: the emulator gives each a log stream, complete at once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._written: set[str] = set()
        self.newest = 0

    def write(self, found: Iterable[Line]) -> None:
        fresh = [line for line in found if line.stream not in self._written]
        self._written.update(line.stream for line in fresh)
        self.newest = max([self.newest, *(line.at for line in fresh)])
        with self._file.open("a") as out:
            # By invocation, then as it was logged: sorting is stable.
            out.writelines(map(str, sorted(fresh, key=lambda line: (line.at, line.stream))))


def main() -> None:
    """`python -m local.function_logs <endpoint> <stack name> <file>`."""
    endpoint_url, stack_name, file = sys.argv[1:]
    aws, follower = Aws(endpoint_url), Follower(Path(file))
    while True:
        started = time.monotonic()
        try:
            follower.write(lines(aws, stack_name, max(0, follower.newest - OVERLAP_MS)))
        except Exception as error:  # noqa: BLE001 - one bad turn must not end the log
            say(f"{type(error).__name__}: {error}")
        took = time.monotonic() - started
        time.sleep(min(max(EVERY_SECONDS, took / SHARE), LONGEST_PAUSE))


if __name__ == "__main__":
    main()

"""Writes what the functions log into one file, as it comes: a background process of the stack."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import Aws
from local.console import say

EVERY_SECONDS = 1.0
# A poll may take this share of the time: the emulator reads all it has kept for each of them.
SHARE = 0.05


def _groups(aws: Aws, stack_name: str) -> list[str]:
    found = aws.logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{stack_name}-")
    return [group["logGroupName"] for group in found["logGroups"]]


def events(aws: Aws, stack_name: str, since: int = 0) -> Iterator[tuple[str, int, str, str]]:
    """(event id, time in ms, function, message) of every function's log, group by group."""
    for group in _groups(aws, stack_name):
        function = group.removeprefix(f"/aws/lambda/{stack_name}-")
        pages = aws.logs.get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=group, startTime=since):
            for event in page["events"]:
                yield event["eventId"], event["timestamp"], function, event["message"].rstrip()


class Follower:
    """Appends each event once. Events of one millisecond may come in two polls, hence the ids."""

    def __init__(self, aws: Aws, stack_name: str, file: Path) -> None:
        self._aws = aws
        self._stack_name = stack_name
        self._file = file
        self._newest = 0
        self._seen: set[str] = set()

    def poll(self) -> None:
        since = max(0, self._newest - 1000)
        fresh = [
            event
            for event in events(self._aws, self._stack_name, since)
            if event[0] not in self._seen
        ]
        fresh.sort(key=lambda event: event[1])
        with self._file.open("a") as out:
            for event_id, at, function, message in fresh:
                self._seen.add(event_id)
                self._newest = max(self._newest, at)
                moment = time.strftime("%H:%M:%S", time.localtime(at / 1000))
                out.write(f"{moment} {function} {message}\n")


def main() -> None:
    """`python -m local.function_logs <endpoint> <stack name> <file>`."""
    endpoint_url, stack_name, file = sys.argv[1:]
    follower = Follower(Aws(endpoint_url), stack_name, Path(file))
    while True:
        started = time.monotonic()
        try:
            follower.poll()
        except (BotoCoreError, ClientError) as error:
            say(f"could not read the logs: {error}")
        took = time.monotonic() - started
        time.sleep(max(EVERY_SECONDS, took / SHARE))


if __name__ == "__main__":
    main()

"""What the functions write to their logs while something is played: lines, and metrics."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any
from unittest import mock

from checkout.observability import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

Line = dict[str, Any]


class Journal:
    """Everything is JSON: what cannot be read fails whoever asks."""

    def __init__(self) -> None:
        self._output = io.StringIO()

    @property
    def all(self) -> list[Line]:
        return [json.loads(line) for line in self._output.getvalue().splitlines()]

    @property
    def lines(self) -> list[Line]:
        return [each for each in self.all if "_aws" not in each]

    @property
    def metrics(self) -> list[Line]:
        return [each for each in self.all if "_aws" in each]

    def named(self, message: str) -> list[Line]:
        return [each for each in self.lines if each["message"] == message]

    def values(self, metric: str, **dimensions: str) -> list[float]:
        """All that was published of a metric with these dimensions, and of others with none."""
        return [
            value
            for line in self.metrics
            if metric in line and dimensions == own_dimensions(line)
            for value in line[metric]
        ]

    @contextmanager
    def kept(self) -> Iterator[Journal]:
        handler = logger.registered_handler
        with mock.patch.object(handler, "stream", self._output), redirect_stdout(self._output):
            yield self


def own_dimensions(line: Line) -> dict[str, str]:
    """But for the service, which all have."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (names,) = directive["Dimensions"]
    assert "service" in names
    return {name: line[name] for name in names if name != "service"}

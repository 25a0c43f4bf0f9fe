"""What the functions write to their logs while something is played: lines, and metrics."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from checkout.observability import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

Line = dict[str, Any]


class Journal:
    """Everything is JSON: what cannot be read fails whoever asks. Metrics are printed."""

    def __init__(self, printed: pytest.CaptureFixture[str]) -> None:
        self._capture = printed
        self._logged = io.StringIO()
        self._printed = ""

    @property
    def all(self) -> list[Line]:
        self._printed += self._capture.readouterr().out
        text = self._logged.getvalue() + self._printed
        return [json.loads(line) for line in text.splitlines()]

    @property
    def lines(self) -> list[Line]:
        return [each for each in self.all if "_aws" not in each]

    @property
    def metrics(self) -> list[Line]:
        return [each for each in self.all if "_aws" in each]

    def named(self, message: str) -> list[Line]:
        return [each for each in self.lines if each["message"] == message]

    def values(self, metric: str, **dimensions: str) -> list[float]:
        """All that was published of a metric with these dimensions."""
        return [
            value
            for line in self.metrics
            if metric in line and dimensions == own_dimensions(line)
            for value in line[metric]
        ]

    @contextmanager
    def kept(self) -> Iterator[Journal]:
        with mock.patch.object(logger.registered_handler, "stream", self._logged):
            yield self


def own_dimensions(line: Line) -> dict[str, str]:
    """But for the service, which all have."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    names, *total = directive["Dimensions"]
    assert "service" in names
    assert total == ([["service"]] if len(names) > 1 else [])
    return {name: line[name] for name in names if name != "service"}

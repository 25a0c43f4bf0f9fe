"""What moto's table went through, from the images of its stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

from tests.integration.changes import Changes
from tests.integration.stack import ACCOUNT, REGION, TABLE, stream_records
from tests.template.filter_pattern import matches, stream_pattern

if TYPE_CHECKING:
    from datetime import datetime


@dataclass
class History(Changes):
    _read: int = 0

    def begin(self) -> None:
        """With an empty table; a new one costs moto more than a play."""
        table = dynamodb_backends[ACCOUNT][REGION].tables[TABLE]
        table.items.clear()
        if table.stream_shard:
            table.stream_shard.items.clear()

    def read_on(self, now: datetime) -> list[dict[str, Any]]:
        """Take in what was written since; the records that wake the stream's function."""
        records = stream_records(after=self._read)
        self._read += len(records)
        for record in records:
            self.take_in(record["dynamodb"]["NewImage"], now)
        return [each for each in records if matches(stream_pattern(), each)]

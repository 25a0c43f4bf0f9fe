"""The list of the sessions that wait, in shards and pages: where to look, never what is so.

It lags a little behind the table. Whoever acts on it takes the lock, or looks at the session first.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from checkout.lease import DuePage


class DueStore(Protocol):
    def due_sessions(
        self, shard: int, due_by: datetime | None, cursor: Mapping[str, Any] | None
    ) -> DuePage:
        """Of one shard, from 0 on; without `due_by` all that wait. Raises StoreError."""


def pages(store: DueStore, shard: int, due_by: datetime | None) -> Iterator[DuePage]:
    """Each is asked for when it is wanted: never more than one of them is held.

    What is driven in the meantime may be missed, or come twice. Raises StoreError.
    """
    page = store.due_sessions(shard, due_by, None)
    yield page
    while page.cursor is not None:
        page = store.due_sessions(shard, due_by, page.cursor)
        yield page

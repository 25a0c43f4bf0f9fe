"""What was counted of one cancellation, and how much of DynamoDB's capacity items take.

AWS, DynamoDB developer guide: item sizes, read and write operations, global secondary indexes. A
write takes a unit for each KB of the item, before or after it, whichever is larger. An index takes
one for an entry that comes or goes, or changes beside its key, and two for one whose key changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

Item = dict[str, dict[str, Any]]

WRITE_STEP, READ_STEP = 1024, 4096
FAN_OUTS = frozenset({"Invoke", "StartSyncExecution"})


@dataclass(frozen=True, slots=True)
class Counts:
    """`calls` are the driver's, in their order. `log_bytes` are of our lines, not of Lambda's own.

    `query_reads` is what one query of the session takes. `stream_wakes` are the changes that pass
    the stream's filter.
    """

    transactions: int
    calls: tuple[str, ...]
    workers: int
    executions: int
    table_writes: int
    index_writes: int
    reads: int
    query_reads: int
    stream_wakes: int
    log_bytes: int

    @property
    def store_calls(self) -> int:
        """Of the driver, one after the other."""
        return sum(name not in FAN_OUTS for name in self.calls)


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes, as DynamoDB counts them: names in UTF-8, and values."""
    return sum(
        len(name.encode()) + _value_size(*next(iter(value.items()))) for name, value in item.items()
    )


def _value_size(kind: str, value: Any) -> int:
    if kind == "S":
        return len(str(value).encode())
    if kind == "N":
        digits = sum(each.isdigit() for each in str(value))
        return (digits + 1) // 2 + 1
    if kind in ("SS", "NS"):
        return sum(_value_size(kind[0], each) for each in value)
    if kind in ("BOOL", "NULL"):
        return 1
    raise ValueError(kind)  # no item of ours holds it


def write_units(before: Item, after: Item) -> int:
    return max(1, ceil(max(item_size(before), item_size(after)) / WRITE_STEP))


def index_units(
    before: Item, after: Item, keys: frozenset[str], projected: frozenset[str] = frozenset()
) -> int:
    """Of one index: `keys` are its own and the table's, `projected` what it holds beside them."""
    old, new = (_entry(each, keys, projected) for each in (before, after))
    if old == new:
        return 0
    if old and new and all(old[name] == new[name] for name in keys):
        return write_units(old, new)
    return sum(ceil(item_size(each) / WRITE_STEP) for each in (old, new) if each)


def read_units(items: list[Item]) -> int:
    """Of one consistent query: what it reads is added up, then rounded."""
    return max(1, ceil(sum(map(item_size, items)) / READ_STEP))


def _entry(item: Item, keys: frozenset[str], projected: frozenset[str]) -> Item:
    if not keys <= item.keys():
        return {}
    return {name: item[name] for name in (keys | projected) & item.keys()}

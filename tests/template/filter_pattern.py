"""A filter pattern of an event source mapping, evaluated as Lambda does it."""

import json
from collections.abc import Mapping
from typing import Any

from tests.template.cloudformation import properties

Pattern = Mapping[str, Any]


def stream_mapping() -> dict[str, Any]:
    """The event source of the stream's function, as the template writes it."""
    event = properties("CompleteCancellationsFunction")["Events"]["TransactionEnded"]
    settings: dict[str, Any] = event["Properties"]
    return settings


def stream_pattern() -> dict[str, Any]:
    (only,) = stream_mapping()["FilterCriteria"]["Filters"]
    pattern: dict[str, Any] = json.loads(only["Pattern"])
    return pattern


def matches(pattern: Pattern, record: object) -> bool:
    """Every key of the pattern is there, with one of the values that its list names.

    Raises NotImplementedError for a rule, such as `{"prefix": ...}`: better than a wrong answer.
    """
    return isinstance(record, dict) and all(
        name in record and _matches_at(wanted, record[name]) for name, wanted in pattern.items()
    )


def _matches_at(wanted: Pattern | list[Any], found: object) -> bool:
    if isinstance(wanted, Mapping):
        return matches(wanted, found)
    if rules := [each for each in wanted if isinstance(each, dict)]:
        raise NotImplementedError(f"rules of a filter: {rules}")
    return found in wanted

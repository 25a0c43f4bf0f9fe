"""A filter pattern of an event source mapping, evaluated as Lambda does it."""

import json
from collections.abc import Mapping
from typing import Any

from tests.template.cloudformation import properties

Pattern = Mapping[str, Any]


def stream_mapping(function: str = "CompleteCancellationsFunction") -> dict[str, Any]:
    """The one event source of a function that the stream invokes, as the template writes it."""
    (event,) = properties(function)["Events"].values()
    settings: dict[str, Any] = event["Properties"]
    return settings


def stream_patterns(function: str) -> list[dict[str, Any]]:
    """A record has to pass one of them."""
    filters = stream_mapping(function)["FilterCriteria"]["Filters"]
    return [json.loads(each["Pattern"]) for each in filters]


def passes(record: object, function: str) -> bool:
    """Whether the record wakes the function."""
    return any(matches(each, record) for each in stream_patterns(function))


def stream_pattern() -> dict[str, Any]:
    (only,) = stream_patterns("CompleteCancellationsFunction")
    return only


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

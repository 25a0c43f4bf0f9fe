"""The rules of a filter pattern, as far as ours uses them."""

from typing import Any

import pytest

from tests.template.filter_pattern import matches

PATTERN = {"dynamodb": {"NewImage": {"status": {"S": ["SETTLED", "FAILED"]}}}}


def changed(image: Any) -> dict[str, Any]:
    return {"eventName": "MODIFY", "dynamodb": {"NewImage": image}}


@pytest.mark.parametrize("status", ["SETTLED", "FAILED"])
def test_any_value_of_a_list_matches(status: str) -> None:
    assert matches(PATTERN, changed({"status": {"S": status}, "amount": {"N": "1"}}))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"dynamodb": {}},
        {"dynamodb": None},
        changed({}),
        changed("SETTLED"),
        changed({"status": "SETTLED"}),
        changed({"status": {"S": "settled"}}),
        changed({"status": {"S": None}}),
        changed({"status": {"N": "1"}}),
        changed({"status": {"SS": ["SETTLED"]}}),
    ],
)
def test_what_is_missing_or_otherwise_does_not(record: dict[str, Any]) -> None:
    assert not matches(PATTERN, record)


def test_a_rule_that_is_not_known_here_is_said() -> None:
    pattern = {"eventName": [{"anything-but": ["REMOVE"]}]}
    with pytest.raises(NotImplementedError, match="anything-but"):
        matches(pattern, changed({}))

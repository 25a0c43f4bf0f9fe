"""Values as DynamoDB types them, compared with boto3's own making and reading of them."""

from decimal import Rounded
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from checkout.storage.attribute_values import plain, typed

NUMBERS = st.integers(-(10**37), 10**37)
SETS = st.sets(st.text(), min_size=1)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text() | SETS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OF_OTHERS = [
    {"B": b"bytes"},
    {"BS": [b"one"]},
    {"NS": ["2.50"]},
    {"N": "-1.50"},
    {"L": [{"NS": ["1"]}]},
    {"M": {"a": {"SS": ["b"]}}},
]


def _sorted(value: Any) -> Any:
    """A set has no order, and each writes it in another one."""
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items()}
    ordered = isinstance(value, list) and all(isinstance(each, str) for each in value)
    if isinstance(value, list):
        return sorted(value) if ordered else [_sorted(each) for each in value]
    return value


@given(value=VALUES)
def test_every_value_is_typed_as_boto3_types_it_and_read_back(value: Any) -> None:
    made = typed(value)
    assert _sorted(made) == _sorted(TypeSerializer().serialize(value))
    assert plain(made) == value == _read_by_boto3(made)


@pytest.mark.parametrize("value", OF_OTHERS)
def test_what_we_never_write_is_read_as_boto3_reads_it(value: dict[str, Any]) -> None:
    assert plain(value) == _read_by_boto3(value)


def test_a_number_that_is_none_is_read_all_the_same() -> None:
    assert plain({"N": "no number"}).is_nan()


def _read_by_boto3(value: Any) -> Any:
    return TypeDeserializer().deserialize(value)


@pytest.mark.parametrize("value", [1.5, object(), set(), {1}, {"a": 1.5}, b"bytes"])
def test_a_value_that_no_item_has_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        typed(value)


def test_a_number_that_dynamodb_cannot_keep_is_refused() -> None:
    with pytest.raises(Rounded):
        typed(10**39)


@pytest.mark.parametrize("value", [{}, {"S": "a", "N": "1"}, {"X": "a"}, {"s": "a"}])
def test_what_is_not_typed_is_not_read(value: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        plain(value)

"""Values as DynamoDB types them, both ways.

boto3 has the same, but to import it costs a cold start more than all that is ours.
"""

from collections.abc import Callable, Mapping
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import Any

# DynamoDB's own limits: a number that would be rounded is no number of ours.
_NUMBERS = Context(
    prec=38, Emin=-128, Emax=126, traps=[Clamped, Overflow, Inexact, Rounded, Underflow]
)


def typed(value: object) -> dict[str, Any]:
    """Raises TypeError: a value that no item of ours has."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(_NUMBERS.create_decimal(value))}
        case str():
            return {"S": value}
        case set() | frozenset() if value and all(isinstance(each, str) for each in value):
            return {"SS": list(value)}
        case list() | tuple():
            return {"L": [typed(each) for each in value]}
        case Mapping():
            return {"M": {name: typed(each) for name, each in value.items()}}
    raise TypeError(f"no attribute is a {type(value).__name__}")


def plain(value: Mapping[str, Any]) -> Any:
    """Numbers as Decimal. Raises TypeError, ValueError: it is not typed as DynamoDB does."""
    ((name, content),) = value.items()
    if name not in _PLAIN:
        raise TypeError("no type of DynamoDB's")
    return _PLAIN[name](content)


def _same(content: Any) -> Any:
    return content


def _list(content: list[Mapping[str, Any]]) -> list[Any]:
    return [plain(each) for each in content]


def _map(content: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: plain(each) for name, each in content.items()}


def _numbers(content: list[str]) -> set[Decimal]:
    return {_NUMBERS.create_decimal(each) for each in content}


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "NULL": lambda _: None,
    "BOOL": _same,
    "N": _NUMBERS.create_decimal,
    "S": _same,
    "B": _same,
    "SS": set,
    "NS": _numbers,
    "BS": set,
    "L": _list,
    "M": _map,
}

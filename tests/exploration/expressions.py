"""DynamoDB's condition and update expressions, as far as our requests use them.

What is not understood raises ValueError, so that a new form of a request cannot pass unread.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]
Test = Callable[[Item, "Meanings"], bool]
Change = Callable[[Item, Item, "Meanings"], None]
Operand = Callable[[Item, "Meanings"], "Value | None"]

_TOKEN = re.compile(r"\s*([#:]?\w+|<>|<=|>=|[=<>(),+])")
_WORDS = {"SET", "REMOVE", "ADD"}


@dataclass
class Meanings:
    """What `:values` and `#names` stand for; every one that is declared has to be used."""

    values: Mapping[str, Value]
    names: Mapping[str, str]
    used: set[str] = field(default_factory=set)

    def value(self, token: str) -> Value:
        self.used.add(token)
        return self.values[token]

    def name(self, token: str) -> str:
        if not token.startswith("#"):
            return token
        self.used.add(token)
        return self.names[token]


class _Tokens:
    def __init__(self, text: str) -> None:
        found = [match.group(1) for match in _TOKEN.finditer(text)]
        if "".join(found) != "".join(text.split()):
            raise ValueError(f"not understood: {text}")
        self._left = found

    @property
    def next(self) -> str:
        return self._left[0] if self._left else ""

    def take(self, *allowed: str) -> str:
        if not self._left or (allowed and self.next not in allowed):
            raise ValueError(f"expected {allowed}, found {self.next!r}")
        return self._left.pop(0)

    def takes(self, token: str) -> bool:
        if self.next == token:
            self.take()
            return True
        return False

    def end(self) -> None:
        if self._left:
            raise ValueError(f"not understood: {self._left}")


@cache
def condition(text: str) -> Test:
    tokens = _Tokens(text)
    test = _any_of(tokens)
    tokens.end()
    return test


def _any_of(tokens: _Tokens) -> Test:
    tests = [_all_of(tokens)]
    while tokens.takes("OR"):
        tests.append(_all_of(tokens))
    # A list: every part is read, so that each of its values counts as used.
    return lambda item, meanings: any([test(item, meanings) for test in tests])  # noqa: C419


def _all_of(tokens: _Tokens) -> Test:
    tests = [_part(tokens)]
    while tokens.takes("AND"):
        tests.append(_part(tokens))
    return lambda item, meanings: all([test(item, meanings) for test in tests])  # noqa: C419


def _part(tokens: _Tokens) -> Test:
    if tokens.takes("("):
        test = _any_of(tokens)
        tokens.take(")")
        return test
    if tokens.next in ("attribute_exists", "attribute_not_exists"):
        wanted = tokens.take() == "attribute_exists"
        name = _in_brackets(tokens)
        return lambda item, meanings: (meanings.name(name) in item) is wanted
    left = _size(tokens) if tokens.takes("size") else _operand(tokens)
    if tokens.takes("IN"):
        return _is_one_of(left, tokens)
    sign = tokens.take("=", "<", "<=")
    return _compares(left, sign, _operand(tokens))


def _in_brackets(tokens: _Tokens) -> str:
    tokens.take("(")
    inside = tokens.take()
    tokens.take(")")
    return inside


def _size(tokens: _Tokens) -> Operand:
    name = _in_brackets(tokens)

    def size(item: Item, meanings: Meanings) -> Value | None:
        attribute = meanings.name(name)
        if attribute not in item:
            return None
        (content,) = item[attribute].values()
        return {"N": str(len(content))}

    return size


def _operand(tokens: _Tokens) -> Operand:
    token = tokens.take()
    if token.startswith(":"):
        return lambda item, meanings: meanings.value(token)
    if token == "if_not_exists":
        tokens.take("(")
        present = _operand(tokens)
        tokens.take(",")
        otherwise = _operand(tokens)
        tokens.take(")")

        def if_not_exists(item: Item, meanings: Meanings) -> Value | None:
            found, default = present(item, meanings), otherwise(item, meanings)
            return default if found is None else found

        return if_not_exists
    return lambda item, meanings: item.get(meanings.name(token))


def _is_one_of(left: Operand, tokens: _Tokens) -> Test:
    tokens.take("(")
    choices = [_operand(tokens)]
    while tokens.takes(","):
        choices.append(_operand(tokens))
    tokens.take(")")
    return lambda item, meanings: (
        left(item, meanings) in [choice(item, meanings) for choice in choices]
    )


def _compares(left: Operand, sign: str, right: Operand) -> Test:
    def compares(item: Item, meanings: "Meanings") -> bool:
        one, other = left(item, meanings), right(item, meanings)
        if one is None or other is None or one.keys() != other.keys():
            return False
        if sign == "=":
            return bool(plain(one) == plain(other))
        return bool(plain(one) < plain(other) or (sign == "<=" and plain(one) == plain(other)))

    return compares


def plain(value: Value) -> Any:
    """Comparable as DynamoDB compares: numbers by their worth, sets without an order."""
    ((kind, content),) = value.items()
    if kind == "N":
        return Decimal(content)
    return frozenset(content) if kind in ("SS", "NS", "BS") else content


@cache
def update(text: str) -> tuple[Change, ...]:
    tokens, changes = _Tokens(text), []
    while tokens.next:
        clause = _CLAUSES[tokens.take(*_WORDS)]
        changes.append(clause(tokens))
        while tokens.takes(","):
            changes.append(clause(tokens))
    return tuple(changes)


def _set(tokens: _Tokens) -> Change:
    name = tokens.take()
    tokens.take("=")
    terms = [_operand(tokens)]
    while tokens.takes("+"):
        terms.append(_operand(tokens))

    def change(before: Item, after: Item, meanings: Meanings) -> None:
        found = [term(before, meanings) for term in terms]
        values = [each for each in found if each is not None]
        if len(values) != len(found):
            raise ValueError(f"{name} is set to an attribute that is not there")
        total = {"N": str(sum(Decimal(each["N"]) for each in values))} if values[1:] else values[0]
        after[meanings.name(name)] = total

    return change


def _remove(tokens: _Tokens) -> Change:
    name = tokens.take()

    def change(before: Item, after: Item, meanings: Meanings) -> None:
        after.pop(meanings.name(name), None)

    return change


def _add(tokens: _Tokens) -> Change:
    name, value = tokens.take(), tokens.take()

    def change(before: Item, after: Item, meanings: Meanings) -> None:
        there = before.get(meanings.name(name), {"SS": []})
        after[meanings.name(name)] = {"SS": sorted({*there["SS"], *meanings.value(value)["SS"]})}

    return change


_CLAUSES: dict[str, Callable[[_Tokens], Change]] = {"SET": _set, "REMOVE": _remove, "ADD": _add}

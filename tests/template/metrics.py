"""The metrics that the code publishes, read from its calls of `count` and `publish`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.template.cloudformation import ROOT

UNITS = {"seconds": "Seconds", "milliseconds": "Milliseconds"}
# The one function that is given a name by its caller.
OBSERVABILITY = ROOT / "layers" / "checkout" / "checkout" / "observability.py"


@dataclass(frozen=True, order=True)
class Metric:
    name: str
    unit: str
    dimensions: tuple[str, ...]


@cache
def published() -> dict[str, Metric]:
    """By name; each has one unit and one set of dimensions, wherever it is published."""
    found: dict[str, Metric] = {}
    for call in _calls():
        for each in _metrics(call):
            assert found.setdefault(each.name, each) == each
    return found


def _calls() -> Iterator[ast.Call]:
    files = [*(ROOT / "layers").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            by_its_caller = file == OBSERVABILITY and any(not each.arg for each in node.keywords)
            if node.func.id in ("count", "publish") and not by_its_caller:
                yield node


def _metrics(call: ast.Call) -> Iterator[Metric]:
    given = {each.arg: each.value for each in call.keywords if each.arg}
    dimensions = tuple(sorted(name for name in given if name not in UNITS))
    first = call.args[0]
    names = [first] if isinstance(first, ast.Constant) else _keys(first)
    for name in names:
        yield Metric(_text(name), "Count", dimensions)
    for argument, unit in UNITS.items():
        for name in _keys(given[argument]) if argument in given else ():
            yield Metric(_text(name), unit, dimensions)


def _keys(node: ast.expr) -> list[ast.expr]:
    assert isinstance(node, ast.Dict), "metrics are named where they are published"
    return [key for key in node.keys if key is not None]


def _text(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, str)
    return node.value

"""The sizes of the house: short functions in short files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FUNCTION = 30
LONGEST_FILE = {
    **dict.fromkeys(("admin", "examples", "functions", "layers", "local"), 250),
    "tests": 400,
}
FILES = [path for folder in LONGEST_FILE for path in sorted((ROOT / folder).rglob("*.py"))]


def functions_of(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST_FILE[file.relative_to(ROOT).parts[0]]
    lengths = {each.name: (each.end_lineno or 0) - each.lineno + 1 for each in functions_of(file)}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION} == {}

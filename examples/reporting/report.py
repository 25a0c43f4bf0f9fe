"""Cancellations by reason, provider and outcome: `python -m examples.reporting.report <folder>`.

The folder holds the files of one export, `*.json.gz`, also in folders below it. Prints a table, or
with --json its rows. Runs in an environment of its own, with duckdb and matplotlib alone.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).parent
COLUMNS = ("reason", "provider", "outcome", "payments", "sessions")
Row = dict[str, Any]


def rows(files: list[str]) -> list[Row]:
    """Raises duckdb.Error: a file is not what an export has."""
    with duckdb.connect() as database:
        # Nothing is fetched, and nothing but these files is read.
        database.execute("SET autoinstall_known_extensions = false")
        database.execute("SET VARIABLE files = ?", [files])
        database.execute((HERE / "tables_duckdb.sql").read_text())
        found = database.execute((HERE / "cancellations.sql").read_text()).fetchall()
    return [dict(zip(COLUMNS, each, strict=True)) for each in found]


def exported(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*.gz"))


def table(found: list[Row]) -> str:
    cells = [list(COLUMNS), *([str(each[name]) for name in COLUMNS] for each in found)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_line(each, widths) for each in cells)


def _line(cells: list[str], widths: list[int]) -> str:
    """Words to the left, and the two numbers to the right."""
    words = [cell.ljust(width) for cell, width in zip(cells[:3], widths[:3], strict=True)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[3:], widths[3:], strict=True)]
    return "  ".join([*words, *numbers])


def main() -> int:
    parser = argparse.ArgumentParser(prog="report", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("picture", type=Path, nargs="?")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    files = exported(asked.folder)
    if not files:
        print(f"There is no *.json.gz in {asked.folder}: name an export's folder.", file=sys.stderr)
        return 2
    try:
        found = rows(files)
    except duckdb.Error as error:
        print(f"{asked.folder} cannot be read as an export: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found, indent=1) if asked.json else table(found))
    if asked.picture:
        from examples.reporting.plot import draw

        draw(found, asked.picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())

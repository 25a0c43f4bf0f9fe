"""Rows of tables in Markdown, and numbers as people read them."""

from collections.abc import Iterable


def row(*cells: object) -> str:
    return f"| {' | '.join(str(each) for each in cells)} |"


def rows(lines: Iterable[Iterable[object]]) -> str:
    return "\n".join(row(*each) for each in lines)


def number(value: float) -> str:
    """Whole where it is large, and short where it is small."""
    if value >= 10 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2g}"

"""Plain text for people: tables that fit the width, colours on a terminal only."""

import os
import sys
from collections.abc import Sequence

from local.console import WIDTH

COLOURS = {"green": "32", "red": "31", "yellow": "33", "bold": "1"}
BY_STATUS = {"CANCELLED": "green", "PENDING_CANCELLATION": "yellow"}
GAP = "  "


def paint(text: str, colour: str) -> str:
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def heading(text: str) -> str:
    return paint(text, "bold")


def status(text: str) -> str:
    return paint(text, BY_STATUS[text]) if text in BY_STATUS else text


def shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "   ", *, whole: bool = False
) -> str:
    """Columns as wide as their widest cell; the last one gives way where a line is too long.

    `whole`: it does not, since what it says is needed.
    """
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    room = WIDTH - len(indent) - sum(widths[:-1]) - len(GAP) * (len(widths) - 1)
    if not whole:
        widths[-1] = min(widths[-1], room)
    drawn = [
        GAP.join(shortened(*cell).ljust(cell[1]) for cell in zip(line, widths, strict=True))
        for line in lines
    ]
    return "\n".join(f"{indent}{line}".rstrip() for line in drawn)

"""What a person sees, and what a program reads: stdout has the result, stderr everything else."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from checkout.observability import logger

if TYPE_CHECKING:
    from logging import StreamHandler

# Where nobody looks, a line is a line: it is found by grep, and cut by whoever reads it.
ENDLESS = 100_000
GAP = 2
STYLES = {
    "OPEN": "cyan",
    "PENDING_CANCELLATION": "yellow",
    "CANCELLED": "green",
    "COMPLETED": "green",
    "SETTLED": "green",
    "EXPIRED": "magenta",
    "FAILED": "magenta",
    "REFUNDED": "magenta",
    "PENDING": "yellow",
    "PROCESSING": "yellow",
    "AUTHORIZED": "yellow",
}


def console(file: TextIO) -> Console:
    """Plain without a terminal and with NO_COLOR; as wide as the terminal, or as COLUMNS says."""
    plain = bool(os.environ.get("NO_COLOR")) or not file.isatty()
    width = None if file.isatty() or os.environ.get("COLUMNS", "").isdigit() else ENDLESS
    return Console(
        file=file,
        color_system=None if plain else "auto",
        width=width,
        highlight=False,
    )


def clean(text: str) -> str:
    """What others have sent, such as a provider's reference, must not steer the terminal."""
    return "".join(each if each.isprintable() else "�" for each in text)


def cell(text: str, style: str = "") -> Text:
    return Text(clean(text), style=style)


def status(text: str) -> Text:
    return cell(text, STYLES.get(text, ""))


def grid(rows: Sequence[Sequence[Text]], head: Sequence[str] = ()) -> Table:
    """Columns as wide as they need; the last one wraps. Nothing is ever cut off."""
    lines = [*([[cell(each, "bold") for each in head]] if head else []), *rows]
    table = Table.grid(padding=(0, GAP, 0, 0))
    last = max(map(len, lines), default=0) - 1
    for number in range(last + 1):
        table.add_column(overflow="fold", no_wrap=number != last)
    for line in lines:
        table.add_row(*line)
    return table


def show(*parts: Table | Text) -> None:
    """To stdout, without blanks at the ends of lines."""
    out = console(sys.stdout)
    with out.capture() as drawn:
        for each in parts:
            out.print(each)
    for line in drawn.get().splitlines():
        sys.stdout.write(line.rstrip(" ") + "\n")


def show_json(document: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def clock(at: datetime) -> str:
    return at.strftime("%H:%M:%S")


@contextmanager
def logged_on_stderr() -> Iterator[None]:
    """What the service's own code logs meanwhile: stdout has the result, and nothing else."""
    handler = cast("StreamHandler[TextIO]", logger.registered_handler)
    before = handler.stream
    handler.stream = sys.stderr
    try:
        yield
    finally:
        handler.stream = before


@contextmanager
def walking(title: str) -> Iterator[Callable[[int, int, int], None]]:
    """A bar on stderr, if somebody looks. Give it: all parts, those done, what was seen."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[seen]} seen"),
    )
    screen = console(sys.stderr)
    with Progress(
        *columns, console=screen, transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task(title, total=None, seen=0)

        def tell(parts: int, done: int, seen: int) -> None:
            progress.update(task, total=parts, completed=done, seen=seen)

        yield tell

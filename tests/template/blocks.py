"""Every fenced block of code of the pages: where it is, in which language, and its text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from textwrap import dedent

from tests.template.cloudformation import ROOT

FENCE = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")


@dataclass(frozen=True)
class Block:
    """`heading` is the nearest one above it, of any level."""

    page: str
    line: int
    heading: str
    language: str
    text: str

    @property
    def first(self) -> str:
        return self.text.strip().partition("\n")[0]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("clients/*/*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


@cache
def blocks() -> tuple[Block, ...]:
    return tuple(each for page in pages() for each in in_page(page, (ROOT / page).read_text()))


def in_page(page: str, text: str) -> Iterator[Block]:
    """Raises ValueError: a fence is not closed."""
    heading, lines = "", enumerate(text.splitlines(), 1)
    for number, line in lines:
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if not (opened := FENCE.match(line)):
            continue
        body: list[str] = []
        for _, each in lines:
            if each.strip() == opened["fence"]:
                break
            body.append(each)
        else:
            raise ValueError(f"{page}:{number} is not closed")
        code = dedent("\n".join(body)) + "\n"
        yield Block(page, number, heading, opened["info"].strip(), code)

"""The site's pages: the repository's own, laid out as they lie there, and their order.

README.md is the front page. Links between pages, and to files beside them, stay as they are.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from local.console import Problem

# In this order. What a pattern finds and nothing before it has named comes by its name; a page of
# docs/ that nothing names is under the last heading.
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Overview", ("README.md",)),
    ("Use it", ("docs/contract.md", "docs/integrate.md", "docs/events.md", "docs/reporting.md",
                "clients/python/README.md", "docs/local-stack.md")),
    ("Run it", ("docs/deployment.md", "docs/operations.md", "docs/runbook.md", "docs/admin.md",
                "docs/console.md", "docs/failure-modes.md")),
    ("Payment providers", ("docs/adding-a-provider.md", "docs/providers/*.md")),
    ("How it works", ("docs/architecture.md", "docs/benchmarks.md", "docs/scale.md",
                      "SECURITY.md")),
    ("Decisions", ("docs/adr/README.md", "docs/adr/*.md")),
    ("Project", ("CONTRIBUTING.md", "CHANGELOG.md")),
    ("More", ("docs/**/*.md",)),
)  # fmt: skip
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")
CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1`*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)

Nav = list[dict[str, Any]]


def sections(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Each heading that has pages, with them; every page once."""
    taken: set[str] = set()
    for heading, patterns in SECTIONS:
        found: list[str] = []
        for pattern in patterns:
            names = sorted(str(path.relative_to(root)) for path in root.glob(pattern))
            found += [name for name in names if name not in taken and name not in found]
        taken.update(found)
        if found:
            yield heading, found


def nav(root: Path) -> Nav:
    """As mkdocs takes it; a page's title is its heading."""
    return [{heading: pages} for heading, pages in sections(root)]


def linked(page: str) -> set[str]:
    """What a page links to without a host, and not in a piece of code."""
    targets = set(LINK.findall(CODE.sub("", page)))
    return {each for each in targets if ":" not in each}


def lay_out(root: Path, place: Path) -> None:
    """Copy all pages, and the files that they show or link to, to an empty `place`.

    Raises Problem: a link leads nowhere, or out of the repository.
    """
    shutil.rmtree(place, ignore_errors=True)
    pages = [page for _, each in sections(root) for page in each]
    wanted: dict[str, None] = dict.fromkeys(pages)
    for page in pages:
        wanted |= dict.fromkeys(_files(root, page))
    for name in wanted:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target)


def _files(root: Path, page: str) -> Sequence[str]:
    found: list[str] = []
    for target in sorted(linked((root / page).read_text())):
        path = ((root / page).parent / target).resolve()
        if not (path.is_file() and path.is_relative_to(root)):
            raise Problem(f"{page} links to {target}, which is no file of the repository.")
        found.append(str(path.relative_to(root)))
    return found

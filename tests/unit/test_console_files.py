"""The console's files: nothing is loaded from elsewhere, nothing turns text into markup."""

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "console"
VENDORED = CONSOLE / "vendor" / "lit-html"
LOCK = ROOT / "requirements" / "console" / "package-lock.json"
OURS = [path for path in sorted(CONSOLE.iterdir()) if path.is_file()]
SCRIPTS = [path for path in OURS if path.suffix == ".js"]
STYLES = [path for path in OURS if path.suffix == ".css"]
LONGEST_FILE, LONGEST_LINE = 250, 120
# What makes markup or code of a text, or keeps it where another script of the origin reads it.
REFUSED = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafe|\beval\b|new Function"
    r"|localStorage|document\.cookie|createContextualFragment|DOMParser|srcdoc|console\.\w"
)
ELSEWHERE = re.compile(r"https?://|[\"'(]//|@import")
NAMESPACE = "http://www.w3.org/2000/svg"
IMPORT = re.compile(r"(?:from|import)\s*\"(\./[^\"]+)\"")


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


@pytest.mark.parametrize("path", SCRIPTS, ids=names(SCRIPTS))
def test_a_script_makes_no_markup_of_text_and_keeps_no_token(path: Path) -> None:
    assert not REFUSED.search(path.read_text())


def test_what_is_refused_would_be_found() -> None:
    for each in ("e.innerHTML = text", "unsafeHTML(text)", "localStorage.setItem", "eval(text)"):
        assert REFUSED.search(each)
    assert ELSEWHERE.search('import "//example.com/x.js"')


@pytest.mark.parametrize("path", OURS, ids=names(OURS))
def test_a_file_is_short_and_loads_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text()
    assert not ELSEWHERE.search(text.replace(NAMESPACE, ""))
    lines = text.splitlines()
    assert len(lines) <= LONGEST_FILE
    assert path not in [*SCRIPTS, *STYLES] or max(map(len, lines)) <= LONGEST_LINE


def test_every_file_is_used_and_every_one_that_is_named_is_there() -> None:
    page = (CONSOLE / "index.html").read_text()
    named = set(re.findall(r"(?:src|href)=\"([^\"]+)\"", page))
    for script in [*SCRIPTS, *VENDORED.rglob("*.js")]:
        for each in IMPORT.findall(script.read_text()):
            named.add(str((script.parent / each).resolve().relative_to(CONSOLE)))
    ours = {path.name for path in OURS} - {"index.html"}
    assert {each for each in named if not each.startswith("vendor/")} == ours
    assert all((CONSOLE / each).is_file() for each in named)


def test_the_page_holds_no_script_and_no_style_and_lets_none_in() -> None:
    page = (CONSOLE / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", page)
    (policy,) = re.findall(r"Content-Security-Policy\" content=\"([^\"]+)\"", page)
    rules = dict(each.split(" ", 1) for each in policy.split("; "))
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert rules["trusted-types"] == "lit-html"


@pytest.mark.parametrize("path", SCRIPTS, ids=names(SCRIPTS))
def test_no_template_holds_a_style(path: Path) -> None:
    """The policy would drop it."""
    assert not re.search(r"[\s\"']style=", path.read_text())


def test_the_library_is_as_it_was_taken_from_its_package() -> None:
    """`make console-seen` compares with the package itself."""
    listed = json.loads((VENDORED / "files.json").read_text())
    locked = json.loads(LOCK.read_text())["packages"]["node_modules/lit-html"]
    assert {each: locked[each] for each in ("version", "integrity", "license")} == listed["package"]
    there = {
        str(path.relative_to(VENDORED)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDORED.rglob("*")
        if path.is_file() and path.name != "files.json"
    }
    assert there == listed["sha256"]
    assert "BSD-3-Clause" in (VENDORED / "lit-html.js").read_text()

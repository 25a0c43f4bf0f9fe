"""The site of the documentation: every page is in it, and nothing is loaded from elsewhere."""

from pathlib import Path

import pytest

from local.console import Problem
from local.docs_site import elsewhere, pages
from local.places import ROOT

POLICY = f'<meta http-equiv="Content-Security-Policy" content="{elsewhere.POLICY}">'


def test_every_page_of_the_repository_is_in_the_site_once() -> None:
    listed = [page for _, each in pages.sections(ROOT) for page in each]
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")}
    there |= {path.name for path in ROOT.glob("*.md")} | {"clients/python/README.md"}
    assert sorted(listed) == sorted(there)


def test_the_front_page_is_the_readme() -> None:
    assert next(pages.sections(ROOT)) == ("Overview", ["README.md"])


def test_a_page_that_nothing_names_is_under_the_last_heading(tmp_path: Path) -> None:
    _write(tmp_path, {"README.md": "", "docs/new.md": "", "docs/contract.md": ""})
    assert list(pages.sections(tmp_path)) == [
        ("Overview", ["README.md"]),
        ("Use it", ["docs/contract.md"]),
        ("More", ["docs/new.md"]),
    ]


def test_what_a_page_links_to_is_laid_out_beside_it(tmp_path: Path) -> None:
    root, place = tmp_path / "root", tmp_path / "place"
    page = "[a](data/x.json) ![b](p.svg) [c](#here) [d](https://example.com/y) `[e](no.json)`"
    _write(root, {"README.md": "", "docs/one.md": page, "docs/data/x.json": "1", "docs/p.svg": ""})
    pages.lay_out(root, place)
    laid = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    assert laid == {"README.md", "docs/one.md", "docs/data/x.json", "docs/p.svg"}


@pytest.mark.parametrize("target", ["missing.md", "data", "../../outside.md"])
def test_a_link_to_no_file_of_the_repository_is_told(tmp_path: Path, target: str) -> None:
    root = tmp_path / "root"
    _write(root, {"docs/one.md": f"[x]({target})", "docs/data/x.json": ""})
    (tmp_path / "outside.md").write_text("")
    with pytest.raises(Problem, match=r"docs/one\.md links to"):
        pages.lay_out(root, tmp_path / "place")


@pytest.mark.parametrize(
    "loads",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<script src="//cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img src="https://img.example/x.png">',
        "<div style=\"background: url('https://img.example/x.png')\"></div>",
        '<svg><image xlink:href="http://img.example/x.png"/></svg>',
    ],
)
def test_what_a_page_would_load_from_another_host_is_found(tmp_path: Path, loads: str) -> None:
    (tmp_path / "index.html").write_text(POLICY + loads)
    assert [each for each in elsewhere.troubles(tmp_path) if "index.html loads " in each]


def test_what_a_style_would_load_from_another_host_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text('@import "https://a.example/b.css"; i{src:url(//c.example/d)}')
    assert len(list(elsewhere.troubles(tmp_path))) == 2


def test_a_page_without_the_policy_is_found(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>words</p>")
    assert list(elsewhere.troubles(tmp_path)) != []


@pytest.mark.parametrize(
    "fine",
    [
        '<a href="https://example.com">',
        '<script src="../x.js">',
        '<img src="data:image/png;base64,">',
        '<link rel="canonical" href="https://example.com">',
    ],
)
def test_a_link_that_is_followed_by_choice_and_a_file_of_the_site_are_not(
    tmp_path: Path, fine: str
) -> None:
    (tmp_path / "index.html").write_text(POLICY + fine)
    assert list(elsewhere.troubles(tmp_path)) == []


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

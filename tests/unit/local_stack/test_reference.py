"""The reference page is whole, and nothing of it is loaded from anywhere else."""

import re

import pytest

from local import reference
from local.reference import HEADERS, PAGE, file_of

ELSEWHERE = re.compile(
    r"(?:src|href|url|import)[\s=:(\"']+(?:https?:)?//|fetch\(|XMLHttpRequest|@import"
)
NAMED = re.compile(r"(?:src|href)=\"([^\"]+)\"|url: \"([^\"]+)\"")


def text_of(name: str) -> str:
    return (PAGE / name).read_text()


@pytest.mark.parametrize("name", ["index.html", "page.js", "page.css"])
def test_a_file_of_ours_loads_nothing_from_elsewhere(name: str) -> None:
    assert not ELSEWHERE.search(text_of(name))
    assert ELSEWHERE.search('<script src="//example.com/x.js">')


def test_every_file_that_the_page_names_is_served() -> None:
    found = [
        one or two
        for name in ("index.html", "page.js")
        for one, two in NAMED.findall(text_of(name))
    ]
    named = {each for each in found if not each.startswith("data:")}
    assert named == {
        "swagger-ui.css",
        "page.css",
        "swagger-ui-bundle.js",
        "page.js",
        "openapi.json",
    }
    for each in named:
        served = file_of(f"/{each}")
        assert served is not None
        assert served[0].stat().st_size > 100


@pytest.mark.parametrize(
    "path",
    ["/../pyproject.toml", "/index.html/..", "//etc/passwd", "/page.py", "", "/%2e%2e/README.md"],
)
def test_nothing_else_is_served(path: str) -> None:
    assert file_of(path) is None


def test_the_browser_is_told_to_load_nothing_from_elsewhere() -> None:
    rules = dict(each.split(" ", 1) for each in HEADERS["Content-Security-Policy"].split("; "))
    assert rules.pop("default-src") == "'none'"
    assert {each for rule in rules.values() for each in rule.split()} == {
        "'self'",
        "'none'",
        "data:",
    }
    assert rules["script-src"] == rules["connect-src"] == rules["style-src"] == "'self'"


def test_what_would_call_elsewhere_is_off() -> None:
    """Swagger UI would ask a validator of its makers', and send what a reader tries."""
    script = text_of("page.js")
    assert "validatorUrl: null," in script
    assert "supportedSubmitMethods: []," in script


def test_it_listens_on_loopback() -> None:
    assert reference.HOST == "127.0.0.1"

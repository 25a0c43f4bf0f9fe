"""Pictures of the console: those of the README, and others to look at."""

import os
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console import scenes
from tests.console.fake import Service

ROOT = Path(__file__).parents[2]
SEEN = ROOT / ".local" / "console"
# Where the two of docs/console.md go: they differ by the machine's fonts, so only if asked for.
PUBLISHED = ROOT / (os.environ.get("CONSOLE_PICTURES") or ".local/console/docs")
SHOWN = ("list", "session", "ended", "dialog", "late")
COLOURS, WIDTHS = ("light", "dark"), (1280, 390)


def show(page: Page, service: Service, what: str) -> None:
    page.goto(service.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("tbody tr")).to_have_count(5)
    if what == "list":
        return
    if what == "ended":
        service.sessions[scenes.MERCHANT, scenes.session_id(1)] = scenes.ended_session()
    page.get_by_role("link", name=scenes.session_id(1)).click()
    expect(page.locator("svg .mark").first).to_be_visible()
    if what == "dialog":
        page.get_by_role("button", name="cancel…").click()
        page.get_by_label("Reason").fill("Asked for by the shop")
    if what == "late":
        service.expire()
        expect(page.get_by_role("alert")).to_be_visible()
        page.locator(".scroller .mark.accent").first.focus()
        expect(page.get_by_role("tooltip")).to_be_visible()


@pytest.mark.parametrize(("what", "colour", "width"), list(product(SHOWN, COLOURS, WIDTHS)))
def test_a_view_fits_its_window(
    browser: Browser, service: Service, what: str, colour: str, width: int
) -> None:
    SEEN.mkdir(parents=True, exist_ok=True)
    view = {"width": width, "height": 900}
    with browser.new_context(viewport=view, color_scheme=colour) as context:
        page = context.new_page()
        show(page, service, what)
        page.screenshot(path=SEEN / f"{what}-{colour}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("what", "last"), [("list", "table"), ("session", "figure")])
def test_the_pictures_of_the_documentation_are_small(
    browser: Browser, service: Service, what: str, last: str
) -> None:
    PUBLISHED.mkdir(parents=True, exist_ok=True)
    how = {"reduced_motion": "reduce", "viewport": {"width": 1160, "height": 1200}}
    with browser.new_context(**how) as context:
        page = context.new_page()
        show(page, service, what)
        picture = PUBLISHED / f"console-{what}.png"
        end = page.locator(last).bounding_box()
        assert end is not None
        whole = {"x": 0, "y": 0, "width": 1160, "height": end["y"] + end["height"] + 20}
        page.screenshot(path=picture, clip=whole)
        assert 10_000 < picture.stat().st_size < 200_000

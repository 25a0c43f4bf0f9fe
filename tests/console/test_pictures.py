"""Pictures of the console: those of the README, and others to look at."""

from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console import scenes
from tests.console.fake import Service

SEEN = Path(__file__).parents[2] / ".local" / "console"
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
        page.locator("svg .mark.wait").first.hover()
        expect(page.get_by_role("alert")).to_be_visible()


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

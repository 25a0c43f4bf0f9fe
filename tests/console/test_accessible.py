"""axe-core finds nothing in any view, light or dark, wide or narrow; all is done by keyboard."""

from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.console import scenes
from tests.console.fake import Service, error

ID = scenes.session_id(1)
VIEWS = (
    "entrance", "list", "cancelled", "empty", "session", "ended", "missing", "trouble", "reason",
    "sure", "answer",
)  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"resultTypes": ["violations"], "runOnly": RULES}


def show(page: Page, service: Service, view: str) -> None:
    page.goto(service.url)
    if view == "entrance":
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        return
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("table.sessions tbody tr")).to_have_count(5)
    if view in {"session", "ended", "reason", "sure", "answer"}:
        of_a_session(page, service, view)
    elif view == "cancelled":
        gone = scenes.a_list(scenes.cancelled(8, 900), scenes.cancelled(7, 950), cursor="more")
        service.lists["CANCELLED", scenes.MERCHANT, ""] = gone
        page.goto(f"{service.url}/#/cancelled?merchant={scenes.MERCHANT}")
        expect(page.get_by_role("link", name="Next page")).to_be_visible()
    elif view == "empty":
        service.lists.clear()
        expect(page.get_by_text("All is well")).to_be_visible()
    elif view == "missing":
        page.goto(f"{service.url}/#/session/{scenes.MERCHANT}/nothing")
        expect(page.get_by_text("has no such session")).to_be_visible()
    elif view == "trouble":
        service.instead = lambda _: error(503)
        expect(page.get_by_role("alert")).to_be_visible()


def of_a_session(page: Page, service: Service, view: str) -> None:
    if view == "ended":
        service.sessions[scenes.MERCHANT, ID] = scenes.ended_session()
    page.get_by_role("link", name=ID).click()
    expect(page.locator(".scroller .mark").first).to_be_visible()
    if view == "session":
        page.locator(".scroller .mark").first.focus()
        expect(page.get_by_role("tooltip")).to_be_visible()
    if view not in {"reason", "sure", "answer"}:
        return
    page.get_by_role("button", name="cancel…").click()
    page.get_by_label("Reason").fill("" if view == "reason" else "Asked for")
    page.get_by_role("button", name="Continue").click()
    if view == "answer":
        service.instead = lambda call: error(409, retry_after="30") if call.body else None
        page.get_by_role("button", name="Cancel the session").click()
        expect(page.get_by_text("It can be tried again in")).to_be_visible()


@pytest.mark.parametrize(("colour", "width"), list(product(("light", "dark"), (1280, 390))))
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(
    browser: Browser, service: Service, view: str, colour: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    # What is being faded in has no contrast yet.
    how = {"color_scheme": colour, "reduced_motion": "reduce", "viewport": size}
    # axe-core itself comes in by a way that the policy forbids.
    with browser.new_context(**how, bypass_csp=True) as context:
        page = context.new_page()
        show(page, service, view)
        found = Axe().run(page, options=OPTIONS)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_checker_finds_what_is_wrong(browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content("<button></button><p style='color: #aaa'>pale</p>")
        names = {each["id"] for each in Axe().run(page, options=OPTIONS).response["violations"]}
        assert names >= {"button-name", "color-contrast", "document-title"}


def test_all_that_can_be_done_can_be_done_by_keyboard(operator: Page) -> None:
    operator.locator(".skip").focus()
    wanted = ["Pending", "Cancelled", "Sign out", "", "Show", "", "Open"]
    reached = []
    for _ in wanted:
        operator.keyboard.press("Tab")
        reached.append(operator.evaluate("document.activeElement.innerText.trim()"))
        assert operator.evaluate("document.activeElement.matches(':focus-visible')")
    assert reached == wanted


def test_the_first_stop_leads_past_the_navigation(operator: Page) -> None:
    operator.locator(".skip").focus()
    expect(operator.locator(".skip")).to_be_in_viewport()
    operator.keyboard.press("Enter")
    expect(operator.locator("main")).to_be_focused()
    assert operator.url.endswith("#/pending") or operator.url.endswith("/")


def test_a_new_place_begins_at_its_heading(operator: Page) -> None:
    operator.get_by_role("link", name=ID).click()
    expect(operator.locator("h1")).to_be_focused()
    expect(operator.locator("h1")).to_contain_text(ID)
    assert ID in operator.title()


@pytest.mark.parametrize(("motion", "moves"), [("reduce", "none"), ("no-preference", "pulse")])
def test_nothing_moves_for_who_wants_no_motion(
    browser: Browser, service: Service, motion: str, moves: str
) -> None:
    with browser.new_context(reduced_motion=motion) as context:
        page = context.new_page()
        show(page, service, "list")
        assert page.locator(".dot").evaluate("e => getComputedStyle(e).animationName") == moves

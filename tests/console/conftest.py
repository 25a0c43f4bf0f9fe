"""The console in a real browser: Chromium of the machine, before a service of the test's own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local import chromium
from local.console import Problem
from tests.console import scenes
from tests.console.fake import Service, serving

expect.set_options(timeout=8000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Fails, and skips nothing, where there is none."""
    try:
        found = chromium.found()
    except Problem as problem:
        pytest.fail(str(problem), pytrace=False)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=chromium.OPTIONS)
        yield running
        running.close()


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as running:
        sessions = [scenes.the_session(), scenes.an_open_session(sessionId=scenes.session_id(9))]
        running.lists["PENDING_CANCELLATION", "", ""] = scenes.the_list()
        running.sessions = {(each["merchantId"], each["sessionId"]): each for each in sessions}
        yield running


@pytest.fixture
def complaints() -> list[str]:
    """What the page has complained of."""
    return []


@pytest.fixture
def page(browser: Browser, service: Service, complaints: list[str]) -> Iterator[Page]:
    """Not signed in. Whatever it complains of, a broken rule of its policy too, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: _note(message.type, message.text, complaints))
    yield opened
    context.close()
    assert complaints == []


def _note(kind: str, text: str, complaints: list[str]) -> None:
    # Chromium itself tells of each answer that is an error, and of each call that got none.
    if kind in {"error", "warning"} and not text.startswith("Failed to load resource"):
        complaints.append(text)


@pytest.fixture
def operator(page: Page, service: Service) -> Page:
    """Signed in, before the list of pending ones."""
    page.goto(service.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Pending cancellations")).to_be_visible()
    return page

"""When something is wrong: it is said, what is shown stays, it is tried again at a fair pace."""

from threading import Event

import pytest
from playwright.sync_api import Page, expect

from tests.console import scenes
from tests.console.fake import Reply, Service, error

ROWS = "table.sessions tbody tr"
HIDE = """Object.defineProperty(document, 'hidden', {value: %s, configurable: true});
document.dispatchEvent(new Event('visibilitychange'))"""


# The page's calls of the API, and how many of them have no answer yet.
COUNT = """window.asked = 0; let open = 0; const real = window.fetch;
const tell = (change) => { open += change; document.documentElement.dataset.open = open; };
window.fetch = async (url, options) => {
  if (!String(url).includes('/operations/')) return real(url, options);
  window.asked += 1; tell(1);
  try {
    const answer = await real(url, options);
    return new Response(await answer.text(), { status: answer.status, headers: answer.headers });
  } finally { tell(-1); }
};"""


# As the template's gateway says it, and as one that stands elsewhere does.
FIREWALLS = [error(403, x_refused_by="firewall"), Reply(403, "<html>Request blocked."), Reply(403)]


@pytest.fixture
def still(page: Page, service: Service) -> Page:
    """Signed in, and the page's time stands still, but for what a test lets pass."""
    page.add_init_script(COUNT)
    page.clock.install()
    page.goto(service.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(ROWS)).to_have_count(5)
    page.clock.pause_at("2100-01-01")
    asked(page, 3)
    return page


def asked(page: Page, seconds: int) -> int:
    """How often it asks in these seconds, each question answered before the next second passes."""
    before = page.evaluate("window.asked")
    for _ in range(seconds):
        page.clock.run_for(1000)
        expect(page.locator("html")).to_have_attribute("data-open", "0")
    return int(page.evaluate("window.asked") - before)


def test_an_ended_sign_in_keeps_what_is_shown_and_leads_back_to_the_place(
    operator: Page, service: Service
) -> None:
    operator.get_by_role("link", name=scenes.session_id(1)).click()
    expect(operator.locator(".events li")).to_have_count(len(scenes.STORY))
    place = operator.url
    service.expire()
    expect(operator.get_by_role("alert")).to_contain_text("Your sign-in has ended")
    expect(operator.locator(".events li")).to_have_count(len(scenes.STORY))
    operator.get_by_role("button", name="Sign in again").click()
    expect(operator.get_by_role("alert")).to_have_count(0)
    expect(operator.locator(".events li")).to_have_count(len(scenes.STORY))
    assert operator.url == place


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(0), "The service cannot be reached"),
        (Reply(502, "<html>bad gateway"), "The service answered 502"),
        (Reply(500, {"message": "It broke."}), "It broke."),
        (error(503), "The service is busy"),
        (error(400, "The cursor is not one of ours."), "The cursor is not one of ours."),
    ],
)
def test_trouble_is_said_and_over_by_itself(
    operator: Page, service: Service, reply: Reply, said: str
) -> None:
    service.instead = lambda _: reply
    expect(operator.get_by_role("alert")).to_contain_text(said)
    expect(operator.get_by_text("trying again in")).to_be_visible()
    expect(operator.locator(ROWS)).to_have_count(5)
    service.instead = lambda _: None
    expect(operator.get_by_role("alert")).to_have_count(0)


def test_it_can_be_tried_at_once(operator: Page, service: Service) -> None:
    service.instead = lambda _: error(500)
    expect(operator.get_by_role("alert")).to_be_visible()
    service.instead = lambda _: None
    operator.get_by_role("button", name="Try now").click()
    expect(operator.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "said", "button"),
    [
        (401, "Your sign-in has ended", "Sign in again"),
        (403, "Your account may not see this", "Sign out"),
    ],
)
def test_what_the_token_does_not_open_is_not_asked_for_again(
    still: Page, service: Service, status: int, said: str, button: str
) -> None:
    service.instead = lambda _: error(status)
    asked(still, 3)
    expect(still.get_by_role("alert")).to_contain_text(said)
    expect(still.get_by_role("alert").get_by_role("button")).to_have_text(button)
    assert asked(still, 12) == 0


@pytest.mark.parametrize("reply", FIREWALLS)
def test_a_firewall_holds_nobody_back_for_good(still: Page, service: Service, reply: Reply) -> None:
    service.instead = lambda _: reply
    # After 2, 6 and 14 s.
    assert asked(still, 16) == 3
    expect(still.get_by_role("alert")).to_contain_text("The service is busy")
    expect(still.locator(ROWS)).to_have_count(5)
    service.instead = lambda _: None
    still.get_by_role("button", name="Try now").click()
    expect(still.get_by_role("alert")).to_have_count(0)


def test_a_page_that_the_browser_puts_aside_keeps_no_token(
    operator: Page, service: Service
) -> None:
    operator.evaluate("window.dispatchEvent(new Event('pagehide'))")
    expect(operator.get_by_role("alert")).to_contain_text("Your sign-in has ended")
    assert service.api_calls()[-1].authorization == "Bearer null"


def test_nothing_at_all_to_show_is_no_list_of_nothing(page: Page, service: Service) -> None:
    service.instead = lambda call: error(500) if "/operations/" in call.path else None
    page.goto(service.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("All is well")).to_have_count(0)


def test_it_asks_every_two_seconds(still: Page) -> None:
    assert asked(still, 10) == 5


def test_it_asks_less_often_while_it_fails(still: Page, service: Service) -> None:
    service.instead = lambda _: error(500)
    # After 2, 6, 14 and 30 s, then each 30 s.
    assert asked(still, 32) == 4
    assert asked(still, 60) == 2
    service.instead = lambda _: None
    asked(still, 30)
    assert asked(still, 10) == 5


def test_it_comes_back_when_the_service_said_and_no_sooner(still: Page, service: Service) -> None:
    service.instead = lambda _: error(429, retry_after="20")
    asked(still, 3)
    assert asked(still, 16) == 0
    expect(still.get_by_role("button", name="Try now")).to_have_count(0)
    still.evaluate("window.dispatchEvent(new Event('online'))")
    assert asked(still, 1) == 0
    service.instead = lambda _: None
    assert asked(still, 4) >= 1
    expect(still.get_by_role("alert")).to_have_count(0)


def test_it_rests_while_nobody_looks_and_is_current_as_soon_as_somebody_does(
    still: Page, service: Service
) -> None:
    still.evaluate(HIDE % "true")
    assert asked(still, 28) == 0
    assert asked(still, 4) == 1
    before = still.evaluate("window.asked")
    still.evaluate(HIDE % "false")
    assert still.evaluate("window.asked") == before + 1


def test_it_says_how_old_it_is(still: Page, service: Service) -> None:
    expect(still.locator(".live")).to_contain_text("updated")
    service.instead = lambda _: Reply(0)
    asked(still, 9)
    expect(still.locator(".live")).to_contain_text("s ago")


def test_what_nobody_looks_at_any_more_is_not_asked_for_any_more(
    still: Page, service: Service
) -> None:
    answered = Event()
    service.instead = lambda _: Reply(200, scenes.a_list()) if answered.wait(20) else None
    still.clock.run_for(2000)
    expect(still.locator("html")).to_have_attribute("data-open", "1")
    # A question is under way.
    still.evaluate("location.hash = '#/cancelled'")
    expect(still.get_by_role("heading", name="Cancelled sessions")).to_be_visible()
    answered.set()
    service.instead = lambda _: None
    assert asked(still, 10) == 0
    still.evaluate("location.hash = '#/pending'")
    expect(still.locator(ROWS)).to_have_count(5)
    assert asked(still, 10) == 5

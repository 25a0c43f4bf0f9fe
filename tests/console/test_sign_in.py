"""Signing in and out: authorization code with PKCE, and a token that is nowhere but in memory."""

from playwright.sync_api import Page, expect

from tests.console import scenes
from tests.console.fake import SCOPE, Call, Reply, Service, error

KEPT = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"


def test_it_asks_with_a_challenge_and_a_state_of_its_own(operator: Page, service: Service) -> None:
    (asked,) = service.asked
    assert asked["response_type"] == "code"
    assert (asked["client_id"], asked["redirect_uri"]) == ("console-client", f"{service.url}/")
    assert (asked["scope"], asked["code_challenge_method"]) == (SCOPE, "S256")
    assert len(asked["code_challenge"]) == len(asked["state"]) == 43
    # That the verifier fits is checked by the service; each sign-in has new ones.
    operator.reload()
    operator.get_by_role("button", name="Sign in").click()
    expect(operator.get_by_role("button", name="Sign out")).to_be_visible()
    for each in ("state", "code_challenge"):
        assert service.asked[0][each] != service.asked[1][each]


def test_the_token_is_kept_in_memory_alone(operator: Page, service: Service) -> None:
    assert operator.evaluate(KEPT) == '[{},{},""]'
    assert "code" not in operator.url
    assert all("token" not in call.path + str(call.query) for call in service.api_calls())
    operator.reload()
    expect(operator.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_code_that_this_window_did_not_ask_for_is_not_redeemed(
    page: Page, service: Service
) -> None:
    service.state_sent_back = "of somebody else"
    page.goto(service.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not begun in this window")
    page.goto(f"{service.url}/?code=injected&state=injected")
    expect(page.get_by_role("alert")).to_contain_text("not begun in this window")
    assert not [each for each in service.calls if each.path == "/oauth2/token"]
    assert "injected" not in page.url


def test_a_sign_in_that_fails_says_so_and_can_be_repeated(page: Page, service: Service) -> None:
    service.instead = lambda call: error(400) if call.path == "/oauth2/token" else None
    page.goto(service.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be completed")
    service.instead = lambda _: None
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def without_settings(call: Call) -> Reply | None:
    return Reply(200, None) if call.path == "/config.json" else None


def test_without_its_settings_it_says_so(page: Page, service: Service) -> None:
    service.instead = without_settings
    page.goto(service.url)
    expect(page.get_by_role("alert")).to_contain_text("config.json, cannot be read")
    assert service.api_calls() == []


def test_a_code_is_out_of_the_address_before_anything_can_fail_and_is_redeemed_later(
    page: Page, service: Service
) -> None:
    place = f"#/session/{scenes.MERCHANT}/{scenes.session_id(1)}"
    page.goto(f"{service.url}/{place}")
    button = page.get_by_role("button", name="Sign in")
    expect(button).to_be_visible()
    service.instead = without_settings
    button.click()
    expect(page.get_by_role("alert")).to_contain_text("config.json, cannot be read")
    assert page.url == f"{service.url}/{place}"
    assert page.evaluate(KEPT) == '[{},{},""]'
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("config.json, cannot be read")
    service.instead = lambda _: None
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=scenes.session_id(1))).to_be_visible()
    assert len(service.asked) == 1


def test_signed_out_means_that_nothing_is_asked_or_shown_any_more(
    operator: Page, service: Service
) -> None:
    operator.get_by_role("button", name="Sign out").click()
    expect(operator.get_by_role("button", name="Sign in")).to_be_visible()
    (out,) = service.signed_out
    assert out == {"client_id": "console-client", "logout_uri": f"{service.url}/"}
    before = len(service.api_calls())
    operator.go_back()
    expect(operator.get_by_role("button", name="Sign in")).to_be_visible()
    expect(operator.get_by_text(scenes.session_id(1))).to_have_count(0)
    assert len(service.api_calls()) == before


def test_a_bookmark_leads_to_its_place_by_way_of_the_sign_in(page: Page, service: Service) -> None:
    place = f"#/session/{scenes.MERCHANT}/{scenes.session_id(1)}"
    page.goto(f"{service.url}/{place}")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name=scenes.session_id(1))).to_be_visible()
    assert page.url.endswith(place)

"""The sessions by state: order, marks, pages, filters, and what becomes of them while one looks."""

import pytest
from playwright.sync_api import Page, expect

from tests.console import scenes
from tests.console.fake import Service

PENDING = ("PENDING_CANCELLATION", "", "")
ROWS = "table.sessions tbody tr"


def ids(page: Page) -> list[str]:
    found: list[str] = page.locator(f"{ROWS} .which > a").all_inner_texts()
    return found


def test_the_stuck_one_is_first_and_says_so_then_the_longest_wait(operator: Page) -> None:
    assert ids(operator) == [scenes.session_id(n) for n in (3, 2, 5, 1, 4)]
    expect(operator.locator(ROWS).first).to_contain_text("stuck")
    expect(operator.get_by_text("5 pending sessions, 1 stuck")).to_be_visible()
    expect(operator.locator(ROWS).nth(1)).not_to_contain_text("stuck")


def test_a_row_says_how_long_it_waits_for_what_and_why(operator: Page) -> None:
    row = operator.locator(ROWS).nth(1)
    for said in ("2 d 2 h", "mpesa", "UNSUPPORTED", "It cannot be stopped", "adyen", "Fraud"):
        expect(row).to_contain_text(said)
    expect(operator.locator(ROWS).last).to_contain_text("none given")


def test_one_that_has_just_begun_waits_for_no_milliseconds(
    operator: Page, service: Service
) -> None:
    service.lists[PENDING] = scenes.a_list(scenes.pending(1, 0.2, "unsupported"))
    expect(operator.locator(ROWS)).to_have_count(1)
    expect(operator.locator(f"{ROWS} .long")).to_have_text("0 s")


def test_pages_are_turned_and_the_browsers_back_turns_them_back(
    operator: Page, service: Service
) -> None:
    service.lists[PENDING] = scenes.a_list(scenes.pending(1, 50), cursor="a+b/c=")
    service.lists[*PENDING[:2], "a+b/c="] = scenes.a_list(scenes.pending(7, 40))
    operator.get_by_role("link", name="Next page").click()
    expect(operator.locator(ROWS)).to_contain_text(scenes.session_id(7))
    expect(operator.get_by_role("link", name="Next page")).to_have_count(0)
    operator.go_back()
    expect(operator.locator(ROWS)).to_contain_text(scenes.session_id(1))
    operator.go_forward()
    operator.get_by_role("link", name="First page").click()
    expect(operator.locator(ROWS)).to_contain_text(scenes.session_id(1))


def test_one_merchants_sessions_are_shown_pending_or_cancelled(
    operator: Page, service: Service
) -> None:
    own = scenes.pending(5, 610, merchantId=scenes.OTHER)
    gone = scenes.cancelled(8, 900, took=75.5, merchantId=scenes.OTHER)
    service.lists["PENDING_CANCELLATION", scenes.OTHER, ""] = scenes.a_list(own)
    service.lists["CANCELLED", scenes.OTHER, ""] = scenes.a_list(gone)
    operator.get_by_role("textbox", name="Merchant").fill(f" {scenes.OTHER} ")
    operator.get_by_role("button", name="Show").click()
    expect(operator.locator(ROWS)).to_have_count(1)
    operator.get_by_role("link", name="Cancelled").click()
    expect(operator.locator(ROWS)).to_contain_text("1 min 15 s")
    assert ids(operator) == [scenes.session_id(8)]
    assert operator.get_by_role("textbox", name="Merchant").input_value() == scenes.OTHER


def test_cancelled_ones_need_a_merchant(operator: Page, service: Service) -> None:
    operator.get_by_role("link", name="Cancelled").click()
    expect(operator.get_by_text("Give a merchant's id")).to_be_visible()
    assert all(call.query["status"] != "CANCELLED" for call in service.api_calls())


def test_a_session_is_opened_by_its_id(operator: Page) -> None:
    field, button = operator.get_by_role("textbox", name="Session"), "Open"
    field.fill("01a205a2-0000-7000-8000-000000000000")
    operator.get_by_role("button", name=button).click()
    expect(operator.get_by_role("alert")).to_contain_text("Give the merchant's id as well")
    field.fill(scenes.session_id(1).upper())
    operator.get_by_role("button", name=button).click()
    expect(operator.get_by_role("heading", name=scenes.session_id(1))).to_be_visible()


def test_nothing_pending_is_said(operator: Page, service: Service) -> None:
    service.lists[PENDING] = scenes.a_list()
    expect(operator.get_by_text("All is well")).to_be_visible()
    service.lists[PENDING] = {**scenes.a_list(cursor="more"), "unreadable": 2}
    expect(operator.get_by_text("2 sessions cannot be read, and are")).to_be_visible()
    expect(operator.get_by_text("may be more on the next")).to_be_visible()


def test_a_change_appears_by_itself_is_told_and_takes_no_focus(
    operator: Page, service: Service
) -> None:
    link = operator.locator(f"{ROWS} .which > a").nth(3)
    link.focus()
    operator.evaluate("window.before = document.activeElement")
    expect(operator.locator("#announcer")).to_have_text("")
    newer = scenes.pending(6, 100_000, "requested", stuck=True)
    document = scenes.the_list()
    service.lists[PENDING] = {**document, "sessions": [*document["sessions"][:4], newer]}
    expect(operator.locator(ROWS).first).to_contain_text(scenes.session_id(6))
    expect(operator.locator("#announcer")).to_have_text("5 pending sessions, 2 stuck")
    # The very element, moved or not: nothing was drawn anew.
    assert operator.evaluate("window.before === document.activeElement")
    expect(operator.locator(":focus")).to_have_text(scenes.session_id(1))


def test_a_field_is_not_emptied_by_an_answer(operator: Page, service: Service) -> None:
    field = operator.get_by_role("textbox", name="Merchant")
    field.press_sequentially("half an i")
    service.lists[PENDING] = scenes.a_list()
    expect(operator.get_by_text("All is well")).to_be_visible()
    assert field.input_value() == "half an i"
    expect(field).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_hostile_reason_is_text_and_hides_nothing(
    operator: Page, service: Service, width: int
) -> None:
    operator.set_viewport_size({"width": width, "height": 900})
    title = operator.title()
    rows = [scenes.pending(n, 50 + n, reason=scenes.LONGEST) for n in (1, 2)]
    rows += [scenes.pending(3, 9, "requested", reason="W" * 500)]
    service.lists[PENDING] = scenes.a_list(*rows)
    expect(operator.locator(ROWS)).to_have_count(3)
    reason = operator.locator(f"{ROWS} .reason").first
    expect(reason).to_contain_text("<script>document.title='owned'</script>")
    for code in ("U+202E", "U+202C", "U+200B", "U+FEFF"):
        expect(reason).to_contain_text(code)
    assert not any(each in reason.inner_text() for each in "\u202e\u202c\u200b\ufeff")
    assert operator.locator("table script, table img").count() == 0
    assert operator.title() == title
    assert operator.evaluate("document.documentElement.scrollWidth") <= width

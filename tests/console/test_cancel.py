"""Cancelling: a reason, whether it is meant, one call, its answer, and what is seen afterwards."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console import scenes
from tests.console.fake import Call, Reply, Service, error

ID = scenes.session_id(9)
KEY = (scenes.MERCHANT, ID)
PENDING = scenes.the_session(sessionId=ID)
ANSWER = {
    "sessionId": ID,
    "status": "PENDING_CANCELLATION",
    "message": "The session is locked and 1 transaction may still be in flight.",
    "cancelledTransactionIds": [scenes.transaction_id(1)],
    "pendingTransactionIds": [scenes.transaction_id(2)],
}


def answering(*replies: Reply) -> Any:
    """Each POST gets the next of these."""
    left = list(replies)

    def instead(call: Call) -> Reply | None:
        return left.pop(0) if call.method == "POST" and left else None

    return instead


@pytest.fixture
def session(operator: Page, service: Service) -> Page:
    """Before an open session with two payments in flight."""
    operator.goto(f"{service.url}/#/session/{scenes.MERCHANT}/{ID}")
    expect(operator.get_by_role("button", name="Cancel session")).to_be_visible()
    return operator


def ask(page: Page, reason: str = "Asked for by the shop") -> None:
    page.get_by_role("button", name="Cancel session").click()
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Continue").click()


def confirm(page: Page) -> None:
    page.get_by_role("button", name="Cancel the session").click()


def test_what_becomes_of_the_reason_is_no_complaint(session: Page) -> None:
    expect(session.locator(".facts")).not_to_contain_text("Tries")
    ask(session, "")
    colour = "each => getComputedStyle(each).color"
    kept, wrong = (session.locator(each).evaluate(colour) for each in ("#kept", "#wrong"))
    assert kept != wrong


def test_it_asks_once_more_then_says_what_was_done_and_shows_it(
    session: Page, service: Service
) -> None:
    service.instead = answering(Reply(200, ANSWER))
    ask(session, "  Asked for\nby the shop ")
    dialog = session.get_by_role("dialog")
    expect(dialog).to_contain_text("Are you sure?")
    expect(dialog).to_contain_text("2 payments in flight")
    assert service.api_calls("POST") == []
    service.sessions[KEY] = PENDING
    confirm(session)
    expect(dialog).to_contain_text("The cancellation is pending")
    for said in (ANSWER["message"], scenes.transaction_id(1), scenes.transaction_id(2)):
        expect(dialog).to_contain_text(str(said))
    (call,) = service.api_calls("POST")
    assert call.path == f"/v1/operations/merchants/{scenes.MERCHANT}/sessions/{ID}/cancel"
    assert json.loads(call.body) == {"reason": "Asked for by the shop"}
    dialog.get_by_role("button", name="Close").click()
    expect(session.locator(".head")).to_contain_text("pending")
    expect(session.get_by_role("button", name="Try again to cancel")).to_be_focused()
    service.sessions[KEY] = scenes.ended_session(sessionId=ID)
    expect(session.locator(".head")).to_contain_text("cancelled")


def test_a_session_that_is_cancelled_at_once_says_so(session: Page, service: Service) -> None:
    done = {"status": "CANCELLED", "pendingTransactionIds": []}
    service.instead = answering(Reply(200, {**ANSWER, **done}))
    ask(session)
    confirm(session)
    expect(session.get_by_role("dialog")).to_contain_text("The session is cancelled")
    expect(session.get_by_text("Still pending")).to_have_count(0)


@pytest.mark.parametrize(
    ("reason", "complaint"),
    [("", "Give a reason"), (" \n\t ", "Give a reason"), ("x" * 501, "501 characters")],
)
def test_without_a_proper_reason_it_goes_no_further(
    session: Page, service: Service, reason: str, complaint: str
) -> None:
    ask(session, reason)
    expect(session.get_by_role("alert")).to_contain_text(complaint)
    expect(session.get_by_label("Reason")).to_be_focused()
    expect(session.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    assert service.api_calls("POST") == []


@pytest.mark.parametrize("reason", ["\U0001f600" * 500, scenes.LONGEST])
def test_500_characters_of_any_kind_are_sent_as_they_are(
    session: Page, service: Service, reason: str
) -> None:
    service.instead = answering(Reply(200, ANSWER))
    ask(session, reason)
    confirm(session)
    expect(session.get_by_role("dialog")).to_contain_text("is pending")
    (call,) = service.api_calls("POST")
    assert json.loads(call.body)["reason"] == reason.strip()


def test_two_clicks_are_one_call(session: Page, service: Service) -> None:
    service.instead = answering(Reply(200, ANSWER))
    ask(session)
    session.get_by_role("button", name="Cancel the session").dblclick()
    expect(session.get_by_role("dialog")).to_contain_text("is pending")
    assert len(service.api_calls("POST")) == 1


def test_one_can_go_back_or_keep_the_session(session: Page, service: Service) -> None:
    ask(session)
    session.get_by_role("button", name="Back").click()
    expect(session.get_by_label("Reason")).to_have_value("Asked for by the shop")
    session.get_by_role("button", name="Keep the session").click()
    expect(session.get_by_role("dialog")).to_have_count(0)
    expect(session.get_by_role("button", name="Cancel session")).to_be_focused()
    session.keyboard.press("Enter")
    expect(session.get_by_label("Reason")).to_be_focused()
    session.keyboard.press("Escape")
    expect(session.get_by_role("dialog")).to_have_count(0)
    assert service.api_calls("POST") == []


def test_focus_does_not_leave_the_dialog(session: Page) -> None:
    session.get_by_role("button", name="Cancel session").click()
    for key in ["Tab"] * 6 + ["Shift+Tab"] * 6:
        session.keyboard.press(key)
        where = "document.activeElement.closest('dialog') || document.activeElement.tagName"
        assert session.evaluate(where) != "A"
        assert session.evaluate("!document.activeElement.closest('header, main')")


def test_while_someone_else_cancels_it_waits_and_then_can_be_tried_again(
    session: Page, service: Service
) -> None:
    busy = error(409, "The session is being cancelled right now.", retry_after="3")
    service.instead = answering(busy, Reply(200, ANSWER))
    ask(session)
    confirm(session)
    dialog = session.get_by_role("dialog")
    expect(dialog).to_contain_text("being cancelled right now")
    expect(dialog).to_contain_text("It can be tried again in")
    again = dialog.get_by_role("button", name="Try again")
    expect(again).to_have_attribute("aria-disabled", "true")
    again.click(force=True)
    assert len(service.api_calls("POST")) == 1
    expect(again).to_have_attribute("aria-disabled", "false")
    again.click()
    expect(dialog).to_contain_text("The cancellation is pending")


def test_a_session_that_has_ended_otherwise_cannot_be_tried_again(
    session: Page, service: Service
) -> None:
    service.instead = answering(error(409, "The session is COMPLETED."))
    ask(session)
    confirm(session)
    expect(session.get_by_role("dialog")).to_contain_text("The session is COMPLETED.")
    expect(session.get_by_role("button", name="Try again")).to_have_count(0)


@pytest.mark.parametrize("reply", [Reply(0), Reply(502, "<html>"), error(504)])
def test_where_no_answer_came_it_claims_nothing_and_trying_again_is_safe(
    session: Page, service: Service, reply: Reply
) -> None:
    # Chromium itself repeats a call whose connection broke.
    service.instead = lambda call: reply if call.method == "POST" else None
    ask(session)
    confirm(session)
    dialog = session.get_by_role("dialog")
    expect(dialog).to_contain_text("not known")
    expect(dialog).to_contain_text("nothing is done twice")
    service.instead = answering(Reply(200, ANSWER))
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).to_contain_text("The cancellation is pending")


def test_a_sign_in_that_ended_loses_neither_the_place_nor_the_reason(
    session: Page, service: Service
) -> None:
    ask(session, "Written with care")
    service.expire()
    confirm(session)
    session.get_by_role("dialog").get_by_role("button", name="Sign in again").click()
    expect(session.get_by_role("heading", name=ID)).to_be_visible()
    expect(session.get_by_label("Reason")).to_have_value("Written with care")
    assert session.evaluate("sessionStorage.length") == 0


def test_a_reason_outlives_a_sign_in_that_failed(session: Page, service: Service) -> None:
    ask(session, "Written with care")
    service.expire()
    confirm(session)
    service.instead = lambda call: error(400) if call.path == "/oauth2/token" else None
    session.get_by_role("dialog").get_by_role("button", name="Sign in again").click()
    expect(session.get_by_role("alert")).to_contain_text("could not be completed")
    service.instead = lambda _: None
    session.get_by_role("button", name="Sign in").click()
    expect(session.get_by_label("Reason")).to_have_value("Written with care")


def test_a_firewall_that_holds_it_back_is_said_and_it_can_be_tried_again(
    session: Page, service: Service
) -> None:
    service.instead = answering(Reply(403, "<html>Request blocked."), Reply(200, ANSWER))
    ask(session)
    confirm(session)
    dialog = session.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Not now")).to_be_visible()
    expect(dialog).to_contain_text("Try again in a moment")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).to_contain_text("The cancellation is pending")


def test_a_kept_reason_is_for_its_own_session_alone(session: Page, service: Service) -> None:
    ask(session, "About this one")
    service.expire()
    confirm(session)
    # Somebody else has completed it meanwhile.
    service.sessions[KEY] = {**service.sessions[KEY], "status": "COMPLETED", "cancellable": False}
    session.get_by_role("dialog").get_by_role("button", name="Sign in again").click()
    expect(session.locator(".head")).to_contain_text("completed")
    session.evaluate(f"location.hash = '#/session/{scenes.MERCHANT}/{scenes.session_id(1)}'")
    expect(session.get_by_role("button", name="Try again to cancel")).to_be_visible()
    expect(session.get_by_role("dialog")).to_have_count(0)
    session.get_by_role("button", name="Try again to cancel").click()
    expect(session.get_by_label("Reason")).to_have_value("")

"""One session: its facts, its picture, and the same as a list."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console import scenes
from tests.console.fake import Service

KEY = (scenes.MERCHANT, scenes.session_id(1))
MARKS = ".scroller .mark"


@pytest.fixture
def session(operator: Page) -> Page:
    """Before the session of the scene."""
    operator.get_by_role("link", name=scenes.session_id(1)).click()
    expect(operator.locator(MARKS)).to_have_count(len(scenes.STORY))
    return operator


def labels(page: Page) -> list[str]:
    return [str(each.get_attribute("aria-label")) for each in page.locator(MARKS).all()]


def test_the_facts_are_there(session: Page) -> None:
    expect(session.locator(".head")).to_contain_text("pending")
    for said in ("merchant:4pq7", "in 45 s", "0f3c9c2e", "The payer changed their mind"):
        expect(session.locator(".facts")).to_contain_text(said)
    expect(session.locator(".waiting")).to_contain_text("It cannot be stopped, and goes on.")
    expect(session.locator(".waiting")).to_contain_text("You may look the payment up")
    for said in ("EUR 59.97", "mpesa", "pi_3Nk3Lq2eZvKYlo2C", scenes.transaction_id(3)):
        expect(session.locator(".payments li").last).to_contain_text(said)


def test_the_merchant_leads_to_the_list_that_this_session_is_in(
    session: Page, service: Service
) -> None:
    merchant = session.locator(".facts").get_by_role("link", name=scenes.MERCHANT)
    expect(merchant).to_have_attribute("href", f"#/pending?merchant={scenes.MERCHANT}")
    service.sessions[KEY] = scenes.ended_session()
    expect(merchant).to_have_attribute("href", f"#/cancelled?merchant={scenes.MERCHANT}")


def test_the_last_time_is_not_drawn_into_the_frame(session: Page) -> None:
    last = session.locator(".scroller text.clock").last.bounding_box()
    frame = session.locator(".scroller").bounding_box()
    assert last
    assert frame
    assert frame["x"] + frame["width"] - last["x"] - last["width"] >= 4


def test_each_moment_is_a_mark_with_its_text_and_a_line_of_the_list(session: Page) -> None:
    lines = session.locator(".events li").all_inner_texts()
    assert len(lines) == len(scenes.STORY)
    for told, label, line in zip(scenes.STORY, labels(session), lines, strict=True):
        time = told["at"].replace("T", " ").removesuffix("Z")
        assert label.startswith(time)
        assert label.endswith(told["text"])
        assert (told["provider"] or "Session") in label
        assert time in line
        assert told["text"] in line
    assert session.locator(".lanes li").count() == 4


def test_a_mark_is_reached_and_read_by_keyboard(session: Page) -> None:
    session.locator(f"{MARKS}[tabindex='0']").focus()
    expect(session.get_by_role("tooltip")).to_contain_text("The session was opened.")
    session.keyboard.press("ArrowRight")
    session.keyboard.press("ArrowRight")
    expect(session.get_by_role("tooltip")).to_contain_text("began at adyen")
    session.keyboard.press("Escape")
    expect(session.get_by_role("tooltip")).to_have_count(0)
    session.keyboard.press("End")
    expect(session.get_by_role("tooltip")).to_contain_text("reported its end")
    session.keyboard.press("Tab")
    expect(session.get_by_role("tooltip")).to_have_count(0)
    session.locator(MARKS).nth(4).hover()
    expect(session.get_by_role("tooltip")).to_contain_text("takes no payment any more")


def test_the_end_is_seen_without_a_reload_and_focus_stays(session: Page, service: Service) -> None:
    session.locator(f"{MARKS}[tabindex='0']").focus()
    session.keyboard.press("ArrowRight")
    text = session.locator(":focus").get_attribute("aria-label")
    service.sessions[KEY] = scenes.ended_session()
    expect(session.locator(".head")).to_contain_text("cancelled")
    expect(session.locator("#announcer")).to_contain_text("The session is cancelled")
    expect(session.locator("#announcer")).to_contain_text("1 payment settled after")
    assert session.locator(":focus").get_attribute("aria-label") == text
    expect(session.locator(".note")).to_contain_text("Money arrived all the same: EUR 59.97")
    expect(session.get_by_role("button", name="cancel")).to_have_count(0)


def test_a_moment_that_comes_to_light_later_moves_no_focus(session: Page, service: Service) -> None:
    mark = session.locator(MARKS).nth(6)
    mark.focus()
    text = mark.get_attribute("aria-label")
    early = scenes.event("PROGRESSED", "It became AUTHORIZED.", 1, "stripe", minutes=8)
    service.sessions[KEY] = scenes.the_session(
        timeline=[*scenes.STORY[:2], early, *scenes.STORY[2:]]
    )
    expect(session.locator(MARKS)).to_have_count(len(scenes.STORY) + 1)
    assert session.locator(":focus").get_attribute("aria-label") == text


def test_what_is_not_exact_or_not_known_is_shown_as_that(session: Page, service: Service) -> None:
    guess = {**scenes.event("EXPIRED", "It ended.", seconds=70), "exact": False}
    strange = scenes.event("BRAND_NEW", "Something else.", 99, "nobody", seconds=60)
    service.sessions[KEY] = scenes.the_session(timeline=[*scenes.STORY[:5], guess, strange])
    expect(session.locator(MARKS)).to_have_count(7)
    expect(session.locator(".events li").nth(5)).to_contain_text("15:19:08.400 or later")
    assert "or later" in labels(session)[5]
    assert labels(session)[6].endswith("Session: Something else.")


def apart(gaps: list[timedelta]) -> list[Any]:
    """Moments of one payment, these long apart, up to now."""
    left, story = sum(gaps, timedelta()), []
    for gap in [*gaps, timedelta()]:
        story.append(scenes.event("TRIED", "Tried.", 1, "stripe", seconds=left.total_seconds()))
        left -= gap
    return story


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ([timedelta(milliseconds=3)] * 4, ["3 ms"] * 4),
        ([timedelta(days=9, hours=4), timedelta(milliseconds=2)], ["9 d 4 h", "2 ms"]),
        ([timedelta(0)] * 5, []),
        ([timedelta(seconds=s) for s in range(1, 30)], []),
    ],
    ids=["milliseconds", "days beside milliseconds", "all at once", "many"],
)
def test_marks_never_cover_each_other_and_each_stretch_says_how_long_it_was(
    session: Page, service: Service, gaps: list[timedelta], said: list[str], width: int
) -> None:
    session.set_viewport_size({"width": width, "height": 900})
    service.sessions[KEY] = scenes.the_session(timeline=apart(gaps))
    expect(session.locator(MARKS)).to_have_count(len(gaps) + 1)
    lefts = sorted(box(each)["x"] for each in session.locator(f"{MARKS} .shape").all())
    assert all(after - before >= 22 for before, after in pairwise(lefts))
    written = session.locator("text.long").all()
    assert [each.text_content() for each in written][: len(said)] == said
    for some in ("text.long", "text.clock"):
        boxes = sorted((box(each) for each in session.locator(some).all()), key=lambda b: b["x"])
        assert all(one["x"] + one["width"] <= two["x"] for one, two in pairwise(boxes))
    assert session.evaluate("document.documentElement.scrollWidth") <= width


def box(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None
    return dict(found)


def test_a_session_that_is_not_there_is_said_to_be_not_there(
    operator: Page, service: Service
) -> None:
    operator.goto(f"{service.url}/#/session/{scenes.MERCHANT}/{scenes.session_id(77)}")
    expect(operator.get_by_text("has no such session")).to_be_visible()
    expect(operator.get_by_role("alert")).to_have_count(0)
    operator.get_by_role("link", name="Pending cancellations").click()
    expect(operator.get_by_role("heading", name="Pending cancellations")).to_be_visible()


def test_a_hostile_reason_in_full(session: Page, service: Service) -> None:
    service.sessions[KEY] = scenes.the_session(reason=scenes.LONGEST)
    reason = session.locator(".facts .foreign")
    expect(reason).to_contain_text("<script>document.title='owned'</script>")
    expect(reason).to_contain_text("U+202E")
    assert "owned" not in session.title()

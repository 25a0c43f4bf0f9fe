"""The console on the local stack: a real sign-in, a real cancellation, and its end, seen live."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from local.places import LOCAL, ROOT
from local.try_it import in_the_browser

Document = dict[str, Any]
SECONDS = 60_000
STACK_JSON = Path(os.environ.get("STACK_JSON") or LOCAL / "stack.json")


@pytest.fixture(scope="session")
def stack() -> Document:
    """Fails, and skips nothing, where there is none."""
    if not STACK_JSON.is_file():
        pytest.fail("No local stack is running: start it with 'make up'.", pytrace=False)
    found: Document = json.loads(STACK_JSON.read_text())
    return found


@pytest.fixture
def merchant(stack: Document) -> str:
    return str(stack["merchants"][0]["clientId"])


def seeded(merchant: str, *payments: str) -> str:
    """A session with payments in flight, as a payment service makes it."""
    asked = [part for each in payments for part in ("--transaction", each)]
    command = [str(ROOT / "bin" / "seed"), "--merchant", merchant, *asked]
    home = {"STACK_HOME": str(STACK_JSON.parent)}
    done = subprocess.run(
        command, env=os.environ | home, stdout=subprocess.PIPE, text=True, check=True
    )
    return str(json.loads(done.stdout)["sessionId"])


@pytest.fixture
def operator(page: Page, stack: Document) -> Page:
    """Signed in on the user pool's own page."""
    page.goto(stack["consoleUrl"])
    sign_in(page, stack)
    expect(page.get_by_role("heading", name="Pending cancellations")).to_be_visible()
    return page


def sign_in(page: Page, stack: Document) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=username]").fill(stack["operator"]["username"])
    page.locator("input[name=password]").fill(stack["operator"]["password"])
    page.locator("input[name=password]").press("Enter")


def test_a_session_is_cancelled_and_seen_to_end_without_a_reload(
    operator: Page, stack: Document, merchant: str
) -> None:
    session_id = seeded(merchant, "sandbox:ok_1", "sandbox-b:async_12_1")
    operator.goto(f"{stack['consoleUrl']}#/session/{merchant}/{session_id}")
    operator.evaluate("window.same = true")
    operator.get_by_role("button", name="Cancel session").click(timeout=SECONDS)
    operator.get_by_label("Reason").fill("<b>Asked for</b> by the shop")
    operator.get_by_role("button", name="Continue").click()
    operator.get_by_role("button", name="Cancel the session").click()
    dialog = operator.get_by_role("dialog")
    expect(dialog).to_contain_text("The cancellation is pending", timeout=SECONDS)
    expect(dialog).to_contain_text("Cancelled by this call")
    dialog.get_by_role("button", name="Close").click()
    expect(operator.locator(".head .badge")).to_have_text("pending", timeout=SECONDS)
    expect(operator.locator(".facts")).to_contain_text("operator:")
    expect(operator.locator(".head .badge")).to_have_text("cancelled", timeout=SECONDS)
    expect(operator.locator(".facts .foreign")).to_have_text("<b>Asked for</b> by the shop")
    marks = operator.locator(".scroller .mark")
    assert marks.count() == operator.locator(".events li").count() >= 6
    assert operator.evaluate("window.same")


def test_what_waits_is_listed_with_what_it_waits_for_until_it_has_ended(
    operator: Page, stack: Document, merchant: str
) -> None:
    session_id = seeded(merchant, "sandbox:unstoppable_25_SETTLED_1")
    place = f"{stack['consoleUrl']}#/session/{merchant}/{session_id}"
    operator.goto(place)
    operator.get_by_role("button", name="Cancel session").click(timeout=SECONDS)
    operator.get_by_label("Reason").fill("Too late")
    operator.get_by_role("button", name="Continue").click()
    operator.get_by_role("button", name="Cancel the session").click()
    expect(operator.get_by_role("dialog")).to_contain_text("is pending", timeout=SECONDS)
    operator.get_by_role("dialog").get_by_role("button", name="Close").click()
    operator.get_by_role("link", name="Pending cancellations").click()
    row = operator.locator("tbody tr", has_text=session_id)
    expect(row).to_contain_text("UNSUPPORTED", timeout=SECONDS)
    row.locator(".which > a").click()
    note = operator.locator(".note.bad")
    expect(note).to_contain_text("Money arrived all the same", timeout=SECONDS)
    expect(operator.locator(".head .badge")).to_have_text("cancelled", timeout=SECONDS)
    operator.get_by_role("link", name=merchant).click()
    listed = operator.locator("tbody tr", has_text=session_id)
    expect(listed).to_contain_text("Too late", timeout=SECONDS)


def test_signing_out_and_in_again_leads_to_a_page_that_works(
    operator: Page, stack: Document
) -> None:
    operator.get_by_role("button", name="Sign out").click()
    operator.wait_for_load_state()
    operator.goto(stack["consoleUrl"])
    expect(operator.get_by_role("button", name="Sign in")).to_be_visible()


def test_the_address_that_the_demo_prints_leads_to_what_it_has_cancelled(
    page: Page, stack: Document, merchant: str
) -> None:
    # Not by local.stack, which needs boto3: the environment of a browser has none.
    named: Any = SimpleNamespace(
        merchants=[SimpleNamespace(client_id=merchant)],
        console_url=stack["consoleUrl"],
        operator=SimpleNamespace(**stack["operator"]),
    )
    printed = in_the_browser(named).split()
    (address,) = [each for each in printed if each.startswith("http")]
    page.goto(address)
    sign_in(page, stack)
    expect(page.get_by_role("heading", name="Cancelled sessions")).to_be_visible()
    expect(page.locator("body")).to_contain_text(merchant)

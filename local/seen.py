"""`make reference-seen`: the reference page of the stack that is up, in a real browser.

Takes screenshots, light and dark, wide and narrow, and fails if the page asks any other host for
anything, logs an error, is wider than the window, or if axe-core finds that it shuts somebody out.
Chromium is the machine's own.
"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from local import chromium
from local.console import Problem, run, say
from local.places import Places

COLOURS, WIDTHS = ("light", "dark"), ("1280", "390")
LOOPBACK = "127.0.0.1"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


def _address(stack_json: Path) -> str:
    try:
        return str(json.loads(stack_json.read_text())["referenceUrl"])
    except FileNotFoundError:
        raise Problem("No local stack is running: start it with 'make up'.") from None


def _complaints(browser: Browser, url: str, picture: Path) -> Iterator[str]:
    """`picture` is named by the colours and the width."""
    colours, _, size = picture.stem.partition("-")
    width = int(size)
    page = browser.new_page(color_scheme=colours, viewport={"width": width, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    _open(page, url)
    page.screenshot(path=picture, full_page=True)
    yield from (f"asks {each}" for each in asked if not _is_here(each))
    yield from (f"says {each}" for each in said)
    if page.evaluate("document.documentElement.scrollWidth") > width:
        yield f"is wider than {width} pixels"
    # axe-core itself comes in by a way that the page's policy forbids.
    with browser.new_context(
        color_scheme=colours,
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
        bypass_csp=True,
    ) as context:
        yield from _shut_out(context.new_page(), url)


def _open(page: Page, url: str) -> None:
    """With every operation unfolded."""
    page.goto(url)
    page.wait_for_selector(".opblock")
    for operation in page.locator(".opblock-summary-control").all():
        operation.click()
    page.wait_for_selector(".responses-table")


def _shut_out(page: Page, url: str) -> Iterator[str]:
    _open(page, url)
    options = {"resultTypes": ["violations"], "runOnly": RULES}
    for each in Axe().run(page, options=options).response["violations"]:
        where = ", ".join(str(node["target"]) for node in each["nodes"])
        yield f"breaks {each['id']}: {each['help']}: {where}"


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "data" or parts.hostname == LOOPBACK


def main() -> None:
    places = Places.from_environment()
    url, folder = _address(places.stack_json), places.home / "reference"
    folder.mkdir(exist_ok=True)
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.found(), args=chromium.OPTIONS
        )
        for colour, width in product(COLOURS, WIDTHS):
            picture = folder / f"{colour}-{width}.png"
            told = _complaints(browser, url, picture)
            found += [f"{picture.stem}: the page {each}" for each in told]
        browser.close()
    if found:
        raise Problem("\n".join(found))
    say(f"  the page asks nobody else and shuts nobody out; its pictures are in {folder}")


if __name__ == "__main__":
    run(main)

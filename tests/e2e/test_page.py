"""The whole doorbell in a real browser: somebody known comes, a stranger comes, is named, and is known from then on."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from peephole.vision.sources.demo import GRACE, head_of
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SignIn = Callable[[BrowserContext], None]
ROUND = 40_000
"""Milliseconds in which each of the demo's people has surely come once."""
PICTURES = os.environ.get("PEEPHOLE_PICTURES")
"""Folder for screenshots; none are taken without it."""


def shot(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def watched(page: Page) -> Callable[[], list[str]]:
    """Collect whatever a page should never do."""
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url) if not _local(request.url) else None)
    return lambda: faults


def _local(url: str) -> bool:
    return urlsplit(url).hostname == "127.0.0.1"


def test_stranger_is_named_and_recognised_on_her_next_walk(demo: Running, signed_in: SignIn, page: Page) -> None:
    faults = watched(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    signed_in(page.context)
    page.goto(demo.url, wait_until="domcontentloaded")
    expect(page.locator(".tag.known")).to_have_text("Eileen Collins", timeout=ROUND)
    expect(page.locator("#now")).to_have_text("Eileen Collins is at the door")
    expect(page.locator("#visits .row").first).to_contain_text("Eileen Collins")

    inbox = page.locator("#strangers .waiting")
    expect(inbox).to_have_count(1, timeout=ROUND)
    expect(inbox).to_contain_text("Stranger 1")
    expect(page).to_have_title("(1) peephole")
    assert inbox.locator("img").evaluate("image => image.naturalWidth") > 30
    if PICTURES:  # the first one comes again while the other waits for a name
        expect(page.locator(".tag.known", has_text="Eileen Collins")).to_be_visible(timeout=ROUND)
        page.wait_for_timeout(2800)
        shot(page, "page")
    inbox.get_by_label("Name for Stranger 1").fill(GRACE.name)
    inbox.get_by_role("button", name="Save name").click()
    expect(page.locator("#notice")).to_have_text("From now on known as Grace Hopper.")
    expect(inbox).to_have_count(0)
    expect(page.locator("#people .row")).to_have_count(2)

    expect(page.locator(".tag.known", has_text="Grace Hopper")).to_be_visible(timeout=ROUND)
    shot(page, "named")
    visit = page.locator("#visits .row", has_text="Grace Hopper").first
    expect(visit.locator(".verdict")).to_have_text("Known")
    visit.locator("summary").click()
    expect(visit.locator(".why")).to_contain_text("Enough looks agree on one person.")
    expect(page.locator("#visits .row", has_text="still there")).to_have_count(0, timeout=ROUND)
    expect(visit.locator(".why")).to_be_visible()  # what is folded open survives the lists' renewal
    assert faults() == []
    assert demo.stop() == 0  # although this page's streams are open


def test_typing_is_not_disturbed_by_visits(demo: Running, signed_in: SignIn, page: Page) -> None:
    signed_in(page.context)
    page.goto(demo.url, wait_until="domcontentloaded")
    field = page.locator("#strangers input[type=text]").first
    field.wait_for(timeout=ROUND)
    field.fill("Grace Hop")
    seen = page.locator("#visits .row").count()
    expect(page.locator("#visits .row")).to_have_count(seen + 2, timeout=2 * ROUND)
    expect(field).to_have_value("Grace Hop")


def test_a_doorbell_that_is_gone_says_nothing_of_the_door(demo: Running, signed_in: SignIn, page: Page) -> None:
    signed_in(page.context)
    page.goto(demo.url, wait_until="domcontentloaded")
    expect(page.locator(".tag")).not_to_have_count(0, timeout=ROUND)
    expect(page.locator("#state-word")).to_have_text("Live")
    demo.process.kill()
    expect(page.locator("#state-word")).to_have_text("Lost")
    expect(page.locator("#now")).to_have_text("No picture of the door")
    expect(page.locator("#status")).to_contain_text("No connection to the doorbell")
    expect(page.locator(".tag")).to_have_count(0)


def test_phone_width_in_the_dark(demo: Running, signed_in: SignIn, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark", is_mobile=True)
    page = context.new_page()
    signed_in(page.context)
    page.goto(demo.url, wait_until="domcontentloaded")
    page.locator("#strangers .waiting").wait_for(timeout=ROUND)
    page.locator(".tag").wait_for(timeout=ROUND)
    if PICTURES:
        page.wait_for_timeout(3000)  # until she is near
        shot(page, "phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator(".promise summary").click()
    expect(page.locator(".popover")).to_contain_text("None.")
    box = page.locator(".popover").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360
    context.close()


def test_people_from_a_photo(demo: Running, signed_in: SignIn, page: Page, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grace.png"), head_of(GRACE))
    (tmp_path / "note.png").write_text("no picture")
    signed_in(page.context)
    page.goto(demo.url, wait_until="domcontentloaded")
    page.get_by_text("Add somebody from a photo").click()
    form = page.locator(".add form")
    form.get_by_label("Name").fill("Žofie <b>")
    form.get_by_label("Photos").set_input_files(tmp_path / "note.png")
    form.get_by_role("button", name="Add").click()
    expect(page.locator("#notice.bad")).to_contain_text("note.png: not a photo")
    form.get_by_label("Photos").set_input_files(tmp_path / "grace.png")
    form.get_by_role("button", name="Add").click()
    person = page.locator("#people .row", has_text="Žofie <b>")
    expect(person).to_be_visible()
    person.locator("> summary").click()
    person.get_by_label("New name for").fill("Grace")
    person.get_by_role("button", name="Rename").click()
    person = page.locator("#people .row", has_text="Grace")
    expect(person).to_be_visible()
    if not person.get_by_text("Remove", exact=True).is_visible():
        person.locator("> summary").click()
    person.get_by_text("Remove", exact=True).click()
    person.get_by_role("button", name="Remove Grace").click()
    expect(page.locator("#people .row")).to_have_count(1)


def test_a_list_that_was_asked_for_before_takes_nothing_that_is_typed_meanwhile(
    demo: Running, signed_in: SignIn, page: Page
) -> None:
    signed_in(page.context)
    page.goto(demo.url)
    asked: list[Route] = []
    page.route("**/parts/people", lambda route: asked.append(route))
    with page.expect_request("**/parts/people"):
        page.evaluate("htmx.trigger('#people', 'refresh')")
    page.get_by_text("Add somebody from a photo").click()
    field = page.locator(".add form").get_by_label("Name")
    field.fill("Grace")
    with page.expect_response("**/parts/people"):
        asked[0].continue_()
    page.wait_for_timeout(200)
    expect(field).to_be_visible()
    expect(field).to_have_value("Grace")


def test_works_without_scripts(demo: Running, signed_in: SignIn, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    signed_in(page.context)
    page.goto(demo.url, wait_until="commit")
    expect(page.get_by_role("heading", name="Visits")).to_be_visible()
    assert page.locator("noscript img.picture").get_attribute("src") == "/live.mjpeg?names=1"
    for _ in range(60):
        page.goto(demo.url, wait_until="commit")
        page.wait_for_timeout(700)
        if page.locator("#strangers .waiting").count():
            break
    page.get_by_label(re.compile("Name for Stranger")).fill("Grace")
    page.get_by_role("button", name="Save name").click(no_wait_after=True)
    expect(page.locator("#notice")).to_have_text("Named.")
    expect(page.locator("#people .row", has_text="Grace")).to_be_visible()
    context.close()

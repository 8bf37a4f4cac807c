"""In a real browser: somebody is introduced at the demo's camera, found by her portrait, and the keys do their work."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from browsing import ROUND, drawn, opened, phone, shot, sign_in, walk_to, watched, width
from peephole.vision.sources.demo import GRACE, head_of
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def on_a_phone_too(demo: Running, browser: Browser) -> Iterator[Callable[[Page, str], None]]:
    """See that a page fits a phone, and picture it there and as it is."""
    context = phone(browser)
    sign_in(demo, context)

    def look(page: Page, name: str) -> None:
        small = context.new_page()
        small.goto(page.url, wait_until="domcontentloaded")
        small.wait_for_timeout(700)  # what is fetched must fit, too
        assert width(small) <= 360
        shot(page, name)
        shot(small, f"{name}-phone", full_page=True)
        small.close()

    yield look
    context.close()


def test_somebody_is_introduced_at_the_door_and_found_by_her_portrait(
    demo: Running, page: Page, tmp_path: Path, on_a_phone_too: Callable[[Page, str], None]
) -> None:
    faults = watched(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(demo, page.context)
    opened(demo, page)
    page.get_by_role("link", name="Introduce somebody at the door").click()
    expect(page).to_have_url(f"{demo.url}enrol")
    on_a_phone_too(page, "enrol-begin")
    page.get_by_label("Name", exact=True).fill(GRACE.name)
    page.get_by_role("button", name="Start").click()

    # The first who comes is known already: none of her looks is kept for Grace.
    instruction = page.locator(".instruction")
    expect(instruction).to_have_text("This looks like Eileen Collins. Is it Eileen Collins?", timeout=ROUND)
    expect(page.locator(".poses .kept")).to_have_count(0)
    straight = page.get_by_role("img", name="Look: straight")
    expect(straight).to_be_visible(timeout=ROUND)
    expect(page.locator("#enrolment")).to_contain_text(re.compile("Grace Hopper: [1-5] of 5 looks"))
    expect(instruction).to_have_text(re.compile("Turn your head a little to your left|to your right|chin"))
    drawn(straight)
    on_a_phone_too(page, "enrol")
    first = straight.get_attribute("src")
    page.get_by_label("Reject the look: straight").click()
    expect(page.locator(f".poses img[src='{first}']")).to_have_count(0)
    expect(straight).to_be_visible(timeout=ROUND)

    page.get_by_label("Who agreed").fill("She herself, at the door")
    page.get_by_role("button", name="Save Grace Hopper").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(GRACE.name)
    expect(page.locator("body")).to_contain_text("She herself, at the door")

    # She comes again and is known; her walks while she was introduced are hers, and there is no stranger. A walk that
    # goes on is hers with its next look.
    until = time.monotonic() + ROUND / 1000
    opened(demo, page, "visits")
    while GRACE.name not in page.locator(".rows").inner_text() and time.monotonic() < until:
        page.wait_for_timeout(500)
        page.reload(wait_until="domcontentloaded")
    expect(page.locator(".rows")).to_contain_text(GRACE.name)
    expect(page.locator(".rows .verdict.stranger")).to_have_count(0)
    today = page.locator(".calendar .today a")
    expect(today).to_contain_text(str(datetime.now().day))
    expect(today.locator("i.known")).to_have_count(1)
    today.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Visits on {datetime.now().day}")
    page.get_by_label("Name", exact=True).fill("grace")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".rows")).to_contain_text(GRACE.name)
    expect(page.locator(".rows summary", has_text="Eileen")).to_have_count(0)
    on_a_phone_too(page, "visits")
    page.get_by_label("Month before").click()
    expect(page.get_by_label("Month after")).to_be_visible()

    cv2.imwrite(str(tmp_path / "grace.png"), head_of(GRACE))
    opened(demo, page, "search")
    page.get_by_label("Photo").set_input_files(tmp_path / "grace.png")
    page.get_by_role("button", name="Search").click()
    people = page.locator("section[aria-labelledby=found-people] .row")
    expect(people.first).to_contain_text(GRACE.name)
    expect(people.first).to_contain_text("Alike")
    expect(people.nth(1)).to_contain_text("Unlike")
    found = page.locator("section[aria-labelledby=found-visits] .row")
    expect(found.first).to_contain_text(GRACE.name)
    expect(page.locator("section[aria-labelledby=found-visits]")).not_to_contain_text("Eileen")
    shot(page, "search")
    found.first.click()
    page.get_by_role("link", name="Find this face").click()
    expect(people.first).to_contain_text(GRACE.name)
    on_a_phone_too(page, "search-visit")
    assert faults == []


def test_a_cancelled_introduction_leaves_nothing(demo: Running, page: Page) -> None:
    sign_in(demo, page.context)
    opened(demo, page, "enrol?name=Nobody")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".instruction")).to_be_visible()

    def late(route: Route) -> None:  # meanwhile the page asks how the introduction goes, which is over
        answer = route.fetch(max_redirects=0)
        time.sleep(1.5)
        route.fulfill(response=answer)

    page.route("**/api/enrolment/cancel", late)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#notice")).to_have_text("Cancelled. Nothing was stored.")
    opened(demo, page, "people")
    expect(page.locator("body")).not_to_contain_text("Nobody")


def test_without_scripts_the_page_of_an_introduction_refreshes_itself(demo: Running, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(demo, context)
    page = context.new_page()
    opened(demo, page, "enrol?name=Grace")
    page.get_by_role("button", name="Start").click()
    refreshes = page.locator("meta[http-equiv=refresh]")
    expect(refreshes).to_have_count(1)
    expect(page.locator(".instruction")).to_contain_text("Come nearer", timeout=ROUND)  # of itself
    page.get_by_role("link", name="Enough: go on to save").click()
    expect(page.get_by_label("Who agreed")).to_be_visible()
    expect(refreshes).to_have_count(0)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#notice")).to_have_text("Cancelled. Nothing was stored.")
    context.close()


@contextmanager
def answered_late(page: Page, path: str) -> Iterator[None]:
    """Hold an answer back until the row it is about has gone: the list is read anew when the deed is done."""

    def hold(route: Route) -> None:
        answer = route.fetch()
        expect(page.locator("#strangers .waiting")).to_have_count(0)
        route.fulfill(response=answer)

    page.route(path, hold)
    yield
    page.unroute(path)


def test_a_row_answers_from_the_moment_it_is_there(quiet: Running, page: Page) -> None:
    faults = watched(page)
    sign_in(quiet, page.context)
    opened(quiet, page)
    expect(page.locator("#strangers .waiting")).to_have_count(1)
    page.evaluate(
        """() => {
            const ignore = () => document.querySelector('#strangers form[action$="/ignore"]').requestSubmit();
            document.addEventListener("htmx:afterSwap", () => setTimeout(ignore), { once: true });
            window.htmx.trigger("#strangers", "refresh");
        }"""
    )
    expect(page.locator("#notice")).to_contain_text("is ignored from now on")
    assert faults == []


def test_keys_walk_through_rows_name_and_ignore(quiet: Running, page: Page) -> None:
    faults = watched(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(quiet, page.context)
    opened(quiet, page)
    waiting = page.locator("#strangers .waiting")
    expect(waiting).to_have_count(1)

    page.keyboard.press("?")
    expect(page.locator("dialog.keys")).to_contain_text("next row")
    shot(page, "keys")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.keys")).to_have_count(0)

    # What is typed into a field is text.
    waiting.get_by_placeholder("Name").focus()
    page.keyboard.type("di1")
    expect(waiting.get_by_placeholder("Name")).to_have_value("di1")
    waiting.get_by_placeholder("Name").fill("")

    # The list that came meanwhile waits until the field is left, and does not take back who has left it by a click.
    waiting.evaluate("row => { row.dataset.old = 1; window.htmx.trigger('#strangers', 'refresh'); }")
    page.mouse.click(3, 3)
    expect(page.locator("[data-old]")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator("#visits .rows > li").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#visits .rows > li details").first).to_have_attribute("open", "")
    walk_to(page, waiting)
    expect(waiting.locator(".keys-hint")).to_have_text("1 Eileen Collins")
    shot(page, "keys-row")
    with answered_late(page, "**/ignore"):
        page.keyboard.press("i")
        expect(page.locator("#notice")).to_contain_text("is ignored from now on")
    expect(waiting).to_have_count(0)
    page.keyboard.press("u")
    expect(waiting).to_have_count(1)
    walk_to(page, waiting)
    page.keyboard.press("1")
    expect(page.locator("#notice")).to_contain_text("Eileen Collins")
    expect(waiting).to_have_count(0)

    opened(quiet, page, "visits")
    page.keyboard.press("k")
    expect(page.locator(".rows > li").last).to_be_focused()
    page.keyboard.press("Enter")
    page.locator(".rows > li").last.get_by_role("link", name="Every look of it").click()
    expect(page.get_by_role("link", name="All visits")).to_be_visible()
    assert faults == []

"""The whole doorbell in a real browser: somebody known comes, a stranger comes, is named, and is known from then on."""

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from browsing import PICTURES, ROUND, drawn, opened, phone, shot, sign_in, visited, watched, width
from peephole.vision.sources.demo import GRACE, head_of
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo for those that only look at it: a stranger waits for a name, and somebody comes soon."""
    with visited(tmp_path_factory.mktemp("home"), 1, source="demo") as running:
        yield running


def test_stranger_is_named_and_recognised_on_her_next_walk(demo: Running, page: Page) -> None:
    faults = watched(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(demo, page.context)
    opened(demo, page)
    expect(page.locator(".tag.known")).to_have_text(re.compile(r"^Eileen Collins 0\.\d\d$"), timeout=ROUND)
    expect(page.locator("#now")).to_have_text("Eileen Collins is at the door", timeout=ROUND)
    expect(page.locator("#visits .row", has_text="Eileen Collins")).not_to_have_count(0)

    inbox = page.locator("#strangers .waiting")
    expect(inbox).to_have_count(1, timeout=ROUND)
    expect(inbox).to_contain_text("Stranger 1")
    expect(page).to_have_title("(1) peephole")
    drawn(inbox.locator("img").first)
    if PICTURES:  # the first one comes again while the other waits for a name
        expect(page.locator(".tag.known", has_text="Eileen Collins")).to_be_visible(timeout=ROUND)
        page.wait_for_timeout(2800)
        shot(page, "page")
    inbox.get_by_label("Name for Stranger 1").fill(GRACE.name)
    inbox.get_by_role("button", name="Save name").click()
    expect(page.locator("#notice")).to_contain_text("From now on known as Grace Hopper.")
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
    assert faults == []
    assert demo.stop() == 0  # although this page's streams are open


def test_typing_is_not_disturbed_by_visits(lived_in: Running, page: Page) -> None:
    sign_in(lived_in, page.context)
    opened(lived_in, page)
    field = page.locator("#strangers input[type=text]").first
    field.fill("Grace Hop")
    visits = page.locator("#visits .row")
    expect(visits.nth(visits.count())).to_be_attached(timeout=ROUND)  # one more, or two
    expect(visits.filter(has_text="still there")).to_have_count(0, timeout=ROUND)  # after which every list is renewed
    expect(field).to_have_value("Grace Hop")


def test_a_doorbell_that_is_gone_says_nothing_of_the_door(demo: Running, page: Page) -> None:
    sign_in(demo, page.context)
    opened(demo, page)
    expect(page.locator(".tag")).not_to_have_count(0, timeout=ROUND)
    expect(page.locator("#state-word")).to_have_text("Live")
    demo.process.kill()
    expect(page.locator("#state-word")).to_have_text("Lost")
    expect(page.locator("#now")).to_have_text("No picture of the door")
    expect(page.locator("#status")).to_contain_text("No connection to the doorbell")
    expect(page.locator(".tag")).to_have_count(0)


def test_phone_width_in_the_dark(lived_in: Running, browser: Browser) -> None:
    context = phone(browser)
    page = context.new_page()
    sign_in(lived_in, page.context)
    opened(lived_in, page)
    expect(page.locator("#strangers .waiting")).not_to_have_count(0)
    page.locator(".tag").first.wait_for(timeout=ROUND)
    if PICTURES:
        page.wait_for_timeout(3000)  # until she is near
        shot(page, "phone")
    assert width(page) <= 360
    page.locator(".promise summary").click()
    expect(page.locator(".popover")).to_contain_text("None.")
    box = page.locator(".popover").bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360
    context.close()


def test_people_from_a_photo(demo: Running, page: Page, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grace.png"), head_of(GRACE))
    (tmp_path / "note.png").write_text("no picture")
    sign_in(demo, page.context)
    opened(demo, page)
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


def test_a_list_that_was_asked_for_before_takes_nothing_that_is_typed_meanwhile(lived_in: Running, page: Page) -> None:
    sign_in(lived_in, page.context)
    asked: list[Route] = []
    page.route("**/parts/people", lambda route: asked.append(route))
    with page.expect_request("**/parts/people"):  # which the page does once it is connected
        opened(lived_in, page)
    page.get_by_text("Add somebody from a photo").click()
    field = page.locator(".add form").get_by_label("Name")
    field.fill("Grace")
    with page.expect_response("**/parts/people"):
        asked[0].continue_()
    page.wait_for_timeout(200)
    expect(field).to_be_visible()
    expect(field).to_have_value("Grace")


def test_works_without_scripts(quiet: Running, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(quiet, page.context)
    page.goto(quiet.url, wait_until="commit")
    expect(page.get_by_role("heading", name="Visits")).to_be_visible()
    assert page.locator("noscript img.picture").get_attribute("src") == "/live.mjpeg?names=1"
    page.get_by_label(re.compile("Name for Stranger")).fill("Grace")
    page.get_by_role("button", name="Save name").click(no_wait_after=True)
    expect(page.locator("#notice")).to_contain_text("Named.")
    expect(page.locator("#people .row", has_text="Grace")).to_be_visible()
    context.close()

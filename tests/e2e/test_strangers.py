"""The inbox in a real browser: name, undo, merge, undo, split, several at once; with scripts and without."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browsing import drawn, opened, shot, sign_in, undo, visited, watched
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    """The strangers 1 (twice), 2 and 3 have come."""
    with visited(tmp_path, 1, 2, 1, 3) as running:
        yield running


def waiting(page: Page, number: int) -> Locator:
    return page.locator("#strangers .waiting", has_text=f"Stranger {number}")


def said(page: Page, text: str) -> None:
    expect(page.locator("#notice")).to_contain_text(text)


def test_named_merged_split_and_each_undone(house: Running, page: Page) -> None:
    faults = watched(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(house, page.context)
    opened(house, page)
    first, second, third = (waiting(page, number) for number in (1, 2, 3))
    expect(first.locator(".strip img")).to_have_count(8)
    drawn(first.locator(".strip img").first, 80)
    expect(first).to_contain_text("2 visits, last seen")
    expect(page.locator(".bulk")).to_be_hidden()

    page.get_by_label("Name for Stranger 3").fill("Ben")
    third.get_by_role("button", name="Save name").click()
    said(page, "From now on known as Ben.")
    expect(third).to_have_count(0)
    expect(page.locator("#people .row", has_text="Ben")).to_be_visible()
    undo(page)
    said(page, "Undone: Stranger 3 named Ben.")
    expect(third).to_have_count(1)
    expect(page.locator("#people .row", has_text="Ben")).to_have_count(0)

    first.get_by_label("Choose").check()
    second.get_by_label("Choose").check()
    shot(page, "inbox")
    page.locator(".bulk").get_by_role("button", name="Merge").click()
    said(page, "One person now: Stranger 1, 3 visits.")
    expect(second).to_have_count(0)
    undo(page)
    said(page, "Undone: Stranger 2 merged into Stranger 1.")
    expect(second).to_have_count(1)

    second.get_by_label("Choose").check()
    third.get_by_label("Choose").check()
    page.locator(".bulk").get_by_role("button", name="Discard").click()
    said(page, "2 strangers discarded.")
    expect(page.locator("#deed .deed")).to_contain_text("pictures are erased at")
    expect(second).to_have_count(0)
    page.locator("#deed .deed").get_by_role("button", name="Undo").click()
    expect(third).to_have_count(1)

    first.get_by_role("link", name="Stranger 1").click()
    expect(page.get_by_role("heading", name="Stranger 1")).to_be_visible()
    looks = page.locator(".looks input")
    expect(looks).to_have_count(8)
    for place in range(4):
        looks.nth(place).check()  # those of the newer visit
    page.get_by_role("button", name="Make them a new stranger").click()
    said(page, "A stranger of their own now.")
    expect(page.locator(".looks li")).to_have_count(4)
    expect(page.locator("#title")).not_to_have_text("Stranger 1")
    shot(page, "split")
    undo(page)
    said(page, "Undone.")
    opened(house, page, "strangers")
    expect(page.locator(".waiting", has_text="Stranger 1")).to_contain_text("2 visits")
    assert faults == []


def test_everything_without_scripts(house: Running, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740}, is_mobile=True)
    page = context.new_page()
    sign_in(house, context)
    page.goto(f"{house.url}strangers", wait_until="commit")
    page.get_by_label("Choose Stranger 1").check()
    page.get_by_label("Choose Stranger 2").check()
    page.get_by_role("button", name="Not a face").click(no_wait_after=True)
    said(page, "No face: never shown again.")
    expect(page.get_by_role("heading", name="No face")).to_be_visible()
    undo(page)
    said(page, "Undone.")
    expect(page.get_by_role("heading", name="No face")).to_have_count(0)

    page.get_by_role("link", name="Stranger 3").click(no_wait_after=True)
    page.locator("select[name=other]").select_option(label="Stranger 1")
    page.get_by_role("button", name="Compare").click(no_wait_after=True)
    expect(page.locator(".both")).to_contain_text("Stranger 3")
    shot(page, "compare")
    page.get_by_role("button", name="Same person: merge").click(no_wait_after=True)
    said(page, "One person now.")
    expect(page.get_by_role("heading", name="Stranger 1")).to_be_visible()
    expect(page.locator(".looks li")).to_have_count(16)
    page.locator(".looks input").first.check()
    page.get_by_role("button", name="Discard these looks").click(no_wait_after=True)
    said(page, "Discarded; erased in ten minutes.")
    expect(page.locator(".looks li")).to_have_count(15)
    page.get_by_role("button", name="Erase now").click(no_wait_after=True)
    said(page, "Erased.")
    context.close()

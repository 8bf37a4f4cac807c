"""The inbox on a page of its own, in a real browser: by keys, all at once, on a phone, without scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browsing import opened, phone, shot, sign_in, visited, walk_to, watched, width
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    """The strangers 1, 2 and 3 have come, the third one last."""
    with visited(tmp_path, 1, 2, 3) as running:
        yield running


def row(page: Page, number: int, group: str = "open") -> Locator:
    return page.locator(f"#{group} .waiting", has_text=f"Stranger {number}")


def said(page: Page, text: str) -> None:
    expect(page.locator("#notice")).to_contain_text(text)


def test_the_inbox_is_worked_through_by_keys(house: Running, page: Page) -> None:
    faults = watched(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    sign_in(house, page.context)
    opened(house, page, "visits")
    entry = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Inbox")
    expect(entry).to_have_text("Inbox3")
    entry.click()
    expect(entry).to_have_attribute("aria-current", "page")
    expect(page).to_have_title("(3) Inbox · peephole")
    page.wait_for_load_state("domcontentloaded")  # from then on a key's deed leads nowhere else

    page.keyboard.press("j")
    expect(row(page, 3)).to_be_focused()
    expect(row(page, 3).locator(".keys-hint")).to_have_text("1 Eileen Collins")
    shot(page, "inbox-page")
    page.keyboard.press("i")
    said(page, "Stranger 3 is ignored from now on.")
    expect(row(page, 3, "ignored")).to_be_visible()
    expect(row(page, 2)).to_be_focused()  # the next one, not the same in another list
    expect(entry).to_have_text("Inbox2")
    page.keyboard.press("d")
    said(page, "Stranger 2 is discarded.")
    expect(row(page, 1)).to_be_focused()
    page.keyboard.press("u")
    expect(row(page, 2)).to_be_visible()
    walk_to(page, row(page, 2))
    page.keyboard.press("1")
    said(page, "From now on known as Eileen Collins.")
    expect(row(page, 2)).to_have_count(0)
    expect(page).to_have_title("(1) Inbox · peephole")
    row(page, 3, "ignored").get_by_role("button", name="Back to the inbox").click()
    said(page, "Stranger 3 back in the inbox.")
    expect(row(page, 3)).to_be_visible()
    expect(entry).to_have_text("Inbox2")
    assert faults == []


def test_all_of_a_group_are_chosen_at_once(house: Running, browser: Browser) -> None:
    context = phone(browser)
    sign_in(house, context)
    page = context.new_page()
    faults = watched(page)
    opened(house, page, "strangers")
    assert width(page) <= 360
    nav = page.get_by_role("navigation", name="Pages")
    assert nav.evaluate("nav => nav.scrollWidth <= nav.clientWidth"), "every entry can be seen"
    boxes = page.locator("#open .choose")
    choose = page.get_by_role("link", name="Choose all 3")
    choose.click()
    expect(page.locator(".choose:checked")).to_have_count(3)
    choose.click()
    expect(page.locator(".choose:checked")).to_have_count(0)
    boxes.nth(1).check()
    choose.click()
    expect(page.locator(".choose:checked")).to_have_count(3)
    shot(page, "inbox-chosen-phone")
    page.locator(".bulk").get_by_role("button", name="Ignore").click()
    said(page, "3 strangers ignored from now on.")
    expect(page.locator("#ignored .waiting")).to_have_count(3)
    expect(page.locator("#open")).to_be_hidden()
    expect(page.locator("#inbox")).to_contain_text("No stranger waits for a name.")
    expect(page.locator("#waiting")).to_be_hidden()
    assert faults == []
    context.close()


def test_the_row_of_both_pages_is_the_same(house: Running, page: Page) -> None:
    sign_in(house, page.context)
    opened(house, page)
    expect(page.locator(".waiting")).to_have_count(3)
    front = page.locator(".waiting").first.inner_text()
    opened(house, page, "strangers")
    assert page.locator(".waiting").first.inner_text() == front


def test_all_are_chosen_without_scripts(house: Running, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(house, context)
    page = context.new_page()
    opened(house, page, "strangers")
    page.get_by_role("link", name="Choose all 3").click(no_wait_after=True)
    expect(page.locator(".choose:checked")).to_have_count(3)
    page.locator(".bulk").get_by_role("button", name="Merge").click(no_wait_after=True)
    said(page, "One person now.")
    expect(row(page, 1)).to_contain_text("3 visits")
    page.get_by_label("Name for Stranger 1").fill("Ben")
    page.get_by_role("button", name="Save name").click(no_wait_after=True)
    said(page, "Named.")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    context.close()

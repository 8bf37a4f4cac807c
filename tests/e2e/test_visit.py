"""A visit that was decided wrongly is put right on a phone, and taken back; with scripts and without."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browsing import opened, phone, shot, sign_in, undo, visited, watched
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    """The strangers 1 and 2 have come, then Eileen Collins."""
    with visited(tmp_path, 1, 2, 9) as running:
        yield running


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_put_right_and_taken_back(house: Running, browser: Browser, scripts: bool) -> None:
    context = phone(browser, java_script_enabled=scripts)
    sign_in(house, context)
    page = context.new_page()
    faults = watched(page)
    opened(house, page, "visits")
    page.locator("summary", has_text="Eileen Collins").click()
    page.locator("details[open]").get_by_role("link", name="Every look of it").click(no_wait_after=True)
    title, notice = page.locator("#title"), page.locator("#notice")
    expect(title).to_have_text("Eileen Collins")
    part = page.locator('section[aria-labelledby="correct"]')
    expect(part.get_by_role("heading")).to_have_text("Was it somebody else?")
    expect(page.locator("html")).to_have_js_property("scrollWidth", 360)

    part.get_by_label("This was").fill("Ben")
    part.get_by_label("learn from it").check()
    part.get_by_label("Who agreed").fill("Ben himself")
    shot(page, f"visit-correct-{scripts}", full_page=True)
    part.get_by_role("button", name="Save name").click(no_wait_after=True)
    expect(notice).to_contain_text("Put right.")
    expect(title).to_have_text("Ben")
    had_said = page.locator('section[aria-labelledby="had-said"]')
    expect(had_said).to_contain_text("The doorbell had said: Eileen Collins,")
    shot(page, f"visit-corrected-{scripts}", full_page=True)

    undo(page)
    expect(notice).to_contain_text("Undone.")
    expect(title).to_have_text("Eileen Collins")

    part.get_by_role("button", name="Nobody I know").click(no_wait_after=True)
    expect(title).to_have_text("Stranger 3")
    expect(part).to_contain_text("all visits get a name at once")
    part.get_by_role("button", name="Not a face, or forget it").click(no_wait_after=True)
    expect(notice).to_contain_text("erased in ten minutes")
    expect(title).to_have_text("Somebody")
    assert faults == []
    context.close()

"""In a real browser: what came of visits is in their rows, can be asked for, and is told in full behind a row."""

from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect

from browsing import opened, phone, shot, sign_in, visited, watched, width
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two strangers have come, and then somebody rang whom nobody saw."""
    with visited(tmp_path_factory.mktemp("home"), 1, 2) as running:
        with urlopen(Request(f"{running.url}api/ring", method="POST"), timeout=60) as answer:  # noqa: S310 - of ours
            assert answer.status < 300
        yield running


@pytest.mark.parametrize("scripts", [True, False])
def test_what_came_of_a_visit_is_asked_for_and_told(home: Running, browser: Browser, scripts: bool) -> None:
    context = phone(browser, java_script_enabled=scripts)
    sign_in(home, context)
    page = context.new_page()
    faults = watched(page)
    opened(home, page, "visits")
    rows = page.locator("ul.rows > li")
    expect(rows).to_have_count(3)
    expect(rows.first.locator(".outcome")).to_have_text("rang")
    expect(rows.nth(1).locator(".outcome")).to_have_count(0)

    page.get_by_label("Outcome").select_option("rang")
    page.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    expect(page.get_by_label("Outcome")).to_have_value("rang")
    rows.first.locator("summary").click()
    expect(rows.first).to_contain_text("Forgotten in 90 days, on ")
    if scripts:
        assert width(page) <= 360
    shot(page, "outcome-phone", full_page=True)

    page.get_by_role("link", name="Show all").click()
    rows.nth(1).locator("summary").click()
    page.get_by_role("link", name="Every look of it").locator("visible=true").click()
    figures = page.locator("dl.measures")
    expect(figures).to_contain_text("Decided")
    expect(figures).to_contain_text("a stranger after 0.6 s")
    expect(page.locator("main")).to_contain_text("unless the stranger comes again")
    assert faults == []
    context.close()

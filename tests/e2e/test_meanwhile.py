"""In a real browser: a list is drawn anew, or an answer comes, in the middle of what somebody does with the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from browsing import opened, sign_in, stopped_clock, visited
from running import OWNER, Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Running]:
    """The strangers 1 and 2 have come."""
    with visited(tmp_path, 1, 2) as running:
        yield running


def renewed(page: Page, part: str) -> None:
    """Have a list fetched anew, and wait until it has come, and is drawn or put off."""
    page.evaluate(
        """list => new Promise((done) => {
            document.addEventListener("htmx:beforeSwap", () => setTimeout(done), { once: true });
            window.htmx.trigger(list, "refresh");
        })""",
        f"#{part}",
    )


def drawn_anew(page: Page, part: str) -> None:
    """Have a list fetched anew, and wait until it is another one."""
    mark = f"#{part} [data-old]"
    page.locator(f"#{part} > .rows").first.evaluate("rows => { rows.dataset.old = 1; }")
    page.evaluate("list => window.htmx.trigger(list, 'refresh')", f"#{part}")
    expect(page.locator(mark)).to_have_count(0)


def test_a_button_is_clicked_although_its_list_comes_while_it_is_held_down(house: Running, page: Page) -> None:
    sign_in(house, page.context)
    opened(house, page)
    button = page.locator("#strangers .waiting", has_text="Stranger 2").get_by_role("button", name="Ignore")
    button.hover()
    page.mouse.down()
    renewed(page, "strangers")
    page.mouse.up()
    expect(page.locator("#notice")).to_have_text("Stranger 2 is ignored from now on.Undo")
    expect(page.locator("#strangers .waiting")).to_have_count(1)  # the list has come after all


def test_a_control_keeps_the_focus_when_its_list_comes(house: Running, page: Page) -> None:
    sign_in(house, page.context)
    opened(house, page)
    row = page.locator("#strangers .waiting", has_text="Stranger 1")
    for control in (row.get_by_role("button", name="Discard"), row.get_by_role("link", name="Stranger 1")):
        control.focus()
        drawn_anew(page, "strangers")
        expect(control).to_be_focused()
    more = page.locator("#people .head a")
    more.focus()
    drawn_anew(page, "people")
    expect(more).to_be_focused()


def test_whoever_is_about_to_remove_a_person_is_not_led_back(house: Running, page: Page) -> None:
    sign_in(house, page.context)
    opened(house, page)
    person = page.locator("#people .row")
    person.locator("> summary").click()
    person.get_by_text("Remove", exact=True).click()
    drawn_anew(page, "people")
    person.get_by_role("button", name="Remove Eileen Collins").click()
    expect(page.locator("#people .row")).to_have_count(0)


def test_what_happened_before_the_page_listened_is_on_it(house: Running, page: Page) -> None:
    sign_in(house, page.context)
    kept: list[Route] = []
    page.route("**/api/events", lambda route: kept.append(route))
    with page.expect_request("**/api/events"):
        opened(house, page, "strangers")
    stranger = page.request.get(f"{house.url}api/strangers").json()[0]["id"]
    answer = page.request.post(f"{house.url}api/strangers/{stranger}/discard", headers={"origin": house.url[:-1]})
    assert answer.ok, answer.text()
    kept[0].continue_()
    expect(page.locator("#open .waiting")).to_have_count(1)


def test_that_nothing_was_answered_is_said_although_the_row_has_gone(house: Running, page: Page) -> None:
    sign_in(house, page.context)
    opened(house, page)
    row = page.locator("#strangers .waiting", has_text="Stranger 2")

    def late(route: Route) -> None:
        row.evaluate("row => row.remove()")
        route.abort()

    page.route("**/ignore", late)
    row.get_by_role("button", name="Ignore").click()
    expect(page.locator("#notice.bad")).to_have_text("The doorbell did not answer. Is it still running?")


def test_what_can_be_undone_can_be_for_ten_seconds(house: Running, page: Page) -> None:
    stopped_clock(page)
    sign_in(house, page.context)
    opened(house, page)
    page.locator("#strangers .waiting", has_text="Stranger 2").get_by_role("button", name="Ignore").click()
    undo = page.locator("#notice").get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.clock.run_for(9_900)
    expect(undo).to_be_visible()
    page.clock.run_for(200)
    expect(undo).to_be_hidden()


def test_a_door_that_is_opened_takes_nothing_that_is_being_filled_in(house: Running, page: Page) -> None:
    sign_in(house, page.context)
    on = page.request.post(
        f"{house.url}settings/door",
        form={"door.mode": "dry-run", "password": OWNER["password"]},
        headers={"accept": "application/json"},
    )
    assert on.ok, on.text()
    opened(house, page, "settings/door")
    page.get_by_label("Your password").fill("half of a passw")
    page.locator("[data-hold]").hover()
    page.mouse.down()
    expect(page.locator(".doorlog")).to_contain_text("would have opened")
    page.mouse.up()
    expect(page.get_by_label("Your password")).to_have_value("half of a passw")

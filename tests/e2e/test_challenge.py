"""What the door asks its visitor to do, at the live picture of a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from browsing import opened, sign_in, stopped_clock, visited
from peephole.doorbell.events import Challenge, VisitEnded
from peephole.web.streams import message_sse
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ASKED = Challenge("v1", 9.0, "asked", "left", "turn your head to your left")
DONE = Challenge("v1", 12.0, "done", None, "thank you")
ENDED = VisitEnded("v1", "known", "Anna", "p1", None, None, 90, 50, "", "", 8, 9.0, 13.0, False, False)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all: they only look at its page."""
    with visited(tmp_path_factory.mktemp("home")) as running:
        yield running


def hear(page: Page, house: Running, *messages: Challenge | VisitEnded) -> None:
    """Open the live page while the doorbell tells it these messages and nothing else. Its clock stands."""
    stopped_clock(page)
    sign_in(house, page.context)
    body = "retry: 600000\n\n" + "".join(message_sse(message) for message in messages)
    page.route("**/api/events*", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    opened(house, page)


def test_the_line_stands_at_the_picture_and_goes_when_nothing_more_is_said(house: Running, page: Page) -> None:
    line = page.locator("#view").get_by_role("status")
    hear(page, house, ASKED)
    expect(line).to_have_text("To the visitor: turn your head to your left")
    view, said = line.evaluate("said => [said.closest('#view'), said].map((one) => one.getBoundingClientRect().bottom)")
    assert said == pytest.approx(view, abs=1)
    page.clock.run_for(7_900)
    expect(line).not_to_be_empty()
    page.clock.run_for(200)
    expect(line).to_be_empty()


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ((ASKED, DONE), "To the visitor: thank you"),
        ((ASKED, ENDED), ""),
        ((Challenge("v1", 9.0, "asked", "left", "turn your head to your left", "Garden"),), ""),
    ],
    ids=["done", "visit over", "at another camera"],
)
def test_what_is_over_or_elsewhere_is_not_asked(
    house: Running, page: Page, messages: tuple[Challenge | VisitEnded, ...], said: str
) -> None:
    hear(page, house, *messages)
    expect(page.locator("#status")).to_have_text("No connection to the doorbell; trying again")  # all was heard
    expect(page.locator("#challenge")).to_have_text(said)

"""That the door refused something suspicious, on the page of an owner who has it open."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from browsing import opened, sign_in, visited
from peephole.doorbell.events import LockedOut, Refused
from peephole.web.streams import message_sse
from running import Running

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HELD_PHOTO = Refused("v1", 9.0, "Anna", "p1", "liveness_failed", "the face may be a picture", "on")
LOCKED_OUT = LockedOut(9.0, 909.0, "faces", "faces do not open the door until 14:20", "on")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all: they only look at its page."""
    with visited(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (HELD_PHOTO, "The door stays shut for Anna: the face may be a picture"),
        (LOCKED_OUT, "Faces do not open the door until 14:20"),
    ],
    ids=["held photo", "lock-out"],
)
def test_it_is_said_at_once(house: Running, page: Page, told: Refused | LockedOut, words: str) -> None:
    sign_in(house, page.context)
    body = "retry: 600000\n\n" + message_sse(told)
    page.route("**/api/events*", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    opened(house, page)
    expect(page.locator("#notice")).to_have_text(words)

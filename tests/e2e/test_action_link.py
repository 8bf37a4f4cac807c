"""In a real browser: the button of a message, on a phone that is not signed in."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, expect

import doorbell_parts as parts
from peephole.accounts.accounts import Accounts, new_account
from peephole.doorbell.doorbell import Doorbell
from peephole.live import LiveDoorbell
from peephole.notify.action_links import ActionLinks
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from running import OWNER

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass
class House:
    bell: Doorbell
    links: ActionLinks
    url: str


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A doorbell after a stranger's visit, and its page."""
    with parts.store_at(tmp_path) as store:
        bell = parts.doorbell(store)
        for frame in parts.walk(2, time.time() - 600):
            bell.process(frame)
        store.accounts.add(new_account(OWNER["name"], "owner", OWNER["password"]))
        live, links = LiveDoorbell(bell), ActionLinks()
        door = Door(bell, "the demo", memory=bell, links=links)
        app = create_app(door, live, Streams(live), ["127.0.0.1"], Accounts(store.accounts))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield House(bell, links, f"http://127.0.0.1:{port}")
        server.should_exit = True
        thread.join(10)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_stranger_is_ignored_by_the_button_of_a_message(house: House, browser: Browser, scripts: bool) -> None:
    phone = browser.new_context(
        viewport={"width": 360, "height": 740}, color_scheme="dark", is_mobile=True, java_script_enabled=scripts
    )
    page = phone.new_page()
    page.goto(f"{house.url}/act/{house.links.issue(house.bell.visits()[0].id)}")
    expect(page.get_by_text("Stranger 1")).to_be_visible()
    page.get_by_role("button", name="Ignore").click()
    expect(page.get_by_text("Stranger 1 is ignored.")).to_be_visible()
    assert [one.state for one in house.bell.strangers(every_state=True)] == ["ignored"]
    assert len(house.bell.inbox.journal.deeds()) == 1  # it can be taken back
    page.reload()  # sends the form again
    expect(page.get_by_text("no longer good")).to_be_visible()
    page.get_by_role("link", name="Open the doorbell's page").click()
    expect(page.get_by_label("Password")).to_be_visible()
    phone.close()

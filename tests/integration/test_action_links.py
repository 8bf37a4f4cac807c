"""Buttons of messages: where they lead, and what the one without a session may do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from peephole.accounts.accounts import Accounts, new_account
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.live import Announcer, Changed, LiveDoorbell
from peephole.notify.action_links import LIFETIME_SECONDS, MOST_LINKS, ActionLinks, actions_of
from peephole.notify.rules import Occasion
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

ANNA, BEN = 1, 2


@dataclass
class House:
    """A doorbell whose owner is known, seen by a phone that has no session."""

    bell: Doorbell
    links: ActionLinks
    phone: TestClient
    heard: list[object]

    def visit(self, who: int) -> str:
        """Somebody comes and goes; the id of the visit."""
        for frame in parts.walk(who, 1000.0 * (1 + len(self.bell.visits()))):
            self.bell.process(frame)
        return self.bell.visits()[0].id

    def states(self) -> list[str]:
        return [one.state for one in self.bell.strangers(every_state=True)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with parts.store_at(tmp_path) as store:
        bell = parts.doorbell(store)
        bell.enrol("Anna", [Photo("a.jpg", parts.paint([parts.Actor(ANNA, noise=200)]).image)])
        accounts = Accounts(store.accounts)
        store.accounts.add(new_account("Olga", "owner", "correct horse battery"))
        heard: list[object] = []
        announcer = Announcer()
        announcer.listen(heard.append)
        live, links = LiveDoorbell(bell, announcer), ActionLinks()
        app = create_app(
            Door(bell, "the demo", memory=bell, links=links), live, Streams(live), ["testserver"], accounts
        )
        yield House(bell, links, TestClient(app, follow_redirects=False, client=("192.0.2.7", 50_000)), heard)


def test_looking_at_a_link_changes_nothing_and_pressing_its_button_ignores_once(house: House) -> None:
    token = house.links.issue(house.visit(BEN))
    for _ in range(2):  # a phone that fetches a preview, and the owner
        page = house.phone.get(f"/act/{token}")
        assert page.status_code == 200 and "Stranger 1" in page.text and '<form method="post">' in page.text
    assert house.states() == ["open"]

    done = house.phone.post(f"/act/{token}")

    assert done.status_code == 200 and "Stranger 1 is ignored." in done.text
    assert house.states() == ["ignored"]
    assert house.heard == [Changed("strangers")]
    for again in (house.phone.get(f"/act/{token}"), house.phone.post(f"/act/{token}")):
        assert again.status_code == 404 and "no longer good" in again.text


def test_a_link_shows_no_face_and_opens_nothing_else(house: House) -> None:
    visit = house.visit(BEN)
    token = house.links.issue(visit)
    page = house.phone.get(f"/act/{token}")
    assert "/pictures/" not in page.text and visit not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert house.phone.get(f"/visits/{visit}").status_code == 401
    assert house.phone.get(f"/who/{visit}").status_code == 401


def test_a_form_of_another_site_presses_no_button(house: House) -> None:
    token = house.links.issue(house.visit(BEN))
    assert house.phone.post(f"/act/{token}", headers={"origin": "http://elsewhere.example"}).status_code == 403
    assert house.states() == ["open"]


@pytest.mark.parametrize("token", ["", "x", "../visits", "%00", "a" * 5000])
def test_what_is_no_link_does_nothing(house: House, token: str) -> None:
    house.visit(BEN)
    for method in ("GET", "POST"):
        assert house.phone.request(method, f"/act/{token}").status_code in (401, 404, 405)
    assert house.states() == ["open"]


def test_nobody_who_was_recognised_is_ignored(house: House) -> None:
    token = house.links.issue(house.visit(ANNA))
    assert (house.phone.post(f"/act/{token}").status_code, house.states()) == (409, [])


def test_a_visit_that_goes_on_is_waited_for(house: House) -> None:
    frames = parts.walk(BEN, 1000.0)
    for frame in frames[:6]:
        house.bell.process(frame)
    token = house.links.issue(house.bell.visits()[0].id)
    assert house.phone.post(f"/act/{token}").status_code == 409
    for frame in frames[6:]:
        house.bell.process(frame)
    assert house.phone.post(f"/act/{token}").status_code == 200
    assert house.states() == ["ignored"]


def test_of_a_face_that_was_not_made_out_nobody_is_ignored_and_nobody_is_told_to_wait(house: House) -> None:
    for frame in parts.walk(ANNA, 1000.0, shift=60):  # too far from Anna to be her, too near to be a stranger
        house.bell.process(frame)
    (visit,) = house.bell.visits()
    assert (visit.closed, visit.decision.kind, visit.decision.stranger) == (True, "unsure", None)
    token = house.links.issue(visit.id)
    for method in ("GET", "POST"):
        page = house.phone.request(method, f"/act/{token}")
        assert (page.status_code, "could not be made out" in page.text, "again" in page.text) == (409, True, False)
    house.phone.post("/login", data={"name": "Olga", "password": "correct horse battery"}).raise_for_status()
    place = house.phone.get(f"/who/{visit.id}").headers["location"]
    assert place == f"/visits/{visit.id}#correct"  # where somebody can say who it was
    assert 'id="correct"' in house.phone.get(place).text and "Who was it?" in house.phone.get(place).text


def test_of_a_ring_without_a_face_nobody_is_ignored(house: House) -> None:
    house.bell.ring(1000.0, "button", None)
    house.bell.flush()
    token = house.links.issue(house.bell.visits()[0].id)
    page = house.phone.post(f"/act/{token}")
    assert (page.status_code, "no face was seen" in page.text) == (409, True)


def test_where_nothing_is_kept_of_strangers_nobody_is_ignored(house: House) -> None:
    watcher = house.bell.watcher("", ("",))
    watcher.keep_unknown(lambda: False)
    for frame in parts.walk(BEN, 1000.0):
        watcher.process(frame)
    (visit,) = house.bell.visits()
    assert (visit.closed, visit.decision.kind, visit.decision.stranger) == (True, "stranger", None)
    page = house.phone.post(f"/act/{house.links.issue(visit.id)}")
    assert (page.status_code, "Nothing is kept here of faces" in page.text) == (409, True)
    stranger = Occasion("stranger", "v1", 0.0, decision="stranger")
    for occasion, labels in (
        (stranger, ["Open", "Who is this?"]),
        (Occasion("ring", "v1", 0.0), ["Open", "Who is this?"]),
        (replace(stranger, stranger=12), ["Open", "Who is this?", "Ignore"]),  # who was here while they were kept
    ):
        assert [one.label for one in actions_of(occasion, "http://door.lan", house.links, kept=False)] == labels


def test_a_stranger_who_was_discarded_on_the_page_is_not_ignored(house: House) -> None:
    token = house.links.issue(house.visit(BEN))
    house.bell.discard(house.bell.strangers()[0].id)
    page = house.phone.post(f"/act/{token}")
    assert (page.status_code, "dealt with on the page meanwhile" in page.text) == (409, True)


def test_who_it_is_leads_to_where_a_stranger_is_named(house: House) -> None:
    house.phone.post("/login", data={"name": "Olga", "password": "correct horse battery"}).raise_for_status()
    known, stranger = house.visit(ANNA), house.visit(BEN)
    number = house.bell.strangers()[0].id
    assert house.phone.get(f"/who/{stranger}").headers["location"] == f"/strangers/{number}"
    assert house.phone.get(f"/who/{known}").headers["location"] == f"/visits/{known}"
    assert house.phone.get(f"/strangers/{number}").status_code == 200


def test_links_are_good_for_a_day_and_not_kept_without_end() -> None:
    now = [0.0]
    links = ActionLinks(lambda: now[0])
    first = links.issue("v0")
    tokens = [links.issue(f"v{number}") for number in range(1, MOST_LINKS + 1)]
    assert links.visit(first) is None and links.visit(tokens[0]) == "v1"
    now[0] = LIFETIME_SECONDS
    assert links.use(tokens[-1]) is None
    assert len({*tokens, first}) == MOST_LINKS + 1 and min(map(len, tokens)) >= 22


@pytest.mark.parametrize(
    ("occasion", "labels"),
    [
        (Occasion("stranger", "v1", 0.0, decision="stranger"), ["Open", "Who is this?", "Ignore"]),
        (Occasion("stranger", "v1", 0.0, decision="stranger", ended=True), ["Open", "Who is this?", "Ignore"]),
        (Occasion("ring", "v1", 0.0), ["Open", "Who is this?", "Ignore"]),
        (Occasion("ring", "v1", 0.0, decision="stranger", ended=True), ["Open", "Who is this?", "Ignore"]),
        (Occasion("ring", "v1", 0.0, decision="unsure", ended=True), ["Open", "Who is this?"]),
        (Occasion("ring", "v1", 0.0, ended=True), ["Open"]),
        (Occasion("unsure", "v1", 0.0, decision="unsure", ended=True), ["Open", "Who is this?"]),
        (Occasion("known", "v1", 0.0, person="Anna", person_id="p1"), ["Open"]),
        (Occasion("opened", "v1", 0.0), ["Open"]),
        (Occasion("problem", None, 0.0), []),
    ],
)
def test_which_buttons_a_message_has(occasion: Occasion, labels: list[str]) -> None:
    actions = actions_of(occasion, "http://door.lan:8642/", ActionLinks())
    assert [action.label for action in actions] == labels
    assert all(action.url.startswith("http://door.lan:8642/") and "," not in action.url for action in actions)
    assert actions_of(occasion, "", ActionLinks()) == ()

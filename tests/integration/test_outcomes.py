"""What came of a visit: who rang, what the door did, who is ignored; in the lists, on the page, to ask for."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from commands import peephole
from door_parts import Home, Strike, beside, long_walk
from doorbell_parts import BEN, MORNING, store_at, walk
from peephole.live import Changed, LiveDoorbell, Message
from peephole.store.database import Database
from peephole.store.store import Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

HOUR = 3600.0


class Site:
    """A home with a door that may open for Anna, and a browser at its page."""

    def __init__(self, store: Store, lock: object = None, **settings: object) -> None:
        self.home = Home(store, lock, **settings)
        self.bell = self.home.bell
        live = LiveDoorbell(self.bell)
        app = create_app(Door(self.bell, "the demo", memory=self.bell), live, Streams(live), ["testserver"])
        self.client = TestClient(app, follow_redirects=False)

    def rows(self, **query: object) -> list[tuple[str, str]]:
        """Who came, and what came of it."""
        text = self.client.get("/visits", params=query).text
        found = text.split('<ul class="rows">')[1].split("</ul>")[0].split("<li>")[1:]
        return [(_inside("strong", row), _inside('span class="outcome"', row)) for row in found]

    def newest(self) -> str:
        """The page of the newest visit."""
        answer = self.client.get(f"/visits/{self.bell.visits(1)[0].id}")
        assert answer.status_code == 200
        return answer.text


def _inside(tag: str, html: str) -> str:
    found = re.search(f"<{tag}>(.*?)</", html)
    return found[1] if found else ""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


def test_a_row_says_who_rang_and_that_the_door_opened(store: Store) -> None:
    site = Site(store)
    site.home.see(long_walk())
    assert site.rows() == [("Anna", "door opened")]
    assert "The door opened." in site.newest()
    site.bell.ring(MORNING + HOUR, "button", None)
    site.home.see(walk(BEN, MORNING + HOUR))
    assert site.rows() == [("Stranger 1", "rang"), ("Anna", "door opened")]
    assert site.client.get("/api/visits").json()[1]["door"] == {
        "verdict": "open",
        "reason": "all_hold",
        "mode": "on",
        "done": "done",
        "by": "face",
        "account": None,
    }
    assert site.client.get("/api/visits").json()[0]["door"] is None


def test_a_dry_run_says_what_would_have_been(store: Store) -> None:
    site = Site(store, mode="dry-run")
    site.home.see(long_walk())
    assert site.rows() == [("Anna", "door would have opened")]
    assert "The door would have opened: this was a dry run." in site.newest()


def test_why_the_door_stayed_shut_stands_behind_the_row_and_on_the_page(store: Store) -> None:
    site = Site(store)
    site.home.see(beside(MORNING, BEN))
    assert ("Anna", "door stayed shut") in site.rows()
    why = "The door stayed shut: somebody who is not known is near."
    assert why in site.client.get("/visits").text and why in site.client.get("/parts/visits").text
    anna = next(visit for visit in site.bell.visits() if visit.person_name == "Anna")
    assert why in site.client.get(f"/visits/{anna.id}").text


def test_open_pages_hear_that_there_is_more_to_say_of_a_visit(store: Store) -> None:
    site = Site(store)
    shown: list[list[tuple[str, str]]] = []

    def hear(message: Message) -> None:
        if message == Changed("visits"):
            shown.append(site.rows())

    site.home.live.announcer.listen(hear)
    site.home.see(long_walk())
    assert ("Anna", "door opened") in shown[-1]
    site.home.see(beside(MORNING + HOUR, BEN))
    assert ("Anna", "door stayed shut") in shown[-1]


def test_while_the_door_moves_it_opens(store: Store) -> None:
    site = Site(store)
    seen: list[list[tuple[str, str]]] = []
    site.home.actuator.release = lambda seconds: seen.append(site.rows())
    site.home.see(long_walk())
    assert seen == [[("Anna", "door opens")]]


def test_a_lock_that_failed_did_not_open(store: Store) -> None:
    site = Site(store, Strike(OSError("the relay is gone")))
    site.home.see(long_walk())
    assert site.rows() == [("Anna", "door failed to open")]
    assert "The door was to open, and did not." in site.newest()
    assert site.rows(outcome="opened") == []


def test_visits_of_a_stranger_whom_the_owner_ignores_are_marked_and_so_are_repeats(store: Store) -> None:
    site = Site(store, mode="off")
    site.home.see(walk(BEN, MORNING))
    site.bell.ignore("1")
    site.home.see(walk(BEN, MORNING + HOUR))
    site.home.see(walk(BEN, MORNING + HOUR + 20))
    assert [outcome for _, outcome in site.rows()] == ["ignored · repeat", "ignored", ""]
    assert "A stranger whom you ignore, so the visit is marked silent." in site.newest()


def test_visits_are_asked_for_by_what_came_of_them_in_the_calendar_too(store: Store) -> None:
    site = Site(store)
    site.home.see(long_walk())
    site.bell.ring(MORNING + HOUR, "button", None)
    site.home.see(walk(BEN, MORNING + HOUR))
    site.home.see(beside(MORNING + 2 * HOUR, BEN))

    assert site.rows(outcome="opened") == [("Anna", "door opened")]
    assert site.rows(outcome="rang") == [("Stranger 1", "rang")]
    assert site.rows(outcome="shut") == [("Anna", "door stayed shut")]
    assert site.rows(outcome="rang", kind="known") == site.rows(outcome="would_open") == []
    assert len(site.rows(outcome="<b>")) == len(site.rows()) == 4

    def counted(**query: str) -> dict[str, int]:
        (day,) = site.client.get("/api/calendar", params={"month": "2026-11", **query}).json()["days"].values() or [{}]
        return dict(day)

    assert (counted(outcome="opened"), counted(outcome="rang")) == ({"known": 1}, {"stranger": 1})
    page = site.client.get("/visits", params={"outcome": "opened", "month": "2026-11"}).text
    assert '<option value="opened" selected>' in page and "outcome=opened" in page.split('class="calendar"')[1]


def test_a_list_is_one_question_to_the_database_however_many_visits_it_has(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(store)
    for number in range(3):
        site.home.see(long_walk(MORNING + number * HOUR))
    asked: list[str] = []
    rows = Database.rows

    def counting(database: Database, query: str, values: object = ()) -> object:
        asked.append(query)
        return rows(database, query, values)

    monkeypatch.setattr(Database, "rows", counting)
    assert [visit.door is not None for visit in store.visits.recent(9, None)] == [True, True, True]
    assert len(asked) == 1
    monkeypatch.undo()
    plan = " ".join(row["detail"] for row in store.visits._database.rows(f"EXPLAIN QUERY PLAN {asked[0]}", (9,)))
    assert "door_log_visit" in plan and "SCAN door_log" not in plan


def test_the_command_says_the_same(tmp_path: Path) -> None:
    with store_at(tmp_path) as store:
        site = Site(store)
        site.home.see(beside(MORNING, BEN))
        site.bell.ring(MORNING + HOUR, "button", None)
        site.home.see(long_walk(MORNING + HOUR))
        ids = {visit.person_name: visit.id for visit in site.bell.visits(99, MORNING + HOUR - 1)}
    data = ("--data", tmp_path / "data")
    listed = peephole("visits", "list", *data).stdout.splitlines()
    assert "rang, door opened" in listed[1] and sum("door stayed shut" in line for line in listed) == 1
    shown = peephole("visits", "show", ids["Anna"], *data)
    assert "the door stayed shut: somebody who is not known is near\n" in shown.stdout, shown.stderr

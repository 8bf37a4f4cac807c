"""A door opened by hand while somebody is at its camera: the visit says so, and by whom; no other visit does."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from commands import peephole
from door_parts import Home, Strike, beside, long_walk
from doorbell_parts import BEN, MODEL, MORNING, store_at, walk
from peephole.accounts.accounts import Accounts, new_account
from peephole.doorbell.visit import Decision, VisitState
from peephole.live import Changed
from peephole.people.records import Rules
from peephole.store.store import Store
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.outcome import outcome_lines, outcomes
from peephole.web.streams import Streams

PASSWORD = "correct horse battery"  # noqa: S105
NOBODY = Decision("unsure", None, None, None, "too_few_looks", "too few looks")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


def said(home: Home) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What came of every visit, the newest first."""
    return [(outcomes(visit), outcome_lines(visit)) for visit in home.bell.visits()]


def goes_on(store: Store, visit: str, last_seen: float = MORNING, camera: str = "") -> None:
    store.visits.save(VisitState(visit, last_seen, last_seen, NOBODY, 1, {}, MODEL, camera=camera))


@pytest.mark.parametrize(
    ("by", "account", "who"),
    [
        ("owner", "Olga", "by hand by Olga"),
        ("owner", None, "by hand by the owner"),
        ("mqtt", None, "through the broker"),
    ],
)
def test_the_visit_says_who_opened(store: Store, by: str, account: str | None, who: str) -> None:
    home, frames = Home(store), walk(BEN, MORNING)
    home.see(frames[:10])
    assert home.opener.open(by, account).opened
    assert said(home) == [(("door opened by hand",), (f"The door was opened {who}.",))]
    assert home.heard[-1] == Changed("visits")
    home.see(frames[10:])
    assert said(home) == [(("door opened by hand",), (f"The door was opened {who}.",))]
    (row,) = store.door.recent()
    assert (row.visit, row.person, row.by, row.account) == (home.bell.visits(1)[0].id, None, by, account)


def test_nothing_was_moved_in_a_dry_run_and_by_a_lock_that_failed(store: Store, tmp_path: Path) -> None:
    dry = Home(store, mode="dry-run")
    dry.see(walk(BEN, MORNING)[:10])
    dry.opener.open("owner", "Olga")
    line = "The door would have been opened by hand by Olga: this was a dry run."
    assert said(dry) == [(("door would have opened by hand",), (line,))]
    with store_at(tmp_path / "other") as other:
        home = Home(other, Strike(OSError("the relay is gone")))
        home.see(walk(BEN, MORNING)[:10])
        assert not home.opener.open("owner", "Olga").opened
        line = "The door was to be opened by hand by Olga, and did not open."
        assert said(home) == [(("door failed to open by hand",), (line,))]


def test_a_face_that_opened_it_stays_what_opened_it_where_a_hand_could_not(store: Store) -> None:
    home, frames = Home(store), long_walk()
    home.see(frames[:12])
    assert said(home)[0][0] == ("door opened",)
    home.actuator.fault = OSError("the relay is gone")
    home.opener.open("owner", "Olga")
    assert said(home) == [(("door opened",), ("The door opened.",))]


def test_whom_the_door_refused_may_be_let_in_by_hand(store: Store) -> None:
    home, frames = Home(store), long_walk()
    home.bell.set_rules("Anna", Rules(may_open=True, hours="mon 0:00-0:01"))
    home.see(frames[:12])
    home.opener.open("owner", "Olga")
    home.see(frames[12:])
    assert [row.verdict for row in store.door.recent()] == ["shut", "open"]
    assert said(home) == [(("door opened by hand",), ("The door was opened by hand by Olga.",))]


def test_of_two_at_the_door_neither_is_said_to_have_been_let_in(store: Store) -> None:
    home = Home(store, hours="0:00-0:01")
    home.see(beside(MORNING, BEN)[:12])
    assert len(home.bell.visits()) == 2
    home.opener.open("owner", "Olga")
    assert [lines for _, lines in said(home)] == [(), ()]


@pytest.mark.parametrize("last_seen", [MORNING, MORNING - 61])
def test_a_visit_at_another_camera_or_one_that_a_killed_doorbell_left_open_is_not_meant(
    store: Store, last_seen: float
) -> None:
    home = Home(store)
    goes_on(store, "v1", last_seen, camera="garden" if last_seen == MORNING else "")
    assert home.opener.open("owner", "Olga").opened
    assert [row.visit for row in store.door.recent()] == [None] and said(home) == [((), ())]


def test_who_has_left_is_not_meant(store: Store) -> None:
    home = Home(store)
    home.see(walk(BEN, MORNING))
    home.opener.open("owner", "Olga")
    assert said(home) == [((), ())]


def test_of_two_cameras_the_one_at_the_door_counts(store: Store, tmp_path: Path) -> None:
    """Also for the command line, which reads from the settings which one that is."""
    config = tmp_path / "peephole.toml"
    cameras = "".join(f'[[cameras]]\nname = "{name}"\nsource = "demo"\n' for name in ("front", "garden"))
    config.write_text(f'{cameras}[door]\nmode = "dry-run"\ncamera = "garden"\n')
    now = time.time()
    for visit, camera in (("v1", "front"), ("v2", "garden")):
        goes_on(store, visit, now, camera)
    done = peephole("door", "open", "--data", tmp_path / "data", "--config", config)
    assert done.returncode == 0, done.stderr
    assert [(row.visit, row.by, row.account) for row in store.door.recent()] == [("v2", "owner", None)]


def test_the_page_says_which_account_it_was(store: Store) -> None:
    home, accounts = Home(store), Accounts(store.accounts)
    accounts.add(new_account("Olga", "owner", PASSWORD))
    door = Door(home.bell, "the demo", memory=home.bell, opener=home.opener)
    app = create_app(door, home.live, Streams(home.live), ["testserver"], accounts)
    browser = TestClient(app, follow_redirects=False, headers={"origin": "http://testserver"})
    assert browser.post("/login", data={"name": "Olga", "password": PASSWORD}).status_code == 204
    home.see(walk(BEN, MORNING)[:10])
    assert browser.post("/api/door/open").json()["opened"] is True
    visit = home.bell.visits(1)[0].id
    assert "The door was opened by hand by Olga." in browser.get(f"/visits/{visit}").text
    told = browser.get("/api/visits").json()[0]["door"]
    assert (told["by"], told["account"], told["done"]) == ("owner", "Olga", "done")
    assert browser.get("/visits", params={"outcome": "opened"}).text.count("door opened by hand") == 1

"""Two people who are one: joined, undone, exported, erased; and the other doors follow."""

import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from doorbell_parts import MODEL, Actor, doorbell, paint, store_at, walk
from peephole.accounts.accounts import Accounts, new_account
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.visit import VisitFilter
from peephole.live import LiveDoorbell
from peephole.people.joins import roots
from peephole.people.records import Rules
from peephole.store.door import DoorEntry
from peephole.store.store import DATABASE_NAME
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

ANNA, BEN, CARL = 1, 2, 3
"""Faces; two faces that have nothing in common stand for two looks of one human here."""


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store):
    """Anna and Annie are one, and came; a stranger was called Annie; Carl is somebody else."""
    bell = doorbell(store)
    enrol(bell, "Anna", ANNA)
    enrol(bell, "Carl", CARL)
    come(bell, ANNA, 1000.0)
    come(bell, BEN, 2000.0)
    bell.assign("1", "Annie")
    come(bell, BEN, 3000.0)
    come(bell, BEN, 4000.0, looks=2)
    bell.set_rules("Anna", Rules(tell="log", may_open=True))
    return bell


def enrol(bell: Doorbell, name: str, who: int) -> str:
    return bell.enrol(name, [Photo("a.jpg", paint([Actor(who, noise=200)]).image)]).person.id


def come(bell: Doorbell, who: int, start: float, **more: int) -> str:
    for frame in walk(who, start, **more):
        bell.process(frame)
    return bell.visits(1)[0].id


def names(bell: Doorbell) -> list[tuple[str, int]]:
    return [(row.person.name, row.references) for row in bell.people()]


def rows(folder: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(folder / "data" / DATABASE_NAME)) as connection:
        return connection.execute(query).fetchall()


def test_who_is_joined_is_known_by_the_name_and_rules_of_the_other_with_every_look_and_visit(bell, store):
    anna, annie = (bell.dossiers.read(name) for name in ("Anna", "Annie"))
    opening = DoorEntry(3001.0, bell.visits()[1].id, annie.person.id, "open", "known", "face", "dry-run", "done")
    store.door.note(opening)

    kept = bell.dossiers.join("Anna", "Annie")

    assert kept == anna.person
    assert names(bell) == [("Anna", len(anna.references) + len(annie.references)), ("Carl", 1)]
    assert bell.visit(come(bell, BEN, 5000.0)).person_name == "Anna"
    assert [row.person_name for row in bell.visits(99, None, VisitFilter(person=kept.id))] == ["Anna"] * 4
    assert {row.decision.person for row in bell.visits()} == {kept.id, None}
    assert [row.decision.nearest for row in bell.visits() if row.decision.kind == "unsure"] == [kept.id]
    assert bell.strangers(every_state=True)[0].person == kept.id
    assert bell.rules(annie.person.id) == bell.rules("Anna") == Rules(tell="log", may_open=True)
    assert store.door.recent()[0].person_name == "Anna"
    assert bell.dossiers.kept("Anna").door == 1
    assert store.people.get(annie.person.id) == kept  # links to the other lead here
    with pytest.raises(ValueError, match="nobody has this name"):
        store.people.get("Annie")
    assert bell.rename("Carl", "Annie").name == "Annie"  # the name is free


def test_looks_of_who_was_joined_are_set_aside_and_erased_like_others(bell, store):
    kept = bell.dossiers.join("Anna", "Annie")
    for one in bell.dossiers.read("Anna").references:
        bell.dossiers.set_aside("Anna", one.reference.id)
        assert bell.dossiers.picture("Anna", one.reference.id) is not None
    assert names(bell)[0] == ("Anna", 0)
    assert bell.dossiers.erase_aside("Anna") > 1
    assert store.references.all(kept.id) == []
    assert {deed.what for deed in store.journal.deeds()}.isdisjoint({"assign", "join"})  # which hold looks, or may


def test_whoever_is_joined_with_somebody_who_is_joined_is_the_last_one(bell):
    bell.dossiers.join("Anna", "Annie")
    bell.dossiers.join("Carl", "Anna")
    assert [name for name, _ in names(bell)] == ["Carl"]
    assert bell.visit(come(bell, BEN, 5000.0)).person_name == "Carl"
    bell.inbox.journal.undo(may_ease=True)
    assert [name for name, _ in names(bell)] == ["Anna", "Carl"]
    assert bell.visit(come(bell, BEN, 6000.0)).person_name == "Anna"


TABLES = ("people", "person_references", "strangers", "stranger_looks", "visits", "visit_looks", "door_log")


def test_undo_leaves_every_row_as_it_was(bell, tmp_path):
    before = {table: rows(tmp_path, f"SELECT * FROM {table}") for table in TABLES}  # noqa: S608
    bell.dossiers.join("Anna", "Annie")
    assert {table: rows(tmp_path, f"SELECT * FROM {table}") for table in TABLES} != before  # noqa: S608
    bell.inbox.journal.undo()
    assert {table: rows(tmp_path, f"SELECT * FROM {table}") for table in TABLES} == before  # noqa: S608
    assert bell.visit(come(bell, BEN, 5000.0)).person_name == "Annie"


def test_a_visit_that_is_going_on_ends_as_the_one_who_is_left(bell):
    frames = walk(BEN, 5000.0)
    for frame in frames[: len(frames) // 2]:
        bell.process(frame)
    bell.dossiers.join("Anna", "Annie")
    for frame in frames[len(frames) // 2 :]:
        bell.process(frame)
    assert bell.visits(1)[0].person_name == "Anna"


def test_a_join_cannot_be_undone_once_somebody_else_has_the_name(bell):
    bell.dossiers.join("Anna", "Annie")
    deed = bell.inbox.journal.deeds()[0]
    assert (deed.what, deed.text) == ("join", "Annie joined with Anna")
    bell.rename("Carl", "Annie")
    with pytest.raises(ValueError, match="cannot be undone"):
        bell.inbox.journal.undo(deed.number)


@pytest.mark.parametrize("pair", [("Anna", "Anna"), ("Anna", "Nobody"), ("Nobody", "Anna")])
def test_only_two_people_are_joined(bell, pair):
    with pytest.raises(ValueError, match=r"two people who are one|nobody has this name"):
        bell.dossiers.join(*pair)
    assert len(bell.people()) == 3


def test_an_export_says_who_was_joined_and_what_was_noted(bell):
    bell.set_rules("Annie", Rules(consent="by letter", consent_at=1_000_000.0))
    kept = bell.dossiers.join("Anna", "Annie")
    with zipfile.ZipFile(io.BytesIO(bell.dossiers.export("Anna"))) as archive:
        person = json.loads(archive.read("person.json"))
        visits = json.loads(archive.read("visits.json"))
    assert [(one["name"], one["rules"]["consent"]) for one in person["joined"]] == [("Annie", "by letter")]
    assert len(person["references"]) == len(bell.dossiers.read(kept.id).references) > 1
    assert len(visits) == 3


def test_erasing_who_is_left_erases_both(bell, tmp_path):
    bell.dossiers.join("Anna", "Annie")
    bell.remove("Anna")
    assert names(bell) == [("Carl", 1)]
    assert all(bell.visit_picture(row.id) is None for row in bell.visits())
    file = (tmp_path / "data" / DATABASE_NAME).read_bytes()
    assert b"Anna" not in file and b"Annie" not in file
    assert rows(tmp_path, "SELECT count(*) FROM people") == [(1,)]
    assert rows(tmp_path, "PRAGMA foreign_key_check") == []


def test_a_look_of_another_model_is_counted_with_the_one_who_is_left(bell, store):
    doorbell(store, model="fedcba9876543210").enrol("Annie", [Photo("a.jpg", paint([Actor(BEN, noise=9)]).image)])
    bell.dossiers.join("Anna", "Annie")
    assert bell.people()[0].foreign_references == 1
    assert store.people.looks(MODEL)[0][0] == bell.people()[0].person.id


class Site:
    """The page, asked without accounts, as who signed in would ask."""

    def __init__(self, bell: Doorbell, accounts: Accounts | None = None) -> None:
        live = LiveDoorbell(bell)
        app = create_app(Door(bell, "the demo", memory=bell), live, Streams(live), ["testserver"], accounts)
        self.client = TestClient(app, follow_redirects=False)

    def join(self, person: str, **form: str):
        return self.client.post(f"/api/people/{person}/join", data=form, headers=FORM)


PHRASE = "a long password"
ORIGIN = {"origin": "http://testserver"}
FORM = ORIGIN | {"accept": "text/html,*/*"}


def test_two_people_are_joined_on_the_page_and_undone_there(bell):
    site = Site(bell)
    anna, annie, _ = (row.person for row in bell.people())
    page = site.client.get(f"/people/{anna.id}").text
    assert f'<option value="{annie.id}">Annie</option>' in page and f'value="{anna.id}">' not in page
    assert site.join(anna.id).text.count("Choose who is Anna, too") == 1
    assert site.join(anna.id, other="nobody").status_code == 400
    assert site.join("nobody", other=annie.id).status_code == 404

    answer = site.join(anna.id, other=annie.id)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/people/{anna.id}?done=joined")
    assert [name for name, _ in names(bell)] == ["Anna", "Carl"]
    page = site.client.get(answer.headers["location"]).text
    assert "One person now." in page and 'form="undo"' in page
    assert site.client.get(f"/people/{annie.id}").text.count("Anna") > 1
    site.client.post("/api/undo", headers=ORIGIN)
    assert [name for name, _ in names(bell)] == ["Anna", "Annie", "Carl"]


def test_a_join_that_is_a_key_to_the_door_wants_the_password(bell, store):
    store.accounts.add(new_account("Olga", "owner", PHRASE))
    site = Site(bell, Accounts(store.accounts))
    site.client.post("/login", data={"name": "Olga", "password": PHRASE}, headers=ORIGIN)
    anna, annie, carl = (row.person.id for row in bell.people())
    assert "password" in site.client.get(f"/people/{anna}").text
    assert "say your password" in site.join(anna, other=annie).text
    assert len(bell.people()) == 3
    assert site.join(carl, other=annie).status_code == 303  # for whom it does not open
    assert site.join(anna, other=carl, password=PHRASE).status_code == 303
    assert [name for name, _ in names(bell)] == ["Anna"]


def test_circles_end_at_the_least_id_at_every_door():
    assert roots({"a": "", "b": "a", "c": "b", "d": "gone"}) == {"a": "a", "b": "a", "c": "a", "d": "d"}
    assert roots({"a": "b", "b": "a", "c": "a", "d": "d"}) == {"a": "a", "b": "a", "c": "a", "d": "d"}

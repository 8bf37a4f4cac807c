"""A person who is forgotten: what goes is told before, and nothing is left in any file."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import doorbell_parts as parts
from peephole.store.door import DoorEntry
from peephole.store.store import DATABASE_NAME
from person_site import ANNA, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(store, parts.doorbell(store))


def test_what_will_be_erased_is_counted_before_it_is(site: Site) -> None:
    site.walk(ANNA, 1000.0)
    site.doorbell.assign("1", "Anna")
    anna = site.doorbell.people()[0].person.id
    visit = site.walk(ANNA, 2000.0)
    site.walk(ANNA, 3000.0, looks=2)  # too few looks
    site.store.door.note(DoorEntry(2001.0, visit, anna, "open", "known", "face", "dry-run", "done"))
    site.act(anna, f"references/{site.numbers(anna)[0]}/aside")
    assert [deed.what for deed in site.store.journal.deeds()] == ["aside", "assign"]

    page = site.client.get(f"/people/{anna}/forget").text
    for words in (
        "There is no way back",
        "8 references with picture and descriptor, 1 of them set aside",
        "the name and the picture in 2 visits, and 16 looks of them",
        "that 1 stranger of the inbox got this name",
        "the name in 1 row of the door&#39;s log",
        "the picture of 1 visit of nobody for sure, to whom Anna was the nearest",
    ):
        assert words in page, page[page.index("What is erased") :]
    assert len(site.doorbell.people()) == 1  # it was only asked about

    answer = site.act(anna, "forget")
    assert (answer.status_code, answer.headers["location"]) == (303, "/people?done=forgotten")
    assert site.doorbell.people() == [] and site.client.get(f"/people/{anna}").status_code == 404
    assert [(row.decision.kind, row.person_name, row.stranger_number) for row in site.doorbell.visits()] == [
        ("unsure", None, None)
    ] * 3
    assert all(site.doorbell.visit_picture(row.id) is None for row in site.doorbell.visits())
    assert not any(site.doorbell.trace(row.id).looks for row in site.doorbell.visits())
    assert [(row.state, row.person) for row in site.doorbell.strangers(every_state=True)] == [("discarded", None)]
    (row,) = site.store.door.recent()
    assert (row.person, row.person_name, row.visit, row.verdict) == (None, None, visit, "open")
    assert site.store.journal.deeds() == []


def test_pictures_of_unsure_visits_stay_where_the_owner_wants_them(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1))
    visit = site.walk(ANNA, 1000.0, looks=2)
    assert site.doorbell.visit(visit).decision.nearest == anna
    site.act(anna, "forget", keep_unsure="true")
    assert site.doorbell.visit_picture(visit) is not None
    assert site.doorbell.visit(visit).decision.nearest is None


@pytest.mark.parametrize("way", ["remove", "forget"])
def test_wherever_somebody_is_forgotten_unsure_pictures_go_too(site: Site, way: str) -> None:
    anna = site.enrol("Anna", (ANNA, 1))
    visit = site.walk(ANNA, 1000.0, looks=2)
    assert site.doorbell.visit_picture(visit) is not None
    site.act(anna, way)
    assert site.doorbell.visit_picture(visit) is None


def test_nothing_of_a_forgotten_person_is_in_any_file(site: Site, tmp_path: Path) -> None:
    name, before, consent = "Xanthippe Quillfeather", "Xanthia Quillfeather", "signed by Xanthippe herself"
    site.walk(ANNA, 1000.0)
    site.doorbell.assign("1", before)
    site.doorbell.rename(before, name)
    xanthippe = site.enrol(name, (ANNA, 100), (ANNA, 101))
    site.act(xanthippe, "rules", consent=consent, hours="7:00-20:00")
    visit = site.walk(ANNA, 2000.0)
    site.store.door.note(DoorEntry(2001.0, visit, xanthippe, "open", "known", "face", "dry-run", "done"))
    looks = site.store.references.all(xanthippe)
    seen = site.store.visits.looks(visit, parts.MODEL).values()
    site.act(xanthippe, f"references/{looks[0].id}/aside")
    pictures = {look.picture for look in looks} | {look.picture for look in seen}
    secrets = [text.encode() for text in (name, name.casefold(), before, consent, "Xanthi")]
    secrets += [look.descriptor.astype("<i2").tobytes() for look in [*looks, *seen]] + sorted(pictures)
    folder = tmp_path / "data"
    assert all(found_in(folder, secret) for secret in secrets)  # the database lies open

    site.act(xanthippe, "forget")

    assert [secret for secret in secrets if found_in(folder, secret)] == []
    assert found_in(folder, visit.encode())  # that somebody came stays
    with contextlib.closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def found_in(folder: Path, secret: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if secret in file.read_bytes()]

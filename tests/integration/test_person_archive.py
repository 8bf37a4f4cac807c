"""A person as an archive: all of somebody and of nobody else, back again, and damaged."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import doorbell_parts as parts
from peephole.store.door import DoorEntry
from person_site import ANNA, BEN, FORM, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(store, parts.doorbell(store))


def test_an_export_holds_everything_about_a_person_and_nobody_else(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 100), (ANNA, 101))
    site.enrol("Ben", (BEN, 100))
    site.act(anna, f"references/{site.numbers(anna)[1]}/aside")
    site.act(anna, "rules", consent="on paper", hours="7:00-20:00", may_open="true")
    visit = site.walk(ANNA, 1000.0)
    site.walk(BEN, 2000.0)
    site.store.door.note(DoorEntry(1001.0, visit, anna, "open", "known", "face", "dry-run", "done"))

    with site.archive(anna) as archive:
        assert archive.testzip() is None
        person, visits, door = (json.loads(archive.read(f"{name}.json")) for name in ("person", "visits", "door"))
        pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert "door.json" in archive.read("README.txt").decode()
    assert (person["format"], person["version"], person["name"]) == ("peephole-person", 2, "Anna")
    assert person["rules"]["consent"] == "on paper" and person["rules"]["consent_at"].endswith("+00:00")
    assert [look["aside"] for look in person["references"]] == ["", "owner"]
    assert [(row["id"], row["decision"], len(row["looks"])) for row in visits] == [(visit, "known", 8)]
    assert visits[0]["first_seen"] == "1970-01-01T00:16:40.000+00:00"
    assert door == [
        {
            "time": "1970-01-01T00:16:41.000+00:00",
            "visit": visit,
            "verdict": "open",
            "reason": "known",
            "by": "face",
            "mode": "dry-run",
            "done": "done",
        }
    ]
    named = [look["picture"] for look in [*person["references"], *visits, *visits[0]["looks"]]]
    assert sorted(named) == sorted(pictures) and len(pictures) == 2 + 1 + 8


def test_an_export_comes_back_without_leave_to_open_the_door(site: Site, tmp_path: Path) -> None:
    anna = site.enrol("Anna", (ANNA, 100), (ANNA, 101))
    site.act(anna, f"references/{site.numbers(anna)[1]}/aside")
    site.act(anna, "rules", tell="silent", may_open="true", hours="7:00-20:00", consent="on paper")
    before, archive = site.doorbell.rules(anna), site.doorbell.dossiers.export("Anna")
    with parts.store_at(tmp_path / "elsewhere") as other:
        there = parts.doorbell(other)
        person = there.import_person(archive)
        assert [row.references for row in there.people()] == [1]  # the other one was set aside
        assert there.inbox.journal.deeds() == []  # an undo would leave the person, without the rules
        after = there.rules(person.id)
        assert (after.tell, after.hours, after.consent, after.may_open) == ("silent", "7:00-20:00", "on paper", False)
        assert after.consent_at == pytest.approx(before.consent_at, abs=0.001)


def test_an_archive_of_version_1_is_read(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 100))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(site.doorbell.export_person("Anna"))) as new, zipfile.ZipFile(out, "w") as old:
        content = json.loads(new.read("person.json"))
        references = [
            {name: one[name] for name in ("descriptor", "model", "quality", "picture")} for one in content["references"]
        ]
        old.writestr(
            "person.json",
            json.dumps({"format": "peephole-person", "version": 1, "name": "Anna", "references": references}),
        )
        old.writestr("pictures/0.jpg", new.read("pictures/0.jpg"))
    site.doorbell.remove(anna)
    person = site.doorbell.import_person(out.getvalue())
    assert (person.name, site.doorbell.rules(person.id).tell) == ("Anna", "notify")


def test_an_archive_through_the_page(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 100))
    data = site.doorbell.dossiers.export(anna)
    answer = site.client.post("/people/archive", files={"archive": ("a.zip", data)}, headers=FORM)
    assert answer.status_code == 400 and "Anna: somebody has this name already" in answer.text
    answer = site.client.post(
        "/people/archive", data={"name": "Anna's twin"}, files={"archive": ("a.zip", data)}, headers=FORM
    )
    twin = site.doorbell.people()[1].person
    assert (answer.headers["location"], twin.name) == (f"/people/{twin.id}?done=added", "Anna's twin")
    answer = site.client.post("/people/archive", files={"archive": ("a.zip", b"PK nonsense")}, headers=FORM)
    assert answer.status_code == 400 and "Not an archive of a person" in answer.text
    assert site.client.post("/people/archive", headers=FORM).status_code == 422


@pytest.mark.parametrize(
    "rules",
    [
        7,
        {"tell": "shout"},
        {"hours": "late"},
        {"hours": 7},
        {"minor": "yes"},
        {"consent": 7},
        {"consent": "x" * 2001},
        {"consent_at": "soon"},
        {"consent_at": 7},
        {"consent": "x", "consent_at": "0026-05-03"},
        {"consent": "x", "consent_at": "9999-12-31"},
        {"hours": "7:00-8:00" + ", " * 300},
    ],
)
def test_rules_of_an_archive_are_checked(site: Site, rules: object) -> None:
    site.enrol("Anna", (ANNA, 100))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(site.doorbell.export_person("Anna"))) as good, zipfile.ZipFile(out, "w") as bad:
        content = json.loads(good.read("person.json")) | {"rules": rules}
        for name in good.namelist():
            bad.writestr(name, json.dumps(content) if name == "person.json" else good.read(name))
    site.doorbell.remove("Anna")
    with pytest.raises(ValueError, match="not an archive of a person"):
        site.doorbell.import_person(out.getvalue())
    assert site.doorbell.people() == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": -1},
        {"version": int("9" * 4000)},
        {"more": "HUGE"},  # a number with more digits than Python reads
        {"references": "BOMB"},
    ],
)
def test_an_archive_that_was_made_to_harm_is_refused(site: Site, change: dict[str, object]) -> None:
    site.enrol("Anna", (ANNA, 100))
    with zipfile.ZipFile(io.BytesIO(site.doorbell.export_person("Anna"))) as good:
        content = json.loads(good.read("person.json"))
    if change == {"references": "BOMB"}:
        change = {"references": content["references"] * 200}  # all of them one member, small only where it is packed
    text = json.dumps(content | change).replace('"HUGE"', "9" * 5000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bad:
        bad.writestr("person.json", text)
        bad.writestr("pictures/0.jpg", b"\xff\xd8" + bytes((1 << 20) - 2))
    assert len(out.getvalue()) < 60_000
    site.doorbell.remove("Anna")
    with pytest.raises(ValueError, match=r"not an archive of a person|newer peephole"):
        site.doorbell.import_person(out.getvalue())
    assert site.doorbell.people() == []

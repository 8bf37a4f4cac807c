"""What the owner does: enrol, identify, rename, export and import; each fault is one clear sentence."""

import dataclasses
import io
import json
import zipfile

import numpy as np
import pytest

from doorbell_parts import MODEL, Actor, doorbell, paint, recogniser, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.vision.detector import Box, Face
from peephole.vision.landmarks import FaceCut
from peephole.web.actions import enrolled

ANNA, BEN = 1, 2


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store):
    return doorbell(store)


def photo(*actors: Actor, label: str = "a.jpg") -> Photo:
    return Photo(label, paint(actors).image)


def test_enrol_reports_on_every_photo(bell):
    enrolment = bell.enrol(
        "Anna",
        [
            photo(Actor(ANNA), label="good.jpg"),
            photo(label="empty.jpg"),
            photo(Actor(ANNA, width=30), label="far.jpg"),
            photo(Actor(ANNA, blurred=True), label="moved.jpg"),
            photo(Actor(BEN, x=10, y=10, width=50), Actor(ANNA, x=100, width=90, noise=2), label="two.jpg"),
        ],
    )
    assert [(report.label, report.outcome, report.faces) for report in enrolment.photos] == [
        ("good.jpg", "ok", 1),
        ("empty.jpg", "no_face", 0),
        ("far.jpg", "too_small", 1),
        ("moved.jpg", "blurred", 1),
        ("two.jpg", "ok", 2),
    ]
    assert enrolment.photos[2].text == "the face is 30 pixels wide, 40 are needed"
    assert enrolment.photos[4].text == "used the clearest of 2 faces"
    assert enrolment.photos[4].box is not None and enrolment.photos[4].box.width == 90
    assert [row.references for row in bell.people()] == [2]


@pytest.mark.parametrize(("side", "width", "needed"), [(1200, 39, 40), (1600, 39, 40), (4800, 117, 120)])
def test_the_width_of_a_small_face_is_in_the_photos_own_pixels(store, side, width, needed):
    small_face = dataclasses.replace(
        recogniser(),
        detect=lambda grey: [Face(Box(100, 100, 39, 39), score=1, neighbours=90)],
        cut=lambda grey, box, tilt: FaceCut(grey[:8, :8]),
    )
    image = np.random.default_rng(3).integers(0, 255, (side // 2, side), np.uint8)
    with pytest.raises(ValueError, match=f"the face is {width} pixels wide, {needed} are needed"):
        Doorbell(store, small_face).enrol("Anna", [Photo("large.jpg", image)])
    (face,) = Doorbell(store, small_face).identify(image)
    assert (face.box.width, face.decision.reason) == (width, "poor_looks")


def test_a_photo_of_somebody_else_is_left_out_among_three(bell):
    enrolment = bell.enrol(
        "Anna", [photo(Actor(ANNA)), photo(Actor(BEN), label="ben.jpg"), photo(Actor(ANNA, noise=2))]
    )
    assert [report.outcome for report in enrolment.photos] == ["ok", "unlike", "ok"]
    assert enrolment.photos[1].text == "does not look like the other photos"
    assert [row.references for row in bell.people()] == [2]


def test_of_two_photos_that_differ_both_are_used_and_it_is_said(bell):
    enrolment = bell.enrol("Anna", [photo(Actor(ANNA)), photo(Actor(BEN))])
    assert [report.outcome for report in enrolment.photos] == ["ok", "ok"]
    doubt = "used, but it is unlike the other photos: is it the same person?"
    assert [(report.text, report.unlike) for report in enrolment.photos] == [(doubt, True)] * 2
    assert enrolled(enrolment).text.count(doubt) == 2


def test_a_photo_unlike_those_that_there_are_is_used_and_it_is_said(bell):
    bell.enrol("Anna", [photo(Actor(ANNA)), photo(Actor(ANNA, noise=3))])
    unlike, alike = bell.enrol("Anna", [photo(Actor(BEN)), photo(Actor(ANNA, noise=5))]).photos
    assert unlike.unlike and not alike.unlike and alike.text == "used"


def test_enrol_refuses_when_no_photo_can_be_used(bell):
    with pytest.raises(ValueError, match=r"no photo can be used \(a.jpg: no face found; b.jpg: the face is 30 pixels"):
        bell.enrol("Anna", [photo(), photo(Actor(ANNA, width=30), label="b.jpg")])
    with pytest.raises(ValueError, match="no photo given"):
        bell.enrol("Anna", [])
    with pytest.raises(ValueError, match="needs a name"):
        bell.enrol("  ", [photo(Actor(ANNA))])
    assert bell.people() == []


def test_identify_names_the_nearest_and_decides(bell):
    bell.enrol("Anna", [photo(Actor(ANNA, noise=9))])
    bell.enrol("Ben", [photo(Actor(BEN, noise=9))])
    image = paint(
        [Actor(ANNA, x=10), Actor(BEN, x=100, shift=60), Actor(3, x=180), Actor(ANNA, x=60, y=200, width=30)]
    ).image
    faces = bell.identify(image)
    assert [(face.name, face.decision.kind) for face in faces][:2] == [("Anna", "known"), ("Ben", "unsure")]
    assert faces[2].decision.kind == "stranger" and faces[2].name in ("Anna", "Ben")
    assert (faces[3].name, faces[3].decision.kind, faces[3].decision.reason) == ("Anna", "unsure", "poor_looks")
    assert bell.identify(paint([]).image) == []
    assert bell.visits() == []


def test_identify_with_nobody_enrolled(bell):
    (face,) = bell.identify(paint([Actor(ANNA)]).image)
    assert (face.name, face.decision.kind, face.decision.reason) == (None, "stranger", "nobody_enrolled")


def test_export_and_import_carry_a_person_to_another_doorbell(bell, tmp_path):
    bell.enrol("Anna", [photo(Actor(ANNA, noise=3)), photo(Actor(ANNA, noise=4))])
    archive = bell.export_person("anna")
    with store_at(tmp_path / "elsewhere") as other:
        there = doorbell(other)
        person = there.import_person(archive)
        assert person.name == "Anna"
        assert [row.references for row in there.people()] == [2]
        for frame in walk(ANNA, 1000.0):
            there.process(frame)
        assert there.visits()[0].person_name == "Anna"
        assert [row.source for row in other.people.references(person.id)] == ["import"] * 2
        assert there.import_person(archive, "Anna's twin").name == "Anna's twin"
        with pytest.raises(ValueError, match="Anna: somebody has this name already"):
            there.import_person(archive)


def test_an_archive_holds_the_references_and_no_visit(bell):
    bell.enrol("Anna", [photo(Actor(ANNA, noise=3)), photo(Actor(ANNA, noise=4))])
    before = bell.export_person("Anna")
    for frame in walk(ANNA, 1000.0):
        bell.process(frame)
    assert bell.visits()[0].person_name == "Anna"
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(io.BytesIO(bell.export_person("Anna"))) as new:
        assert new.namelist() == old.namelist()
        assert new.namelist() == ["person.json", "README.txt", "pictures/0.jpg", "pictures/1.jpg"]
        assert all(new.read(name) == old.read(name) for name in new.namelist())


def test_import_refuses_another_model(bell, store, tmp_path):
    bell.enrol("Anna", [photo(Actor(ANNA))])
    archive = bell.export_person("Anna")
    with store_at(tmp_path / "elsewhere") as other:
        with pytest.raises(ValueError, match=f"another model \\({MODEL}, this doorbell runs {'f' * 16}\\).*enrol"):
            doorbell(other, model="f" * 16).import_person(archive)
        assert other.people.all(MODEL) == []


def tampered(archive: bytes, **changes: object) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    content = json.loads(members["person.json"])
    content.update({name: value for name, value in changes.items() if name in content})
    content["references"][0].update({name: value for name, value in changes.items() if name not in content})
    members["person.json"] = json.dumps(content).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "recipes"}, "not an archive of a person"),
        ({"version": 99}, "newer peephole"),
        ({"version": "1"}, "not an archive of a person"),
        ({"name": 7}, "not an archive of a person"),
        ({"name": "   "}, "needs a name"),
        ({"references": []}, "holds no references"),
        ({"references": {}}, "not an archive of a person"),
        ({"references": ["x"]}, "not an archive of a person"),
        ({"descriptor": "!"}, "not an archive of a person"),
        ({"descriptor": "AAAA"}, "not an archive of a person"),
        ({"descriptor": "AAAAAAAAAAA="}, "not an archive of a person"),
        ({"descriptor": ""}, "not an archive of a person"),
        ({"picture": "../../etc/passwd"}, "not an archive of a person"),
        ({"picture": "person.json"}, "not an archive of a person"),
        ({"quality": 9999}, "not an archive of a person"),
        ({"model": None}, "not an archive of a person"),
    ],
)
def test_import_checks_what_it_reads(bell, changes, message):
    bell.enrol("Anna", [photo(Actor(ANNA))])
    archive = bell.export_person("Anna")
    bell.remove("Anna")
    whole = "references" in changes
    broken = tampered_whole(archive, changes["references"]) if whole else tampered(archive, **changes)
    with pytest.raises(ValueError, match=message):
        bell.import_person(broken)
    assert bell.people() == []


def tampered_whole(archive: bytes, references: object) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        content = json.loads(file.read("person.json"))
    content["references"] = references
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("person.json", json.dumps(content))
    return out.getvalue()


@pytest.mark.parametrize("cut", [0, 1, 50, 200, -1])
def test_import_refuses_a_damaged_archive(bell, cut):
    bell.enrol("Anna", [photo(Actor(ANNA))])
    archive = bell.export_person("Anna")
    with pytest.raises(ValueError, match="not an archive of a person, or a damaged one"):
        bell.import_person(archive[:cut], "Somebody")
    with pytest.raises(ValueError, match="not an archive of a person, or a damaged one"):
        bell.import_person(b"GIF89a" + bytes(500), "Somebody")


def test_import_refuses_an_archive_with_a_damaged_byte(bell):
    bell.enrol("Anna", [photo(Actor(ANNA))])
    archive = bell.export_person("Anna")
    bell.remove("Anna")
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        start, size = 30 + len("person.json"), file.getinfo("person.json").compress_size
    for at in range(start, start + size - 3):  # the last ones only say that there is no more
        damaged = bytearray(archive)
        damaged[at] ^= 0x5A
        with pytest.raises(ValueError, match="not an archive of a person, or a damaged one"):
            bell.import_person(bytes(damaged))


def test_import_refuses_a_decompression_bomb(bell):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("person.json", b" " * (40 << 20))
    with pytest.raises(ValueError, match="not an archive of a person"):
        bell.import_person(out.getvalue())


def test_counts(bell):
    bell.enrol("Anna", [photo(Actor(ANNA)), photo(Actor(ANNA, noise=5))])
    for frame in [*walk(BEN, 1000.0), *walk(3, 2000.0), *walk(4, 3000.0)]:
        bell.process(frame)
    bell.ignore("1")
    bell.discard("2")
    counts = bell.counts()
    assert (counts.people, counts.references) == (1, 2)
    assert (counts.strangers_open, counts.strangers_ignored, counts.visits) == (1, 1, 3)


def test_rename_shows_in_past_visits(bell):
    bell.enrol("Anna", [photo(Actor(ANNA))])
    for frame in walk(ANNA, 1000.0):
        bell.process(frame)
    bell.rename("Anna", "Anna-Maria")
    assert bell.visits()[0].person_name == "Anna-Maria"
    assert np.frombuffer(bell.visit_picture(bell.visits()[0].id) or b"", np.uint8)[:2].tolist() == [0xFF, 0xD8]


def test_of_several_faces_the_one_like_the_person_is_used(bell):
    bell.enrol("Anna", [photo(Actor(ANNA, noise=3))])
    both = photo(Actor(BEN, x=10, y=10, width=110, noise=4), Actor(ANNA, x=150, width=60, noise=4), label="both.jpg")
    (report,) = bell.enrol("Anna", [both]).photos
    assert (report.text, report.box and report.box.width) == ("used the most alike of 2 faces", 60)
    strangers = photo(Actor(BEN, x=10, noise=5), Actor(3, x=150, noise=5))
    with pytest.raises(ValueError, match="none of the 2 faces looks like the person"):
        bell.enrol("Anna", [strangers])
    assert [row.references for row in bell.people()] == [2]


def test_of_a_photo_that_is_given_twice_one_is_used(bell):
    enrolment = bell.enrol("Anna", [photo(Actor(ANNA, noise=3)), photo(Actor(ANNA, noise=3), label="again.jpg")])
    assert [report.outcome for report in enrolment.photos] == ["ok", "duplicate"]
    assert [row.references for row in bell.people()] == [1]


def test_a_photo_that_was_added_before_is_left_out(bell):
    bell.enrol("Anna", [photo(Actor(ANNA, noise=3))])
    enrolment = bell.enrol("anna", [photo(Actor(ANNA, noise=3), label="again.jpg"), photo(Actor(ANNA, noise=4))])
    assert [report.outcome for report in enrolment.photos] == ["duplicate", "ok"]
    assert [row.references for row in bell.people()] == [2]
    with pytest.raises(ValueError, match=r"no photo can be used \(a.jpg: was added before\)$"):
        bell.enrol("Anna", [photo(Actor(ANNA, noise=4))])

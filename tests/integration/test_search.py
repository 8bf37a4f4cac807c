"""Search by face: people, strangers and visits that look like one; detector and network are made up."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from commands import assert_one_line, astronaut, peephole, png, tiny_program
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.live import LiveDoorbell
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams

ANNA, BEN, CARL = 1, 2, 3
ORIGIN = {"origin": "http://testserver"}


class Site:
    def __init__(self, doorbell: Doorbell) -> None:
        self.doorbell = doorbell
        live = LiveDoorbell(doorbell)
        app = create_app(Door(doorbell, "the demo", memory=doorbell), live, Streams(live), ["testserver"])
        self.client = TestClient(app, follow_redirects=False)

    def walk(self, person: int, start: float, **more: int) -> str:
        for frame in parts.walk(person, start, **more):
            self.doorbell.process(frame)
        return self.doorbell.visits(1)[0].id

    def enrol(self, name: str, person: int) -> str:
        photo = Photo("photo.jpg", parts.paint([parts.Actor(person, noise=200)]).image)
        return self.doorbell.enrol(name, [photo]).person.id


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(parts.doorbell(store))


def photo_of(*people: int, blurred: bool = False) -> dict[str, tuple[str, bytes]]:
    actors = [parts.Actor(one, x=20 + 100 * at, noise=40, blurred=blurred) for at, one in enumerate(people)]
    return {"photos": ("who.png", cv2.imencode(".png", parts.paint(actors).image)[1].tobytes())}


def test_a_photo_finds_the_visits_of_its_face_and_nobody_elses(site: Site) -> None:
    anna = site.enrol("Anna", ANNA)
    first, _, second = site.walk(ANNA, 1000.0), site.walk(BEN, 2000.0), site.walk(ANNA, 3000.0)

    found = site.client.post("/api/search", files=photo_of(ANNA), headers=ORIGIN).json()

    assert {one["visit"] for one in found["visits"]} == {first, second}
    assert {one["likeness"] for one in found["visits"]} == {"same"}
    assert [(one["id"], one["likeness"]) for one in found["people"]] == [(anna, "same")]
    assert found["strangers"] == []
    assert (found["looks"], found["compared"]) == (1, 1 + 8 + 3 * 8)  # a reference, Ben's looks, those of the visits
    assert found["bars"]["same_stranger"] == 70_000


def test_the_nearest_person_is_told_even_where_nobody_is_alike(site: Site) -> None:
    site.enrol("Anna", ANNA)
    found = site.client.post("/api/search", files=photo_of(CARL), headers=ORIGIN).json()
    assert [(one["name"], one["likeness"]) for one in found["people"]] == [("Anna", "other")]
    assert found["visits"] == []


def test_by_the_face_of_a_visit_of_a_stranger_and_of_a_person(site: Site) -> None:
    first, second = site.walk(BEN, 1000.0), site.walk(BEN, 2000.0, shift=5)
    stranger = site.doorbell.strangers()[0]

    by_visit = site.client.get("/api/search", params={"visit": first}).json()
    by_stranger = site.client.get("/api/search", params={"stranger": str(stranger.number)}).json()
    assert [one["visit"] for one in by_visit["visits"]] == [first, second]
    assert by_visit["visits"][0]["distance"] == 0 < by_visit["visits"][1]["distance"]
    assert [one["number"] for one in by_stranger["strangers"]] == [1]

    site.doorbell.assign(stranger.id, "Ben")
    by_person = site.client.get("/api/search", params={"person": "Ben"}).json()
    assert {one["visit"] for one in by_person["visits"]} == {first, second}
    assert by_person["people"][0]["distance"] == 0


def test_the_page_shows_what_was_found_and_leads_there(site: Site) -> None:
    site.enrol("Anna <i>", ANNA)
    visit = site.walk(ANNA, 1000.0)

    page = site.client.post("/search", files=photo_of(ANNA), headers=ORIGIN | {"accept": "text/html"}).text

    assert f'href="/visits/{visit}"' in page and "Anna &lt;i&gt;" in page and "Alike" in page
    assert "No stranger looks like this" in page
    assert f'href="/search?visit={visit}"' in site.client.get(f"/visits/{visit}").text
    assert f"/pictures/visits/{visit}.jpg" in site.client.get("/search", params={"visit": visit}).text


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"photos": ("note.png", b"no picture")}, "note.png: not a photo"),
        (photo_of(), "who.png: no face found"),
        (photo_of(ANNA, blurred=True), "who.png: the face is too blurred"),
        ({}, "choose at least one photo"),
    ],
)
def test_a_photo_without_a_face_of_use_is_refused_in_a_sentence(
    site: Site, files: dict[str, tuple[str, bytes]], said: str
) -> None:
    for path in ("/api/search", "/search"):
        answer = site.client.post(path, files=files, headers=ORIGIN)
        assert answer.status_code == 400 and said in answer.text


def test_of_several_photos_none_is_looked_at(site: Site) -> None:
    files = [("photos", ("a.png", b"no picture")), ("photos", ("b.png", b"no picture"))]
    answer = site.client.post("/api/search", files=files, headers=ORIGIN)
    assert (answer.status_code, answer.json()["error"]) == (400, "search by one photo at a time")


def test_what_is_not_there_cannot_be_searched_by(site: Site) -> None:
    for key in ("visit", "person", "stranger"):
        for path in ("/api/search", "/search"):
            assert site.client.get(path, params={key: "x1"}).status_code == 404
    assert site.client.get("/api/search").status_code == 400
    assert site.client.get("/search").status_code == 200


def test_a_search_stores_nothing(site: Site) -> None:
    site.walk(BEN, 1000.0)
    before = site.doorbell.counts()
    site.client.post("/api/search", files=photo_of(BEN), headers=ORIGIN)
    assert site.doorbell.counts() == before


def test_from_the_command_line(tmp_path: Path) -> None:
    tiny_program(tmp_path / "p.safetensors")
    photo, note = tmp_path / "ann.png", tmp_path / "note.png"
    photo.write_bytes(png(astronaut()))
    note.write_text("no picture")
    options = ("--data", tmp_path / "d", "--model", tmp_path / "p.safetensors")
    assert peephole("people", "add", "Ann", photo, *options).returncode == 0

    found = json.loads(peephole("visits", "search", photo, "--json", *options).stdout)
    told = peephole("visits", "search", photo, *options).stdout

    assert [(one["name"], one["distance"], one["likeness"]) for one in found["people"]] == [("Ann", 0, "same")]
    assert (found["strangers"], found["visits"], found["compared"]) == ([], [], 1)
    assert told.splitlines()[1].split()[:4] == ["person", "Ann", "-", "same"]
    assert told.splitlines()[-1] == "1 stored looks compared"
    assert_one_line(peephole("visits", "search", note, *options), 1, str(note))
    assert_one_line(peephole("visits", "search", tmp_path / "none.png", *options), 1, "none.png")

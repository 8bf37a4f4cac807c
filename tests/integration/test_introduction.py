"""Somebody is introduced at the camera: looks are gathered in memory and stored at once; the camera is made up."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

import doorbell_parts as parts
from commands import peephole
from peephole.alignment import TEMPLATE
from peephole.cameras import Cameras
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.events import Decided, VisitEnded
from peephole.doorbell.introduction import BETWEEN, PATIENCE, Introduction
from peephole.live import Announcer, LiveDoorbell, Message, View
from peephole.vision.detector import Box
from peephole.vision.landmarks import FaceCut, Landmarks
from peephole.vision.sources import Frame
from peephole.web import enrolment_session
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from waiting import until

ANNA, BEN = 1, 2
STRAIGHT, LEFT, RIGHT, UP, DOWN = 0, 30, 31, 32, 33
"""Values of an actor's `noise` that stand for a turn of the head; every other one is straight."""
NOSE = {LEFT: (4.5, 0.0), RIGHT: (-4.5, 0.0), UP: (0.0, -5.0), DOWN: (0.0, 5.0)}


def cut(grey: NDArray[np.uint8], box: Box, tilt: int) -> FaceCut:
    found = parts.cut(grey, box, tilt)
    points = TEMPLATE.copy()
    points[2] += NOSE.get(int(found.pixels[0, 1]), (0.0, 0.0))
    return dataclasses.replace(found, landmarks=Landmarks(np.round(points * 256).astype(np.int32), ""))


@pytest.fixture
def doorbell(tmp_path: Path) -> Iterator[Doorbell]:
    with parts.store_at(tmp_path) as store:
        yield Doorbell(store, dataclasses.replace(parts.recogniser(), cut=cut), None, parts.portrait)


class Camera:
    """Shows an introduction one frame after the other, a second apart."""

    def __init__(self, introduction: Introduction) -> None:
        self.introduction = introduction
        self.time = 100.0

    def show(self, *people: int, turn: int = STRAIGHT, after: float = 1.0, width: int = 80) -> str:
        self.time += after
        actors = [parts.Actor(one, x=10 + 110 * at, width=width, noise=turn or 40) for at, one in enumerate(people)]
        image = np.repeat(parts.paint(actors).image[:, :, None], 3, 2)
        self.introduction.see(image, self.time)
        return self.introduction.instruction.slug


def enrol(doorbell: Doorbell, name: str, person: int) -> str:
    return doorbell.enrol(name, [Photo("p.jpg", parts.paint([parts.Actor(person, noise=200)]).image)]).person.id


def test_five_looks_are_gathered_and_nothing_is_stored_before_they_are_saved(doorbell: Doorbell) -> None:
    introduction = doorbell.introduction("  Anna ")
    camera = Camera(introduction)

    asked = [camera.show(), camera.show(ANNA, width=50), camera.show(ANNA, BEN)]
    asked += [camera.show(ANNA, turn=turn) for turn in (STRAIGHT, STRAIGHT, LEFT, DOWN, RIGHT, UP)]

    assert asked == ["nobody", "far", "crowd", "kept", "left", "kept", "kept", "kept", "complete"]
    assert [look.turn for look in introduction.kept] == ["straight", "left", "down", "right", "up"]
    assert doorbell.people() == []

    saved = introduction.save("Anna, at the door")
    (row,) = doorbell.people()
    assert (saved.looks, row.person.name, row.references) == (5, "Anna", 5)
    assert {one.reference.source for one in doorbell.dossiers.read("Anna").references} == {"door"}
    assert doorbell.rules("Anna").consent == "Anna, at the door"
    assert abs((doorbell.rules("Anna").consent_at or 0) - time.time()) < 60


def test_a_rejected_look_is_asked_for_again(doorbell: Doorbell) -> None:
    introduction = doorbell.introduction("Anna")
    camera = Camera(introduction)
    camera.show(ANNA)
    introduction.reject(introduction.kept[0].number)
    assert introduction.wanted[0] == "straight"
    with pytest.raises(ValueError, match="gone already"):
        introduction.reject(0)
    with pytest.raises(ValueError, match="no look was kept"):
        introduction.save()
    assert camera.show(ANNA) == "kept" and introduction.kept[0].number == 1


def test_two_looks_are_not_of_the_same_moment(doorbell: Doorbell) -> None:
    camera = Camera(doorbell.introduction("Anna"))
    camera.show(ANNA)
    camera.show(ANNA, turn=LEFT, after=BETWEEN / 2)
    assert len(camera.introduction.kept) == 1
    camera.show(ANNA, turn=LEFT, after=BETWEEN)
    assert len(camera.introduction.kept) == 2


def test_who_cannot_turn_is_taken_as_she_is_after_a_while(doorbell: Doorbell) -> None:
    camera = Camera(doorbell.introduction("Anna"))
    camera.show(ANNA)
    for _ in range(round(PATIENCE / 0.4)):
        assert len(camera.introduction.kept) == 1
        camera.show(ANNA, after=0.4)
        camera.show(after=0.4)  # nobody is in view: this time does not count
    camera.show(ANNA, after=0.4)
    assert [(look.turn, look.turned) for look in camera.introduction.kept] == [("straight", True), ("left", False)]


def test_a_known_face_is_asked_about_and_not_kept_for_somebody_else(doorbell: Doorbell) -> None:
    bob = enrol(doorbell, "Bob", BEN)
    introduction = doorbell.introduction("Anna")
    camera = Camera(introduction)

    assert camera.show(BEN) == "like"
    assert introduction.like == (bob, "Bob") and "Is it Bob?" in introduction.instruction.text
    assert introduction.kept == []

    introduction.is_other(bob)  # a twin
    assert camera.show(BEN) == "kept"


def test_a_face_that_turns_out_to_be_known_adds_to_that_person(doorbell: Doorbell) -> None:
    bob = enrol(doorbell, "Bob", BEN)
    introduction = doorbell.introduction("Robert")
    camera = Camera(introduction)
    camera.show(BEN)
    introduction.is_same(bob)
    assert introduction.label() == "Bob" and camera.show(BEN) == "kept"
    assert introduction.save().person.id == bob
    assert [(row.person.name, row.references) for row in doorbell.people()] == [("Bob", 2)]


def test_another_face_does_not_get_among_the_looks(doorbell: Doorbell) -> None:
    camera = Camera(doorbell.introduction("Anna"))
    camera.show(ANNA)
    assert camera.show(BEN, turn=LEFT) == "other"
    assert len(camera.introduction.kept) == 1


@pytest.mark.parametrize("with_earlier", [True, False])
def test_the_stranger_of_this_face_becomes_the_person(doorbell: Doorbell, with_earlier: bool) -> None:
    for frame in parts.walk(ANNA, 1000.0):
        doorbell.process(frame)
    for frame in parts.walk(BEN, 2000.0):
        doorbell.process(frame)
    introduction = doorbell.introduction("Anna")
    for frame in parts.walk(ANNA, time.time() + 1, shift=30):  # too far from the first walk to be that stranger
        doorbell.process(frame)
    Camera(introduction).show(ANNA)

    earlier, _, meanwhile = sorted(doorbell.strangers(), key=lambda one: one.number)
    saved = introduction.save(with_strangers=with_earlier)

    numbers = {one.number for one in saved.strangers}
    assert (earlier.number in numbers) == with_earlier
    assert {one.number for one in doorbell.strangers()} == {1, 2, 3} - numbers
    assert meanwhile.first_seen > introduction.begun


@pytest.mark.parametrize("name", ["", "  ", "x" * 65])
def test_a_name_that_is_none_is_refused_at_once(doorbell: Doorbell, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        doorbell.introduction(name)


class Site:
    def __init__(self, doorbell: Doorbell) -> None:
        self.doorbell = doorbell
        self.live = LiveDoorbell(doorbell)
        self.heard: list[Message] = []
        self.time = 0.0
        app = create_app(Door(doorbell, "the demo", memory=doorbell), self.live, Streams(self.live), ["testserver"])
        self.live.announcer.listen(self.heard.append)
        self.client = TestClient(app, follow_redirects=False)

    def see(self, *people: int, turn: int = STRAIGHT) -> None:
        """Let the camera show somebody, and the doorbell see it."""
        actors = [parts.Actor(one, noise=turn or 40) for one in people]
        image = np.repeat(parts.paint(actors).image[:, :, None], 3, 2)
        self.time = self.time + 0.11 if self.time else time.time()  # however long this machine takes for each
        frame = Frame(image, self.time, 0)
        events = self.doorbell.process(frame)
        self.live.newest, self.live.newest_at = View(frame, self.doorbell.current()), time.monotonic()
        self.live.announcer.announce(self.live.newest)
        for event in events:
            self.live.announcer.announce(event)

    def post(self, verb: str, **form: object) -> dict[str, object]:
        answer = self.client.post(f"/api/enrolment/{verb}", data=form, headers={"origin": "http://testserver"})
        return {"status": answer.status_code, **answer.json()}

    def state(self) -> dict[str, object]:
        return dict(self.client.get("/api/enrolment").json())

    def until(self, done: Callable[[dict[str, object]], bool]) -> dict[str, object]:
        until(lambda: done(self.state()))
        return self.state()


@pytest.fixture
def site(doorbell: Doorbell) -> Iterator[Site]:
    site = Site(doorbell)
    yield site
    if token := site.state().get("session"):
        site.post("cancel", session=token)
    time.sleep(2 * enrolment_session.PAUSE)


def test_over_the_page_from_start_to_save(site: Site) -> None:
    token = site.post("start", name="Anna")["session"]
    site.see(ANNA)
    state = site.until(lambda state: state["kept"] == 1)
    assert (state["name"], state["wanted"]) == ("Anna", 5)
    assert 'class="instruction"' in site.client.get("/enrol").text
    part = site.client.get("/enrol/state", params={"seen": "x"})
    assert part.status_code == 200
    assert site.client.get("/enrol/state", params={"seen": site.state()["version"]}).status_code == 204
    picture = site.client.get(f"/enrol/looks/{token}/0.jpg")
    assert (picture.status_code, picture.headers["cache-control"]) == (200, "no-store")

    assert site.post("save", session=token)["status"] == 400  # nobody is said to have agreed
    saved = site.post("save", session=token, consent="Anna")
    assert (saved["status"], saved["name"], saved["looks"]) == (200, "Anna", 1)
    assert site.state() == {}
    page = site.client.get(f"/people/{saved['id']}?done=introduced").text
    assert f'name="deed" value="{saved["undo"]}"' in page and "From an introduction at the door" in page
    assert site.client.get(f"/enrol/looks/{token}/0.jpg").status_code == 404
    assert site.client.get("/enrol/state").headers["hx-redirect"] == "/enrol?done=enrolment_over"


def test_who_saves_while_another_does_is_told_that_it_is_over(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    save = Introduction.save

    def slowly(*given: object) -> object:
        time.sleep(0.3)
        return save(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(Introduction, "save", slowly)
    token = site.post("start", name="Anna")["session"]
    site.see(ANNA)
    site.until(lambda state: state["kept"] == 1)
    with ThreadPoolExecutor(2) as hands:
        presses = [hands.submit(site.post, "save", session=token, consent="Anna") for _ in range(2)]
    assert sorted(press.result()["status"] for press in presses) == [200, 400]
    assert [row.references for row in site.doorbell.people()] == [1]


def test_who_was_removed_while_being_introduced_does_not_come_back_under_an_id(doorbell: Doorbell) -> None:
    bob = enrol(doorbell, "Bob", BEN)
    introduction = doorbell.introduction(bob)
    Camera(introduction).show(BEN)
    doorbell.remove(bob)
    with pytest.raises(ValueError, match="Bob was removed meanwhile"):
        introduction.save("Bob")
    assert introduction.label() == "Bob" and doorbell.people() == []


def test_there_is_one_at_a_time_and_an_old_page_does_nothing(site: Site) -> None:
    token = site.post("start", name="Anna")["session"]
    refused = site.post("start", name="Ben")
    assert refused["status"] == 400 and "Anna is being introduced" in str(refused["error"])
    assert site.post("cancel", session="old")["status"] == 400
    assert site.post("cancel", session=token)["status"] == 200
    assert site.post("save", session=token, consent="x")["status"] == 400
    assert site.doorbell.people() == []
    assert site.post("start", name="Ben", camera="attic")["status"] == 400


@pytest.mark.parametrize("limit", ["IDLE", "LONGEST"])
def test_it_ends_when_its_time_is_over(site: Site, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    site.post("start", name="Anna")
    assert site.state()["name"] == "Anna"
    monkeypatch.setattr(enrolment_session, limit, -1.0)
    assert site.state() == {}


def test_a_picture_that_stands_still_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.post("start", name="Anna")
    site.see(ANNA)
    site.until(lambda state: state["kept"] == 1)
    monkeypatch.setattr(enrolment_session, "STALE", 0.2)
    site.until(lambda state: state["instruction"] == "no_picture")


def test_whoever_is_introduced_is_not_announced_as_a_stranger(site: Site) -> None:
    def told() -> list[tuple[str, bool]]:
        return [(one.decision, one.silent) for one in site.heard if isinstance(one, Decided | VisitEnded)]

    token = site.post("start", name="Anna")["session"]
    for _ in range(8):
        site.see(ANNA)
    assert told() == [("stranger", True)]
    site.until(lambda state: state["kept"] == 1)
    site.post("save", session=token, consent="Anna")
    for _ in range(4):
        site.see(ANNA)
    assert told()[1:] == [("known", True)]  # she is no news
    for event in site.doorbell.flush():
        site.live.announcer.announce(event)
    assert told()[2:] == [("known", True)]
    assert site.doorbell.strangers() == []
    assert [visit.person_name for visit in site.doorbell.visits()] == ["Anna"]


def test_a_stranger_who_comes_while_nobody_is_introduced_is_told(site: Site) -> None:
    for _ in range(8):
        site.see(BEN)
    assert [one.silent for one in site.heard if isinstance(one, Decided)] == [False]


def test_from_the_command_line_at_the_demos_camera(tmp_path: Path) -> None:
    """The demo shows Eileen, then somebody else, whose looks do not get among hers."""
    options = ("--source", "demo", "--data", tmp_path / "d")
    done = peephole("people", "introduce", "Eileen", *options, "--consent", "herself", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if " of 5: " in line]
    assert "0 of 5: Come nearer." in told
    assert "1 of 5: Turn your head a little to your left." in told
    assert told[-1].endswith("This is another face than before. One person at a time.") or "Step in front" in told[-1]
    saved = json.loads(done.stdout)
    assert saved["name"] == "Eileen" and saved["looks"] >= 1
    rules = json.loads(peephole("people", "rules", "Eileen", "--json", "--data", tmp_path / "d").stdout)
    assert rules["consent"] == "herself"

    short = peephole("people", "introduce", "Max", *options, "--consent", "x", "--yes", "--seconds", "1")
    assert_one_line_last(short.stderr, "no look at Max was kept; nothing is stored")
    assert short.returncode == 1
    assert peephole("people", "introduce", "Max", *options, "--consent", " ").returncode == 2


def assert_one_line_last(text: str, words: str) -> None:
    assert words in text.splitlines()[-1] and "Traceback" not in text


def test_of_several_cameras_the_one_that_was_chosen_is_looked_at(doorbell: Doorbell) -> None:
    announcer = Announcer()
    front, garden = (LiveDoorbell(doorbell, announcer, name) for name in ("front door", "garden"))
    live = Cameras([front, garden])
    door = Door(doorbell, "two cameras", memory=doorbell, cameras=("front door", "garden"))
    client = TestClient(create_app(door, live, Streams(live), ["testserver"]))
    assert "<option>garden</option>" in client.get("/enrol").text

    form = {"name": "Anna", "camera": "garden"}
    token = client.post("/api/enrolment/start", data=form, headers={"origin": "http://testserver"}).json()["session"]
    for camera, person in ((front, BEN), (garden, ANNA)):
        image = np.repeat(parts.paint([parts.Actor(person, noise=40)]).image[:, :, None], 3, 2)
        camera.newest, camera.newest_at = View(Frame(image, time.time(), 0), ()), time.monotonic()
    until(lambda: client.get("/api/enrolment").json()["kept"])
    state = client.get("/api/enrolment").json()
    assert (state["camera"], state["kept"]) == ("garden", 1)
    assert "/live.mjpeg?names=0&amp;camera=garden" in client.get("/enrol").text
    form = {"session": token, "consent": "Anna"}
    client.post("/api/enrolment/save", data=form, headers={"origin": "http://testserver"})
    assert doorbell.identify(image)[0].name == "Anna"

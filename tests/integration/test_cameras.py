"""A household of several cameras: their visits, what a kill leaves of them, the door, the page and the command."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from commands import peephole, tiny_program
from door_parts import Home, long_walk
from doorbell_parts import MORNING
from peephole.cameras import Cameras
from peephole.cli.operating import operating
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.visit import VisitRecord
from peephole.live import Announcer, LiveDoorbell, Status, View
from peephole.store.store import Store
from peephole.vision.sources import Frame
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from running import model_arguments
from waiting import until

ANNA, BEN, CARL, DORA = 1, 2, 3, 4
NAMES = ("front", "garden", "back", "garage")


@dataclass
class Film:
    """Frames that are made up."""

    name: str
    frames: Sequence[parts.Frame]
    live: bool = False

    def __iter__(self) -> Iterator[Frame]:
        for number, frame in enumerate(self.frames):
            yield Frame(frame.image, frame.time, number)

    def close(self) -> None:
        pass


def household(bell: Doorbell, names: Sequence[str] = NAMES) -> Cameras:
    announcer = Announcer()
    return Cameras([LiveDoorbell(bell.watcher(name, names), announcer, name) for name in names])


def knowing_anna(store: Store) -> Doorbell:
    bell = parts.doorbell(store)
    bell.enrol("Anna", [Photo("a.jpg", parts.paint([parts.Actor(ANNA, noise=200)]).image)])
    return bell


def films() -> dict[str, list[parts.Frame]]:
    """What each camera sees; Ben comes to two of them, long after each other."""
    return {
        "front": [*parts.walk(ANNA, 1000.0), *parts.walk(BEN, 1100.0)],
        "garden": [*parts.walk(CARL, 2000.0, looks=11), *parts.walk(ANNA, 2100.0)],
        "back": parts.walk(ANNA, 3000.0, looks=5),
        "garage": [*parts.walk(DORA, 4000.0), *parts.walk(DORA, 4100.0, looks=6)],
    }


def facts(visit: VisitRecord) -> tuple[object, ...]:
    decision = visit.decision
    return visit.first_seen, visit.last_seen, decision.kind, visit.person_name, decision.distance, visit.sightings


def test_visits_of_four_cameras_at_once_are_those_of_each_alone(tmp_path: Path) -> None:
    alone = {}
    for name, frames in films().items():
        with parts.store_at(tmp_path / name) as store:
            bell = knowing_anna(store)
            household(bell, [name]).watch([Film(name, frames)], at_its_pace=False, failed=print)
            alone[name] = [facts(visit) for visit in bell.visits()]
    with parts.store_at(tmp_path / "all") as store:
        bell = knowing_anna(store)
        sources = [Film(name, frames) for name, frames in films().items()]
        assert household(bell).watch(sources, at_its_pace=False, failed=print) == []
        together = {name: [facts(v) for v in bell.visits() if v.camera == name] for name in NAMES}
        assert together == alone
        assert sum(map(len, alone.values())) == 7
        assert len(bell.strangers()) == 3


def test_a_stranger_seen_first_at_two_cameras_at_once_is_one_stranger(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        bell = parts.doorbell(store)
        watchers = [bell.watcher(name, NAMES[:2]) for name in NAMES[:2]]
        for person in range(10, 26):
            seen = parts.walk(person, 1000.0 * person)
            last_moment = threading.Barrier(2)

            def watch(watcher, frames=seen, moment=last_moment) -> None:
                for frame in frames[:8]:
                    watcher.process(frame)
                moment.wait(10)
                watcher.flush()

            threads = [threading.Thread(target=watch, args=(one,)) for one in watchers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
        assert [stranger.visits for stranger in bell.strangers()] == [2] * 16


def test_one_person_at_two_cameras_is_two_visits_of_which_the_later_to_end_is_a_repeat(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        bell = knowing_anna(store)
        front, garden = (bell.watcher(name, NAMES[:2]) for name in NAMES[:2])
        for early, late in zip(parts.walk(ANNA, 1000.0), parts.walk(ANNA, 1000.5, looks=16), strict=False):
            garden.process(late)
            front.process(early)
        front.flush()
        garden.flush()
        told = {visit.camera: (visit.person_name, visit.repeat) for visit in bell.visits()}
        assert told == {"front": ("Anna", False), "garden": ("Anna", True)}


def test_each_camera_ends_its_own_open_visits_and_the_first_those_of_cameras_that_are_gone(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        left = parts.doorbell(store)
        for number, name in enumerate(("front", "garden", "attic", "")):
            watcher = left.watcher(name, ("front", "garden", "attic"))
            for frame in parts.walk(10 + number, 1000.0 + number)[:8]:
                watcher.process(frame)
        bell = parts.doorbell(store)
        watchers = {name: bell.watcher(name, ("front", "garden")) for name in ("front", "garden")}
        ended = {name: {event.camera for event in watcher.recover()} for name, watcher in watchers.items()}
        assert ended == {"front": {"front", "attic", ""}, "garden": {"garden"}}
        assert {visit.camera for visit in bell.visits() if visit.closed} == {"front", "garden", "attic", ""}


def test_a_face_at_another_camera_opens_no_door(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        home = Home(store)
        for frame in long_walk(MORNING):
            home.now = frame.time
            home.bell.process(frame)
            home.live.announcer.announce(View(frame, home.bell.current(), camera="garden"))
            home.opener.turn()
        assert (home.actuator.told, home.rows()) == ([], [])
        home.see(long_walk(MORNING + 100))
        assert home.actuator.releases == 1


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[TestClient, Cameras, Doorbell]]:
    with parts.store_at(tmp_path) as store:
        bell = knowing_anna(store)
        cameras = household(bell, NAMES[:2])
        door = Door(bell, "two films", memory=bell, cameras=NAMES[:2], ring=cameras.ring)
        app = create_app(door, cameras, Streams(cameras), names=["testserver"])
        client = TestClient(app, follow_redirects=False, headers={"origin": "http://testserver"})
        yield client, cameras, bell


def test_the_page_shows_the_camera_that_is_asked_for_and_tiles_of_the_others(site) -> None:
    client, cameras, _ = site
    cameras.watch(
        [Film("one", parts.walk(ANNA, 1000.0)), Film("two", parts.walk(BEN, 2000.0))], at_its_pace=False, failed=print
    )
    page = client.get("/?camera=garden").text
    assert 'data-camera="garden" data-' not in page.partition('class="tile"')[0]
    assert '<p class="where" id="where">garden</p>' in page
    assert page.count('class="tile"') == 2
    assert '<p class="where" id="where">front</p>' in client.get("/?camera=attic").text  # the first for one unknown
    rows = client.get("/parts/visits").text
    assert "· front" in rows and "· garden" in rows
    only = client.get("/visits?camera=front").text
    assert only.count("· front") == 1 and "· garden" not in only
    assert {row["camera"] for row in client.get("/api/visits").json()} == {"front", "garden"}
    for camera, status in (("front", 200), ("garden", 200), ("", 200), ("attic", 404)):
        assert client.get("/live.jpg", params={"camera": camera}).status_code == status
    assert client.get("/live.mjpeg?camera=attic").status_code == 404
    small, large = (client.get(f"/live.jpg?small={small}").content for small in (1, 0))
    assert len(small) <= len(large)


def test_visits_at_a_camera_that_is_there_no_more_are_found_by_its_name(site) -> None:
    client, _, bell = site
    assert [one for one in ("attic", "front", "garden") if f"<option>{one}" in client.get("/visits").text] == [
        "front",
        "garden",
    ]
    attic = bell.watcher("attic", ("attic",))
    for frame in parts.walk(BEN, 1000.0):
        attic.process(frame)
    page = client.get("/visits").text
    assert "<option>attic</option>" in page
    assert page.count("<option>front</option>") == 1
    assert client.get("/visits?camera=attic").text.count("· attic") == 1


def test_every_camera_is_told_of_by_name(site) -> None:
    client, cameras, _ = site
    cameras.cameras[1].status = Status("lost", "camera 1: the picture stopped", "garden")
    listed = client.get("/api/cameras").json()
    assert [(one["camera"], one["state"]) for one in listed] == [("front", "starting"), ("garden", "lost")]
    health = client.get("/healthz").json()
    assert health["status"] == "lost"
    assert health["problems"] == ["garden: camera 1: the picture stopped"]
    assert health["cameras"] == {"front": "starting", "garden": "lost"}


def test_figures_and_faults_are_those_of_each_camera(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        bell = knowing_anna(store)
        cameras = household(bell, NAMES[:2])
        with operating(cameras, bell, []) as operations:
            seen = [Film("one", parts.walk(ANNA, 1000.0)), Film("two", parts.walk(ANNA, 2000.0, looks=9), live=True)]
            cameras.watch(seen, at_its_pace=False, failed=print)
            cameras.cameras[0].status = Status("watching", "still there", "front")
            text = operations.metrics.text().decode()
            faults = {fault.part: fault.text for fault in operations.health.faults()}
        figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
        assert figures['peephole_frame_seconds_count{camera="front"}'] == "28.0"
        assert figures['peephole_frame_seconds_count{camera="garden"}'] == "29.0"
        assert figures['peephole_visits_total{camera="garden",decision="known"}'] == "1.0"
        assert figures['peephole_watching{camera="front"}'] == "1.0"
        assert figures['peephole_watching{camera="garden"}'] == "0.0"
        assert figures['peephole_trouble{part="camera garden"}'] == "1.0"
        assert faults == {"camera garden": "garden: two has ended"}


def test_the_bell_rings_at_a_camera_by_http(site) -> None:
    client, _, bell = site
    assert client.post("/api/ring").status_code < 300
    assert client.post("/api/ring?camera=garden").status_code < 300
    assert {(visit.camera, visit.rang) for visit in bell.visits()} == {("front", True), ("garden", True)}
    assert client.post("/api/ring?camera=attic").status_code == 400


def settings(folder: Path, **sources: object) -> Path:
    file = folder / "peephole.toml"
    file.write_text("".join(f'[[cameras]]\nname = "{name}"\nsource = "{source}"\n' for name, source in sources.items()))
    return file


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.png"), np.full((80, 120, 3), 40, np.uint8))
    return folder


def test_a_source_that_cannot_be_opened_is_told_and_the_others_are_watched(tmp_path: Path, pictures: Path) -> None:
    tiny_program(tmp_path / "tiny.safetensors")
    there = ["--model", tmp_path / "tiny.safetensors", "--data", tmp_path / "data", "--once"]
    broken = tmp_path / "gone.mp4"
    one = peephole("run", "--config", settings(tmp_path, front=broken, garden=pictures), *there)
    assert one.returncode == 1
    assert one.stderr.count("\n") == 1 and one.stderr.startswith(f"peephole: front: {broken}: no such file")
    both = peephole("run", "--config", settings(tmp_path, front=pictures, garden=pictures), *there)
    assert (both.returncode, both.stdout, both.stderr) == (0, "", "")
    none = peephole("run", "--config", settings(tmp_path, front=broken, garden=broken), *there)
    assert none.returncode == 1 and none.stderr.count("\n") == 1


def test_the_door_is_at_a_camera_that_there_is(tmp_path: Path, pictures: Path) -> None:
    file = settings(tmp_path, front=pictures)
    file.write_text('[door]\ncamera = "attic"\n' + file.read_text())
    refused = peephole("run", "--config", file, "--once", "--data", tmp_path / "data")
    assert refused.returncode == 1
    assert "none of the [[cameras]] has the name attic" in refused.stderr


@pytest.mark.slow
def test_a_killed_household_of_cameras_ends_every_visit_at_its_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    watched = settings(tmp_path, front="demo", garden="demo", back="demo")
    command = [sys.executable, "-m", "peephole.cli.app", "run", *model_arguments(), "--data", str(data)]
    process = subprocess.Popen([*command, "--config", str(watched), "--port", "0"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: open_visits(data) == {"front", "garden", "back"})
    finally:
        process.kill()
        process.wait()
    only = settings(tmp_path, garden=tmp_path / "pictures")  # the others are no cameras any more
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "0.png"), np.zeros((80, 120, 3), np.uint8))
    done = subprocess.run(
        [*command, "--config", str(only), "--once"], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    assert sorted(line.split(" at ")[1].split(":")[0] for line in done.stdout.splitlines()) == [
        "back",
        "front",
        "garden",
    ]
    assert open_visits(data) == set()


def open_visits(data: Path) -> set[str]:
    try:
        with sqlite3.connect(f"file:{data / 'peephole.db'}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT camera FROM visits WHERE closed = 0 AND sightings > 1").fetchall()
        connection.close()
    except sqlite3.OperationalError:
        return set()
    return {row[0] for row in rows}

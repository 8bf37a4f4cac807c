"""The page of a device in RAM: the same lists and forms as the host's own, over a line and a session."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from device_line import SIDE, MadeUpDevice, one_look
from device_watch_parts import Watched
from peephole.cli.programs import load_program
from peephole.device.household import DeviceHousehold
from peephole.device.names import NAME_BYTES
from peephole.doorbell.assembly import make_recogniser
from peephole.doorbell.recogniser import Recogniser
from peephole.vision.sources.demo import EILEEN
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from waiting import until

ORIGIN = {"origin": "http://testserver"}
LOOKS = 3
PICTURE = np.full((SIDE, SIDE), 7, np.uint8)


def taken(number: int) -> bytes:
    """The portrait, each time a little darker: the very same face counts once."""
    picture = cv2.imread(str(EILEEN.path()))
    assert picture is not None
    return cv2.imencode(".png", cv2.convertScaleAbs(picture, alpha=1 - 0.05 * number))[1].tobytes()


@dataclass
class Site:
    """A client of a device's page, and the device behind it."""

    client: TestClient
    running: Watched

    def post(self, where: str, **form: str) -> tuple[int, str]:
        answer = self.client.post(f"/api/{where}", data=form, headers=ORIGIN)
        told = answer.json()
        return answer.status_code, told.get("text") or told["error"]

    def enrol(self, name: str, photos: int = 1) -> tuple[int, str]:
        files = [("photos", (f"{n}.png", taken(n), "image/png")) for n in range(photos)]
        answer = self.client.post("/api/people", data={"name": name}, files=files, headers=ORIGIN)
        told = answer.json()
        return answer.status_code, told.get("text") or told["error"]

    def stranger(self) -> int:
        """A stranger who has just left."""
        device = self.running.device
        with device.lock:
            _, number = device.gallery.add_stranger(one_look(device), PICTURE, 990_000, 995_000, False)
            self.running.leaves(number, stranger=number)
        until(lambda: number in self.running.watch.memory.pictures)
        return number

    def people(self) -> list[tuple[str, int]]:
        return [(row["name"], row["references"]) for row in self.client.get("/api/people").json()]


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return make_recogniser(load_program(None))


def site_of(running: Watched, recogniser: Recogniser) -> Site:
    door = Door(DeviceHousehold(running.watch, recogniser), "the device on cable", (), NAME_BYTES)
    app = create_app(door, running.watch, Streams(running.watch), names=["testserver"])
    return Site(TestClient(app, follow_redirects=False), running)


@pytest.fixture
def site(recogniser: Recogniser) -> Iterator[Site]:
    size = (recogniser.descriptor_size(), 4, LOOKS, 3, 2, SIDE * SIDE, 256)
    with Watched(MadeUpDevice(size, int(recogniser.model[:8], 16))) as running:
        running.connected()
        yield site_of(running, recogniser)


def test_a_stranger_is_named(site: Site) -> None:
    number = site.stranger()
    inbox = site.client.get("/parts/strangers").text
    assert f"Stranger {number}" in inbox and f"/pictures/strangers/{number}.jpg" in inbox
    for whose in (f"strangers/{number}", f"visits/1-{number}"):
        assert site.client.get(f"/pictures/{whose}.jpg").headers["content-type"] == "image/jpeg"
    assert site.post(f"strangers/{number}/assign", name=" Grace  Hopper ") == (
        200, "From now on known as Grace Hopper.",
    )  # fmt: skip
    assert [row[1] for row in site.running.device.gallery.people()] == ["Grace Hopper"]
    assert site.people() == [("Grace Hopper", 1)]
    (visit,) = site.client.get("/api/visits").json()
    assert (visit["decision"], visit["person"], visit["reason"]) == ("known", "Grace Hopper", "assigned")
    assert "No stranger waits" in site.client.get("/parts/strangers").text
    for whose in (f"strangers/{number}", f"visits/1-{number}"):  # the device keeps none of people
        assert site.client.get(f"/pictures/{whose}.jpg").headers["content-type"] == "image/svg+xml"


def test_a_stranger_joins_whoever_has_the_name(site: Site) -> None:
    for name in ("Grace", " grace"):
        assert site.post(f"strangers/{site.stranger()}/assign", name=name)[0] == 200
    assert site.people() == [("Grace", 2)]


def test_ignore_and_discard(site: Site) -> None:
    first, second = site.stranger(), site.stranger()
    assert site.post(f"strangers/{first}/ignore") == (200, f"Stranger {first} is ignored from now on.")
    assert site.post(f"strangers/{second}/discard") == (200, f"Stranger {second} is discarded.")
    assert site.client.get("/api/strangers").json() == []
    every = site.client.get("/api/strangers?every_state=1").json()
    assert [(row["number"], row["state"]) for row in every] == [(first, "ignored")]
    decisions = {row["visit"]: (row["decision"], row["stranger"]) for row in site.client.get("/api/visits").json()}
    assert decisions == {f"1-{first}": ("stranger", first), f"1-{second}": ("unsure", None)}
    assert site.client.get(f"/pictures/visits/1-{second}.jpg").headers["content-type"] == "image/svg+xml"


def test_people_from_photos(site: Site) -> None:
    assert site.enrol("Åsa") == (200, "Åsa: 1 of 1 photos used.")
    assert site.enrol("åsa", photos=2) == (200, "Åsa: 2 of 2 photos used.")
    assert site.people() == [("Åsa", 3)]
    status, text = site.enrol("Åsa")
    assert status == 400 and f"keeps {LOOKS} looks of a person" in text
    status, text = site.enrol("Ada", photos=LOOKS + 1)
    assert status == 400 and f"has room for {LOOKS} looks of Ada, not for {LOOKS + 1}" in text
    person = site.client.get("/api/people").json()[0]["id"]
    assert site.post(f"people/{person}/rename", name="Åsa L.") == (200, "Renamed to Åsa L..")
    assert site.people() == [("Åsa L.", 3)]
    assert site.post(f"people/{person}/remove") == (200, "Åsa L. is forgotten.")
    assert site.people() == []


def test_what_cannot_be_done_is_one_sentence(site: Site) -> None:
    assert site.post("strangers/9/ignore") == (400, "9: the device knows no stranger of this number")
    assert site.post("people/9/remove") == (400, "9: the device knows nobody of this name or id")
    for name in ("Ada", "Eve"):
        site.post(f"strangers/{site.stranger()}/assign", name=name)
    person = site.client.get("/api/people").json()[0]["id"]
    assert site.post(f"people/{person}/rename", name="Eve") == (
        400, "Eve: the device knows Eve already; choose another name",
    )  # fmt: skip
    status, text = site.post(f"people/{person}/rename", name="ÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅ")
    assert status == 400 and "up to 40 bytes" in text and "42" in text


def test_photos_of_another_network_are_refused(recogniser: Recogniser) -> None:
    with Watched(MadeUpDevice((recogniser.descriptor_size(), 4, 3, 3, 2, 64, 256), 0x12345678)) as running:
        running.connected()
        status, text = site_of(running, recogniser).enrol("Ada")
    assert status == 400 and text.startswith("the device has another network (12345678)") and "--model" in text


def test_a_door_without_pictures_says_so(site: Site) -> None:
    page = site.client.get("/").text
    assert "sends no live picture" in page and "/live.mjpeg" not in page
    assert "Connected" in page and "Nobody is at the door" in page
    assert f'maxlength="{NAME_BYTES}"' in page
    for where in ("/live.mjpeg", "/live.jpg"):
        assert site.client.get(where).status_code == 404
    assert site.client.get("/healthz").json()["status"] == "ok"


def test_a_device_that_is_away_is_said_to_be_and_nothing_is_forgotten(site: Site) -> None:
    number = site.stranger()
    site.running.unplug()
    page = site.client.get("/").text
    assert "The device on cable has not answered since" in page and ">No word from the door</p>" in page
    assert f"Stranger {number}" in page
    status, text = site.post(f"strangers/{number}/assign", name="Grace")
    assert status == 503 and text.startswith("The device on cable has not answered since")
    htmx = site.client.post(f"/api/strangers/{number}/ignore", headers=ORIGIN | {"hx-request": "true"})
    assert json.loads(htmx.headers["hx-trigger"])["notice"]["good"] is False
    assert site.client.get("/healthz").json()["status"] == "lost"
    site.running.plug_in()
    assert site.post(f"strangers/{number}/assign", name="Grace")[0] == 200


def test_before_the_device_answers_nothing_is_said_to_be_empty(recogniser: Recogniser) -> None:
    running = Watched(MadeUpDevice())
    running.cable.plugged = False
    with running:
        until(lambda: running.watch.status.state == "lost")
        page = site_of(running, recogniser).client.get("/").text
    assert page.count("Not known before the device answers.") == 3
    assert "Nobody has" not in page and "cable: unplugged; trying again" in page

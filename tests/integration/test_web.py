"""The page's routes over a real doorbell and store; detector and network are made up (`doorbell_parts`)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from peephole.doorbell.doorbell import Doorbell
from peephole.live import LiveDoorbell, Message
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.guard import HEADERS
from peephole.web.streams import Streams

ORIGIN = {"origin": "http://testserver"}
HTMX = ORIGIN | {"hx-request": "true", "accept": "*/*"}
FORM = ORIGIN | {"accept": "text/html,*/*"}


class Site:
    """A client, the doorbell behind it, and what it announced."""

    def __init__(self, doorbell: Doorbell) -> None:
        self.doorbell = doorbell
        self.live = LiveDoorbell(doorbell)
        self.heard: list[Message] = []
        self.live.announcer.listen(self.heard.append)
        streams = Streams(self.live)
        app = create_app(Door(doorbell, "the demo"), self.live, streams, names=["testserver"])
        self.client = TestClient(app, follow_redirects=False)

    def walk(self, person: int, start: float) -> None:
        for frame in parts.walk(person, start):
            self.doorbell.process(frame)

    def stranger(self) -> str:
        return self.doorbell.strangers()[0].id


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(parts.doorbell(store))


def photo(person: int, noise: int = 40) -> bytes:
    """A photo in which `doorbell_parts` finds a person."""
    return cv2.imencode(".png", parts.paint([parts.Actor(person, noise=noise)]).image)[1].tobytes()


def test_empty_page_says_what_to_do(site: Site) -> None:
    answer = site.client.get("/")
    assert answer.status_code == 200
    for words in ("Nobody has come yet", "No stranger waits", "Nobody has a name yet", "Nothing leaves", "None."):
        assert words in answer.text
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == "no-store"


def test_stranger_is_named_and_then_known(site: Site) -> None:
    site.walk(5, 1000.0)
    assert "Stranger 1" in site.client.get("/parts/strangers").text
    answer = site.client.post(
        f"/api/strangers/{site.stranger()}/assign", data={"name": "  Grace   Hopper "}, headers=HTMX
    )
    assert answer.status_code == 204
    assert json.loads(answer.headers["hx-trigger"])["notice"] == {
        "text": "From now on known as Grace Hopper.",
        "good": True,
    }
    assert [vars(message) for message in site.heard] == [{"what": w} for w in ("strangers", "people", "visits")]
    assert site.client.get("/api/strangers").json() == []
    site.walk(5, 2000.0)
    visit = site.client.get("/api/visits").json()[0]
    assert (visit["decision"], visit["person"], visit["reason"]) == ("known", "Grace Hopper", "looks_agree")
    assert "Grace Hopper" in site.client.get("/parts/visits").text


def test_forms_work_without_scripts(site: Site) -> None:
    site.walk(5, 1000.0)
    answer = site.client.post(f"/api/strangers/{site.stranger()}/assign", data={"name": "Grace"}, headers=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?done=named")
    assert "Named." in site.client.get("/?done=named").text
    assert "<b>" not in site.client.get("/?done=<b>").text
    person = site.doorbell.people()[0].person.id
    answer = site.client.post(f"/api/people/{person}/rename", data={"name": ""}, headers=FORM)
    assert answer.status_code == 400 and "A person needs a name" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("verb", ["ignore", "discard"])
def test_ignore_and_discard(site: Site, verb: str) -> None:
    site.walk(5, 1000.0)
    answer = site.client.post(f"/api/strangers/{site.stranger()}/{verb}", headers=ORIGIN)
    assert answer.status_code == 200 and answer.json()["done"] == f"{verb}{'d' if verb == 'ignore' else 'ed'}"
    assert answer.json()["done"] in answer.json()["text"]
    assert site.client.get("/api/strangers").json() == []
    assert "No stranger waits" in site.client.get("/parts/strangers").text


def test_people_from_photos(site: Site) -> None:
    files = [("photos", (f"{n}.png", photo(9, n), "image/png")) for n in (40, 41)]
    answer = site.client.post("/api/people", data={"name": "Åsa <i>&"}, files=files, headers=ORIGIN)
    assert answer.status_code == 200, answer.text
    assert [report["outcome"] for report in answer.json()["photos"]] == ["ok", "ok"]
    assert "Åsa &lt;i&gt;&amp;" in site.client.get("/parts/people").text
    person = site.client.get("/api/people").json()[0]
    assert (person["name"], person["references"]) == ("Åsa <i>&", 2)
    picture = site.client.get(person["picture"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert f'src="{person["picture"]}?v=2"' in site.client.get("/parts/people").text
    site.walk(9, 1000.0)
    assert site.client.get("/api/visits").json()[0]["person"] == "Åsa <i>&"
    renamed = site.client.post(f"/api/people/{person['id']}/rename", data={"name": "Åsa"}, headers=ORIGIN)
    assert renamed.json()["name"] == "Åsa"
    assert site.client.post(f"/api/people/{person['id']}/remove", headers=HTMX).status_code == 204
    assert site.client.get("/api/people").json() == []


def test_no_browser_keeps_a_face(site: Site) -> None:
    site.walk(5, 1000.0)
    stranger = site.client.get("/api/strangers").json()[0]["picture"]
    visit = site.client.get("/api/visits").json()[0]["picture"]
    files = {"photos": ("9.png", photo(9), "image/png")}
    assert site.client.post("/api/people", data={"name": "Åsa"}, files=files, headers=ORIGIN).status_code == 200
    person = site.client.get("/api/people").json()[0]["picture"]
    for where in (stranger, visit, person):
        answer = site.client.get(where)
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/jpeg", "no-store")


def test_photo_without_a_face(site: Site) -> None:
    empty = cv2.imencode(".png", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
    files = {"photos": ("wall.png", empty, "image/png")}
    answer = site.client.post("/api/people", data={"name": "Åsa"}, files=files, headers=HTMX)
    assert answer.status_code == 400
    notice = json.loads(answer.headers["hx-trigger"])["notice"]
    assert not notice["good"] and "wall.png" in notice["text"]
    assert site.client.get("/api/people").json() == []


@pytest.mark.parametrize(
    ("name", "files", "status", "words"),
    [
        ("Åsa", [("photos", ("x.png", b"not a picture", "image/png"))], 400, "x.png: not a photo"),
        ("Åsa", [("photos", ("", b"", "application/octet-stream"))], 422, "photos"),
        ("Åsa", [], 400, "at least one photo"),
        (" ", [("photos", ("x.png", b"", "image/png"))], 400, "needs a name"),
        ("x" * 65, [("photos", ("x.png", b"", "image/png"))], 400, "at most 64"),
        ("Åsa", [("photos", (f"{n}.png", b"", "image/png")) for n in range(21)], 400, "at most 20"),
    ],
)
def test_bad_uploads(
    site: Site, name: str, files: list[tuple[str, tuple[str, bytes, str]]], status: int, words: str
) -> None:
    answer = site.client.post("/api/people", data={"name": name}, files=files, headers=ORIGIN)
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_too_much_at_once(site: Site) -> None:
    huge = {"photos": ("x.png", bytes(49 << 20), "image/png")}
    assert site.client.post("/api/people", data={"name": "x"}, files=huge, headers=ORIGIN).status_code == 413

    def in_parts() -> Iterator[bytes]:  # no Content-Length
        for _ in range(50):
            yield bytes(1 << 20)

    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = site.client.post("/api/strangers/x/assign", content=in_parts(), headers=ORIGIN | kind)
    assert answer.status_code == 413


def test_other_sites_may_neither_change_nor_ask(site: Site) -> None:
    site.walk(5, 1000.0)
    where = f"/api/strangers/{site.stranger()}/discard"
    assert site.client.post(where, headers={"origin": "http://evil.example"}).status_code == 403
    assert site.client.post(where, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert site.client.get("/", headers={"host": "evil.example"}).status_code == 421
    assert len(site.doorbell.strangers()) == 1


def test_unknown_things(site: Site) -> None:
    for where, status in {
        "/nothing": 404,
        "/parts/nothing": 404,
        "/static/nothing.js": 404,
        "/static/..%2fapp.py": 404,
        "/pictures/nothing/1.jpg": 404,
        "/api/visits?limit=0": 422,
        "/live.jpg": 503,
    }.items():
        answer = site.client.get(where)
        assert (where, answer.status_code) == (where, status)
        assert "error" in answer.json()
    for where in ("strangers/999/ignore", "people/nobody/remove"):
        answer = site.client.post(f"/api/{where}", headers=ORIGIN)
        assert answer.status_code == 400 and "error" in answer.json()


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/people/p1?from=a", "/people/p1?from=a"),
        ("http://testserver//elsewhere.example/", None),
        ("http://elsewhere.example/people", None),
    ],
)
def test_a_browser_that_is_refused_finds_the_way_back(site: Site, referer: str, back: str | None) -> None:
    answer = site.client.post(
        "/api/people/p0/rename", data={"name": "<b>"}, headers={"accept": "text/html", "referer": referer}
    )
    assert answer.status_code == 400
    assert "p0: nobody has this name or id." in answer.text
    assert "peephole people list" not in answer.text
    links = re.findall(r'<a href="([^"]*)"', answer.text)
    assert links == ([back, "/"] if back else ["/"])


def test_page_needs_nothing_from_elsewhere(site: Site) -> None:
    html = site.client.get("/").text
    assert "http://" not in html and "https://" not in html and " style=" not in html and " onclick" not in html
    for name in ("app.js", "app.css", "htmx.js", "icon.svg"):
        assert site.client.get(f"/static/{name}").status_code == 200
    for name in ("app.js", "app.css"):
        assert "http" not in site.client.get(f"/static/{name}").text
    assert site.client.get("/api/openapi.json").status_code == 200


def test_full_disk_is_one_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(key: str, name: str) -> None:
        raise OSError("data: no space left on the device; make room")

    monkeypatch.setattr(site.doorbell, "assign", full)
    answer = site.client.post("/api/strangers/1/assign", data={"name": "x"}, headers=ORIGIN)
    assert (answer.status_code, answer.json()) == (503, {"error": "data: no space left on the device; make room"})


def test_health(site: Site) -> None:
    assert site.client.get("/healthz").json() == {
        "status": "ok", "text": "Starting", "frame_age": None, "viewers": 0, "problems": [],
        "cameras": {"": "starting"},
    }  # fmt: skip

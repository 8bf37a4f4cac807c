"""The page of a visit, where its owner puts it right: by forms and by JSON, with undo; not while it goes on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from peephole.accounts.accounts import Accounts, new_account
from peephole.live import LiveDoorbell
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from person_site import ANNA, BEN, FORM, ORIGIN, Site

PASSWORD = "correct horse battery"  # noqa: S105
PUT_RIGHT = 'aria-labelledby="correct"'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(store, parts.doorbell(store))


@pytest.fixture
def visit(site: Site) -> str:
    """Somebody who was taken for Anna."""
    site.enrol("Anna", (ANNA, 200))
    site.enrol("Ben", (BEN, 200))
    return site.walk(ANNA, 1000.0)


def test_a_form_names_the_visit_and_the_page_says_what_the_doorbell_had_said(site: Site, visit: str) -> None:
    page = site.client.get(f"/visits/{visit}").text
    assert "Was it somebody else?" in page and '<option value="Ben">' in page and "Put right by the owner" not in page

    answer = site.client.post(f"/api/visits/{visit}/name", data={"name": "ben"}, headers=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/visits/{visit}?done=visit_named")
    page = site.client.get(f"/visits/{visit}?done=visit_named").text
    assert '<h1 id="title">Ben</h1>' in page and "Corrected by the owner." in page
    assert re.search(r"The doorbell had said: Anna, 0\.\d\d \(enough looks agree on one person\)\.", page)
    assert re.search(r'<button class="undo" form="undo" name="deed" value="\d+">', page)
    assert page.count("<tr") == 9  # every look is still shown
    assert site.client.get(f"/api/visits/{visit}").json()["said"]["person_name"] == "Anna"

    undone = site.client.post("/api/undo", data={"back": f"/visits/{visit}"}, headers=FORM)
    assert undone.headers["location"] == f"/visits/{visit}?done=undone"
    assert '<h1 id="title">Anna</h1>' in site.client.get(f"/visits/{visit}").text
    assert site.client.get(f"/api/visits/{visit}").json()["said"] is None


def test_a_tick_teaches_and_no_tick_does_not(site: Site, visit: str) -> None:
    site.client.post(f"/api/visits/{visit}/name", data={"name": "Ben"}, headers=FORM)
    assert len(site.numbers("Ben")) == 1
    form = {"name": "Ben", "learn": "true", "consent": "Ben himself"}
    told = site.client.post(f"/api/visits/{visit}/name", data=form, headers=ORIGIN).json()
    assert told["text"] == "This visit is Ben's, and Ben is recognised by its looks, too." and told["undo"] == 2
    assert len(site.numbers("Ben")) == 9 and site.doorbell.rules("Ben").consent == "Ben himself"


def test_nobody_known_and_no_face(site: Site, visit: str) -> None:
    told = site.client.post(f"/api/visits/{visit}/nobody", headers=ORIGIN).json()
    assert (told["text"], told["number"]) == ("This visit is Stranger 1's.", 1)
    page = site.client.get(f"/visits/{visit}").text
    assert "all visits get a name at once" in page and f'action="/api/visits/{visit}/nobody"' not in page
    assert "Stranger 1" in site.client.get("/").text

    told = site.client.post(f"/api/visits/{visit}/forget", headers=ORIGIN).json()
    assert told["text"] == "Forgotten; looks and picture are erased in ten minutes."
    page = site.client.get(f"/visits/{visit}").text
    assert "No single look is left of it." in page and f'action="/api/visits/{visit}/forget"' not in page
    assert 'name="learn"' not in page  # there is nothing to learn from
    assert site.doorbell.visit_picture(visit) is None
    assert "The doorbell had said: Anna" in page


def test_refusals_are_sentences(site: Site, visit: str) -> None:
    def post(what: str, **form: str) -> tuple[int, str]:
        answer = site.client.post(f"/api/visits/{what}", data=form, headers=ORIGIN)
        return answer.status_code, answer.json()["error"]

    assert post("v0/name", name="Ben") == (400, "v0: there is no visit of this id")
    assert post("v0/nobody")[0] == post("v0/forget")[0] == 400
    assert post(f"{visit}/name", name="Anna") == (400, "this visit is Anna's already")
    assert post(f"{visit}/name", name=" ")[0] == 400
    assert "consent is too long" in post(f"{visit}/name", name="Ben", consent="x" * 2001)[1]
    for frame in parts.walk(BEN, 9000.0)[:6]:
        site.doorbell.process(frame)
    going_on = site.doorbell.visits(1)[0].id
    assert PUT_RIGHT not in site.client.get(f"/visits/{going_on}").text
    assert post(f"{going_on}/name", name="Anna") == (400, "this visit goes on; wait until it is over")


def test_an_unsure_visit_is_asked_about(site: Site, visit: str) -> None:
    unsure = site.walk(BEN, 2000.0, shift=60)
    page = site.client.get(f"/visits/{unsure}").text
    assert "Who was it?" in page and PUT_RIGHT in page
    site.client.post(f"/api/visits/{unsure}/name", data={"name": "Ben", "learn": "true"}, headers=FORM)
    assert "The doorbell had said: not sure, " in site.client.get(f"/visits/{unsure}").text


def test_a_viewer_is_told_and_offered_nothing(site: Site, visit: str) -> None:
    site.doorbell.corrections.name(visit, "Ben")
    accounts, live = Accounts(site.store.accounts), LiveDoorbell(site.doorbell)
    accounts.add(new_account("Olga", "owner", PASSWORD))
    accounts.add(new_account("Vera", "viewer", PASSWORD))
    door = Door(site.doorbell, "the demo", memory=site.doorbell)
    viewer = TestClient(create_app(door, live, Streams(live), ["testserver"], accounts), headers=ORIGIN)
    assert viewer.post("/login", data={"name": "Vera", "password": PASSWORD}).status_code == 204
    page = viewer.get(f"/visits/{visit}").text
    assert "The doorbell had said: Anna" in page and PUT_RIGHT not in page
    assert viewer.post(f"/api/visits/{visit}/forget").status_code == 403
    assert site.doorbell.visit(visit).person_name == "Ben"


def test_the_page_of_a_device_has_none_of_it(site: Site, visit: str) -> None:
    live = LiveDoorbell(site.doorbell)
    device = TestClient(create_app(Door(site.doorbell, "a device"), live, Streams(live), ["testserver"]))
    assert PUT_RIGHT not in device.get("/").text
    assert device.get(f"/visits/{visit}").status_code == 404
    for what in ("name", "nobody", "forget"):
        assert device.post(f"/api/visits/{visit}/{what}", data={"name": "Ben"}, headers=ORIGIN).status_code == 404

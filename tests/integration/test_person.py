"""People on their pages: found, added by photos, decided about, printed, seen by a viewer."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import cv2
import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from peephole.accounts.accounts import Accounts, new_account
from peephole.live import LiveDoorbell
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.streams import Streams
from person_site import ANNA, BEN, FORM, ORIGIN, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(store, parts.doorbell(store))


def photo(person: int, noise: int) -> tuple[str, bytes, str]:
    image = parts.paint([parts.Actor(person, noise=noise)]).image
    return f"{noise}.png", cv2.imencode(".png", image)[1].tobytes(), "image/png"


def test_everybody_is_found_by_a_part_of_the_name(site: Site) -> None:
    site.enrol("Zoë O'Hara <b>", (ANNA, 1))
    site.enrol("Ben", (BEN, 1))
    page = site.client.get("/people").text
    assert "Zoë O&#39;Hara &lt;b&gt;" in page and "no consent noted" in page
    assert 'href="/people/' in site.client.get("/people?q=o'HA").text
    assert "Ben" not in site.client.get("/people?q=zoë").text
    assert "Nobody is called so" in site.client.get("/people?q=<b>x").text


def test_several_photos_at_once_each_answered(site: Site) -> None:
    files = [("photos", photo(ANNA, noise)) for noise in (1, 2)]
    answer = site.client.post("/people", data={"name": "Anna"}, files=files, headers=FORM)
    anna = site.doorbell.people()[0].person.id
    assert (answer.status_code, answer.headers["location"]) == (303, f"/people/{anna}?done=added")

    empty = cv2.imencode(".png", parts.paint([]).image)[1].tobytes()
    files = [("photos", photo(ANNA, 3)), ("photos", ("wall.png", empty, "image/png"))]
    answer = site.client.post(f"/people/{anna}/photos", files=files, headers=FORM)
    assert answer.status_code == 200 and "<li>3.png: used</li><li>wall.png: no face found</li>" in answer.text
    assert site.doorbell.people()[0].references == 3

    answer = site.client.post("/people", data={"name": "<b>"}, files=[("photos", ("x.png", b"x"))], headers=FORM)
    assert answer.status_code == 400 and "x.png: not a photo" in answer.text and 'value="&lt;b&gt;"' in answer.text
    answer = site.client.post(f"/people/{anna}/photos", headers=FORM)
    assert answer.status_code == 400 and "Choose at least one photo." in answer.text


@pytest.mark.parametrize("page", ["", "/notice", "/forget"])
def test_a_person_who_is_not_there(site: Site, page: str) -> None:
    assert site.client.get(f"/people/p0{page}").status_code == 404


def test_rules_as_the_form_sends_them(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1))
    answer = site.act(
        anna,
        "rules",
        tell="log",
        may_open="true",
        hours="mon-fri 7:00-20:00",
        consent="on paper",
        consent_on="2026-05-03",
    )
    assert answer.headers["location"] == f"/people/{anna}?done=rules"
    rules = site.doorbell.rules(anna)
    assert (rules.tell, rules.may_open, rules.hours, rules.minor) == ("log", True, "mon-fri 7:00-20:00", False)
    assert rules.consent_at is not None and datetime.fromtimestamp(rules.consent_at).date().isoformat() == "2026-05-03"
    page = site.client.get(f"/people/{anna}").text
    assert 'value="2026-05-03"' in page and '<option value="log" selected>' in page and "on paper</textarea>" in page
    assert "only listed · may open mon-fri 7:00-20:00" in site.client.get("/people").text

    site.act(anna, "rules", tell="log", minor="true", consent="on paper", consent_on="2026-05-03")
    assert site.doorbell.rules(anna).consent_at == rules.consent_at  # the same note keeps its moment
    assert (site.doorbell.rules(anna).minor, site.doorbell.rules(anna).may_open) == (True, False)
    site.act(anna, "rules", consent="")
    assert site.doorbell.rules(anna).consent_at is None


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"minor": "true", "may_open": "true"}, "the door opens for no child"),
        ({"hours": "late"}, "hours are written as"),
        ({"tell": "shout"}, "Tell is one of notify, log, silent"),
        ({"consent": "yes", "consent_on": "soon"}, "soon: not a day"),
        ({"consent": "yes", "consent_on": "9999-12-31"}, "a day to come"),
        ({"consent": "x" * 2001}, "the note of consent is too long"),
    ],
)
def test_rules_that_cannot_be(site: Site, form: dict[str, str], message: str) -> None:
    anna = site.enrol("Anna", (ANNA, 1))
    before = site.doorbell.rules(anna)
    answer = site.act(anna, "rules", **form)
    assert answer.status_code == 400 and message in answer.text
    assert site.doorbell.rules(anna) == before


def test_what_is_to_be_printed(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1))
    assert "<dd>Anna</dd>" in site.client.get(f"/people/{anna}/notice").text
    site.act(anna, "rules", minor="true")
    assert "parent or guardian" in site.client.get(f"/people/{anna}/notice").text
    assert "may recognise your face" in site.client.get("/notice").text


def test_a_viewer_sees_people_and_gets_nothing_to_take_along(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1), (ANNA, 2))
    site.act(anna, f"references/{site.numbers(anna)[0]}/aside")
    site.store.accounts.add(new_account("Olga", "owner", "a long password"))
    site.store.accounts.add(new_account("Vera", "viewer", "a long password"))
    live = LiveDoorbell(site.doorbell)
    door, accounts = Door(site.doorbell, "the demo", memory=site.doorbell), Accounts(site.store.accounts)
    app = create_app(door, live, Streams(live), ["testserver"], accounts)
    viewer = TestClient(app, follow_redirects=False, headers=ORIGIN)
    assert viewer.get(f"/people/{anna}").status_code == 401
    assert viewer.get(f"/pictures/references/{anna}/1.jpg").status_code == 401
    viewer.post("/login", data={"name": "Vera", "password": "a long password"})

    page = viewer.get(f"/people/{anna}").text
    assert "Anna" in page and "<fieldset disabled>" in page
    for words in (
        "<button>Set aside",
        "Put back",
        "Erase now",
        "Save rules",
        "Export",
        "Rename",
        "Add photos",
        "Forget",
    ):
        assert f">{words}".replace("><", "<") not in page, words
    assert "Add somebody" not in viewer.get("/people").text
    assert viewer.post("/people", data={"name": "Ben"}).status_code == 403
    assert viewer.post(f"/people/{anna}/photos").status_code == 403
    assert viewer.post(f"/api/people/{anna}/export").status_code == 403

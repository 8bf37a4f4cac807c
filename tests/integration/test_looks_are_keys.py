"""A look at somebody for whom the door may open is a key: adding one asks for the owner's password."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

import doorbell_parts as parts
from opening_house import ANNA, FORM, PASSWORD, House
from peephole.accounts.accounts import Accounts


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with parts.store_at(tmp_path) as store:
        yield House(parts.doorbell(store), Accounts(store.accounts))


def photos() -> dict[str, tuple[str, bytes, str]]:
    image = parts.paint([parts.Actor(ANNA, noise=210)]).image
    return {"photos": ("new.png", cv2.imencode(".png", image)[1].tobytes(), "image/png")}


WAYS = {
    "photos": ("/api/people", {"name": "anna"}, True),
    "photos on the page of people": ("/people", {"name": "Anna"}, True),
    "photos on the person's page": ("/people/Anna/photos", {}, True),
    "a stranger": ("/api/strangers/1/assign", {"name": " ANNA"}, False),
    "strangers": ("/api/strangers/bulk", {"do": "assign", "stranger": ["1"], "name": "Anna"}, False),
    "a visit": ("/api/visits/{visit}/name", {"name": "Anna ", "learn": "true"}, False),
    "a look put back": ("/api/people/Anna/references/{aside}/restore", {}, False),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("heads", [{}, FORM, {"hx-request": "true"}], ids=["JSON", "form", "htmx"])
def test_a_look_is_added_with_the_password_only(house: House, way: str, heads: dict[str, str]) -> None:
    path, form, with_photos = WAYS[way]
    if "{aside}" in path:
        number = house.bell.dossiers.read("Anna").references[0].reference.id
        house.bell.dossiers.set_aside("Anna", number)
        path, house.looks = path.format(aside=number), 0

    path = path.replace("{visit}", house.bell.visits(1)[0].id)

    def send(**more: str) -> tuple[int, str]:
        answer = house.browser.post(path, data=form | more, files=photos() if with_photos else None, headers=heads)
        return answer.status_code, answer.text + answer.headers.get("hx-trigger", "")

    status, said = send()
    assert "say your password, too" in said and status in (200, 400)
    status, said = send(password="another password")  # noqa: S106
    assert "is is not your password" in said
    assert (house.count(), len(house.bell.strangers())) == (house.looks, 1)

    assert send(password=PASSWORD)[0] in (200, 204, 303)
    assert house.count() > house.looks


@pytest.mark.parametrize("heads", [FORM, {"hx-request": "true"}], ids=["form", "htmx"])
def test_a_browser_is_asked_in_a_form_that_sends_everything_again(house: House, heads: dict[str, str]) -> None:
    form = {"do": "assign", "stranger": ["1"], "name": "Anna", "back": "/strangers"}
    asked = house.browser.post("/api/strangers/bulk", data=form, headers=heads)
    for name, value in (("do", "assign"), ("stranger", "1"), ("name", "Anna"), ("back", "/strangers")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in asked.text
    assert 'action="/api/strangers/bulk"' in asked.text and 'type="password"' in asked.text
    assert (asked.headers.get("hx-retarget") == "#ask") == ("hx-request" in heads)


def test_an_introduction_is_saved_with_the_password_only(house: House) -> None:
    token = house.browser.post("/api/enrolment/start", data={"name": "Anna"}).json()["session"]
    assert "Your password, as the door may open for Anna" in house.browser.get("/enrol").text
    form = {"session": token, "consent": "herself", "strangers": "true"}
    asked = house.browser.post("/api/enrolment/save", data=form, headers=FORM)
    assert asked.status_code == 400 and f'<input type="hidden" name="session" value="{token}">' in asked.text
    told = house.browser.post("/api/enrolment/save", data=form | {"password": PASSWORD})
    assert told.json()["error"] == "no look was kept yet; nothing is stored"  # which is what comes next
    assert house.browser.post("/api/enrolment/cancel", data={"session": token}).status_code == 200


def test_nobody_else_is_asked_about(house: House) -> None:
    added = house.browser.post("/api/strangers/1/assign", data={"name": "Carl"})
    assert added.status_code == 200 and house.count("Carl") > 1


def test_the_pages_have_a_field_for_it_where_it_is_needed(house: House) -> None:
    field = 'aria-label="Your password, as the door may open for Anna"'
    assert field in house.browser.get(f"/people/{house.anna}").text
    first = house.browser.get("/").text
    assert field in first and "as the door may open for Carl" not in first and 'id="ask"' in first

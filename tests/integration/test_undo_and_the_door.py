"""To undo what made the door harder to open asks for the owner's password; to undo anything else does not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import doorbell_parts as parts
from deeds import introduce, look_ids
from opening_house import FORM, PASSWORD, House
from peephole.accounts.accounts import Accounts
from peephole.doorbell.doorbell import Doorbell
from peephole.people.records import Rules

MORNINGS = Rules(may_open=True, hours="8:00-12:00")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with parts.store_at(tmp_path) as store:
        yield House(parts.doorbell(store), Accounts(store.accounts))


def aside(bell: Doorbell, name: str) -> None:
    bell.dossiers.set_aside(name, bell.dossiers.read(name).references[0].reference.id)


def learnt(bell: Doorbell) -> str:
    """A visit of a stranger is Anna's, who is recognised by its looks from then on."""
    visit = bell.visits(1)[0].id
    bell.corrections.name(visit, "Anna", learn=True)
    return visit


def aside_before_the_right_was_given(bell: Doorbell) -> None:
    aside(bell, "Carl")
    bell.set_rules("Carl", Rules(may_open=True))


EASIER: dict[str, tuple[Callable[[Doorbell], object], str]] = {
    "the right is taken away": (lambda bell: bell.set_rules("Anna", Rules()), "rules"),
    "fewer hours": (lambda bell: bell.set_rules("Anna", MORNINGS), "rules"),
    "a child": (lambda bell: bell.set_rules("Anna", Rules(minor=True)), "rules"),
    "a look set aside": (lambda bell: aside(bell, "Anna"), "aside"),
    "set aside before the right was given": (aside_before_the_right_was_given, "aside"),
    "joined into somebody who may not": (lambda bell: bell.dossiers.join("Carl", "Anna"), "join"),
    "a visit was somebody else's": (lambda bell: bell.corrections.strange(learnt(bell)), "correct"),
    "a visit is forgotten": (lambda bell: bell.corrections.forget(learnt(bell)), "forget"),
}
NO_EASIER: dict[str, Callable[[Doorbell], object]] = {
    "the right is given": lambda bell: bell.set_rules("Carl", Rules(may_open=True)),
    "who is told": lambda bell: bell.set_rules("Anna", Rules(tell="silent", may_open=True)),
    "a name": lambda bell: bell.rename("Anna", "Anna-Maria"),
    "a stranger is Anna": lambda bell: bell.assign("1", "Anna"),
    "introduced": lambda bell: introduce(bell, bell.people()[0].person, strangers=["1"]),
    "a look of somebody who may not": lambda bell: aside(bell, "Carl"),
    "joined into her": lambda bell: bell.dossiers.join("Anna", "Carl"),
    "a visit is Anna's": learnt,
    "a stranger is discarded": lambda bell: bell.discard("1"),
    "looks at a stranger are discarded": lambda bell: bell.inbox.shelf.drop_looks("1", look_ids(bell, "1")[:2]),
}


def keys_of(bell: Doorbell) -> dict[str, tuple[Rules, list[int]]]:
    """Who may open the door, by which rules and by which looks."""
    people = [row.person for row in bell.people() if bell.rules(row.person.id).may_open]
    looks = {one.id: [look.reference for look in bell.dossiers.read(one.id).references] for one in people}
    return {one.name: (bell.rules(one.id), [look.id for look in looks[one.id] if not look.aside]) for one in people}


@pytest.mark.parametrize("deed", EASIER)
@pytest.mark.parametrize("heads", [{}, FORM, {"hx-request": "true"}], ids=["JSON", "form", "htmx"])
def test_what_opens_the_door_again_is_undone_with_the_password_only(
    house: House, deed: str, heads: dict[str, str]
) -> None:
    act, what = EASIER[deed]
    act(house.bell)
    keys, deeds = keys_of(house.bell), house.bell.inbox.journal.deeds()
    number = next(one.number for one in deeds if one.what == what)

    def send(**more: str) -> tuple[int, str]:
        answer = house.browser.post("/api/undo", data={"deed": str(number)} | more, headers=heads)
        return answer.status_code, answer.text + answer.headers.get("hx-trigger", "")

    status, said = send()
    assert "makes opening easier: say your password, too" in said and status in (200, 400)
    assert "is is not your password" in send(password="another password")[1]  # noqa: S106
    assert (keys_of(house.bell), house.bell.inbox.journal.deeds()) == (keys, deeds)

    assert send(password=PASSWORD)[0] in (200, 204, 303)
    assert keys_of(house.bell) != keys and len(house.bell.inbox.journal.deeds()) == len(deeds) - 1


@pytest.mark.parametrize("deed", NO_EASIER)
def test_what_opens_it_no_further_is_undone_without_one(house: House, deed: str) -> None:
    NO_EASIER[deed](house.bell)
    assert house.browser.post("/api/undo").json()["done"] == "undone"


@pytest.mark.parametrize("heads", [FORM, {"hx-request": "true"}], ids=["form", "htmx"])
def test_a_browser_is_asked_about_the_very_deed_it_would_undo(house: House, heads: dict[str, str]) -> None:
    house.bell.set_rules("Anna", Rules())
    number = house.bell.inbox.journal.deeds()[0].number
    asked = house.browser.post("/api/undo", data={"back": "/strangers"}, headers=heads)
    house.bell.ignore("1")  # which is the newest by the time of the password
    for field, value in (("deed", str(number)), ("back", "/strangers")):
        assert f'<input type="hidden" name="{field}" value="{value}">' in asked.text
    assert 'action="/api/undo"' in asked.text and "Undoing this (rules of Anna changed)" in asked.text


def test_nobody_who_is_erased_comes_back(house: House) -> None:
    aside(house.bell, "Anna")
    house.bell.remove("Anna")
    assert house.bell.inbox.journal.deeds() == []

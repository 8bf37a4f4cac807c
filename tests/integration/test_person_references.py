"""A person's references one by one: what is wrong with one, set aside, put back, erased."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import doorbell_parts as parts
from peephole.people.records import NewReference
from peephole.people.redundancy import MOST_REFERENCES
from peephole.store.retention import ASIDE_DAYS, DAY, Retention
from person_site import ANNA, BEN, CARL, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(store, parts.doorbell(store))


def test_a_reference_that_is_set_aside_is_compared_with_nobody_until_it_is_put_back(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1), (BEN, 2))
    right, wrong = site.numbers(anna)
    site.walk(BEN, 1000.0)
    assert site.doorbell.visits()[0].person_name == "Anna"  # which is what a wrong reference does

    answer = site.act(anna, f"references/{wrong}/aside")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/people/{anna}?done=aside")
    site.walk(BEN, 2000.0)
    assert (site.doorbell.visits()[0].person_name, site.doorbell.visits()[0].stranger_number) == (None, 1)
    assert site.doorbell.people()[0].references == 1
    assert [look.id for look in site.store.people.references(anna)] == [right]
    assert [(one.reference.id, one.reference.aside) for one in site.doorbell.dossiers.read("Anna").references] == [
        (right, ""),
        (wrong, "owner"),
    ]

    site.act(anna, f"references/{wrong}/restore")
    assert site.doorbell.people()[0].references == 2
    site.walk(BEN, 3000.0)
    assert site.doorbell.visits()[0].person_name == "Anna"


def test_setting_aside_is_one_of_the_things_that_can_be_undone(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1), (ANNA, 2))
    site.act(anna, f"references/{site.numbers(anna)[0]}/aside")
    assert site.store.journal.undo().text == "a reference of Anna set aside"
    assert site.doorbell.people()[0].references == 2


def test_what_is_wrong_with_a_reference_is_said_and_kept_as_the_reason(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1), (ANNA, 2))
    site.enrol("Anna", (BEN, 3))
    site.enrol("Ben <i>", (BEN, 4))
    wrong = site.numbers(anna)[2]

    page = site.client.get(f"/people/{anna}").text
    assert page.count("Too much like Ben &lt;i&gt;") == 1 and 'class="faulty" id="reference-3"' in page
    assert site.client.get("/people").text.count("1 to look at") == 2  # at Ben's they look alike, too
    told = site.client.get(f"/api/people/{anna}").json()["references"]
    assert [one["place"]["fault"] for one in told] == ["", "", "cross_risk"]
    assert "descriptor" not in json.dumps(told)

    site.act(anna, f"references/{wrong}/aside")
    assert "too much like somebody else" in site.client.get(f"/people/{anna}").text
    assert "to look at" not in site.client.get("/people").text


def test_whoever_has_a_reference_to_look_at_is_pointed_out_among_all(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1), (BEN, 2))
    ben = site.enrol("Ben", (BEN, 4), (BEN, 5))
    site.enrol("Carl", (CARL, 6))
    assert site.doorbell.dossiers.faulty() == {anna: 1, ben: 2}
    assert site.client.get("/people").text.count("to look at") == 2
    site.act(anna, f"references/{site.numbers(anna)[1]}/aside")
    assert site.doorbell.dossiers.faulty() == {}


def test_a_reference_unlike_the_others_is_shown(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1), (ANNA, 2))
    site.enrol("Anna", (CARL, 3))  # one at a time nothing can be compared
    assert site.client.get(f"/people/{anna}").text.count("Unlike most of the others. Is it Anna?") == 1


def test_a_reference_of_another_network_is_shown_as_of_no_use(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 1))
    newer = Site(site.store, parts.doorbell(site.store, model="f" * 16))
    assert "Made with another network" in newer.client.get(f"/people/{anna}").text
    assert newer.client.get(f"/api/people/{anna}").json()["references"][0]["place"] is None
    assert newer.client.get("/people").status_code == 200
    with newer.archive(anna) as archive:
        assert json.loads(archive.read("person.json"))["references"][0]["model"] == parts.MODEL


def test_what_was_set_aside_is_erased_when_the_owner_says_so_or_after_a_month(site: Site, tmp_path: Path) -> None:
    anna = site.enrol("Anna", (ANNA, 1), (ANNA, 2), (ANNA, 3))
    one, two, three = site.numbers(anna)
    assert site.act(anna, f"references/{one}/erase").status_code == 400  # in use
    for number in (one, two):
        site.act(anna, f"references/{number}/aside")
    picture = site.client.get(f"/pictures/references/{anna}/{one}.jpg")
    assert (picture.status_code, picture.headers["cache-control"]) == (200, "no-store")

    site.act(anna, f"references/{one}/erase")
    assert site.client.get(f"/pictures/references/{anna}/{one}.jpg").status_code == 404
    now = site.store.references.all(anna)[0].aside_at or 0.0
    assert site.store.forget_old(Retention(), now + (ASIDE_DAYS - 1) * DAY).aside == 0
    assert site.store.forget_old(Retention(), now + (ASIDE_DAYS + 1) * DAY).aside == 1
    assert site.numbers(anna) == [three]
    site.act(anna, f"references/{three}/aside")
    assert "is not recognised" in site.client.get(f"/people/{anna}").text
    assert site.act(anna, "references/empty").headers["location"] == f"/people/{anna}?done=erased"
    assert site.numbers(anna) == []


@pytest.mark.parametrize("number", ["99", "-1", "99999999999999999999999"])
@pytest.mark.parametrize("verb", ["aside", "restore", "erase"])
def test_a_reference_that_is_not_there(site: Site, verb: str, number: str) -> None:
    anna = site.enrol("Anna", (ANNA, 1))
    answer = site.act(anna, f"references/{number}/{verb}")
    assert answer.status_code == 400 and f">{number}: " in answer.text


def test_a_reference_is_found_at_its_own_person_only(site: Site) -> None:
    anna, ben = site.enrol("Anna", (ANNA, 1)), site.enrol("Ben", (BEN, 1))
    (number,) = site.numbers(ben)
    assert site.act(anna, f"references/{number}/aside").status_code == 400
    assert site.client.get(f"/pictures/references/{anna}/{number}.jpg").status_code == 404


def test_a_person_has_so_many_references_in_use_and_the_oldest_stays(site: Site) -> None:
    rng = np.random.default_rng(5)
    looks = [
        NewReference(rng.integers(-9, 9, parts.SIZE).astype(np.int16), parts.MODEL, b"\xff\xd8", 500, "photo")
        for _ in range(MOST_REFERENCES + 5)
    ]
    site.store.people.add("Anna", looks[:1])
    anna = site.store.people.add("Anna", looks[1:])
    rows = site.store.references.all(anna.id)
    assert [row.aside for row in rows].count("redundant") == 5 and rows[0].aside == ""
    assert site.doorbell.people()[0].references == MOST_REFERENCES
    put_back = next(row.id for row in rows if row.aside)
    site.act(anna.id, f"references/{put_back}/restore")  # the owner's word counts for more
    assert site.doorbell.people()[0].references == MOST_REFERENCES + 1

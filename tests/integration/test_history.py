"""Past visits and the bars, as pages and as JSON."""

import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import doorbell_parts as parts
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.live import LiveDoorbell
from peephole.people.matching import References
from peephole.people.spread import ClosestPair, spread_of
from peephole.web.app import create_app
from peephole.web.door import Door
from peephole.web.lists import read_lists
from peephole.web.streams import Streams

ANNA, BEN, CARL = 1, 2, 3
DAY = 24 * 3600.0


class Site:
    def __init__(self, doorbell: Doorbell) -> None:
        self.doorbell = doorbell
        live = LiveDoorbell(doorbell)
        app = create_app(Door(doorbell, "the demo", memory=doorbell), live, Streams(live), ["testserver"])
        self.client = TestClient(app, follow_redirects=False)

    def walk(self, person: int, start: float) -> str:
        for frame in parts.walk(person, start):
            self.doorbell.process(frame)
        return self.doorbell.visits(1)[0].id

    def enrol(self, name: str, person: int, noise: int = 200) -> str:
        photo = Photo("photo.jpg", parts.paint([parts.Actor(person, noise=noise)]).image)
        return self.doorbell.enrol(name, [photo]).person.id

    def titles(self, **query: object) -> list[str]:
        text = self.client.get("/visits", params=query).text
        rows = text.split('<ul class="rows">')[1].split("</ul>")[0]
        return re.findall(r"<strong>(.*?)</strong>", rows)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with parts.store_at(tmp_path) as store:
        yield Site(parts.doorbell(store))


def test_visits_by_kind_person_and_day(site: Site) -> None:
    anna = site.enrol("Anna", ANNA)
    noon = 1_700_000_000.0
    site.walk(ANNA, noon)
    site.walk(BEN, noon + 2 * DAY)
    site.walk(ANNA, noon + 4 * DAY)

    assert site.titles() == ["Anna", "Stranger 1", "Anna"]
    assert site.titles(kind="stranger") == ["Stranger 1"]
    assert site.titles(who=anna) == ["Anna", "Anna"]
    assert site.titles(who=site.doorbell.strangers()[0].id) == ["Stranger 1"]
    assert site.titles(day="2023-11-14") == ["Anna"] == site.titles(day="2023-11-14", kind="known")
    assert site.titles(day="2023-11-15") == []
    assert "No visit is like this" in site.client.get("/visits", params={"kind": "unsure"}).text


@pytest.mark.parametrize("query", [{"day": "soon"}, {"day": "0001-01-01"}, {"kind": "<b>"}, {"who": "p' OR 1=1 --"}])
def test_what_no_form_sends_is_no_fault(site: Site, query: dict[str, str]) -> None:
    site.walk(BEN, 1000.0)
    answer = site.client.get("/visits", params=query)
    assert answer.status_code == 200 and "<b>" not in answer.text


def test_older_visits_are_a_link_away(site: Site) -> None:
    for number in range(42):
        site.walk(BEN, 1000.0 + 100 * number)

    first = site.client.get("/visits").text
    older = first.split('href="/visits?')[1].split('"')[0].replace("&amp;", "&")

    assert first.count('class="row link"') == 40
    assert site.client.get(f"/visits?{older}").text.count('class="row link"') == 2


def test_why_a_visit_was_decided_so(site: Site) -> None:
    site.enrol("Anna <i>", ANNA)
    visit = site.walk(ANNA, 1000.0)

    page = site.client.get(f"/visits/{visit}").text
    told = site.client.get(f"/api/visits/{visit}").json()

    assert "Anna &lt;i&gt;" in page and "Enough looks agree on one person." in page
    assert page.count("<tr") == 9 and "voted" in page and "known up to 100,000" in page
    assert (told["visit"], told["compared"], len(told["looks"])) == (visit, 1, 8)
    assert told["bars"] == {"known": 100_000, "stranger": 1_000_000, "same_stranger": 70_000, "margin": 5_000}
    picture = site.client.get(f"/pictures/looks/{visit}/{told['looks'][0]['number']}.jpg")
    assert (picture.status_code, picture.headers["cache-control"]) == (200, "no-store")
    assert site.client.get(f"/pictures/looks/{visit}/999.jpg").status_code == 404
    assert site.client.get("/visits/v1").status_code == site.client.get("/api/visits/v1").status_code == 404


def test_the_front_page_leads_to_every_look_of_a_visit(site: Site) -> None:
    visit = site.walk(BEN, 1000.0)
    assert f'href="/visits/{visit}"' in site.client.get("/parts/visits").text


def test_a_link_in_a_message_leads_to_the_visit(site: Site) -> None:
    answer = site.client.get("/", params={"visit": "v1/../x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/visits/v1%2F..%2Fx")


def test_other_rates_are_tried_and_nothing_is_stored(site: Site) -> None:
    site.enrol("Anna", ANNA)
    for frame in parts.walk(ANNA, 1000.0, shift=25):
        site.doorbell.process(frame)

    (same,) = site.client.get("/api/rejudge").json()
    (other,) = site.client.get("/api/rejudge", params={"known_rate": 2e-4}).json()

    assert (same["differs"], other["differs"], other["before"], other["now"]) == (False, True, "known", "unsure")
    assert site.client.get("/api/visits").json()[0]["decision"] == "known"
    assert site.client.get("/api/rejudge", params={"known_rate": 2}).status_code == 422


def test_the_bars_with_nobody_and_with_a_household(site: Site) -> None:
    assert "There is nothing to compare yet" in site.client.get("/bars").text
    site.enrol("Anna", ANNA)
    site.enrol("Anna", ANNA, noise=201)
    site.enrol("Ben", BEN)
    site.walk(CARL, 1000.0)

    page = site.client.get("/bars").text

    assert "one person (1 pairs)" in page and "No pair of different people is within the bar" in page
    assert "the two who are most alike: Anna and Ben" in page
    assert page.count('<rect class="alike"') == 1 and page.count('<rect class="different"') >= 1


def test_spread_of_a_small_household() -> None:
    people = References.of(
        [("a", parts.np.array([0, 0], "i2")), ("a", parts.np.array([3, 4], "i2")), ("b", parts.np.array([6, 8], "i2"))]
    )
    strangers = References.of([("s", parts.np.array([0, 10], "i2"))])

    spread = spread_of(people, strangers)

    assert spread.alike == (25,)
    assert spread.different == (25, 40, 45, 100, 100)
    assert spread.closest == ClosestPair(("a", "b"), 25)
    assert spread_of(References.of([]), strangers).closest is None


def test_a_door_without_memory_has_no_such_pages(tmp_path: Path) -> None:
    with parts.store_at(tmp_path) as store:
        doorbell = parts.doorbell(store)
        live = LiveDoorbell(doorbell)
        client = TestClient(create_app(Door(doorbell, "a device"), live, Streams(live), ["testserver"]))
        assert client.get("/visits").status_code == client.get("/bars").status_code == 404
        assert 'href="/visits"' not in client.get("/").text


def test_a_stranger_who_is_like_somebody_is_one_click_from_the_name(site: Site) -> None:
    site.walk(BEN, 1000.0)
    site.walk(CARL, 2000.0)
    assert "a little like" not in site.client.get("/parts/strangers").text
    site.enrol("Ben", BEN)

    inbox = site.client.get("/parts/strangers").text

    assert inbox.count("a little like <strong>Ben</strong>") == inbox.count("It is Ben") == 1
    assert site.doorbell.likenesses() == {site.doorbell.strangers()[1].id: site.doorbell.people()[0].person.id}


def test_the_inbox_says_when_a_stranger_is_forgotten(site: Site) -> None:
    site.walk(BEN, 1_700_000_000.0)
    door = Door(site.doorbell, "the demo", strangers_days=30, memory=site.doorbell)
    now = datetime(2023, 11, 20, tzinfo=UTC)

    (row,) = read_lists(door, now).strangers
    (kept,) = read_lists(dataclasses.replace(door, strangers_days=0), now).strangers

    assert (row.fate, kept.fate) == ("forgotten on 14 Dec", "")

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
from peephole.people.records import Rules
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

    assert first.count('class="row"') == 40
    assert site.client.get(f"/visits?{older}").text.count('class="row"') == 2


def test_a_visit_of_somebody_who_is_still_there_says_which_it_is_and_that_nothing_voted_yet(site: Site) -> None:
    site.walk(BEN, 1000.0)
    for frame in parts.walk(BEN, 2000.0)[:8]:
        site.doorbell.process(frame)
    assert site.titles() == ["Stranger 1, 2nd visit", "Stranger 1"]
    page = site.client.get(f"/visits/{site.doorbell.visits(1)[0].id}").text
    assert "still there" in page and "no vote yet" in page and "better ones voted" not in page


def test_the_questions_of_the_form_go_together_and_names_are_found_by_a_part(site: Site) -> None:
    site.enrol("Žofie Ann", ANNA)
    noon = 1_700_000_000.0  # 14 November 2023
    site.walk(ANNA, noon)
    site.walk(BEN, noon + 60)
    site.walk(ANNA, noon + DAY)

    assert site.titles(q="žOFIE") == ["Žofie Ann", "Žofie Ann"]
    assert site.titles(q="stranger 1") == ["Stranger 1"]
    assert site.titles(q="ann", day="2023-11-14", kind="known") == ["Žofie Ann"]
    assert site.titles(q="ann", kind="stranger") == []
    assert site.titles(q="%") == site.titles(q="_") == []
    assert site.titles(camera="attic") == []


def test_the_calendar_counts_what_the_form_asks_for_and_leads_to_the_day(site: Site) -> None:
    anna = site.enrol("Anna", ANNA)
    noon = 1_700_000_000.0
    site.walk(ANNA, noon)
    site.walk(BEN, noon + 60)
    site.walk(ANNA, noon + 40 * DAY)

    november = site.client.get("/api/calendar", params={"month": "2023-11"}).json()
    assert november == {"month": "2023-11", "days": {"2023-11-14": {"known": 1, "stranger": 1}}}
    only = site.client.get("/api/calendar", params={"month": "2023-11", "who": anna}).json()
    assert only["days"] == {"2023-11-14": {"known": 1}}

    page = site.client.get("/visits", params={"month": "2023-11", "kind": "known"}).text
    assert "November 2023" in page and 'href="/visits?kind=known&amp;day=2023-11-14"' in page
    assert 'aria-label="14 November: 1 visit (1 of somebody known)"' in page
    assert 'href="/visits?kind=known&amp;month=2023-10"' in page
    day = site.client.get("/visits", params={"day": "2023-11-14"}).text
    assert "November 2023" in day and 'aria-current="date"' in day and "Visits on 14 November 2023" in day


def test_visits_of_people_who_are_kept_out_of_the_way_are_listed_when_they_are_asked_for(site: Site) -> None:
    anna = site.enrol("Anna", ANNA)
    site.enrol("Ben", BEN)
    quiet, other = site.walk(ANNA, 1_700_000_000.0), site.walk(BEN, 1_700_001_000.0)
    assert "out of the way" not in site.client.get("/visits").text

    def listed(path: str, **query: str) -> list[str]:
        text = site.client.get(path, params=query).text
        return [visit for visit in (other, quiet) if f"visit-{visit}" in text]

    site.doorbell.set_rules(anna, Rules("log"))
    assert listed("/visits") == listed("/parts/visits") == listed("/") == [other, quiet]
    site.doorbell.set_rules(anna, Rules("silent"))
    assert listed("/visits") == listed("/parts/visits") == listed("/") == [other]
    assert listed("/visits", day="2023-11-14") == [other]
    assert 'name="silent" value="1">' in site.client.get("/visits").text
    assert listed("/visits", silent="1") == [other, quiet]
    assert listed("/visits", who=anna) == listed("/visits", q="ann") == [quiet]
    november = {"month": "2023-11"}
    assert site.client.get("/api/calendar", params=november).json()["days"] == {"2023-11-14": {"known": 1}}
    assert site.client.get("/api/calendar", params={**november, "silent": "1"}).json()["days"] == {
        "2023-11-14": {"known": 2}
    }
    assert len(site.client.get("/api/visits").json()) == 2, "programs are told of all"


def test_a_list_that_leaves_everybody_out_does_not_say_that_nobody_came(site: Site) -> None:
    site.doorbell.set_rules(site.enrol("Anna", ANNA), Rules("silent"))
    site.walk(ANNA, 1000.0)
    assert "Nobody has come yet" not in site.client.get("/visits").text
    assert "No visit but of people whom you keep out of the way" in site.client.get("/").text


@pytest.mark.parametrize("month", ["soon", "0001-01", "9999-12", "2023-13", "<b>"])
def test_no_month_is_no_fault(site: Site, month: str) -> None:
    assert site.client.get("/visits", params={"month": month}).status_code == 200
    assert site.client.get("/api/calendar", params={"month": month}).status_code == 200


def test_why_a_visit_was_decided_so(site: Site) -> None:
    site.enrol("Anna <i>", ANNA)
    visit = site.walk(ANNA, 1000.0)

    page = site.client.get(f"/visits/{visit}").text
    told = site.client.get(f"/api/visits/{visit}").json()

    assert "Anna &lt;i&gt;" in page and "Enough looks agree on one person." in page
    assert page.count("<tr") == 9 and "voted" in page and "Up to 1.00 is known, from 10.00 on a stranger" in page
    assert (told["visit"], told["compared"], len(told["looks"])) == (visit, 1, 8)
    assert told["bars"] == {"known": 100_000, "stranger": 1_000_000, "same_stranger": 70_000, "margin": 5_000}
    picture = site.client.get(f"/pictures/looks/{visit}/{told['looks'][0]['number']}.jpg")
    assert (picture.status_code, picture.headers["cache-control"]) == (200, "no-store")
    assert site.client.get(f"/pictures/looks/{visit}/999.jpg").status_code == 404
    assert site.client.get(f"/pictures/looks/{visit}/{2**63}.jpg").status_code == 422, "more than the database counts"
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

    assert (same["differs"], other["differs"], other["differs_from_then"]) == (False, True, True)
    assert (other["before"], other["in_force"], other["now"]) == ("known", "known", "unsure")
    assert site.client.get("/api/visits").json()[0]["decision"] == "known"
    assert site.client.get("/api/rejudge", params={"known_rate": 2}).status_code == 422


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
        assert client.get("/visits").status_code == client.get("/search").status_code == 404
        assert 'href="/visits"' not in client.get("/").text


def test_a_stranger_who_is_like_somebody_is_one_click_from_the_name(site: Site) -> None:
    site.walk(BEN, 1000.0)
    site.walk(CARL, 2000.0)
    assert "looks like" not in site.client.get("/parts/strangers").text
    site.enrol("Ben", BEN)

    inbox = site.client.get("/parts/strangers").text

    assert inbox.count("looks like <strong>Ben</strong>") == inbox.count("Yes, Ben") == 1
    ((stranger, likeness),) = site.doorbell.likenesses().items()
    assert stranger == site.doorbell.strangers()[1].id
    assert (likeness.person, likeness.bar) == (site.doorbell.people()[0].person.id, 100_000)
    assert 0 < likeness.distance < likeness.bar
    near = f">{likeness.distance / likeness.bar:.2f} of the bar</span>"
    assert near in inbox
    row = site.client.get("/strangers").text
    assert row.count("looks like <strong>Ben</strong>") == row.count("Yes, Ben") == 1
    assert near in row and "from 10.00 on it is a stranger" in row
    assert f"{likeness.distance / likeness.bar:.2f} of the bar" in site.client.get(f"/strangers/{stranger}").text


def test_the_inbox_says_when_a_stranger_is_forgotten(site: Site) -> None:
    site.walk(BEN, 1_700_000_000.0)
    door = Door(site.doorbell, "the demo", strangers_days=30, memory=site.doorbell)
    now = datetime(2023, 11, 20, tzinfo=UTC)

    (row,) = read_lists(door, now).strangers
    (kept,) = read_lists(dataclasses.replace(door, strangers_days=0), now).strangers

    assert (row.fate, kept.fate) == ("forgotten on 14 Dec", "")

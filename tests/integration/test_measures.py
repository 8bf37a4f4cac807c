"""How near a visit was to whom, how clearly and how soon: kept, and said by the page and the command."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import peephole
from doorbell_parts import ANNA, BEN, MODEL, MORNING, doorbell, store_at, walk
from peephole.doorbell.policy import share_of
from peephole.people.matching import References, median_distances
from peephole.store.store import Store
from person_site import CARL, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with store_at(tmp_path) as store:
        yield Site(store, doorbell(store))


def figures(site: Site, visit: str) -> dict[str, str]:
    """The terms and values of a visit's page."""
    found = site.client.get(f"/visits/{visit}").text.partition('<dl class="measures">')[2].partition("</dl>")[0]
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", found))


def medians(store: Store, visit: str) -> dict[str, int]:
    """The median distance of the looks that voted to each person."""
    voted = [look.number for look in store.visits.trace(visit).looks if look.voted]
    looks = store.visits.looks(visit, MODEL)
    return median_distances([looks[number].descriptor for number in voted], References.of(store.people.looks(MODEL)))


def test_the_page_says_what_the_looks_that_voted_come_to(site: Site) -> None:
    anna, ben, carl = (site.enrol(name, (face, 200)) for name, face in (("Anna", ANNA), ("Ben", BEN), ("Carl", CARL)))
    visit = site.walk(ANNA, MORNING)
    far, bars = medians(site.store, visit), site.doorbell.trace(visit).bars
    second, name = min((far[ben], "Ben"), (far[carl], "Carl"))

    said = figures(site, visit)
    assert said["Median distance"] == f"{share_of(far[anna], bars.known)} to Anna"
    assert said["Second nearest"] == f"{share_of(second, bars.known)} to {name}"
    margin = share_of(second - far[anna], bars.known)
    assert said["Margin"] == f"{margin}, at least {share_of(bars.margin, bars.known)} is asked for"
    told = site.client.get(f"/api/visits/{visit}").json()
    assert told["runner_up"] == {"Ben": ben, "Carl": carl}[name] and told["margin"] == second - far[anna]


def test_with_one_person_there_is_no_second_and_with_nobody_no_distance(site: Site) -> None:
    stranger = site.walk(BEN, MORNING)
    site.enrol("Anna", (ANNA, 200))
    visit = site.walk(ANNA, MORNING + 600)
    assert list(figures(site, visit)) == ["Median distance", "Decided"]
    assert list(figures(site, stranger)) == ["Decided"]


def test_it_is_said_how_soon_it_was_decided(site: Site) -> None:
    site.enrol("Anna", (ANNA, 200))
    visit = site.walk(ANNA, MORNING)  # five faces a second, of which the third decides
    assert figures(site, visit)["Decided"] == "known after 0.4 s"
    site.doorbell.ring(MORNING + 590, "button", None)  # the ring begins the visit; the face comes ten seconds later
    rang = site.walk(BEN, MORNING + 600)
    assert site.doorbell.visit(rang).rang and figures(site, rang)["Decided"] == "a stranger after 0.6 s"
    assert site.client.get("/api/visits").json()[0]["decided_after"] == 0.6
    site.doorbell.assign("1", "Ben")  # which the owner decided
    assert "Decided" not in figures(site, rang)


def test_what_was_decided_first_and_is_so_no_more_does_not_count(site: Site) -> None:
    anna = site.enrol("Anna", (ANNA, 200))
    frames = walk(ANNA, MORNING)
    for frame in frames[:8]:
        site.doorbell.process(frame)
    assert site.doorbell.visits(1)[0].decided_after == 0.4
    site.act(anna, "references/1/aside")  # nobody is known any more when the visit ends
    for frame in frames[8:]:
        site.doorbell.process(frame)
    (visit,) = site.doorbell.visits()
    assert (visit.closed, visit.decision.kind, visit.decided_after) == (True, "stranger", None)


def test_a_name_that_is_gone_is_not_shown_and_one_that_was_joined_is_the_other(site: Site) -> None:
    site.enrol("Anna", (ANNA, 200))
    ben = site.enrol("Ben", (BEN, 200))
    robert = site.enrol("Robert", (CARL, 200))
    visit = site.walk(ANNA, MORNING)
    second = site.doorbell.trace(visit).runner_up
    other = {ben: robert, robert: ben}[second]
    site.doorbell.dossiers.join(other, second)
    assert figures(site, visit)["Second nearest"].endswith(f" to {'Ben' if other == ben else 'Robert'}")
    site.doorbell.remove(other)
    assert re.fullmatch(r"\d+\.\d\d", figures(site, visit)["Second nearest"])
    site.doorbell.remove("Anna")
    assert figures(site, visit) == {}


def test_the_command_says_the_same(tmp_path: Path) -> None:
    with store_at(tmp_path) as store:
        site = Site(store, doorbell(store))
        site.enrol("Anna", (ANNA, 200))
        site.enrol("Ben", (BEN, 200))
        visit = site.walk(ANNA, MORNING)
        said = figures(site, visit)
    shown = peephole("visits", "show", visit, "--data", tmp_path / "data").stdout
    for term, value in said.items():
        assert f"{term[0].lower()}{term[1:]} {value}\n" in shown

"""The bars of recognition on their page: what floor they have, and what would have differed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import doorbell_parts as parts
from door_parts import long_walk
from doorbell_parts import ANNA, BEN, MORNING
from peephole.doorbell.doorbell import Photo
from peephole.store.store import Store
from settings_site import Site, store_is_empty


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with parts.store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    return Site(store, tmp_path)


def test_bars_stay_below_the_two_who_are_most_alike(site: Site) -> None:
    enrol_somebody_like_anna(site)
    closest, before = site.bell.spread().closest, site.bell.bars()
    assert closest is not None and before.known < closest.distance < 1_000_000
    refusal = site.refusal("/recognition", known="200", stranger="100")
    assert refusal.startswith(f"Anna and Ben are at {closest.distance / 1e6:.2f} of this bar, and 1.00 is the bar: ")
    least = int(re.findall(r"one look in (\d+) or more", refusal)[0])
    assert site.bell.bars() == before
    assert store_is_empty(site)
    assert str(least) in site.refusal("/recognition", known=str(least - 1), stranger="100")
    assert site.save("/recognition", known=str(least), stranger="100") == ["recognition.known_rate"]


def test_the_floor_holds_for_the_way_back_to_the_file(store: Store, tmp_path: Path) -> None:
    site = Site(store, tmp_path, "[recognition]\nknown_rate = 0.005\nstranger_rate = 0.01\n")
    site.save("/recognition", known="5000", stranger="100")
    enrol_somebody_like_anna(site)
    assert site.refusal("/recognition", back="recognition.known_rate").startswith("Anna and Ben are ")
    assert site.owner.settings.recognition.known_rate == 0.0002
    assert site.save("/recognition", known="5000", stranger="200") == ["recognition.stranger_rate"]
    assert site.save("/recognition", back="recognition.stranger_rate") == ["recognition.stranger_rate"]


def test_people_who_were_added_within_the_bar_are_told_of_and_the_bar_may_get_stricter(site: Site) -> None:
    site.save("/recognition", known="300", stranger="100")
    home = site.client.get("/", headers={"accept": "text/html"})
    assert "not keep them apart" not in home.text
    enrol_somebody_like_anna(site, shift=25)
    home = site.client.get("/", headers={"accept": "text/html"})
    assert (
        "Anna and Ben are so alike" in home.text
        and "of the bar for known) that it does not keep them apart" in home.text
    )
    text = site.page("/recognition")
    assert "one could be taken for the other" in text
    assert 'name="known" type="number" inputmode="numeric" required step="1" min="300"' in text

    assert "one could be taken" in site.refusal("/recognition", known="250", stranger="100")
    assert site.save("/recognition", known="400", stranger="100") == ["recognition.known_rate"]
    assert "one could be taken for the other" in site.page("/recognition")


def enrol_somebody_like_anna(site: Site, shift: int = 41) -> None:
    site.bell.enrol("Ben", [Photo("b.jpg", parts.paint([parts.Actor(ANNA, noise=200, shift=shift)]).image)])


def test_somebody_named_since_is_no_difference_that_the_bars_make(site: Site) -> None:
    site.home.see(parts.walk(BEN, MORNING))
    site.bell.enrol("Ben", [Photo("b.jpg", parts.paint([parts.Actor(BEN, noise=200)]).image)])

    assert "0 of 1 visit would have been judged differently" in site.page("/recognition?known=500&stranger=100")


def test_bars_move_at_once_and_say_what_would_have_differed(site: Site) -> None:
    site.home.see(long_walk(shift=28))
    assert site.bell.visits(1)[0].decision.kind == "known"
    before = site.bell.bars()
    assert "0 of 1 visit would have been judged differently" in site.page("/recognition?known=500")
    assert "1 of 1 visit would have been judged differently" in site.page("/recognition?known=5000")
    assert store_is_empty(site)

    assert site.save("/recognition", known="5000", stranger="50") == [
        "recognition.known_rate",
        "recognition.stranger_rate",
    ]
    assert site.bell.bars().known < before.known
    assert site.save("/recognition", known="5000", stranger="50") == []
    site.home.see(long_walk(MORNING + 600, shift=28))
    assert site.bell.visits(1)[0].decision.kind == "unsure"
    assert "must be the wider one" in site.refusal("/recognition", known="50", stranger="1000")
    assert site.save("/recognition", back="recognition.known_rate") == ["recognition.known_rate"]
    assert site.bell.bars().known == before.known


def test_the_bars_stand_over_the_distances_of_the_household(site: Site) -> None:
    enrol_somebody_like_anna(site)

    page = site.page("/recognition")

    assert "different people (" in page and "the two who are most alike: Anna and Ben" in page
    assert "within the bar for known" in page
    assert page.count('<rect class="different"') >= 1


def test_an_earlier_address_of_the_bars_leads_to_their_page(site: Site) -> None:
    moved = site.client.get("/bars")
    assert (moved.status_code, moved.headers["location"]) == (301, "/settings/recognition")

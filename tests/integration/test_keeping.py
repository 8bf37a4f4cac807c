"""When a visit is forgotten, and its looks before it: what the page says is what the housekeeper does."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from doorbell_parts import ANNA, BEN, MORNING, store_at, walk
from peephole.doorbell.doorbell import Doorbell
from peephole.store.retention import DAY, Retention
from peephole.store.store import Store
from peephole.time_words import day
from peephole.web.keeping import Keeping
from settings_site import Site


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    """A household that knows Anna; she comes on the 18th of November 2026, and a stranger a day later."""
    made = Site(store, tmp_path)
    for who, start in ((ANNA, MORNING), (BEN, MORNING + DAY)):
        for frame in walk(who, start):
            made.bell.process(frame)
    return made


def said(bell: Doorbell, retention: Retention, at: float = MORNING + 2 * DAY) -> dict[str, str]:
    """What is said of Anna's visit and of the stranger's."""
    waiting = {stranger.id: stranger.last_seen for stranger in bell.strangers()}
    keeping, now = Keeping(retention, waiting), datetime.fromtimestamp(at, UTC)
    return {visit.decision.kind: keeping.line(visit, now) for visit in bell.visits()}


def test_a_visit_says_when_it_goes_and_when_its_looks_do(site: Site) -> None:
    unless = "unless the stranger comes again."
    assert said(site.bell, Retention()) == {
        "known": "Forgotten in 88 days, on 16 Feb 2027; single looks in 28 days, on 18 Dec.",
        "stranger": f"Forgotten in 89 days, on 17 Feb 2027; picture and looks in 29 days, on 19 Dec, {unless}",
    }
    assert said(site.bell, Retention(strangers=60, visits=3, looks=30)) == {
        "known": "Forgotten tomorrow.",
        "stranger": "Forgotten in 2 days, on 22 Nov.",
    }
    assert said(site.bell, Retention(strangers=20, visits=0, looks=2)) == {
        "known": "Kept for ever; single looks today.",
        "stranger": f"Kept for ever; single looks tomorrow; picture in 19 days, on 9 Dec, {unless}",
    }
    assert set(said(site.bell, Retention(strangers=0, visits=0, looks=0)).values()) == {"Kept for ever."}
    assert said(site.bell, Retention(visits=1), MORNING + DAY + 60)["known"] == "Forgotten in a moment."


def test_a_visit_that_lasts_and_one_without_looks_have_less_to_say(site: Site) -> None:
    for frame in walk(BEN, MORNING + 2 * DAY)[:8]:
        site.bell.process(frame)
    assert said(site.bell, Retention(strangers=0))["stranger"].startswith(
        "Forgotten in 89 days, on 17 Feb 2027; single"
    )
    keeping = Keeping(Retention(), {})
    assert keeping.line(site.bell.visits(1)[0], datetime.fromtimestamp(MORNING, UTC)) == ""
    site.bell.remove("Anna")
    assert said(site.bell, Retention())["unsure"] == "Forgotten in 88 days, on 16 Feb 2027."


@pytest.mark.parametrize(("strangers", "visits", "looks"), [(30, 90, 30), (5, 90, 30), (0, 20, 9), (60, 2, 1)])
@pytest.mark.parametrize("who", ["known", "stranger"])
def test_it_goes_then(site: Site, store: Store, strangers: int, visits: int, looks: int, who: str) -> None:
    retention = Retention(strangers=strangers, visits=visits, looks=looks, door=0)
    waiting = {stranger.id: stranger.last_seen for stranger in site.bell.strangers()}
    visit = next(one for one in site.bell.visits() if one.decision.kind == who)
    ends = Keeping(retention, waiting).ends(visit)

    def left() -> tuple[bool, bool, bool]:
        """Whether the visit, its picture and looks of it are there."""
        if visit.id not in {one.id for one in site.bell.visits()}:
            return False, False, False
        return True, site.bell.visit_picture(visit.id) is not None, bool(site.bell.trace(visit.id).looks)

    for at in sorted({ends.visit, ends.picture, ends.looks}):
        for now in (at - 5, at + 5):
            store.forget_old(retention, now)
            assert left() == tuple(now < end for end in (ends.visit, ends.picture, ends.looks)), (at, now)


def test_every_row_and_the_page_say_it(site: Site) -> None:
    for frame in walk(BEN, time.time() - 60):
        site.bell.process(frame)
    visit, now = site.bell.visits(1)[0], datetime.now().astimezone()
    words = f"on {day(visit.last_seen + site.owner.settings.retention.visits * DAY, now)}; picture and looks in"
    for page in (f"/visits/{visit.id}", "/visits", "/parts/visits", "/strangers/1"):
        assert words in site.client.get(page, headers={"accept": "text/html"}).text, page

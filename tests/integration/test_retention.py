"""What is old is forgotten, and nothing else is."""

import pytest

from doorbell_parts import Actor, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Photo
from peephole.housekeeping import Housekeeper
from peephole.live import Announcer, Changed, Message
from peephole.store.retention import DAY, Forgotten, Retention

ANNA, BEN, CARL = 1, 2, 3
KEEP = Retention(strangers=0, visits=0, looks=0)
BEGIN = 1_000_000.0


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store):
    """Anna and the stranger 1 came on the first day, the stranger 2 on the twentieth."""
    bell = doorbell(store)
    bell.enrol("Anna", [Photo("photo.jpg", paint([Actor(ANNA, noise=200)]).image)])
    for who, start in ((ANNA, BEGIN), (BEN, BEGIN + 100), (CARL, BEGIN + 20 * DAY)):
        for frame in walk(who, start):
            bell.process(frame)
    return bell


def test_nothing_is_forgotten_unless_it_is_old(bell, store):
    assert store.forget_old(KEEP, BEGIN + 10_000 * DAY) == Forgotten()
    assert store.forget_old(Retention(strangers=30, visits=30, looks=30), BEGIN + 29 * DAY) == Forgotten()
    assert bell.counts().strangers_open == 2


def test_a_stranger_who_was_not_seen_for_long_is_erased(bell, store):
    bell.stranger_picture(bell.strangers(every_state=True)[1].id)

    assert store.forget_old(KEEP.model_copy(update={"strangers": 30}), BEGIN + 31 * DAY) == Forgotten(strangers=1)

    assert [stranger.number for stranger in bell.strangers()] == [2]
    first = bell.strangers(every_state=True)[1]
    assert (first.number, first.state, bell.stranger_picture(first.id)) == (1, "discarded", None)
    visit = bell.visits()[1]
    assert (visit.decision.kind, visit.decision.reason, bell.visit_picture(visit.id)) == ("unsure", "forgotten", None)
    assert bell.trace(visit.id).looks == ()


def test_ignored_and_named_ones_stay(bell, store):
    bell.ignore("1")
    bell.assign("2", "Carl")

    assert store.forget_old(KEEP.model_copy(update={"strangers": 1}), BEGIN + 999 * DAY) == Forgotten()
    assert [row.person.name for row in bell.people()] == ["Anna", "Carl"]


def test_old_visits_go_with_their_looks(bell, store):
    done = store.forget_old(KEEP.model_copy(update={"visits": 15}), BEGIN + 16 * DAY)

    assert (done.visits, done.strangers) == (2, 0)
    assert [visit.stranger_number for visit in bell.visits()] == [2]
    assert bell.counts().people == 1


def test_old_looks_go_and_the_visit_stays(bell, store):
    old, young = bell.visits()[2], bell.visits()[0]

    done = store.forget_old(KEEP.model_copy(update={"looks": 10}), BEGIN + 21 * DAY)

    assert done.looks == 16
    assert bell.trace(old.id).looks == () != bell.trace(young.id).looks
    assert bell.visit(old.id).person_name == "Anna"


def test_a_visit_that_goes_on_is_left_alone(store):
    bell = doorbell(store)
    for frame in walk(BEN, BEGIN)[:6]:
        bell.process(frame)

    assert store.forget_old(Retention(strangers=1, visits=1, looks=1), BEGIN + 99 * DAY) == Forgotten()


def test_the_housekeeper_does_it_at_the_start_and_tells_open_pages():
    asked, heard, said = [], [], []
    announcer = Announcer()
    announcer.listen(heard.append)

    def forget(now: float) -> Forgotten:
        asked.append(now)
        return Forgotten(strangers=2)

    keeper = Housekeeper(forget, announcer, said.append)
    with keeper:
        pass

    assert len(asked) == 1 and keeper.trouble() is None
    assert heard == [Changed("strangers"), Changed("visits")]
    assert said == ["forgotten for their age: 2 strangers, 0 visits, 0 looks"]


def test_a_full_disk_is_a_trouble_and_no_end():
    heard: list[Message] = []

    def forget(now: float) -> Forgotten:
        raise OSError("the disk is full")

    keeper = Housekeeper(forget, Announcer(), heard.append)
    with keeper:
        pass

    assert keeper.trouble() == "what is old could not be forgotten: the disk is full"

"""Undoing what the owner did with strangers leaves every row as it was."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deeds import BEN, CARL, DEEDS, DORA, come, everything, household_of, look_ids
from doorbell_parts import Actor, doorbell, paint, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.store.journal import ERASED_AFTER, FINAL_AFTER
from peephole.store.store import Store


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store):
    """Anna is enrolled; the strangers 1 (twice), 2 and 3 came."""
    return household_of(store)


@pytest.mark.parametrize("deed", DEEDS)
def test_undo_leaves_every_row_as_it_was_also_after_a_restart(bell, tmp_path, deed):
    before = everything(tmp_path)
    DEEDS[deed](bell)
    assert everything(tmp_path) != before
    with Store(tmp_path / "data") as restarted:
        restarted.journal.undo()
    assert everything(tmp_path) == before
    with pytest.raises(ValueError, match="nothing can be undone"):
        bell.inbox.journal.undo()


@pytest.mark.parametrize("deed", ["ignore", "no face", "keep apart", "merge", "assign to somebody known"])
def test_what_takes_no_picture_away_reads_none_of_the_visits(bell, store, deed):
    said: list[str] = []
    store._database._connection.set_trace_callback(said.append)
    DEEDS[deed](bell)
    assert len(said) > 3 and not [one for one in said if "FROM visit_looks" in one]


def test_what_changes_nothing_cannot_be_undone(bell):
    bell.ignore("1")
    bell.ignore("1")
    assert [deed.text for deed in bell.inbox.journal.deeds()] == ["Stranger 1 ignored"]


STEP = st.sampled_from(["assign", "known", "ignore", "no_face", "reopen", "discard", "merge", "split", "drop", "come"])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEP, st.integers(0, 5), st.integers(0, 5)), max_size=6), last=st.integers(0, 9))
def test_any_row_of_deeds_is_undone_back_to_where_it_began(tmp_path_factory, steps, last):
    folder = tmp_path_factory.mktemp("undo")
    with store_at(folder) as store:
        bell = doorbell(store)
        for who, start in ((BEN, 1000.0), (CARL, 2000.0), (BEN, 3000.0)):
            come(bell, who, start)
        states = [everything(folder)]
        for place, (what, first, second) in enumerate(steps):
            deeds = len(bell.inbox.journal.deeds())
            if what == "come":
                bell.inbox.journal.erase()  # what was before cannot all be undone any more
                come(bell, BEN + first, 10_000.0 + 1000 * place)
                states = [everything(folder)]
                continue
            try:
                act(bell, what, first, second)
            except ValueError:
                assert everything(folder) == states[-1]  # refused: nothing was changed
                continue
            if len(bell.inbox.journal.deeds()) > deeds:
                states.append(everything(folder))
        while len(states) > 1:
            assert everything(folder) == states.pop()
            bell.inbox.journal.undo()
        assert everything(folder) == states[0]


def act(bell: Doorbell, what: str, first: int, second: int) -> None:
    everybody = [one.id for one in sorted(bell.strangers(every_state=True), key=lambda one: one.number)]
    one, other = everybody[first % len(everybody)], everybody[second % len(everybody)]
    shelf = bell.inbox.shelf
    looks = [look.id for look in bell.inbox.looks().get(one, [])]
    match what:
        case "assign":
            shelf.assign([one, other], f"Somebody {first}")
        case "known":
            shelf.assign([one], "Somebody 1")
        case "ignore" | "no_face" | "reopen" | "discard":
            getattr(shelf, what)([one, other])
        case "merge":
            shelf.merge([one, other])
        case "split":
            bell.inbox.split(one, looks[second:])
        case "drop":
            shelf.drop_looks(one, looks[second:])


def test_what_is_newer_is_never_overwritten(bell, tmp_path):
    bell.ignore("1")
    number = bell.inbox.journal.deeds()[0].number
    bell.discard("1")
    before = everything(tmp_path)
    with pytest.raises(ValueError, match="Stranger 1 ignored: cannot be undone any more, something newer changed"):
        bell.inbox.journal.undo(number)
    assert everything(tmp_path) == before
    assert bell.inbox.journal.undo().what == "discard"
    assert bell.inbox.journal.undo(number).what == "ignore"


def test_a_look_does_not_come_back_to_a_stranger_who_is_somebody_else_now(bell):
    bell.inbox.shelf.drop_looks("1", look_ids(bell, "1")[:1])
    bell.inbox.shelf.merge(["1", "2"])
    bell.inbox.shelf.merge(["1", "3"])
    number = bell.inbox.journal.deeds()[-1].number
    bell.assign("1", "Ben")
    with pytest.raises(ValueError, match="something newer changed"):
        bell.inbox.journal.undo(number)


def test_looks_that_were_split_off_do_not_come_back_to_a_stranger_who_was_discarded_since(bell, tmp_path):
    bell.inbox.split("1", look_ids(bell, "1")[:3])
    (split,) = bell.inbox.journal.deeds()
    bell.discard("1")
    before = everything(tmp_path)

    with pytest.raises(ValueError, match="something newer changed"):
        bell.inbox.journal.undo(split.number)

    assert everything(tmp_path) == before


def test_who_came_since_is_counted_when_a_deed_is_undone(bell):
    bell.ignore("1")
    come(bell, BEN, 9000.0)
    bell.inbox.journal.undo()
    stranger = bell.inbox.stranger("1")
    assert (stranger.state, stranger.visits, int(stranger.last_seen)) == ("open", 3, 9001)


def test_visits_since_a_split_are_counted_when_it_is_undone(bell):
    bell.inbox.shelf.merge(["1", "2"])
    carl = [look.id for look in bell.inbox.looks()[bell.inbox.stranger("1").id] if 2000 <= look.seen < 3000]
    bell.inbox.split("1", carl)
    come(bell, BEN, 9000.0)
    bell.inbox.journal.undo()
    assert (bell.inbox.stranger("1").visits, int(bell.inbox.stranger("1").last_seen)) == (4, 9001)


def test_a_merge_stays_once_newer_looks_have_taken_the_place_of_older_ones(bell, tmp_path):
    bell.inbox.shelf.merge(["1", "2"])
    come(bell, BEN, 9000.0)  # of the sixteen looks eight stay
    before = everything(tmp_path)
    with pytest.raises(ValueError, match="Stranger 2 merged into Stranger 1: cannot be undone any more"):
        bell.inbox.journal.undo()
    assert everything(tmp_path) == before


def test_visits_under_a_name_that_is_taken_back_are_the_strangers(bell):
    bell.assign("1", "Ben")
    come(bell, BEN, 9000.0)
    assert bell.visits(1)[0].person_name == "Ben"

    bell.inbox.journal.undo()

    assert [row.person.name for row in bell.people()] == ["Anna"]
    newest = bell.visits(1)[0]
    assert (newest.decision.kind, newest.stranger_number, newest.decision.reason) == ("stranger", 1, "unnamed")
    assert bell.inbox.stranger("1").visits == 3
    come(bell, BEN, 19_000.0)
    assert bell.inbox.stranger("1").visits == 4


def test_a_name_with_photos_added_since_stays(bell):
    bell.assign("1", "Ben")
    bell.enrol("Ben", [Photo("photo.jpg", paint([Actor(BEN, noise=201)]).image)])
    with pytest.raises(ValueError, match="cannot be undone any more"):
        bell.inbox.journal.undo()
    assert "Ben" in [row.person.name for row in bell.people()]


def test_a_stranger_split_off_who_came_again_stays(bell):
    bell.inbox.shelf.merge(["1", "2"])
    carl = [look.id for look in bell.inbox.looks()[bell.inbox.stranger("1").id] if 2000 <= look.seen < 3000]
    bell.inbox.split("1", carl)
    come(bell, CARL, 9000.0)
    assert bell.visits(1)[0].stranger_number == 4
    with pytest.raises(ValueError, match="cannot be undone any more"):
        bell.inbox.journal.undo()


def test_a_visitor_who_is_there_keeps_nothing_from_being_undone(bell):
    frames = walk(BEN, 9000.0)
    for frame in frames[:6]:
        bell.process(frame)
    bell.discard("1")
    bell.process(frames[6])
    bell.inbox.journal.undo()
    for frame in frames[7:]:
        bell.process(frame)
    assert (bell.visits(1)[0].stranger_number, bell.inbox.stranger("1").visits) == (1, 3)


def test_looks_come_back_although_their_numbers_were_given_to_somebody_else(bell):
    pictures = {look.quality for look in bell.inbox.looks()[bell.inbox.stranger("3").id]}
    bell.discard("3")
    come(bell, 5, 9000.0)
    bell.inbox.journal.undo()
    assert len(look_ids(bell, "3")) == len(look_ids(bell, "4")) == 8
    assert {look.quality for look in bell.inbox.looks()[bell.inbox.stranger("3").id]} == pictures
    come(bell, DORA, 19_000.0)
    assert bell.visits(1)[0].stranger_number == 3


def test_after_its_time_a_deed_is_final_and_erased(bell, store):
    bell.ignore("2")
    bell.discard("1")
    now = time.time()
    assert [deed.what for deed in store.journal.deeds(now + ERASED_AFTER + 1)] == ["ignore"]
    assert store.journal.expire(now) == 0
    assert store.journal.expire(now + ERASED_AFTER + 1) == 1 == len(store.journal.deeds())
    assert store.journal.expire(now + FINAL_AFTER + 1) == 1
    assert store.journal.expire(now + FINAL_AFTER + 1) == 0


@pytest.mark.parametrize("end", ["its time", "the owner", "a person who is erased"])
def test_looks_of_discarded_visits_are_copied_nowhere_shown_to_nobody_and_erased_in_the_end(bell, store, end):
    visits = [visit.id for visit in bell.visits() if visit.stranger_number == 1]
    bell.assign("2", "Carl")
    bell.discard("1")
    assert not any(bell.visit_picture(one) or bell.look_picture(one, 0) or bell.trace(one).looks for one in visits)
    assert not store._database.rows("SELECT * FROM undo_rows WHERE tab = 'visit_looks'")

    left = f"SELECT visit FROM visit_looks WHERE visit IN {tuple(visits)}"  # noqa: S608
    assert len(visits) == 2 and len(store._database.rows(left)) > 4
    if end == "its time":
        store.journal.expire(time.time() + ERASED_AFTER + 1)
    elif end == "the owner":
        store.journal.erase()
    else:
        bell.remove("Carl")
    assert not store._database.rows(left) and not store._database.rows("SELECT * FROM withheld")
    assert not store._database.rows(f"SELECT id FROM visits WHERE picture IS NOT NULL AND id IN {tuple(visits)}")  # noqa: S608


def test_a_clock_that_went_back_delays_no_erasing(bell, store):
    bell.discard("1")
    assert store.journal.expire(time.time() - 7200) == 1


def test_erasing_a_person_ends_what_could_be_undone(bell, store):
    bell.assign("1", "Ben")
    bell.remove("Ben")
    assert store.journal.deeds() == []


def test_an_undo_that_is_killed_leaves_either_state(bell, store, tmp_path, monkeypatch):
    bell.assign("1", "Ben")
    after = everything(tmp_path)
    from peephole.store import journal

    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(journal, "_check_unused", killed)  # half of the rows are back then
    with pytest.raises(KeyboardInterrupt):
        store.journal.undo()
    assert everything(tmp_path) == after and len(store.journal.deeds()) == 1
    monkeypatch.undo()
    store.journal.undo()
    assert bell.inbox.stranger("1").state == "open"


@pytest.mark.parametrize(
    "deed",
    [
        "assign to somebody new",
        "introduce somebody new",
        "introduce somebody known",
        "a visit is somebody known's",
        "a visit is somebody new's",
    ],
)
def test_a_look_that_other_doors_have_heard_of_is_taken_back_all_the_same(bell, store, tmp_path, deed):
    store.sharing.people()  # notes what Anna's looks are called among doors
    before = everything(tmp_path)
    DEEDS[deed](bell)
    shared = store.sharing.people()
    bell.inbox.journal.undo()
    assert everything(tmp_path) == before
    again = store.sharing.people()
    gone = {one.id for one in shared.people} - {one.id for one in again.people}
    assert gone == set(again.erased)  # the other doors forget a new person
    assert gone or any(one.erased for one in again.people)  # or the new looks at somebody known

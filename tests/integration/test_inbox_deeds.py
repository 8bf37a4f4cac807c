"""What the owner does with strangers: merge, split, discard looks, no face, keep apart, introduce."""

import dataclasses
import time

import pytest

from deeds import BEN, CARL, DORA, come, everything, household_of, introduce, look_ids
from doorbell_parts import MODEL, doorbell, store_at, walk
from peephole.people.records import NewReference
from peephole.store.journal import ERASED_AFTER


@pytest.fixture
def store(tmp_path):
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store):
    """Anna is enrolled; the strangers 1 (twice), 2 and 3 came."""
    return household_of(store)


def test_merging_gives_the_oldest_number_every_look_and_visit(bell):
    kept = bell.inbox.shelf.merge(["3", "1"])
    assert (kept.number, kept.visits, int(kept.first_seen), int(kept.last_seen)) == (1, 3, 1000, 4001)
    assert len(look_ids(bell, "1")) == 16
    assert [visit.stranger_number for visit in bell.visits()] == [1, 1, 2, 1]
    assert bell.inbox.stranger("3").number == 1
    with pytest.raises(ValueError, match="stranger 3: is stranger 1 now"):
        bell.ignore("3")
    come(bell, DORA, 9000.0)
    assert (bell.visits(1)[0].stranger_number, bell.inbox.stranger("1").visits) == (1, 4)


def test_whoever_was_merged_twice_is_who_is_left(bell):
    bell.inbox.shelf.merge(["2", "3"])
    bell.inbox.shelf.merge(["1", "2"])
    assert bell.inbox.stranger("3").number == bell.inbox.stranger("2").number == 1


def test_a_visit_decided_before_the_merge_belongs_to_whoever_is_left(bell, store):
    stranger = bell.inbox.stranger("3")
    visit = store.visits.get(bell.visits(1)[0].id)
    bell.inbox.shelf.merge(["1", "3"])
    state = store.visits  # a process that knew the old stranger closes a visit
    from peephole.doorbell.visit import Trace, VisitState

    late = VisitState("late", 9000.0, 9005.0, dataclasses.replace(visit.decision, stranger=stranger.id), 4, {}, MODEL)
    assert state.close(late, Trace((), None, 0), 8, 60.0).stranger_number == 1


def test_visits_go_with_the_looks_that_are_split_off(bell):
    bell.inbox.shelf.merge(["1", "2"])
    carl = [look.id for look in bell.inbox.looks()[bell.inbox.stranger("1").id] if 2000 <= look.seen < 3000]

    new = bell.inbox.split("1", carl[:5])  # five of the eight looks from one visit

    assert (new.number, new.visits) == (4, 1)
    assert [visit.stranger_number for visit in bell.visits()] == [3, 1, 4, 1]
    assert bell.inbox.stranger("1").visits == 2
    assert frozenset((new.id, bell.inbox.stranger("1").id)) in bell.inbox.shelf.apart()


def test_a_visit_of_which_no_look_is_left_goes_where_its_own_looks_are_nearer(bell, store):
    bell.inbox.shelf.merge(["1", "2"])
    looks = bell.inbox.looks()[bell.inbox.stranger("1").id]
    of_carl = [look.id for look in looks if 2000 <= look.seen < 3000]
    with store._database.change() as connection:  # looks from before visits were noted
        connection.execute("UPDATE stranger_looks SET visit = NULL")

    new = bell.inbox.split("1", of_carl)

    assert (new.visits, [visit.stranger_number for visit in bell.visits()]) == (1, [3, 1, 4, 1])


@pytest.mark.parametrize("choose", [lambda ids: [], lambda ids: ids, lambda ids: [999_999], lambda ids: [ids[0], -1]])
@pytest.mark.parametrize("verb", ["split", "drop_looks"])
def test_some_looks_go_and_some_stay(bell, tmp_path, choose, verb):
    before = everything(tmp_path)
    chosen = choose(look_ids(bell, "1"))
    with pytest.raises(ValueError, match=r"choose the looks|no such look|these are all looks"):
        bell.inbox.split("1", chosen) if verb == "split" else bell.inbox.shelf.drop_looks("1", chosen)
    assert everything(tmp_path) == before


def test_a_look_that_is_discarded_goes_from_its_visit_too(bell, store):
    visit = bell.visits()[0]
    best = store.visits.picture(visit.id)
    looks = bell.inbox.looks()[bell.inbox.stranger("3").id]
    shown = [look.id for look in looks if bell.inbox.shelf.look_picture(look.id) == best]
    bell.inbox.shelf.drop_looks("3", shown)
    assert store.visits.picture(visit.id) not in (None, best)
    assert len(bell.trace(visit.id).looks) == 8 - len(shown)


def test_a_look_that_is_discarded_comes_back_to_a_visit_that_went_to_another_stranger(bell, tmp_path):
    newest, *others = bell.inbox.looks()[bell.inbox.stranger("1").id]
    of_its_visit = [look.id for look in others if look.visit == newest.visit]
    bell.inbox.shelf.split("1", of_its_visit, [newest.visit])
    before = everything(tmp_path)
    bell.inbox.shelf.drop_looks("1", [newest.id])
    assert everything(tmp_path)["visit_looks"] != before["visit_looks"]
    bell.inbox.journal.undo()
    assert everything(tmp_path) == before


def test_what_is_no_face_comes_silently_and_is_listed_nowhere(bell):
    bell.inbox.shelf.no_face(["1"])
    come(bell, BEN, 9000.0)
    assert bell.visits(1)[0].silent
    assert 1 not in [one.number for one in bell.strangers()]
    assert all(1 not in (pair.one.number, pair.other.number) for pair in bell.inbox.suggestions())
    bell.inbox.shelf.reopen(["1"])
    assert bell.inbox.stranger("1").state == "open" and not bell.inbox.stranger("1").no_face


def test_two_who_are_nearly_alike_are_suggested_until_the_owner_says_no(store):
    bell = doorbell(store)
    come(bell, BEN, 1000.0)
    for frame in walk(BEN, 2000.0, shift=60):  # too far to be taken for the same, near enough to ask
        bell.process(frame)
    come(bell, CARL, 3000.0)
    (pair,) = bell.inbox.suggestions()
    assert (pair.one.number, pair.other.number) == (1, 2)

    bell.inbox.shelf.keep_apart("2", "1")
    assert bell.inbox.suggestions() == []
    bell.inbox.journal.undo()
    assert len(bell.inbox.suggestions()) == 1

    bell.inbox.shelf.keep_apart("2", "1")
    bell.inbox.shelf.merge(["2", "3"])
    assert bell.inbox.suggestions() == [], "what was said of stranger 2 holds for whom she is now"


def test_an_introduction_is_one_deed_and_its_undo_leaves_no_face_behind(bell, tmp_path):
    person = introduce(bell, "Eve")
    assert [deed.text for deed in bell.inbox.journal.deeds()] == ["Eve introduced"]
    assert bell.rules(person.id).consent == "said so herself"
    assert bell.inbox.journal.deeds(time.time() + ERASED_AFTER) == []  # not by a key that is pressed a day later
    bell.inbox.journal.undo()
    assert [row.person.name for row in bell.people()] == ["Anna"]
    assert all(b"a face at the door" not in file.read_bytes() for file in (tmp_path / "data").iterdir())


def test_visits_of_somebody_whose_introduction_is_undone_are_those_of_nobody_for_sure(bell, store):
    descriptor = dict(store.strangers.looks(MODEL))[bell.inbox.stranger("1").id]
    look = NewReference(descriptor, MODEL, b"jpg", 800, "visit")
    bell.inbox.shelf.introduce("Ben", [look], "")
    come(bell, BEN, 9000.0)
    bell.flush()
    newest = bell.visits(1)[0]
    assert newest.person_name == "Ben"
    bell.inbox.journal.undo()
    again = bell.visit(newest.id)
    assert (again.decision.kind, again.decision.person, again.decision.reason) == ("unsure", None, "unnamed")


def test_an_introduction_that_cannot_be_saved_stores_nothing(bell, tmp_path):
    anna = bell.people()[0].person
    bell.remove("Anna")
    before = everything(tmp_path)
    with pytest.raises(ValueError, match="Anna was removed meanwhile"):
        introduce(bell, anna)
    with pytest.raises(ValueError, match="99"):
        introduce(bell, "Eve", strangers=["1", "99"])
    assert everything(tmp_path) == before

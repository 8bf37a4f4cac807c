"""A visit that was decided wrongly is put right by the owner: whose it was, nobody known, or no face at all."""

import time
from collections.abc import Iterator

import pytest

from deeds import ANNA, BEN, CARL, DORA, EVE, come, corrected_household, everything, looks_of, newest, visits_of
from doorbell_parts import MODEL, Actor, paint, store_at, walk
from peephole.doorbell.doorbell import Doorbell, Photo
from peephole.doorbell.visit import VisitFilter
from peephole.people.redundancy import MOST_REFERENCES
from peephole.store.journal import ERASED_AFTER
from peephole.store.store import Store


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with store_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def bell(store) -> Doorbell:
    """Anna and Eve are enrolled; the strangers 1 (twice), 2 and 3 came, then Anna."""
    return corrected_household(store)


def test_a_visit_taken_for_somebody_is_somebody_elses(bell):
    visit = newest(bell)
    assert visit.person_name == "Anna"
    bell.corrections.name(visit.id, "eve")
    now = bell.visit(visit.id)
    assert (now.person_name, now.decision.kind, now.decision.reason) == ("Eve", "known", "corrected")
    last = {row.person.name: row.last_seen for row in bell.people()}
    assert last == {"Anna": None, "Eve": visit.last_seen}
    assert bell.visits(only=VisitFilter(person=bell.people()[0].person.id)) == []
    assert looks_of(bell, "Eve") == 1  # nothing was asked to be learnt
    assert len(bell.trace(visit.id).looks) == 8 and bell.visit_picture(visit.id) is not None


def test_what_the_doorbell_had_said_stays_whatever_the_owner_says_next(bell):
    visit = newest(bell)
    assert bell.corrections.said(visit.id) is None
    bell.corrections.name(visit.id, "Eve")
    bell.corrections.strange(visit.id)
    bell.rename("Anna", "Anna Maria")
    said = bell.corrections.said(visit.id)
    assert (said.kind, said.person_name, said.reason) == ("known", "Anna Maria", "looks_agree")
    assert said.distance == visit.decision.distance


def test_an_unsure_visit_gets_a_name_and_teaches_it(bell):
    for frame in walk(EVE, 6000.0, shift=60):  # between the bars
        bell.process(frame)
    visit = newest(bell)
    assert visit.decision.reason == "between_bars"
    bell.corrections.name(visit.id, "Eve", learn=True)
    assert looks_of(bell, "Eve") == 9
    for frame in walk(EVE, 9000.0, shift=60):
        bell.process(frame)
    assert newest(bell).person_name == "Eve"


def test_looks_are_learnt_once_and_taken_away_with_the_visit(bell):
    visit = newest(bell)
    bell.corrections.name(visit.id, "Anna", learn=True)
    bell.corrections.name(visit.id, "Anna", learn=True)
    assert looks_of(bell, "Anna") == 9 and not bell.visit(visit.id).repeat
    bell.corrections.name(visit.id, "Eve", learn=True)
    assert (looks_of(bell, "Anna"), looks_of(bell, "Eve")) == (1, 9)
    bell.corrections.strange(visit.id)
    assert looks_of(bell, "Eve") == 1


def test_no_more_is_learnt_than_a_person_may_have(bell):
    for start in range(5):
        come(bell, ANNA, 6000.0 + 1000 * start)
        bell.corrections.name(newest(bell).id, "Anna", learn=True)
    used = [one for one in bell.dossiers.read("Anna").references if not one.reference.aside]
    assert (looks_of(bell, "Anna"), len(used)) == (41, MOST_REFERENCES)


def test_of_two_who_came_together_each_takes_their_own_looks_along(bell):
    for step in range(28):
        there = [Actor(BEN, x=20, noise=step + 1), Actor(CARL, x=150, noise=step + 1)] if step < 8 else []
        bell.process(paint(there, 9000.0 + step / 5))
    for number in ("1", "2"):
        bell.assign(number, "Fay")
    ben, carl = (one for one in bell.visits(2))
    assert ben.person_name == carl.person_name == "Fay" and ben.first_seen == carl.first_seen
    of_carl = [one.descriptor.tolist() for one in bell._archive.visits.looks(carl.id, MODEL).values()]
    bell.corrections.name(ben.id, "Eve")
    left = [one.reference for one in bell.dossiers.read("Fay").references if one.reference.created >= 9000.0]
    assert left and all(one.descriptor.tolist() in of_carl for one in left)


def test_a_look_of_a_stranger_who_got_a_wrong_name_leaves_that_person(bell):
    first, second = visits_of(bell, 1)
    bell.assign("1", "Ben")
    all_of_them = looks_of(bell, "Ben")
    bell.corrections.name(first.id, "Eve")
    left = {one.reference.created for one in bell.dossiers.read("Ben").references}
    assert 0 < len(left) < all_of_them and min(left) > second.first_seen - 1
    said = bell.corrections.said(first.id)
    assert (said.kind, said.stranger_number) == ("stranger", 1)


def test_a_new_name_makes_a_new_person_with_who_agreed(bell):
    visit = newest(bell)
    person = bell.corrections.name(visit.id, "  Fay ", learn=True, consent="Fay, at the door")
    assert (person.name, looks_of(bell, "Fay")) == ("Fay", 8)
    rules = bell.rules("Fay")
    assert rules.consent == "Fay, at the door" and rules.consent_at == pytest.approx(time.time(), abs=60)


def test_a_visit_of_somebody_known_becomes_a_new_strangers_who_is_recognised(bell):
    visit = newest(bell)
    assert bell.corrections.strange(visit.id) == 4
    now = bell.visit(visit.id)
    assert (now.decision.kind, now.stranger_number, now.stranger_visits) == ("stranger", 4, 1)
    assert len(bell.inbox.looks()[now.decision.stranger]) == 8
    assert bell.inbox.stranger("4").last_seen == visit.last_seen
    bell.remove("Anna")
    come(bell, ANNA, 9000.0)
    assert (newest(bell).stranger_number, newest(bell).stranger_visits) == (4, 2)


def test_it_joins_the_stranger_who_looks_like_that(bell):
    bell.enrol("Ben", [Photo("photo.jpg", paint([Actor(BEN, noise=200)]).image)])
    come(bell, BEN, 2500.0)
    visit = next(one for one in bell.visits() if one.person_name == "Ben")
    assert bell.corrections.strange(visit.id) == 1
    assert bell.inbox.stranger("1").visits == 3
    assert [one.stranger_visits for one in visits_of(bell, 1)] == [1, 2, 3]
    assert bell.visit(visit.id).stranger_visits == 2  # by when it was
    assert len(bell.inbox.looks()[bell.inbox.stranger("1").id]) == 8


def test_it_joins_somebody_ignored_silently_who_was_there_earlier_then(bell, store):
    bell.ignore("1")
    bell.enrol("Ben", [Photo("photo.jpg", paint([Actor(BEN, noise=200)]).image)])
    come(bell, BEN, 7000.0)
    visit = newest(bell)
    with store._database.change() as connection:
        connection.execute("UPDATE visits SET first_seen = 10.0 WHERE id = ?", (visit.id,))
    assert bell.corrections.strange(visit.id) == 1
    assert bell.visit(visit.id).silent and bell.inbox.stranger("1").first_seen == 10.0


def test_a_stranger_who_was_named_meanwhile_is_joined_by_nobody(bell, store):
    bell.assign("1", "Ben")
    named = bell.inbox.stranger("1").id
    assert store.corrections.strange(newest(bell).id, named, MODEL, 8, 300.0) == 4


def test_who_was_merged_since_is_named_by_the_number_that_stayed(bell):
    (visit,) = visits_of(bell, 3)
    come(bell, DORA, 9000.0)
    bell.corrections.name(visit.id, "Anna")
    bell.inbox.shelf.merge(["2", "3"])
    assert bell.corrections.said(visit.id).stranger_number == 2


def test_without_a_good_look_it_is_nobodys_in_particular(bell):
    for frame in walk(EVE, 6000.0, blurred=1):
        bell.process(frame)
    visit = newest(bell)
    assert visit.decision.reason == "poor_looks"
    strangers = len(bell.strangers())
    assert bell.corrections.strange(visit.id) is None
    assert bell.visit(visit.id).decision.kind == "stranger" and len(bell.strangers()) == strangers
    with pytest.raises(ValueError, match="no good look is left"):
        bell.corrections.name(visit.id, "Eve", learn=True)
    assert bell.corrections.name(visit.id, "Eve").name == "Eve"


def test_who_leaves_a_stranger_is_counted_no_more(bell):
    first, second = visits_of(bell, 1)
    bell.corrections.name(second.id, "Anna")
    stranger = bell.inbox.stranger("1")
    assert (stranger.visits, stranger.first_seen, stranger.last_seen) == (1, first.first_seen, first.last_seen)
    assert {look.visit for look in bell.inbox.looks()[stranger.id]} == {first.id}
    come(bell, BEN, 9000.0)
    assert (newest(bell).stranger_number, newest(bell).stranger_visits) == (1, 2)


def test_a_stranger_is_recognised_although_all_looks_were_of_the_visit_that_left(bell, store):
    first, second = visits_of(bell, 1)
    with store._database.change() as connection:
        connection.execute("DELETE FROM stranger_looks WHERE visit = ?", (first.id,))
    bell.corrections.name(second.id, "Anna")
    assert {look.visit for look in bell.inbox.looks()[bell.inbox.stranger("1").id]} == {first.id}


def test_visits_that_are_kept_no_more_count_all_the_same(bell, store):
    first, second = visits_of(bell, 1)
    with store._database.change() as connection:
        connection.execute("DELETE FROM stranger_looks WHERE visit = ?", (first.id,))
        connection.execute("DELETE FROM visits WHERE id = ?", (first.id,))
    come(bell, BEN, 9000.0)
    bell.corrections.name(second.id, "Anna")
    stranger = bell.inbox.stranger("1")
    assert (stranger.visits, stranger.first_seen, newest(bell).stranger_visits) == (2, first.first_seen, 2)


def test_a_stranger_with_visits_but_without_looks_stays(bell, store):
    first, second = visits_of(bell, 1)
    with store._database.change() as connection:
        connection.execute("DELETE FROM stranger_looks WHERE visit = ?", (first.id,))
        connection.execute("DELETE FROM visit_looks WHERE visit = ?", (first.id,))
    bell.corrections.name(second.id, "Anna")
    assert (bell.inbox.stranger("1").state, bell.inbox.stranger("1").visits) == ("open", 1)


def test_a_stranger_of_whom_nothing_is_left_waits_for_no_name(bell):
    (visit,) = visits_of(bell, 2)
    bell.corrections.name(visit.id, "Anna", learn=True)
    assert [one.number for one in bell.strangers()] == [3, 1]
    come(bell, CARL, 9000.0)
    assert newest(bell).person_name == "Anna"


def test_a_forgotten_visit_is_shown_to_nobody_and_erased_in_the_end(bell, store):
    visit = newest(bell)
    bell.corrections.name(visit.id, "Anna", learn=True)
    bell.corrections.forget(visit.id)
    now = bell.visit(visit.id)
    assert (now.decision.kind, now.decision.reason, now.person_name) == ("unsure", "discarded", None)
    assert bell.visit_picture(visit.id) is None and not bell.trace(visit.id).looks and looks_of(bell, "Anna") == 1
    assert len(store._database.rows("SELECT 1 FROM visit_looks WHERE visit = ?", (visit.id,))) == 8
    store.journal.expire(time.time() + ERASED_AFTER + 1)
    assert not store._database.rows("SELECT 1 FROM visit_looks WHERE visit = ?", (visit.id,))
    assert not store._database.rows("SELECT 1 FROM visits WHERE id = ? AND picture IS NOT NULL", (visit.id,))
    assert bell.corrections.said(visit.id).person_name == "Anna"


def test_nothing_forgotten_is_in_the_files_once_it_is_final(bell, store, tmp_path):
    (visit,) = visits_of(bell, 3)
    picture = bell.visit_picture(visit.id)
    bell.corrections.forget(visit.id)
    store.journal.erase()
    assert not bell.inbox.looks().get(visit.decision.stranger)
    held = [row for rows in everything(tmp_path).values() for row in rows]
    assert len(picture) > 4 and not [row for row in held if visit.id in row and picture in row]
    assert not store._database.rows("SELECT 1 FROM undo_rows")


def test_a_visit_that_goes_on_is_left_alone(bell, tmp_path):
    for frame in walk(DORA, 9000.0)[:6]:
        bell.process(frame)
    visit, before = newest(bell), everything(tmp_path)
    assert not visit.closed
    corrections = bell.corrections
    for act in (lambda: corrections.name(visit.id, "Eve"), lambda: corrections.strange(visit.id)):
        with pytest.raises(ValueError, match="this visit goes on; wait until it is over"):
            act()
    with pytest.raises(ValueError, match="goes on"):
        corrections.forget(visit.id)
    with pytest.raises(ValueError, match="nowhere: there is no visit of this id"):
        corrections.forget("nowhere")
    assert everything(tmp_path) == before


def test_what_says_nothing_new_is_refused(bell, tmp_path):
    visit, stranger = newest(bell), visits_of(bell, 1)[0]
    before = everything(tmp_path)
    with pytest.raises(ValueError, match="this visit is Anna's already"):
        bell.corrections.name(visit.id, "Anna")
    with pytest.raises(ValueError, match="a stranger's already"):
        bell.corrections.strange(stranger.id)
    assert everything(tmp_path) == before
    bell.corrections.forget(visit.id)
    with pytest.raises(ValueError, match="discarded already"):
        bell.corrections.forget(visit.id)


def test_rejudging_leaves_the_owners_word_alone(bell):
    visit = newest(bell)
    bell.corrections.strange(visit.id)
    assert visit.id not in {one.visit.id for one in bell.rejudge(bell.policy)}


def test_no_visit_is_a_repeat_of_somebody_elses(bell):
    come(bell, ANNA, 5060.0)
    again = newest(bell)
    assert again.repeat
    bell.corrections.name(again.id, "Eve")
    assert not bell.visit(again.id).repeat
    come(bell, ANNA, 5120.0)
    bell.corrections.name(newest(bell).id, "Eve")
    assert newest(bell).repeat

"""Two doors of one owner: people go from one to the other, and nothing else does."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doorbell_parts import MODEL, SIZE, Actor, doorbell, paint
from peephole.doorbell.doorbell import Photo
from peephole.people.records import NewReference, Rules
from peephole.people.redundancy import MOST_REFERENCES
from peephole.store.retention import Retention
from peephole.sync.exchange import trust
from peephole.sync.identity import own_identity
from trusting_doors import ALICE, BEN, OneDoor, doors_at


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[list[OneDoor]]:
    made = doors_at(tmp_path, "front", "back")
    yield made
    for one in made:
        one.store.close()


def test_keys_are_made_although_an_earlier_try_was_killed(tmp_path):
    (tmp_path / f".door.key.{os.getpid()}").write_text("half of a key")  # in a container each process has the same id
    identity = own_identity(tmp_path / "door.key")
    assert own_identity(tmp_path / "door.key").public == identity.public
    assert (tmp_path / "door.key").stat().st_mode & 0o777 == 0o600


def test_who_is_introduced_at_one_door_is_known_at_the_other(doors):
    front, back = doors
    alice = front.enrol("Alice", ALICE)
    front.bell.set_rules(alice, Rules(tell="log", may_open=True, hours="mon 9:00-10:00", consent="said so"))
    assert back.recognised(ALICE) is None

    _, done = back.take(front.export())

    assert done.told == ("Alice: added, with 1 look",)
    assert back.recognised(ALICE) == "Alice"
    assert back.bell.rules(alice) == Rules(tell="log", hours="mon 9:00-10:00", consent="said so")
    assert back.bell.person_picture(alice) == front.bell.person_picture(alice)


def test_a_dry_run_changes_nothing_and_the_export_can_still_be_read(doors):
    front, back = doors
    front.enrol("Alice", ALICE)
    export = front.export()

    assert back.take(export, dry_run=True)[1].told == ("Alice: added, with 1 look",)

    assert back.everything() == []
    assert back.take(export)[1].changes


def test_who_is_removed_at_one_door_is_forgotten_at_the_other_and_no_old_export_brings_them_back(doors):
    front, back = doors
    alice = front.enrol("Alice", ALICE)
    old, newer = front.export(), front.export()
    back.take(newer)
    from_back = back.export()
    back.recognised(ALICE)
    front.bell.remove("Alice")

    back.take(front.export())

    assert back.everything() == []
    [visit] = back.bell.visits()
    assert (visit.person_name, visit.decision.reason) == (None, "person_removed")
    for replayed in (old, newer):
        with pytest.raises(ValueError, match="read already"):
            back.take(replayed)
        with pytest.raises(ValueError, match="read already"):
            back.take(replayed, dry_run=True)
    front.take(from_back)  # written before she was removed, read after
    assert front.everything() == []
    assert alice in front.store.sharing.people().erased


def test_a_forgotten_door_is_not_heard_and_its_old_exports_stay_old(doors):
    front, back = doors
    front.enrol("Alice", ALICE)
    export = front.export()
    back.take(export)
    back.store.sharing.forget("front")
    with pytest.raises(ValueError, match="not trusted"):
        back.take(front.export())
    trust(back.store.sharing, back.identity, "front", front.identity.public.line())
    with pytest.raises(ValueError, match="read already"):
        back.take(export)


def test_a_removed_look_does_not_come_back_and_one_set_aside_is_not_told(doors):
    front, back = doors
    alice = front.enrol("Alice", ALICE, noise=201)
    front.enrol("Alice", ALICE, noise=202)
    back.take(front.export())
    first, second = front.store.references.all(alice)
    front.store.references.set_aside(alice, first.id, "owner")
    front.store.references.erase_aside(alice, first.id)
    back.take(front.export())
    front.take(back.export())
    for one in doors:
        assert [x.descriptor.tolist() for x in one.store.references.all(alice)] == [second.descriptor.tolist()]

    front.store.references.set_aside(alice, second.id, "owner")
    back.take(front.export())
    assert front.store.sharing.people().people[0].references == ()
    assert back.recognised(ALICE) == "Alice"


def test_a_look_that_came_back_by_an_undo_comes_back_at_both(doors):
    front, back = doors
    alice = front.enrol("Alice", ALICE)
    back.take(front.export())
    with front.store._database.change(gallery=True) as connection:  # as store.journal does
        [row] = connection.execute("SELECT * FROM person_references").fetchall()
        connection.execute("DELETE FROM person_references")
    back.take(front.export())
    assert back.store.references.all(alice) == []
    with front.store._database.change(gallery=True) as connection:
        connection.execute(f"INSERT INTO person_references VALUES ({', '.join('?' * len(row))})", tuple(row))  # noqa: S608

    back.take(front.export())
    front.take(back.export())

    for one in doors:
        assert len(one.store.references.all(alice)) == 1
        assert one.recognised(ALICE) == "Alice"


def test_looks_of_another_model_are_carried_and_not_compared(doors):
    front, back = doors
    alice = doorbell(front.store, model="fedcba9876543210").enrol(
        "Alice", [Photo("a.jpg", paint([Actor(ALICE)]).image)]
    )
    back.take(front.export())
    [row] = back.bell.people()
    assert (row.person, row.references, row.foreign_references) == (alice.person, 0, 1)
    assert back.recognised(ALICE) is None


def test_an_export_of_many_bytes_is_all_or_nothing(doors, monkeypatch):
    front, back = doors
    front.enrol("Alice", ALICE)
    front.enrol("Ben", BEN)
    export = front.export()

    def full(*arguments):
        raise OSError("no space left")

    monkeypatch.setattr("peephole.store.sharing.set_redundant_aside", full)
    with pytest.raises(OSError, match="no space"):
        back.take(export)
    assert back.everything() == []
    monkeypatch.undo()
    back.take(export)
    assert len(back.everything()) == 2


def test_a_changed_or_cut_export_changes_nothing(doors):
    front, back = doors
    front.enrol("Alice", ALICE)
    export = front.export()
    before = back.store.sharing.mark(), back.store.sharing.doors(), back.everything()

    @given(st.integers(0, len(export) - 1), st.integers(1, 255), st.booleans())
    def refused(place: int, change: int, cut: bool) -> None:
        data = bytearray(export)
        data[place] ^= change
        with pytest.raises(ValueError):
            back.take(bytes(data[:place] if cut else data))
        assert (back.store.sharing.mark(), back.store.sharing.doors(), back.everything()) == before

    refused()
    assert back.take(export)[1].told


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(("add", "rename", "rules", "remove", "join", "undo", "exchange")),
            st.randoms(),
        ),
        min_size=4,
        max_size=16,
    )
)
def test_doors_agree_in_the_end_in_whatever_order_they_hear_of_each_other(tmp_path_factory, steps):
    with ExitStack() as stack:
        doors = doors_at(tmp_path_factory.mktemp("doors"), "a", "b", "c")
        for one in doors:
            stack.enter_context(one.store)
            one.accept_may_open = True
        for number, (at, what, choice) in enumerate(steps):
            door, people = doors[at], doors[at].bell.people()
            if what == "add":
                door.enrol(f"Somebody {number}", number + 1)
            elif what == "exchange":
                other = choice.choice([one for one in doors if one is not door])
                other.take(door.export())
            elif people:
                person = choice.choice(people).person.id
                if what == "join":
                    with suppress(ValueError):  # with oneself
                        door.bell.dossiers.join(person, choice.choice(people).person.id)
                elif what == "undo":
                    with suppress(ValueError):  # something newer stands against it
                        door.store.journal.undo(may_ease=True)
                elif what == "rename":
                    door.bell.rename(person, f"Renamed {number}")
                elif what == "rules":
                    hours = choice.choice(("", "mon 9:00-10:00"))
                    door.bell.set_rules(person, Rules(tell="log", may_open=choice.random() < 0.5, hours=hours))
                else:
                    door.bell.remove(person)
        for _ in range(2):
            orders = list(permutations(doors, 2))
            random.Random(len(steps)).shuffle(orders)
            for one, other in orders:
                other.take(one.export())
        assert doors[0].everything() == doors[1].everything() == doors[2].everything()
        assert not doors[1].take(doors[0].export())[1].told


def test_who_was_introduced_at_two_doors_is_joined_at_both_with_the_visits_and_two_again_after_an_undo(doors):
    front, back = doors
    alice, alicia = front.enrol("Alice", ALICE), back.enrol("Alice", BEN)
    front.take(back.export())
    back.take(front.export())
    assert [row.person.name for row in front.bell.people()] == ["Alice", "Alice (back)"]
    assert back.recognised(BEN) == "Alice"

    front.bell.dossiers.join(alice, alicia)
    back.take(front.export())

    for one in doors:
        assert [(row.person.id, row.person.name, row.references) for row in one.bell.people()] == [(alice, "Alice", 2)]
        assert one.recognised(ALICE) == one.recognised(BEN) == "Alice"
    assert {visit.decision.person for visit in back.bell.visits()} == {alice}
    front.take(back.export())
    front.store.journal.undo()
    back.take(front.export())
    front.take(back.export())
    for one in doors:
        assert {row.person.id: row.references for row in one.bell.people()} == {alice: 1, alicia: 1}
        assert one.recognised(BEN) != one.recognised(ALICE)
    front.bell.dossiers.join(alice, alicia)
    back.take(front.export())
    back.bell.remove("Alice")
    front.take(back.export())
    assert front.everything() == back.everything() == []
    assert front.store.sharing.people().people == ()


def test_doors_that_have_too_many_looks_leave_out_the_same_and_lose_none_to_each_other(doors):
    front, back = doors
    rng = np.random.default_rng(7)
    many = [
        [
            NewReference(rng.integers(-9, 9, SIZE).astype(np.int16), MODEL, b"\xff\xd8", 500, "photo")
            for _ in range(MOST_REFERENCES)
        ]
        for _ in doors
    ]
    alice = front.store.people.add("Alice", many[0][:1]).id
    back.take(front.export())
    front.store.people.add(alice, many[0][1:])
    back.store.people.add(alice, many[1])
    before = [one.export() for one in doors]
    front.take(before[1])
    back.take(before[0])

    def in_use(door: OneDoor) -> set[bytes]:
        return {one.descriptor.tobytes() for one in door.store.references.all(alice) if not one.aside}

    assert len(in_use(front)) == MOST_REFERENCES
    assert in_use(front) == in_use(back)
    for one in doors:  # what lies aside at one is erased in time, and not taken from the other
        one.store.forget_old(Retention(), time.time() + 31 * 86400)
        assert len(one.store.references.all(alice)) == MOST_REFERENCES
        assert one.store.sharing.people().people[0].erased == {}
    front.take(back.export())
    back.take(front.export())
    assert all(len(in_use(one)) == MOST_REFERENCES for one in doors)


def test_a_look_that_is_removed_at_another_door_cannot_be_brought_back_by_an_undo(doors):
    front, back = doors
    front.recognised(ALICE)
    alice = front.bell.assign("1", "Alice").id
    back.take(front.export())
    for one in back.store.references.all(alice):
        back.store.references.set_aside(alice, one.id, "owner")
    back.store.references.erase_aside(alice)
    assert [deed.what for deed in front.store.journal.deeds()] == ["assign"]
    front.take(back.export())
    assert front.store.references.all(alice) == []
    assert front.store.journal.deeds() == []

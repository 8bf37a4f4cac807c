"""People between doors: what an export changes, who may read it, and that nobody else has written it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peephole.people.shared import (
    FIELDS,
    HeldPeople,
    HeldPerson,
    SharedPeople,
    SharedPerson,
    SharedReference,
    Stamped,
)
from peephole.sync.contents import from_json, to_json
from peephole.sync.envelope import seal, unseal
from peephole.sync.identity import Identity, PublicKeys
from peephole.sync.merge import merge

NOW = 1_795_000_000.0
FRONT, BACK, SHED = (Identity(bytes([number]) * 32, bytes([number + 9]) * 32) for number in (1, 2, 3))
TRUSTED = {FRONT.public.id: FRONT.public}
ALICE, BEN = "p0000000000000001", "p0000000000000002"


def look(number: int, model: str = "m", size: int = 16) -> SharedReference:
    return SharedReference(bytes([number]) * 2 * size, model, b"\xff\xd8" + bytes([number]), 700, "photo", 5.0)


def person(id: str, name: str, time: float = 10.0, looks: tuple[SharedReference, ...] = (), **fields) -> SharedPerson:
    known = dict(zip(FIELDS, (name, "notify", False, "", False, ("", None), ""), strict=True))
    return SharedPerson(id, 10.0, {one: Stamped(fields.get(one, known[one]), time) for one in FIELDS}, looks)


def held(*people: SharedPerson, erased: dict[str, float] | None = None) -> HeldPeople:
    known = {
        one.id: HeldPerson(one.id, one.created, one.fields, frozenset(x.digest() for x in one.references), one.erased)
        for one in people
    }
    return HeldPeople(known, erased or {}, {})


def at_home(mine: HeldPeople, *people: SharedPerson, accept_may_open: bool = False, **more):
    return merge(mine, SharedPeople(people, **more), "front", accept_may_open)


def test_somebody_new_is_added_with_looks_and_rules_but_not_with_the_key():
    anna = person(ALICE, "Alice", looks=(look(1), look(2)), may_open=True, tell="log", consent=("by letter", 9.0))

    done = at_home(held(), anna)

    [change] = done.changes
    assert (change.new, change.references) == (True, (look(1), look(2)))
    assert {one: stamped.value for one, stamped in change.fields.items()} == {
        "name": "Alice",
        "tell": "log",
        "hours": "",
        "minor": False,
        "consent": ("by letter", 9.0),
        "same_as": "",
    }
    assert done.told == ("Alice: added, with 2 looks",)
    assert at_home(held(), anna, accept_may_open=True).changes[0].fields["may_open"] == Stamped(True, 10.0)


def test_the_later_decision_counts_field_by_field():
    mine = person(ALICE, "Alice")
    mine = replace(mine, fields={**mine.fields, "tell": Stamped("silent", 30.0)})
    theirs = person(ALICE, "Alicia", time=20.0, tell="log")

    [change] = at_home(held(mine), theirs).changes

    assert change.fields["name"] == Stamped("Alicia", 20.0)
    assert "tell" not in change.fields


def test_looks_are_united_and_removed_ones_stay_away():
    mine = replace(person(ALICE, "Alice", looks=(look(1), look(2))), erased={look(3).digest(): 11.0})
    theirs = replace(person(ALICE, "Alice", looks=(look(1), look(3), look(4))), erased={look(2).digest(): 12.0})

    done = at_home(held(mine), theirs)

    assert done.changes[0].references == (look(4),)
    assert done.changes[0].erased == {look(2).digest(): 12.0}
    assert done.told == ("Alice: 1 look added", "Alice: 1 look removed")
    both = replace(person(ALICE, "Alice", looks=(look(5),)), erased={look(5).digest(): 12.0})
    assert at_home(held(), both).changes[0].references == ()


def test_who_is_erased_at_one_door_is_erased_at_all_and_stays_so():
    assert at_home(held(person(ALICE, "Alice")), erased={ALICE: 50.0}).erased == {ALICE: 50.0}
    later = person(ALICE, "Alice", time=99.0, looks=(look(1),))
    assert at_home(held(erased={ALICE: 50.0}), later).changes == ()
    assert at_home(held(), later, erased={ALICE: 50.0}).changes == ()


def test_two_people_of_one_name_are_kept_apart():
    theirs = person(BEN, "alice", time=20.0)

    done = at_home(held(person(ALICE, "Alice")), theirs)

    assert done.changes[0].fields["name"] == Stamped("alice (front)", 0.0)
    assert "somebody else has this name here" in done.told[-1]
    again = replace(theirs, fields={**theirs.fields, "name": Stamped("alice (front)", 0.0)})
    assert at_home(held(person(ALICE, "Alice"), again), theirs).changes == ()
    assert merge(held(person(ALICE, "Alice"), again), SharedPeople((theirs,)), "shed", False).changes == ()
    alone = at_home(held(again), theirs)
    assert alone.changes[0].fields == {"name": Stamped("alice", 20.0)}


def test_two_people_may_change_names():
    mine = held(person(ALICE, "Alice"), person(BEN, "Ben"))

    done = at_home(mine, person(ALICE, "Ben", time=20.0), person(BEN, "Alice", time=21.0))

    assert {one.id: one.fields["name"].value for one in done.changes} == {ALICE: "Ben", BEN: "Alice"}


def test_another_door_adds_no_key_to_this_one_unless_that_is_accepted():
    mine = held(person(ALICE, "Alice", may_open=True, hours="mon 9:00-10:00"))
    theirs = person(ALICE, "Alice", time=20.0, looks=(look(7),), may_open=True, hours="")

    done = at_home(mine, theirs)

    assert done.changes[0].references == () and "hours" not in done.changes[0].fields
    assert "accept_may_open" in done.told[0]
    accepted = at_home(mine, theirs, accept_may_open=True).changes[0]
    assert accepted.references == (look(7),) and accepted.fields["hours"].value == ""


def test_people_who_are_joined_at_one_door_are_at_all_and_again_two_after_an_undo():
    alice, ben = person(ALICE, "Alice"), person(BEN, "Alicia")
    joined = replace(ben, fields={**ben.fields, "same_as": Stamped(ALICE, 20.0)})

    done = at_home(held(alice, ben), alice, joined)

    assert [(one.id, one.fields) for one in done.changes] == [(BEN, {"same_as": Stamped(ALICE, 20.0)})]
    assert done.told == ("Alicia: is the same as Alice now",)
    again = replace(ben, fields={**ben.fields, "same_as": Stamped("", 30.0)})
    assert at_home(held(alice, joined), alice, again).told == ("Alicia: is somebody else again",)
    assert at_home(held(ben), joined).changes == ()  # nobody here knows yet who that is


def test_who_is_one_with_another_takes_no_name_from_anybody():
    alice, other = person(ALICE, "Alice"), person(BEN, "Alice (front)", time=0.0)
    theirs = person(BEN, "Alice", time=11.0, same_as=ALICE)
    [change] = at_home(held(alice, other), theirs).changes
    assert "name" not in change.fields and change.fields["same_as"].value == ALICE
    apart = replace(theirs, fields={**theirs.fields, "same_as": Stamped("", 12.0)})
    [change] = at_home(held(alice, replace(other, fields=theirs.fields)), apart).changes
    assert change.fields["name"] == Stamped("Alice (front)", 0.0)


@pytest.mark.parametrize(("one", "other"), [(True, False), (False, True), (True, True)])
def test_no_other_door_joins_anybody_with_whom_this_one_opens_for(one, other):
    alice, ben = person(ALICE, "Alice", may_open=one), person(BEN, "Ben", may_open=other)
    joined = replace(ben, fields={**ben.fields, "same_as": Stamped(ALICE, 20.0)})
    done = at_home(held(alice, ben), joined)
    assert done.changes == () and "this door opens for one of them" in done.told[0]
    [new] = at_home(held(alice), joined).changes
    assert ("same_as" in new.fields) is not one
    assert at_home(held(alice, ben), joined, accept_may_open=True).changes


def test_who_is_one_with_somebody_this_door_opens_for_gets_no_looks_from_another_door():
    alice, ben = person(ALICE, "Alice", may_open=True), person(BEN, "Ben", same_as=ALICE)
    done = at_home(held(alice, ben), replace(ben, references=(look(1),)))
    assert done.changes == () and "not taken" in done.told[0]
    apart = replace(ben, fields={**ben.fields, "same_as": Stamped("", 20.0)})
    assert at_home(held(alice, ben), apart).changes == ()


def test_looks_of_the_same_model_have_one_length():
    mine = replace(held(), sizes={"m": 32})
    with pytest.raises(ValueError, match="none of model m"):
        at_home(mine, person(ALICE, "Alice", looks=(look(1, size=8),)))
    assert at_home(mine, person(ALICE, "Alice", looks=(look(1, "other", 8),))).changes[0].references


def test_the_contents_come_back_as_they_were():
    people = SharedPeople((person(ALICE, "Zoë 🚪", looks=(look(1),), consent=("said so", 8.0)),), {BEN: 12.5})
    assert from_json(to_json(people, NOW), NOW) == (people, NOW)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("written",), float("inf")),
        (("more",), 1),
        (("people", 0, "id"), "../../etc"),
        (("people", 0, "fields", "name"), ["\x1b[2J", 1.0]),
        (("people", 0, "fields", "hours"), ["all day", 1.0]),
        (("people", 0, "fields", "may_open"), [1, 1.0]),
        (("people", 0, "references", 0, "picture"), "PHN2Zz4="),
        (("people", 0, "references", 0, "descriptor"), "AAAA"),
        (("people", 0, "references", 0, "quality"), 1001),
        (("erased",), [["x", 1.0]]),
        (("people", 0, "erased"), [["AAAA", 1.0]]),
    ],
)
def test_what_is_no_content_is_refused(path, value):
    content = json.loads(to_json(SharedPeople((person(ALICE, "Alice", looks=(look(1),)),)), NOW))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(ValueError, match="cannot read"):
        from_json(json.dumps(content).encode(), NOW)


def test_decisions_of_the_future_would_outrank_all_later_ones():
    ahead = SharedPeople((person(ALICE, "Alice", time=NOW + 90_000.0),))
    with pytest.raises(ValueError, match="clock"):
        from_json(to_json(ahead, NOW), NOW)
    assert from_json(to_json(ahead, NOW), NOW + 10_000.0)


def test_only_those_it_is_for_can_read_an_export():
    data = seal(FRONT, 7, [BACK.public], b"Alice")

    assert unseal(data, BACK, TRUSTED).content == b"Alice"
    assert b"Alice" not in data
    with pytest.raises(ValueError, match="not sealed for this door"):
        unseal(data, SHED, TRUSTED)
    with pytest.raises(ValueError, match="not trusted"):
        unseal(data, BACK, {SHED.public.id: SHED.public})
    with pytest.raises(ValueError, match="this door itself"):
        unseal(data, FRONT, {})
    with pytest.raises(ValueError, match="another version"):
        unseal(data.replace(b"people 1\n", b"people 2\n", 1), BACK, TRUSTED)


def test_a_number_that_no_door_can_remember_is_refused():
    assert unseal(seal(FRONT, (1 << 63) - 1, [BACK.public], b""), BACK, TRUSTED)
    with pytest.raises(ValueError, match="number"):
        unseal(seal(FRONT, 1 << 63, [BACK.public], b""), BACK, TRUSTED)


EXPORT = seal(FRONT, 7, [SHED.public, BACK.public], b"some people")


@given(st.integers(0, len(EXPORT) - 1), st.integers(1, 255))
def test_a_byte_that_was_changed_anywhere_is_noticed(place, change):
    data = bytearray(EXPORT)
    data[place] ^= change
    with pytest.raises(ValueError):
        unseal(bytes(data), BACK, TRUSTED)


@given(st.integers(0, len(EXPORT) - 1))
def test_a_cut_file_is_noticed(length):
    with pytest.raises(ValueError):
        unseal(EXPORT[:length], BACK, TRUSTED)


def test_nobody_can_sign_the_content_of_another_door_anew():
    body = EXPORT[:-64].replace(bytes.fromhex(FRONT.public.id), bytes.fromhex(SHED.public.id))
    with pytest.raises(ValueError, match="not sealed"):
        unseal(body + SHED.sign(body), BACK, {SHED.public.id: SHED.public})


def test_the_line_of_a_door_is_copied_whole_or_not_at_all():
    line = FRONT.public.line()
    assert PublicKeys.parse(f" {line}\n") == FRONT.public
    for wrong in ("", line[:-1], line[:20], line.replace("C", "D", 1), line.upper(), "peephole-door-1.AAAA"):
        with pytest.raises(ValueError, match="line"):
            PublicKeys.parse(wrong)


def test_a_key_that_shares_no_secret_is_none_of_a_door():
    with pytest.raises(ValueError, match="no keys"):
        PublicKeys.parse(PublicKeys(FRONT.public.signing, bytes(32)).line())

"""What an export of another door changes here: one pure function over frozen values.

Fields go to whoever decided last. References are united, by their digests, less those that were removed. Whoever was
erased at one door is erased at all, and stays so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from peephole.people.joins import roots
from peephole.people.names import clean_name, name_key
from peephole.people.shared import (
    FIELDS,
    KEPT_APART,
    Field,
    HeldPeople,
    HeldPerson,
    Merge,
    PersonChange,
    SharedPeople,
    SharedPerson,
    SharedReference,
    Stamped,
)

_OF_THE_DOOR: tuple[Field, ...] = ("may_open", "hours", "minor")


def merge(mine: HeldPeople, theirs: SharedPeople, sender: str, accept_may_open: bool) -> Merge:
    """Return what is to be done here.

    Args:
        mine: Everybody at this door.
        theirs: What another door says.
        sender: What that door is called here.
        accept_may_open: Whether it may decide for whom this door opens: `may_open` itself, and the rules and looks of
            whoever may open here.

    Raises ValueError for looks that cannot be compared with those of the same model here.
    """
    erased = {one: time for one, time in theirs.erased.items() if one not in mine.erased}
    gone = mine.erased.keys() | erased.keys()
    left = {one: person for one, person in mine.people.items() if one not in gone}
    told = [f"{mine.people[one].fields['name'].value}: removed" for one in erased if one in mine.people]
    there = sorted(
        (one for one in theirs.people if one.id not in gone), key=lambda one: (one.fields["name"].time, one.id)
    )
    joins = _joins(left, there, accept_may_open, told)
    opening = _opening(left, joins)
    changes = []
    for person in there:
        guard = _Guard(accept_may_open, person.id in opening, joins.get(person.id) == person.fields["same_as"].value)
        changes.append(_change(left.get(person.id), person, mine.sizes, guard, told))
    changes = _with_names(changes, left, joins, sender, told)
    changes = [one for one in changes if one.new or one.fields or one.references or one.erased]
    return Merge(tuple(changes), erased, tuple(told))


@dataclass(frozen=True)
class _Guard:
    """What another door may decide about one person.

    Attributes:
        accept_may_open: Whether anything.
        opens: Whether this door may open for the person, or for whom the person is joined into.
        join: Whether what it says of `same_as` is taken over.
    """

    accept_may_open: bool
    opens: bool
    join: bool


def _joins(
    left: Mapping[str, HeldPerson], there: Sequence[SharedPerson], accept_may_open: bool, told: list[str]
) -> dict[str, str]:
    """Return `same_as` of everybody as it will be; a join that gives another door a key to this one is left out."""
    joins = {one: str(person.fields["same_as"].value) for one, person in left.items()}
    joins |= {person.id: "" for person in there if person.id not in left}
    names = {person.id: str(person.fields["name"].value) for person in there}
    names |= {one: str(person.fields["name"].value) for one, person in left.items()}
    for person in there:
        held, new = left.get(person.id), person.fields["same_as"]
        if held is not None and not new.outranks(held.fields["same_as"]):
            continue
        after = joins | {person.id: str(new.value)}
        if new.value and new.value not in joins:
            continue  # until somebody tells who that is
        if not accept_may_open and _opening(left, after) != _opening(left, joins):
            why = "this door opens for one of them (accept_may_open)"
            told.append(f"{names[person.id]}: not joined or parted as over there, for {why}")
            continue
        if held is not None and held.fields["same_as"].value != new.value:
            whom = f"is the same as {names[str(new.value)]} now" if new.value else "is somebody else again"
            told.append(f"{names[person.id]}: {whom}")
        joins = after
    return joins


def _opening(left: Mapping[str, HeldPerson], joins: Mapping[str, str]) -> dict[str, str]:
    """Return for whom this door may open, with all who are one with them, and whom each is joined into."""
    root_of = roots(joins)
    opening = {root_of[one] for one, person in left.items() if person.fields["may_open"].value is True}
    return {one: root for one, root in root_of.items() if root in opening}


def _change(
    held: HeldPerson | None, person: SharedPerson, sizes: Mapping[str, int], guard: _Guard, told: list[str]
) -> PersonChange:
    """Return what changes about one person but for the name's being taken; adds what the owner should read."""
    name = str((held or person).fields["name"].value)
    guarded = () if guard.accept_may_open else _OF_THE_DOOR if guard.opens else ("may_open",)
    fields: dict[Field, Stamped] = {
        one: person.fields[one]
        for one in FIELDS
        if one not in guarded and (held is None or person.fields[one].outranks(held.fields[one]))
    }
    if not guard.join:
        fields.pop("same_as", None)
    erased = {digest: time for digest, time in person.erased.items() if held is None or digest not in held.erased}
    known = set() if held is None else held.digests | held.erased.keys()
    new = {one.digest(): one for one in person.references}
    references = [one for digest, one in new.items() if digest not in known | person.erased.keys()]
    _check(references, sizes, name)
    if guard.opens and not guard.accept_may_open and references:
        told.append(f"{name}: {_looks(len(references))} not taken, for this door opens for {name} (accept_may_open)")
        references = []
    if held is None:
        told.append(f"{name}: added, with {_looks(len(references))}")
    else:
        told.extend(f"{name}: {line}" for line in _lines(held, fields, references, erased))
    return PersonChange(person.id, person.created, held is None, fields, tuple(references), erased)


def _with_names(
    changes: Sequence[PersonChange],
    left: Mapping[str, HeldPerson],
    joins: Mapping[str, str],
    sender: str,
    told: list[str],
) -> list[PersonChange]:
    """Return the changes, with another name for whoever has one that is taken.

    Who is joined into somebody takes no name, and keeps the own one for the time after.
    """
    root_of = roots(joins)
    claim = {one.id for one in changes if root_of[one.id] == one.id and _claims(one, left.get(one.id))}
    names = {
        name_key(str(person.fields["name"].value))
        for one, person in left.items()
        if one not in claim and root_of[one] == one
    }
    return [
        _named(one, left.get(one.id), names, sender, told)
        if one.id in claim
        else _with_name(one, one.fields.get("name") if one.new else None)
        for one in changes
    ]


def _claims(change: PersonChange, held: HeldPerson | None) -> bool:
    """Tell whether somebody takes a name: a new one, or one that others may have taken while it was another's look."""
    return "name" in change.fields or ("same_as" in change.fields and held is not None)


def _named(
    change: PersonChange, held: HeldPerson | None, names: set[str], sender: str, told: list[str]
) -> PersonChange:
    """Return the change with another name where somebody else here has this one; `names` that are taken grow."""
    before = None if held is None else held.fields["name"]
    wanted = change.fields.get("name") or before
    if wanted is None:
        return change
    name = str(wanted.value)
    kept = "" if before is None or before.time != KEPT_APART else str(before.value)
    if name_key(name) not in names:
        names.add(name_key(name))
        return change
    if kept.startswith(f"{name[:_STEM]} (") and name_key(kept) not in names:
        names.add(name_key(kept))  # as it was decided before
        return _with_name(change, None)
    apart = _free(name, sender, names)
    names.add(name_key(apart))
    told.append(f"{name}: somebody else has this name here, so this one is called {apart}; join them if both are one")
    return _with_name(change, Stamped(apart, KEPT_APART))


_STEM = 36
"""Of a name that is taken, so much begins the one given in its place, which is to hold a door's name too."""


def _free(name: str, sender: str, names: set[str]) -> str:
    """Return a name that nobody has."""
    apart, number = f"{name[:_STEM]} ({sender[:24]})", 2
    while name_key(apart) in names:
        apart, number = f"{name[:_STEM]} ({sender[:20]} {number})", number + 1
    return clean_name(apart)


def _with_name(change: PersonChange, name: Stamped | None) -> PersonChange:
    fields: dict[Field, Stamped] = {one: value for one, value in change.fields.items() if one != "name"}
    if name is not None:
        fields["name"] = name
    return PersonChange(change.id, change.created, change.new, fields, change.references, change.erased)


def _check(references: list[SharedReference], sizes: Mapping[str, int], name: str) -> None:
    for one in references:
        if sizes.get(one.model, len(one.descriptor)) != len(one.descriptor):
            raise ValueError(f"the looks at {name} are none of model {one.model}; nothing was changed")


def _lines(
    held: HeldPerson,
    fields: Mapping[Field, Stamped],
    references: list[SharedReference],
    erased: Mapping[bytes, float],
) -> list[str]:
    """Return what changes about somebody who is known here, in words."""
    lines = [
        _field_line(one, new) for one, new in fields.items() if one != "same_as" and new.value != held.fields[one].value
    ]
    lines += [f"{_looks(len(references))} added"] if references else []
    removed = len(erased.keys() & held.digests)
    return lines + ([f"{_looks(removed)} removed"] if removed else [])


def _field_line(field: Field, new: Stamped) -> str:
    if field == "name":
        return f"is called {new.value} now"
    if field == "consent":
        return "consent noted" if isinstance(new.value, tuple) and new.value[0] else "consent withdrawn"
    value = {True: "yes", False: "no"}[new.value] if isinstance(new.value, bool) else str(new.value) or "any"
    return f"{field.replace('_', ' ')}: {value}"


def _looks(count: int) -> str:
    return f"{count} look{'' if count == 1 else 's'}"

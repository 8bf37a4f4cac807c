"""Exporting and importing people: the rooms' parts put together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peephole.people.shared import Merge, TrustedDoor
from peephole.store.sharing import SharingTable
from peephole.sync.contents import from_json, to_json
from peephole.sync.envelope import seal, unseal
from peephole.sync.identity import Identity, PublicKeys
from peephole.sync.merge import merge


@dataclass(frozen=True)
class Terms:
    """What a door accepts.

    Attributes:
        accept_may_open: Whether others may decide for whom it opens.
        model: Id of the model in use.
        size: How many values its descriptors have.
    """

    accept_may_open: bool
    model: str
    size: int


class ReadAlreadyError(ValueError):
    """This export, or a newer one of the same door, was read before."""


def trust(sharing: SharingTable, identity: Identity, name: str, line: str) -> tuple[TrustedDoor, str | None]:
    """Trust the door of a line of `peephole doors show`; return it, and its name if it was trusted before.

    Raises ValueError for another line, for this door's own, and for a name that another door has.
    """
    keys = PublicKeys.parse(line)
    if keys == identity.public:
        raise ValueError("this is the line of this door itself; take that of the other one")
    before = next((door.name for door in sharing.doors() if door.id == keys.id), None)
    return sharing.trust(name, keys.id, keys.raw), before


def export_people(sharing: SharingTable, identity: Identity, receivers: Sequence[TrustedDoor], now: float) -> bytes:
    """Return everybody and everything erased, signed by this door and sealed for others; ValueError for none."""
    if not receivers:
        raise ValueError("no other door is trusted yet, so there is nobody to write for; see: peephole doors trust")
    content = to_json(sharing.people(), now)
    sequence = sharing.next_sequence(identity.public.id, identity.public.raw, now)
    return seal(identity, sequence, [PublicKeys.of(one.public) for one in receivers], content)


def import_people(
    sharing: SharingTable, identity: Identity, data: bytes, terms: Terms, now: float, dry_run: bool = False
) -> tuple[TrustedDoor, Merge]:
    """Take in what another door has exported, all of it or nothing; return which door, and what that changes.

    dry_run: change nothing.

    Raises:
        ValueError: a sentence without the file's name: not of a trusted door, not for this one, damaged, read before.
        OSError: the disk is full.
    """
    doors = {door.id: door for door in sharing.doors()}
    unsealed = unseal(data, identity, {one: PublicKeys.of(door.public) for one, door in doors.items()})
    theirs, written = from_json(unsealed.content, now)
    door = doors[unsealed.sender]
    if unsealed.sequence <= door.sequence:
        raise ReadAlreadyError(f"is an older export of {door.name}, or was read already; nothing was changed")
    newest = replace(door, sequence=unsealed.sequence, heard=written)
    done = sharing.merge(
        lambda mine: merge(mine, theirs, door.name, terms.accept_may_open),
        None if dry_run else newest,
        {terms.model: 2 * terms.size},
    )
    return newest, done

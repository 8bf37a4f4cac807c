"""Whom a device is to know from the start: people of a data folder, in a file that the emulated board reads."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from peephole.doorbell.photos import Photo, usable
from peephole.doorbell.policy import Policy
from peephole.doorbell.recogniser import Recogniser
from peephole.firmware.layout import INTRODUCED_LOOKS
from peephole.people.records import NewReference, Reference
from peephole.store.store import Store
from peephole.vision.sources.demo import EILEEN, head_of

PEOPLE = "people.bin"
MAGIC = b"PPP1"
NAME_BYTES = 40


@dataclass(frozen=True)
class Introduced:
    """Somebody and the looks by which to recognise them, the best first."""

    name: str
    looks: Sequence[NewReference | Reference]


def people_file(people: Iterable[Introduced], values: int) -> bytes:
    """Return people.bin, as csrc/ports/rv32-virt/introduce.h says. values: of a descriptor.

    Raises `ValueError` with one sentence for a name that is too long for the device, and for descriptors of another
    network. Of many looks only the best ones go along.
    """
    everybody = list(people)
    parts = [MAGIC, struct.pack("<2i", values, len(everybody))]
    for one in everybody:
        name = one.name.encode()
        if not 1 <= len(name) <= NAME_BYTES:
            raise ValueError(f"{one.name}: a device keeps names of up to {NAME_BYTES} bytes, not {len(name)}; rename")
        looks = one.looks[:INTRODUCED_LOOKS]
        parts.append(struct.pack(f"<i{NAME_BYTES}si", len(name), name, len(looks)))
        for look in looks:
            if look.descriptor.shape != (values,):
                raise ValueError(f"{one.name}: described by {look.descriptor.size} values, not by {values}; enrol anew")
            parts.append(struct.pack("<i", look.quality) + look.descriptor.astype("<i2", casting="safe").tobytes())
    return b"".join(parts)


def people_of(store: Store, model: str) -> list[Introduced]:
    """Return everybody who is known by looks of this model, in the order of their names."""
    looks = {
        row.person: [look for look in store.people.references(row.person.id) if look.model == model]
        for row in store.people.all(model)
        if row.references
    }
    return [Introduced(person.name, found) for person, found in looks.items()]


def people_of_demo(recogniser: Recogniser) -> list[Introduced]:
    """Return the one of the demo's two people whom `peephole run` introduces on its first start."""
    _, looks = usable([Photo(EILEEN.path().name, head_of(EILEEN))], recogniser, Policy())
    return [Introduced(EILEEN.name, looks)]

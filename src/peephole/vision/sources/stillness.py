"""A live picture in which nothing changes: a sensor has noise, so one that gives the very same bytes hangs."""

import numpy as np

from peephole.vision.sources.frame import Image

_SAMPLE = 31
"""Of every so many rows and columns one is compared first: pictures that differ mostly differ there."""


class Stillness:
    """For how long a source has given the very same picture."""

    def __init__(self) -> None:
        self._image: Image | None = None
        self._since = 0.0

    def seconds(self, image: Image, now: float) -> float | None:
        """Return since when this is the picture, in seconds before `now`; None: it differs from the one before."""
        if self._image is not None and _same(self._image, image):
            return now - self._since
        self._image, self._since = image, now
        return None

    def count_anew(self, now: float) -> None:
        """Count from now on, as long as the picture stays the same."""
        self._since = now


def _same(one: Image, other: Image) -> bool:
    sampled = slice(None, None, _SAMPLE)
    return (
        one.shape == other.shape
        and np.array_equal(one[sampled, sampled], other[sampled, sampled])
        and np.array_equal(one, other)
    )

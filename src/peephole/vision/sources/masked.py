"""A source of which some parts are never seen: they are black in every frame that it gives."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np

from peephole.polygons import Polygon
from peephole.vision.sources.frame import Frame, FrameSource, Image


class MaskedSource:
    """Blackens the masked parts of each frame before anything else gets it; stands for the source in all else."""

    def __init__(self, source: FrameSource, masks: Sequence[Polygon]) -> None:
        """Take over a source. masks: in shares of the picture, so that they fit any size of it."""
        self.name = source.name
        self.live = source.live
        self._source = source
        self._masks = tuple(masks)
        self._kept = np.zeros((0, 0), np.uint8)

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames of the source, masked."""
        for frame in self._source:
            yield replace(frame, image=self._masked(frame.image))

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _masked(self, image: Image) -> Image:
        if self._kept.shape != image.shape:
            kept = kept_by(self._masks, image.shape[0], image.shape[1])
            self._kept = kept if image.ndim == 2 else np.repeat(kept[:, :, None], image.shape[2], axis=2)
        return np.asarray(cv2.bitwise_and(image, self._kept), np.uint8)


def kept_by(masks: Sequence[Polygon], height: int, width: int) -> Image:
    """Return uint8 [height,width]: 0 where a mask is, and a pixel around it, as edges lie within pixels; else 255."""
    masked = np.zeros((height, width), np.uint8)
    for mask in masks:  # one by one: where two drawn at once overlap, neither would count
        cv2.fillPoly(masked, [pixels_of(mask, height, width)], 255)
    return np.asarray(255 - cv2.dilate(masked, np.ones((3, 3), np.uint8)), np.uint8)


def pixels_of(polygon: Polygon, height: int, width: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Return the points of a polygon, int32 [N,2], in pixels of a picture."""
    return np.rint(np.array(polygon) * (width, height)).astype(np.int32)

"""Pixels in and out of the doorbell: grey for the network, a small JPEG for people."""

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.vision.detector import Box

Image = NDArray[np.uint8]

_SIDE = 160
_MARGIN = 0.35  # of the face's side, all around
_JPEG_QUALITY = 85


def to_grey(image: Image) -> Image:
    """Return uint8 [H,W] of a colour (BGR) or grey picture."""
    if image.ndim == 2:
        return np.ascontiguousarray(image)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def portrait(image: Image, box: Box) -> bytes:
    """Return a small JPEG of a face with a little around it."""
    across, down = round(box.width * _MARGIN), round(box.height * _MARGIN)
    left, top = max(box.x - across, 0), max(box.y - down, 0)
    cut = image[top : box.y + box.height + down, left : box.x + box.width + across]
    shrink = min(1.0, _SIDE / max(cut.shape[:2]))
    if shrink < 1:
        size = (max(1, round(cut.shape[1] * shrink)), max(1, round(cut.shape[0] * shrink)))
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, jpeg = cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError("the picture of a face could not be encoded as JPEG")
    return jpeg.tobytes()

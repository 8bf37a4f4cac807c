"""Pixels in and out of the doorbell: grey for the network, a small JPEG for people."""

import cv2
import numpy as np

from peephole.vision.detector import Box
from peephole.vision.image import Image

_SIDE = 160
_MARGIN = 0.35  # of the face's side, all around
_JPEG_QUALITY = 85


def to_grey(image: Image) -> Image:
    """Return uint8 [H,W] of a colour (BGR) or grey picture."""
    if image.ndim == 2:
        return np.ascontiguousarray(image)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def reduced(image: Image, longest: int) -> tuple[Image, float]:
    """Return a picture whose longer side is at most `longest`, and how many of its pixels one of the result is."""
    factor = max(image.shape[:2]) / longest
    if factor <= 1:
        return image, 1.0
    size = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), factor


def portrait(image: Image, box: Box) -> bytes:
    """Return a small JPEG of a face with a little around it."""
    across, down = round(box.width * _MARGIN), round(box.height * _MARGIN)
    left, top = max(box.x - across, 0), max(box.y - down, 0)
    return _small_jpeg(image[top : box.y + box.height + down, left : box.x + box.width + across], _SIDE)


def scene(image: Image) -> bytes:
    """Return a small JPEG of a whole frame."""
    return _small_jpeg(image, 2 * _SIDE)


def _small_jpeg(image: Image, longest: int) -> bytes:
    done, jpeg = cv2.imencode(".jpg", reduced(image, longest)[0], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError("a picture could not be encoded as JPEG")
    return jpeg.tobytes()

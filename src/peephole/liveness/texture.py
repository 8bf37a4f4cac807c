"""Regular patterns in the picture of a face: the grid of a screen, the dots of a print, and the moire of both."""

import cv2
import numpy as np
from numpy.typing import NDArray

from peephole.vision.detector import Box

SIDE = 64
_LEAST_WIDTH = 48


def regularity(grey: NDArray[np.uint8], box: Box) -> float | None:
    """Return how far the strongest fine wave of a face stands out of its spectrum, in octaves of amplitude.

    grey: [H,W]. The spectrum of faces falls off smoothly; a pattern is a peak in it (moire: Garcia and de Queiroz,
    2015), which is taken against the median of waves of about its length. Looked at are waves of 2 to 7 pixels, but for
    level stripes, in the middle [SIDE,SIDE] of the face in the frame's own pixels. None for a face too small for that.
    """
    if box.width < _LEAST_WIDTH:
        return None
    side = min(SIDE, box.width)
    x, y = box.x + (box.width - side) // 2, box.y + (box.height - side) // 2
    high, wide = grey.shape
    x, y = min(max(x, 0), wide - side), min(max(y, 0), high - side)
    if x < 0 or y < 0:
        return None
    cut = grey[y : y + side, x : x + side].astype(np.float32)
    window = np.hanning(side).astype(np.float32)
    spectrum = np.abs(np.fft.rfft2((cut - cut.mean()) * window[:, None] * window)) + 1.0
    smooth = cv2.blur(spectrum, (3, 3))
    rows, columns = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    radius = np.hypot(rows, columns)
    peak = 0.0
    for low in np.arange(0.14, 0.5, 0.06):
        ring = (radius >= low) & (radius < low + 0.06) & (columns > 0)
        level = float(np.median(smooth[ring]))
        peak = max(peak, float(np.log2(smooth[ring].max() / level)))
    return peak

"""Where a face lies in a picture: the window that training, evaluation and the device all cut."""

import numpy as np
from numpy.typing import NDArray

# Five points in a 112x112 window (Deng et al., ArcFace, 2019), x and y: image-left eye, image-right eye, nose,
# image-left and image-right corner of the mouth.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float64
)
TEMPLATE_SIDE = 112

# The window that the landmark network sees, beside the template's: its side, and how much lower its centre lies, both
# in sides of the template window. It is what the square of 5/4 of the detector's box, around its centre, is on average:
# the box is 0.89 of the template window's side and lies 0.07 of it too low.
LANDMARK_WINDOW_SIDE = 10 / 9
LANDMARK_WINDOW_DOWN = 0.07


def template_points(size: int, side: float = 1.0, down: float = 0.0) -> NDArray[np.float64]:
    """Return where the template's points lie in a size x size crop of its window: [5,2], pixel centres at integers.

    side and down name another window: its side and how much lower its centre lies, in sides of the template's.
    """
    centre = np.array([(TEMPLATE_SIDE - 1) / 2, (TEMPLATE_SIDE - 1) / 2 + down * TEMPLATE_SIDE])
    points: NDArray[np.float64] = (TEMPLATE - centre) * (size / (side * TEMPLATE_SIDE)) + (size - 1) / 2
    return points


def template_windows(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Fit the template window to faces: landmarks [N,5,2] -> [N,4] (centre x, centre y, side, angle in radians).

    Landmarks are in the template's order, pixel centres at integers. Least-squares similarity (Umeyama, 1991), in
    closed form for two dimensions.
    """
    points = landmarks[..., 0].astype(np.float64) + 1j * landmarks[..., 1].astype(np.float64)
    template = TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]
    mean = points.mean(1, keepdims=True)
    flat = template - template.mean()
    turn = ((points - mean) * flat.conj()).sum(1) / (abs(flat) ** 2).sum()
    centre = mean[:, 0] + turn * ((TEMPLATE_SIDE - 1) / 2 * (1 + 1j) - template.mean())
    return np.stack((centre.real, centre.imag, TEMPLATE_SIDE * abs(turn), np.angle(turn)), 1)

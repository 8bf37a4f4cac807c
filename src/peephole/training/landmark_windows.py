"""Where the landmark network's window lies on a face, and where the five points lie in it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from peephole.alignment import LANDMARK_WINDOW_DOWN, LANDMARK_WINDOW_SIDE
from peephole.training.augmentation import window_matrix
from peephole.training.section import Section

# Of a mirrored face: the image-left eye is what was the image-right one.
MIRRORED = (1, 0, 2, 4, 3)


@dataclass(frozen=True)
class Scatter(Section):
    """Standard deviations of a window around where it belongs.

    side: of the logarithm of its side. across, down: of its centre, in sides of the template window.
    degrees: of its turn.
    """

    side: float
    across: float
    down: float
    degrees: float


@dataclass(frozen=True)
class Windows(Section):
    """How the network's windows lie on faces.

    refined: share of windows of a second look, which lie around the points that a first look found; the
    others are the detector's boxes. Those scatter more than was measured (side 0.11, across 0.05, down
    0.03; see `shared/data/README.md` of the research pack), and faces lean more than they do there.
    """

    refined: float = 0.4
    box: Scatter = field(default_factory=lambda: Scatter(side=0.13, across=0.065, down=0.05, degrees=7.0))
    again: Scatter = field(default_factory=lambda: Scatter(side=0.05, across=0.025, down=0.025, degrees=4.0))


# What the detector does, as measured, and nothing else: for the held-out faces.
MEASURED = Windows(refined=0.0, box=Scatter(side=0.11, across=0.05, down=0.03, degrees=0.0))


def scattered_window(window: NDArray[np.float32], how: Windows, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the network's window (centre x, y, side, angle) on a face of this template window."""
    x, y, side, angle = window
    again = rng.random() < how.refined
    spread = how.again if again else how.box
    # A second look turns with the face; the detector's box stays upright.
    turn = (angle if again else 0.0) + np.deg2rad(rng.normal(0, spread.degrees))
    across = rng.normal(0, spread.across) * side
    down = (LANDMARK_WINDOW_DOWN + rng.normal(0, spread.down)) * side
    axis = angle if again else 0.0
    x += across * np.cos(axis) - down * np.sin(axis)
    y += across * np.sin(axis) + down * np.cos(axis)
    return np.array([x, y, side * LANDMARK_WINDOW_SIDE * np.exp(rng.normal(0, spread.side)), turn], np.float32)


def points_in_window(
    landmarks: NDArray[np.float32], window: NDArray[np.float32], size: int, mirror: bool
) -> NDArray[np.float32]:
    """Return five points [5,2] of an image in half sides of the size x size crop of a window: what the network tells.

    A mirrored crop swaps the two eyes and the two corners of the mouth.
    """
    matrix = window_matrix(window, size, mirror)
    pixels = np.linalg.solve(matrix[:, :2], landmarks.T - matrix[:, 2:]).T
    placed = (pixels - (size - 1) / 2) / (size / 2)
    return (placed[list(MIRRORED)] if mirror else placed).astype(np.float32)

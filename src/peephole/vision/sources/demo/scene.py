"""The front garden in which the demo's people walk: painted from noise at the start, no picture is shipped.

Behind: a blurred evening garden with a path. In front: a hedge, which hides where the portraits end.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from peephole.vision.sources.frame import Image

WIDTH, HEIGHT = 768, 432
HEDGE_TOP = 348
"""Row about which the hedge begins."""


@dataclass(frozen=True)
class Scene:
    """The still layers: what is behind the person, and the hedge in front with its coverage float32 [H,W]."""

    garden: Image
    hedge: Image
    coverage: npt.NDArray[np.float32]


def _clouds(random: np.random.Generator, cells: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Soft noise [HEIGHT,WIDTH] between 0 and 1; `cells` are the rows and columns of the grid it grows from."""
    grid = random.random(cells, np.float32)
    return np.asarray(cv2.resize(grid, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32).clip(0, 1)


def _mix(low: tuple[int, int, int], high: tuple[int, int, int], share: npt.NDArray[np.float32]) -> Image:
    """Blend two colours by a share [H,W]."""
    ends = np.array([low, high], np.float32)
    return np.asarray(ends[0] + (ends[1] - ends[0]) * share[..., None]).astype(np.uint8)


def _blend(below: Image, above: Image, share: npt.NDArray[np.float32]) -> Image:
    return (below + (above.astype(np.float32) - below) * share[..., None]).astype(np.uint8)


def _garden(random: np.random.Generator) -> Image:
    rows = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None].repeat(WIDTH, 1)
    columns = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None].repeat(HEIGHT, 0)
    sky = _mix((214, 196, 170), (196, 214, 236), rows * 2)
    leaves = 0.5 * _clouds(random, (12, 40)) + 0.5 * _clouds(random, (60, 90))
    trees = _mix((70, 88, 70), (112, 148, 128), leaves)
    crowns = ((rows - 0.30 + 0.20 * _clouds(random, (2, 15)) - 0.20 * np.abs(columns)) * 18).clip(0, 1)
    picture = _blend(sky, trees, crowns)
    lawn = _mix((70, 110, 92), (104, 158, 128), 0.5 * rows + 0.5 * _clouds(random, (60, 24)))
    picture = _blend(picture, lawn, ((rows - 0.56) * 30).clip(0, 1))
    path = _mix((150, 158, 166), (184, 192, 198), _clouds(random, (90, 40)))
    width = (0.05 + 0.9 * (rows - 0.55)).clip(0.04, 2)
    on_path = ((width - np.abs(columns)) * 30).clip(0, 1) * ((rows - 0.57) * 40).clip(0, 1)
    picture = _blend(picture, path, on_path.astype(np.float32))
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 5), np.uint8)


def _hedge(random: np.random.Generator) -> tuple[Image, npt.NDArray[np.float32]]:
    leaves = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    cover = np.zeros((HEIGHT, WIDTH), np.uint8)
    leaves[HEDGE_TOP + 26 :], cover[HEDGE_TOP + 26 :] = (34, 70, 46), 255
    for depth in np.linspace(0, 1, 2600):
        # Later leaves lie higher up in the picture, nearer and lighter.
        row = int(HEIGHT + 8 - (HEIGHT - HEDGE_TOP + 4) * depth + random.normal(0, 7))
        centre = (int(random.integers(-10, WIDTH + 10)), max(row, HEDGE_TOP - 6))
        size = (int(random.integers(5, 12)), int(random.integers(3, 6)))
        light = 0.5 + 0.3 * depth + random.normal(0, 0.07)
        colour = tuple(float(np.clip(part * light, 0, 255)) for part in (72, 150, 96))
        turn = float(random.uniform(0, 180))
        cv2.ellipse(leaves, centre, size, turn, 0, 360, colour, -1, cv2.LINE_AA)
        cv2.ellipse(cover, centre, size, turn, 0, 360, 255, -1, cv2.LINE_AA)
    # Too near for the lens to be sharp; and sharp leaves make faces, to a detector that looks for light and dark.
    leaves[cover == 0] = (40, 84, 54)
    soft, edge = cv2.GaussianBlur(leaves, (0, 0), 2.4), cv2.GaussianBlur(cover, (0, 0), 1.6)
    return np.asarray(soft, np.uint8), (edge / 255.0).astype(np.float32)


def paint_scene(seed: int = 11) -> Scene:
    """Paint the layers; the same seed gives the same garden."""
    random = np.random.default_rng(seed)
    garden = _garden(random)
    return Scene(garden, *_hedge(random))

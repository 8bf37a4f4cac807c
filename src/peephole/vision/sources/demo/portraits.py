"""The two people of the demo: public-domain portraits that two well-known Python packages carry.

Only the picture file of the installed package is read; the package itself is not imported.
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from peephole.extras import missing
from peephole.image_files import read_picture
from peephole.vision.sources.frame import Image

Point = tuple[int, int]


@dataclass(frozen=True)
class Portrait:
    """One picture: where it is, who it shows, and roughly where the person ends.

    Attributes:
        name: who it is.
        credit: whose picture it is.
        package: the installed package that carries it, and `file` its path inside that package.
        face: centre of the face and its width, in pixels of the picture.
        outline: polygon a little outside the person; `cut_out` finds the exact edge near it.
        last_row: lowest row that is used; what is below it is continued from it, as a plain coat.
    """

    name: str
    credit: str
    package: str
    distribution: str
    file: str
    face: tuple[int, int, int]
    outline: tuple[Point, ...]
    last_row: int

    def path(self) -> Path:
        """Find the picture file.

        Raises:
            FileNotFoundError: the package is not installed, or does not carry it.
        """
        spec = importlib.util.find_spec(self.package)
        roots = list(spec.submodule_search_locations or []) if spec else []
        for root in roots:
            if (found := Path(root) / self.file).is_file():
                return found
        raise FileNotFoundError(missing(f"the demo's picture {self.file}", self.distribution, "demo"))


def head_of(portrait: Portrait) -> Image:
    """The head alone, as in a passport photo, to introduce the person by: no flags, no space shuttle."""
    x, y, width = portrait.face
    reach = 3 * width // 2
    return read_picture(portrait.path())[max(0, y - reach) : y + reach, max(0, x - reach) : x + reach]


EILEEN = Portrait(
    name="Eileen Collins",
    credit="NASA, public domain",
    package="skimage",
    distribution="scikit-image",
    file="data/astronaut.png",
    face=(224, 113, 95),
    outline=(
        (20, 512), (24, 440), (45, 300), (70, 240), (110, 200), (112, 170), (150, 148), (185, 150), (176, 120),
        (155, 100), (155, 60), (175, 30), (220, 15), (262, 22), (298, 55), (300, 90), (282, 122), (268, 132),
        (255, 185), (290, 200), (308, 245), (345, 280), (360, 330), (360, 350), (440, 345), (490, 400), (508, 450),
        (511, 512),
    ),
    last_row=511,
)  # fmt: skip
GRACE = Portrait(
    name="Grace Hopper",
    credit="US Navy, public domain",
    package="matplotlib",
    distribution="matplotlib",
    file="mpl-data/sample_data/grace_hopper.jpg",
    face=(266, 216, 222),
    outline=(
        (12, 600), (18, 480), (30, 404), (55, 382), (120, 358), (190, 326), (203, 316), (200, 290), (170, 270),
        (155, 215), (160, 170), (147, 150), (147, 100), (185, 80), (200, 50), (240, 28), (275, 22), (320, 35),
        (352, 62), (370, 88), (372, 170), (378, 200), (360, 260), (350, 300), (330, 310), (345, 335), (400, 355),
        (480, 375), (500, 400), (512, 440), (511, 600),
    ),
    last_row=560,
)  # fmt: skip


@dataclass(frozen=True)
class Cutout:
    """A person without the background: colour uint8 [H,W,3] and how much of each pixel is hers, float32 [H,W]."""

    image: Image
    alpha: npt.NDArray[np.float32]
    face: tuple[float, float, float]

    def halved(self) -> "Cutout":
        """The same at half the size, so that a far-away person does not glitter."""
        x, y, width = self.face
        return Cutout(
            np.asarray(cv2.pyrDown(self.image), np.uint8),
            np.asarray(cv2.pyrDown(self.alpha), np.float32),
            (x / 2, y / 2, width / 2),
        )


def _disc(size: int) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def cut_out(portrait: Portrait) -> Cutout:
    """Separate the person from the background: GrabCut, led by the outline (half a second)."""
    image = read_picture(portrait.path())
    drawn: Image = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(drawn, [np.array(portrait.outline, np.int32)], 255)
    above = 40  # rows, so that the shrinking below does not eat into the person at the border
    inside = cv2.erode(cv2.copyMakeBorder(drawn, 0, above, 0, 0, cv2.BORDER_REPLICATE), _disc(19))[: drawn.shape[0]]
    guess: Image = np.full(drawn.shape, cv2.GC_BGD, np.uint8)
    guess[cv2.dilate(drawn, _disc(17)) > 0] = cv2.GC_PR_BGD
    guess[drawn > 0] = cv2.GC_PR_FGD
    guess[inside > 0] = cv2.GC_FGD
    cv2.setRNGSeed(1)  # GrabCut starts from random clusters: the demo shall look alike at every start
    cv2.grabCut(image, guess, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    person = np.where((guess == cv2.GC_FGD) | (guess == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(cv2.erode(cv2.medianBlur(person, 7), _disc(3)), (5, 5), 0), np.uint8)
    x, y, width = portrait.face
    return Cutout(
        _continued(image, portrait.last_row, 4 * width),
        (_continued(smooth, portrait.last_row, 4 * width) / 255.0).astype(np.float32),
        (x, y, width),
    )


def _continued(layer: Image, last_row: int, rows: int) -> Image:
    """Keep the rows up to `last_row` and repeat that one, smoothed along it, `rows` times below."""
    kept = layer[: last_row + 1]
    below = cv2.blur(kept[-1:], (41, 1)) if layer.ndim == 3 else kept[-1:]
    return np.concatenate([kept, np.repeat(below.reshape(kept[-1:].shape), rows, 0)]).astype(np.uint8)

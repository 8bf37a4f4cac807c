"""From pictures to descriptors, by the very code that the doorbell runs: detect, crop, describe."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peephole.array_files import open_arrays
from peephole.engine import Engine
from peephole.evaluation.lfw import picture_name
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.program import RECOGNISE, IntegerProgram
from peephole.image_files import EncodedPicture, decode_grey
from peephole.vision.crop import crop_aligned, crop_face, fixed_points
from peephole.vision.detector import Box, Detector, Face
from peephole.vision.landmarks import LandmarkFinder

Grey = NDArray[np.uint8]
Cut = tuple[Grey, bool]
"""A face, uint8 [S,S], and whether it was found (if not, it is the middle of the picture)."""

# The middle of a picture as a share of its shorter side: (66,66,118,118) of the 250x250 pictures of LFW.
CENTRE_SHARE = (118, 250)
# In pixels, where pictures are centred on whom they are of, as in LFW: their faces are about 100 wide, and smaller hits
# near the middle are noses and mouths.
SMALLEST_CENTRED_FACE = 60
BATCH = 64


@dataclass(frozen=True)
class Embedder:
    """What makes descriptors: uint8 [N,size,size] -> [N,D]. `model_id` is that of a program, empty for floats.

    crop: how faces are cut for it where nothing else is asked for. length: D, where it is known.
    """

    name: str
    size: int
    describe: Callable[[Grey], NDArray[np.generic]]
    arithmetic: str
    model_id: str
    crop: str = "detect"
    length: int | None = None


@dataclass(frozen=True)
class Embedded:
    """One picture's descriptor; `found` is False where no face was found and the middle was taken."""

    name: str
    descriptor: NDArray[np.generic]
    found: bool


def _side(height: int, width: int) -> int:
    if height != width:
        raise ValueError(f"the network takes {width}x{height} pictures; only square ones are cut here")
    return width


def integer_embedder(program: IntegerProgram) -> Embedder:
    """Describe by the integer program on the C kernels: int16 descriptors.

    Raises `ValueError` for a program that recognises nobody.
    """
    program.expect_task(RECOGNISE)
    size = _side(program.input.height, program.input.width)
    return Embedder(
        program.name,
        size,
        Engine(program).descriptors,
        f"int{program.input.bits}",
        program.model_id,
        program.crop,
        program.tensor(program.output).channels,
    )


def float_embedder(network: FloatNetwork, threads: int) -> Embedder:
    """Describe by the float network from which integer programs are made: float32 descriptors.

    Raises `ValueError` for a network that recognises nobody, as its card says.
    """
    task = network.card.get("task", RECOGNISE)
    if task != RECOGNISE:
        raise ValueError(f"network {network.name} is for the task {task}, not {RECOGNISE}; name another checkpoint")

    def describe(faces: Grey) -> NDArray[np.generic]:
        with ThreadPoolExecutor(threads) as pool:
            return np.concatenate(list(pool.map(network.descriptors, np.array_split(faces, threads))))

    return Embedder(network.name, _side(network.input.height, network.input.width), describe, "float", "")


def centre_box(grey: Grey) -> Box:
    """Return the box that is taken where nothing is known of the face."""
    height, width = grey.shape
    share, whole = CENTRE_SHARE
    side = max(1, min(height, width) * share // whole)
    return Box((width - side) // 2, (height - side) // 2, side, side)


def most_central(faces: Sequence[Face], grey: Grey) -> Box:
    """Return the box whose centre is nearest the middle of the picture; of two as near, the larger."""
    height, width = grey.shape

    def rank(face: Face) -> tuple[int, int]:
        box = face.box
        off_x, off_y = 2 * box.x + box.width - width, 2 * box.y + box.height - height
        return off_x * off_x + off_y * off_y, -box.width

    return min(faces, key=rank).box


@dataclass(frozen=True)
class CentreCut:
    """Takes the middle of every picture."""

    size: int

    def __call__(self, name: str, grey: Grey) -> Cut:
        """Cut one picture."""
        return crop_face(grey, centre_box(grey), self.size), True


@dataclass(frozen=True)
class DetectedCut:
    """Takes the most central face that the detector finds; where it finds none, the middle of the picture."""

    size: int
    detector: Detector

    def __call__(self, name: str, grey: Grey) -> Cut:
        """Cut one picture."""
        faces = self.detector.detect(grey)
        box = most_central(faces, grey) if faces else centre_box(grey)
        return crop_face(grey, box, self.size), bool(faces)


@dataclass(frozen=True)
class AlignedCut:
    """Turns and scales the face by its five landmarks; a picture without landmarks gives its middle."""

    size: int
    landmarks: Mapping[str, NDArray[np.float32]]

    def __call__(self, name: str, grey: Grey) -> Cut:
        """Cut one picture."""
        points = self.landmarks.get(picture_name(name))
        if points is None:
            return crop_face(grey, centre_box(grey), self.size), False
        return crop_aligned(grey, fixed_points(points), self.size), True


@dataclass(frozen=True)
class FoundCut:
    """Turns and scales the most central face that the detector finds, by the five points that are found in it.

    Where points cannot be a face's, it is cut by the detector's box; where no face is found, the middle is taken.
    """

    size: int
    detector: Detector
    finder: LandmarkFinder

    def __call__(self, name: str, grey: Grey) -> Cut:
        """Cut one picture."""
        faces = self.detector.detect(grey)
        box = most_central(faces, grey) if faces else centre_box(grey)
        return self.finder.cut(grey, box, self.size).pixels, bool(faces)


Cutter = CentreCut | DetectedCut | AlignedCut | FoundCut


def read_landmarks(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read five points a picture from an `.npz` file: `names` [N] (paths; suffix or none) and `landmarks` [N,5,2].

    Raises `FileNotFoundError`, or `ValueError` for a file of another kind.
    """
    with open_arrays(path, "landmarks", "not an .npz file with the arrays names and landmarks") as arrays:
        names, landmarks = list(map(str, arrays["names"])), arrays["landmarks"].astype(np.float32)
    if landmarks.shape != (len(names), 5, 2) or not np.isfinite(landmarks).all():
        raise ValueError(f"{path}: landmarks are {landmarks.shape}, where {len(names)} names ask for one (5, 2) each")
    return {picture_name(name): points for name, points in zip(names, landmarks, strict=True)}


def embed(pictures: Iterable[EncodedPicture], cut: Cutter, embedder: Embedder, threads: int) -> Iterator[Embedded]:
    """Yield the pictures' descriptors in their order, a batch at a time; at most one batch is held in memory.

    Raises `ValueError` naming the picture that cannot be read.
    """

    def one(picture: EncodedPicture) -> Cut:
        return cut(picture.name, decode_grey(picture))

    stream = iter(pictures)
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(itertools.islice(stream, BATCH)):
            cuts = list(pool.map(one, batch))
            described = embedder.describe(np.stack([face for face, _ in cuts]))
            for picture, (_, found), descriptor in zip(batch, cuts, described, strict=True):
                yield Embedded(picture.name, descriptor, found)

"""Looks at many faces: descriptors, and the measures of quality by which the doorbell judges a look."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import assess, exposure
from peephole.evaluation.album import Album
from peephole.evaluation.embedding import BATCH, Cut, Embedder, Grey, most_central
from peephole.evaluation.lfw import picture_name
from peephole.evaluation.spoiling import SpoiltCut
from peephole.image_files import EncodedPicture, decode_grey
from peephole.vision.detector import Detector
from peephole.vision.landmarks import LandmarkFinder
from peephole.vision.pose import is_turned, pose_of

# Measures of a look, and whether the higher figure is that of the worse look: of a pair the worse one counts.
MEASURES: Mapping[str, bool] = {
    "width": False,
    "neighbours": False,
    "sharpness": False,
    "brightness": False,
    "contrast": False,
    "clipped": True,
    "yaw": True,
    "roll": True,
    "value": False,
}
# Degrees, for a face whose points cannot be found or are not to be believed.
NO_POSE = 90

Cutting = Callable[[str, Grey], Cut]


def measure_look(
    grey: Grey,
    crop: Grey,
    detector: Detector,
    finder: LandmarkFinder | None,
    policy: Policy,
    width_of: Callable[[int], int] = lambda width: width,
) -> dict[str, int]:
    """Measure the most central face of a picture [H,W] and its crop [S,S]; zeros where the detector finds none.

    width_of: what of the box's width is left in a frame where the face is farther away than in the picture. What the
    detector and the landmarks say (`neighbours`, `yaw`, `roll`) is of the picture, however the crop was spoilt since.
    """
    faces = detector.detect(grey)
    if not faces:
        return dict.fromkeys(MEASURES, 0)
    box = most_central(faces, grey)
    face = next(face for face in faces if face.box == box)
    landmarks = finder.find(grey, box) if finder is not None else None
    points = landmarks.points if landmarks is not None and not landmarks.doubt else None
    pose = pose_of(points) if points is not None else None
    turned = points is not None and is_turned(points, policy.most_turned)
    width = width_of(box.width)
    quality = assess(width, face.neighbours, crop, policy, turned)
    light = exposure(crop)
    return {
        "width": width,
        "neighbours": face.neighbours,
        "sharpness": quality.sharpness,
        "brightness": light.brightness,
        "contrast": light.contrast,
        "clipped": light.clipped,
        "yaw": NO_POSE if pose is None else round(abs(pose.yaw)),
        "roll": NO_POSE if pose is None else round(abs(pose.roll)),
        "value": quality.value,
    }


@dataclass(frozen=True)
class MeasuredLook:
    """One picture: descriptor [D], whether a face was found, and its measures."""

    name: str
    descriptor: NDArray[np.generic]
    found: bool
    measures: Mapping[str, int]


def measured_looks(
    pictures: Iterable[EncodedPicture],
    cut: Cutting,
    embedder: Embedder,
    detector: Detector,
    finder: LandmarkFinder | None,
    policy: Policy,
    threads: int,
) -> Iterator[MeasuredLook]:
    """Describe and measure the pictures in their order, a batch at a time."""

    def one(picture: EncodedPicture) -> tuple[Cut, dict[str, int]]:
        grey = decode_grey(picture)
        face, found = cut(picture.name, grey)
        width_of = partial(cut.width, picture.name) if isinstance(cut, SpoiltCut) else int
        return (face, found), measure_look(grey, face, detector, finder, policy, width_of)

    stream = iter(pictures)
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(itertools.islice(stream, BATCH)):
            done = list(pool.map(one, batch))
            described = embedder.describe(np.stack([face for (face, _), _ in done]))
            for picture, ((_, found), measures), descriptor in zip(batch, done, described, strict=True):
                yield MeasuredLook(picture_name(picture.name), descriptor, found, measures)


def gather(looks: Iterable[MeasuredLook], model_id: str, crop: str) -> Album:
    """Put looks into an album. Raises `ValueError` where no face was found in any."""
    every = list(looks)
    found, missed = [one for one in every if one.found], [one for one in every if not one.found]
    if not found:
        raise ValueError(f"no face was found in any of {len(every)} pictures")
    middles = [one.descriptor for one in missed]
    return Album(
        tuple(one.name for one in found),
        np.stack([one.descriptor for one in found]),
        tuple(one.name for one in missed),
        np.stack(middles) if middles else np.zeros((0, *found[0].descriptor.shape), found[0].descriptor.dtype),
        {key: np.array([one.measures[key] for one in found], np.int32) for key in MEASURES},
        model_id,
        crop,
    )

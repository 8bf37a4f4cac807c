"""Other ways from a frame to who is in it: OpenCV's networks, and face_recognition (dlib).

Each gets one portrait of the person first. They keep nothing from frame to frame: every frame is a frame described.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from peephole.evaluation.peers.rows import Job
from peephole.vision.cascade_table import default_path
from peephole.vision.image import Image

YUNET = "face_detection_yunet_2023mar.onnx"
SFACE = "face_recognition_sface_2021dec.onnx"
LEAST_COSINE = 0.363  # of two faces of one person, by OpenCV's documentation of SFace
Decide = Callable[[Image], bool]
"""Whether a frame [H,W,3] (BGR) shows the person."""


def job_of(decide: Decide, frames: Sequence[Image]) -> Job:
    """Return the job of deciding about every frame; raises `RuntimeError` where somebody else is seen."""

    def work() -> None:
        for frame in frames:
            if not decide(frame):
                raise RuntimeError("the person was not recognised in a frame")

    return Job(work, len(frames))


def opencv_networks(models: Path | None, portrait: Image) -> Decide:
    """Return OpenCV's pipeline: YuNet finds faces, SFace describes them.

    models: folder with both networks, which come with no package. Raises `FileNotFoundError` where they are not there.
    """
    if models is None:
        raise FileNotFoundError(f"no package brings its models {YUNET} and {SFACE}; name their folder: --models")
    for name in (YUNET, SFACE):
        if not (models / name).is_file():
            raise FileNotFoundError(f"{models / name}: no such model; OpenCV Zoo has it")
    finder = cv2.FaceDetectorYN.create(str(models / YUNET), "", (0, 0))
    describer = cv2.FaceRecognizerSF.create(str(models / SFACE), "")

    def describe(image: Image) -> Any:
        finder.setInputSize((image.shape[1], image.shape[0]))
        faces = finder.detect(image)[1]
        if faces is None:
            return None
        return describer.feature(describer.alignCrop(image, faces[0])).copy()

    known = describe(portrait)
    if known is None:
        raise RuntimeError("no face was found in the portrait")

    def decide(image: Image) -> bool:
        found = describe(image)
        return found is not None and describer.match(known, found, cv2.FaceRecognizerSF_FR_COSINE) >= LEAST_COSINE

    return decide


def face_recognition(portrait: Image) -> Decide:
    """Return the pipeline of the package face_recognition as its documentation has it: HOG, one upsampling, ResNet."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it finds its models by a deprecated way
        import face_recognition as peer

    known = peer.face_encodings(_red_first(portrait))

    def decide(image: Image) -> bool:
        picture = _red_first(image)
        found = peer.face_encodings(picture, peer.face_locations(picture))
        return any(peer.compare_faces(known, one)[0] for one in found)

    return decide


def opencv_cascade() -> Callable[[Image], object]:
    """Return OpenCV's search for faces by the cascade that we have, too; nobody is recognised."""
    cascade = cv2.CascadeClassifier(str(default_path()))

    def search(image: Image) -> object:
        return cascade.detectMultiScale(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 1.1, 4, minSize=(40, 40))

    return search


def _red_first(image: Image) -> Image:
    return np.ascontiguousarray(image[..., ::-1])

"""Which face of a picture is described, and that order and threads change nothing."""

import dataclasses

import numpy as np
import pytest

from commands import png, tiny_network
from peephole.evaluation.embedding import (
    BATCH,
    AlignedCut,
    CentreCut,
    Embedder,
    centre_box,
    embed,
    float_embedder,
    most_central,
)
from peephole.image_files import EncodedPicture
from peephole.vision.detector import Box, Face


def _face(x: int, y: int, side: int) -> Face:
    return Face(Box(x, y, side, side), score=1, neighbours=4)


def test_the_middle_of_an_lfw_picture_is_the_protocols_box() -> None:
    assert centre_box(np.zeros((250, 250), np.uint8)) == Box(66, 66, 118, 118)


def test_the_middle_of_any_picture_lies_inside_it() -> None:
    for height, width in ((1, 1), (3, 900), (480, 640)):
        box = centre_box(np.zeros((height, width), np.uint8))
        assert box.x >= 0 and box.y >= 0 and box.width == box.height >= 1
        assert box.x + box.width <= width and box.y + box.height <= height


def test_the_most_central_face_is_taken_and_of_equals_the_larger() -> None:
    grey = np.zeros((100, 200), np.uint8)
    large, near, wide = _face(0, 0, 90), _face(80, 40, 30), _face(70, 25, 60)
    assert most_central([large, near], grey) == near.box  # 5 pixels off against 55
    assert most_central([large, near, wide], grey) == Box(70, 25, 60, 60)
    middle = _face(90, 40, 20)
    for faces in ([middle, _face(80, 30, 40)], [_face(80, 30, 40), middle]):
        assert most_central(faces, grey).width == 40


@pytest.mark.parametrize("threads", [1, 3])
def test_pictures_keep_their_order_over_several_batches(threads: int) -> None:
    count = 2 * BATCH + 1
    pictures = [EncodedPicture(f"{n}.png", png(np.full((20, 20), n, np.uint8)), "here") for n in range(count)]
    seen: list[int] = []

    def describe(faces: np.ndarray) -> np.ndarray:
        seen.append(len(faces))
        return faces[:, 0, :1].astype(np.int16)

    found = list(embed(pictures, CentreCut(8), Embedder("mean", 8, describe, "int16", ""), threads))
    assert [item.name for item in found] == [f"{n}.png" for n in range(count)]
    assert [int(item.descriptor[0]) for item in found] == list(range(count))
    assert seen == [BATCH, BATCH, 1] and all(item.found for item in found)


def test_float_descriptors_do_not_depend_on_the_threads() -> None:
    network = tiny_network()
    faces = np.random.default_rng(1).integers(0, 256, (7, 64, 64), np.uint8)
    expected = network.descriptors(faces)
    for threads in (1, 2, 9):
        # BLAS may add up another batch size in another order.
        assert float_embedder(network, threads).describe(faces) == pytest.approx(expected, abs=1e-5)


def test_without_landmarks_the_middle_is_taken_and_said() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (60, 60), np.uint8)
    face, found = AlignedCut(16, {})("one.png", grey)
    assert not found and (face == CentreCut(16)("one.png", grey)[0]).all()


def test_a_float_network_that_recognises_nobody_is_refused() -> None:
    network = dataclasses.replace(tiny_network(), card={"task": "landmarks"})
    with pytest.raises(ValueError, match="network tiny is for the task landmarks, not recognise; name another"):
        float_embedder(network, 1)

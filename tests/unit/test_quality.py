"""Quality: size, sharpness, certainty; never brightness."""

import numpy as np

from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import assess, sharpness

NOISE = np.random.default_rng(1).integers(40, 200, (64, 64), np.uint8)
POLICY = Policy()


def blurred(pixels: np.ndarray) -> np.ndarray:
    wide = pixels.astype(np.float64)
    for _ in range(12):
        wide = (wide + np.roll(wide, 1, 0) + np.roll(wide, -1, 0) + np.roll(wide, 1, 1) + np.roll(wide, -1, 1)) / 5
    return wide.round().astype(np.uint8)


def test_blur_lowers_sharpness():
    assert sharpness(blurred(NOISE)) < sharpness(NOISE) / 10


def test_dim_light_does_not():
    dim = (NOISE // 4 + 5).astype(np.uint8)
    assert abs(sharpness(dim) - sharpness(NOISE)) < 0.05 * sharpness(NOISE)


def test_flat_crop_is_of_no_use():
    assert sharpness(np.full((16, 16), 77, np.uint8)) == 0
    assert not assess(200, 20, np.full((16, 16), 77, np.uint8), POLICY).good


def test_small_face_is_not_good():
    assert assess(POLICY.min_width, 20, NOISE, POLICY).good
    assert not assess(POLICY.min_width - 1, 20, NOISE, POLICY).good


def test_larger_and_surer_is_better():
    value = assess(60, 6, NOISE, POLICY).value
    assert assess(90, 6, NOISE, POLICY).value > value
    assert assess(60, 12, NOISE, POLICY).value > value
    assert assess(500, 500, NOISE, POLICY).value == 1000

"""Quality: size, sharpness, light, pose, certainty; measures by hand and on made pictures."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrays import filled
from peephole.doorbell.policy import Policy
from peephole.doorbell.quality import Exposure, assess, exposure, fault, sharpness
from peephole.doorbell.visit import Quality

NOISE = np.random.default_rng(1).integers(40, 200, (64, 64), np.uint8)
POLICY = Policy()
LIT = Exposure(brightness=130, contrast=45, clipped=0)


def look(pixels: np.ndarray, width: int = 100, neighbours: int = 120, turned: bool = False) -> Quality:
    return assess(width, neighbours, pixels, POLICY, turned)


def blurred(pixels: np.ndarray) -> np.ndarray:
    wide = pixels.astype(np.float64)
    for _ in range(12):
        wide = (wide + np.roll(wide, 1, 0) + np.roll(wide, -1, 0) + np.roll(wide, 1, 1) + np.roll(wide, -1, 1)) / 5
    return wide.round().astype(np.uint8)


def test_sharpness_by_hand() -> None:
    # One bright pixel of 9 in the middle of 5x5: the Laplacian's 3x3 holds 36, four times -9, four times 0; its mean is
    # 0 and its variance (36^2 + 4 * 81) / 9 = 180. The picture's: 81 / 25 - (9 / 25)^2 = 3.11, of which 3 are kept.
    spot = np.zeros((5, 5), np.uint8)
    spot[2, 2] = 9
    assert sharpness(spot) == 1000 * 180 // 3


@given(filled((6, 7), np.uint8))
def test_sharpness_is_variance_over_variance(crop: np.ndarray) -> None:
    wide = np.pad(crop.astype(float), 1)
    edges = (4 * wide - np.roll(wide, 1, 0) - np.roll(wide, -1, 0) - np.roll(wide, 1, 1) - np.roll(wide, -1, 1))[
        2:-2, 2:-2
    ]
    around, own = int(edges.var() + 1e-6), int(crop.astype(float).var() + 1e-6)
    assert sharpness(crop) == (1000 * around // own if own else 0)


def test_blur_lowers_sharpness() -> None:
    assert sharpness(blurred(NOISE)) < sharpness(NOISE) / 10


def test_dim_light_does_not() -> None:
    dim = (NOISE // 4 + 5).astype(np.uint8)
    assert abs(sharpness(dim) - sharpness(NOISE)) < 0.05 * sharpness(NOISE)


def test_the_size_of_the_network_hardly_matters() -> None:
    waves = np.sin(np.linspace(0, 9, 256))[:, None] * np.cos(np.linspace(0, 14, 256))
    large = (128 + 100 * waves + NOISE.repeat(4, 0).repeat(4, 1) / 8 - 16).astype(np.uint8)
    half = large.reshape(128, 2, 128, 2).mean((1, 3)).round().astype(np.uint8)
    assert sharpness(half) == pytest.approx(sharpness(large), rel=0.1)


def test_light_by_hand() -> None:
    # The outer eighth on every side is not looked at: of 8x8 the inner 6x6. Half black, half white.
    crop = np.full((8, 8), 77, np.uint8)
    crop[1:4, 1:7], crop[4:7, 1:7] = 0, 255
    assert exposure(crop) == Exposure(brightness=127, contrast=127, clipped=1000)
    crop[1:4, 1:7], crop[4:7, 1:7] = 90, 110
    assert exposure(crop) == Exposure(brightness=100, contrast=10, clipped=0)


@pytest.mark.parametrize(
    ("what", "width", "sharp", "light", "turned"),
    [
        ("too_small", POLICY.min_width - 1, 100, LIT, False),
        ("blurred", 100, POLICY.min_sharpness - 1, LIT, False),
        ("flat", 100, 100, dataclasses.replace(LIT, contrast=POLICY.min_contrast - 1), False),
        ("glaring", 100, 100, dataclasses.replace(LIT, clipped=POLICY.most_clipped + 1), False),
        ("turned", 100, 100, LIT, True),
        ("", POLICY.min_width, POLICY.min_sharpness, LIT, False),
        ("", 100, 100, Exposure(20, POLICY.min_contrast, POLICY.most_clipped), False),
    ],
)
def test_each_fault_has_its_bar(what: str, width: int, sharp: int, light: Exposure, turned: bool) -> None:
    assert fault(width, sharp, light, turned, POLICY) == what


def test_flat_crop_is_of_no_use() -> None:
    assert sharpness(np.full((16, 16), 77, np.uint8)) == 0
    assert not look(np.full((16, 16), 77, np.uint8)).good


def test_the_pose_counts_where_it_is_known() -> None:
    assert look(NOISE).good
    assert (look(NOISE, turned=True).good, look(NOISE, turned=True).fault) == (False, "turned")


def test_small_face_is_not_good() -> None:
    assert look(NOISE, POLICY.min_width).good
    assert (look(NOISE, POLICY.min_width - 1).good, look(NOISE, POLICY.min_width - 1).fault) == (False, "too_small")


@given(st.integers(1, 300), st.integers(1, 300))
def test_larger_and_surer_is_better(width: int, neighbours: int) -> None:
    value = look(NOISE, width, neighbours).value
    assert look(NOISE, width + 50, neighbours).value >= value
    assert look(NOISE, width, neighbours + 50).value >= value
    assert 0 <= value <= look(NOISE, 500, 500).value == 1000

"""Channels that are copied or shuffled, and pixels that are repeated: by hand, C and NumPy alike."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrays import filled
from peephole import _core
from peephole.fixedpoint import reference

KERNELS = pytest.mark.parametrize("kernels", [_core, reference], ids=["C", "NumPy"])


def copied(kernels: Any, values: list[int], shift: int, low: int, high: int, to: Any = np.int16) -> list[int]:
    """What becomes of 16-bit values."""
    x = np.array(values, np.int16).reshape(1, 1, -1)
    out = np.zeros(x.shape, to)
    kernels.copy_channels_s16(x, 0, x.shape[2], shift, low, high, out, 0)
    return [int(y) for y in out.ravel()]


@KERNELS
def test_a_copy_is_requantized_and_clipped(kernels: Any) -> None:
    assert copied(kernels, [-5, -3, -1, 1, 3, 5], -1, -32768, 32767) == [-2, -1, 0, 1, 2, 3]  # halves upwards
    assert copied(kernels, [-5, 3], 2, -32768, 32767) == [-20, 12]
    assert copied(kernels, [-5, 3, 7], 0, 0, 6) == [0, 3, 6]
    assert copied(kernels, [-32768, -1, 0, 1, 32767], 31, -32768, 32767) == [-32768, -32768, 0, 32767, 32767]
    assert copied(kernels, [-32768, -1, 0, 1, 32767], 15, -99, 99) == [-99, -99, 0, 99, 99]
    assert copied(kernels, [-32768, 32767], -31, -32768, 32767) == [0, 0]


@KERNELS
def test_sixteen_bits_become_eight(kernels: Any) -> None:
    assert copied(kernels, [-32768, -129, 127, 128, 32767], 0, -128, 127, np.int8) == [-128, -128, 127, 127, 127]
    assert copied(kernels, [-32768, -128, 127, 128, 32767], -8, -128, 127, np.int8) == [-128, 0, 0, 1, 127]


@KERNELS
def test_a_slice_goes_into_a_slice(kernels: Any) -> None:
    x = np.arange(2 * 3 * 5, dtype=np.int8).reshape(2, 3, 5)
    out = np.full((2, 3, 4), -9, np.int16)
    kernels.copy_channels_s8(x, 2, 3, 8, -32768, 32767, out, 1)
    np.testing.assert_array_equal(out[..., 1:], x[..., 2:].astype(np.int16) * 256)
    assert (out[..., 0] == -9).all()


@KERNELS
@pytest.mark.parametrize("groups", [1, 2, 3, 4, 6, 12])
def test_a_shuffle_is_that_of_torch(kernels: Any, groups: int) -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    x = np.arange(2 * 3 * 12, dtype=np.int16).reshape(2, 3, 12)
    out = np.zeros((2, 3, 13), np.int16)
    kernels.shuffle_channels_s16(x, groups, out, 1)
    expected = torch.nn.ChannelShuffle(groups)(torch.from_numpy(x).permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    np.testing.assert_array_equal(out[..., 1:], expected.numpy())


@KERNELS
def test_every_pixel_becomes_four(kernels: Any) -> None:
    x = np.array([[[1, -2], [3, 4]]], np.int16)
    out = np.full((2, 4, 4), -9, np.int16)
    kernels.upsample_s16(x, out, 1)
    assert out[..., 1].tolist() == [[1, 1, 3, 3]] * 2
    assert out[..., 2].tolist() == [[-2, -2, 4, 4]] * 2
    assert (out[..., [0, 3]] == -9).all()


@given(data=st.data(), dtype=st.sampled_from([np.int16, np.int8]), height=st.integers(1, 7), width=st.integers(1, 7))
def test_upsampling_in_c_equals_the_reference(data: st.DataObject, dtype: Any, height: int, width: int) -> None:
    channels, channel, more = data.draw(st.sampled_from([1, 3, 8, 20])), *(data.draw(st.integers(0, 3)) for _ in "ab")
    x = data.draw(filled((height, width, channels), dtype))
    made = np.full((2, 2 * height, 2 * width, channel + channels + more), -7, dtype)
    for kernels, out in zip((_core, reference), made, strict=True):
        upsample = kernels.upsample_s8 if dtype is np.int8 else kernels.upsample_s16  # type: ignore[attr-defined]
        upsample(x, out, channel)
    np.testing.assert_array_equal(*made)
    np.testing.assert_array_equal(made[0, ..., channel : channel + channels], x.repeat(2, 0).repeat(2, 1))

"""The border between Python and C: whatever a kernel could stumble over is refused in one sentence that names it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from peephole import _core

MOVES: dict[str, Any] = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "low": 0, "high": 127}


CLIP = {"low": -9, "high": 9}


def conv(**changes: Any) -> None:
    """A convolution that fits, but for the changes."""
    arguments = {
        "x": np.zeros((6, 5, 3), np.int16),
        "weight": np.zeros((4, 3, 3, 3), np.int16),
        "bias": np.zeros(4, np.int32),
        "norm": np.zeros(4, np.uint8),
        **MOVES,
        "groups": 1,
        "accumulation": "full",
        "accumulator_bits": 64,
        "out": np.zeros((6, 5, 8), np.int16),
        "channel": 2,
    }
    _core.conv2d_s16(**(arguments | changes))


def conv8(**changes: Any) -> None:
    arguments = {"x": bytes_(6, 5, 3), "weight": bytes_(4, 3, 3, 3), "bias": np.zeros(4, np.int32), "norm": grey(4)}
    arguments |= MOVES | {"groups": 1, "out": bytes_(6, 5, 8), "channel": 2}
    _core.conv2d_s8(**(arguments | changes))


def depthwise(**changes: Any) -> None:
    arguments = {"x": zeros(6, 5, 3), "weight": zeros(3, 3, 3), "bias": np.zeros(3, np.int32), "norm": grey(3)}
    arguments |= MOVES | {"accumulator_bits": 64, "out": zeros(6, 5, 8), "channel": 2}
    _core.depthwise_conv2d_s16(**(arguments | changes))


def depthwise8(**changes: Any) -> None:
    arguments = {"x": bytes_(6, 5, 3), "weight": bytes_(3, 3, 3), "bias": np.zeros(3, np.int32), "norm": grey(3)}
    arguments |= MOVES | {"out": bytes_(6, 5, 8), "channel": 2}
    _core.depthwise_conv2d_s8(**(arguments | changes))


def add(**changes: Any) -> None:
    arguments = {
        "x": zeros(6, 5, 3),
        "other": zeros(6, 5, 3),
        "shift": 0,
        "other_shift": 1,
        "norm": 1,
        "low": -9,
        "high": 9,
    }
    _core.add_s16(**(arguments | {"out": zeros(6, 5, 4), "channel": 1} | changes))


def add8(**changes: Any) -> None:
    arguments = {
        "x": bytes_(6, 5, 3),
        "other": bytes_(6, 5, 3),
        "shift": 0,
        "other_shift": 1,
        "norm": 1,
        "low": -9,
        "high": 9,
    }
    _core.add_s8(**(arguments | {"out": bytes_(6, 5, 4), "channel": 1} | changes))


def average8(**changes: Any) -> None:
    arguments = {"x": bytes_(6, 5, 3), "factor": 1, "shift": 5, "out": bytes_(1, 1, 4), "channel": 1}
    _core.global_average_pool_s8(**(arguments | changes))


def unit8(**changes: Any) -> None:
    arguments = {"x": bytes_(8), "frac_bits": 14, "out": zeros(8)}
    _core.l2_normalize_s8(**(arguments | changes))


def pool(**changes: Any) -> None:
    arguments = {"x": zeros(6, 5, 3), "size": (3, 3), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1)}
    arguments |= {"out": zeros(2, 2, 4), "channel": 1}
    _core.max_pool_s16(**(arguments | changes))


def average(**changes: Any) -> None:
    arguments = {"x": zeros(6, 5, 3), "factor": 1, "shift": 5, "out": zeros(1, 1, 4), "channel": 1}
    _core.global_average_pool_s16(**(arguments | changes))


def windowed_average(**changes: Any) -> None:
    arguments = {"x": zeros(6, 5, 3), "size": (3, 3), "stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)}
    arguments |= {"padding_end": (1, 1), "counts_padding": False, "factors": np.ones(9, np.int32), "shift": 3}
    _core.average_pool_s16(**(arguments | {"out": zeros(3, 3, 4), "channel": 1} | changes))


def windowed_average8(**changes: Any) -> None:
    arguments = {"x": bytes_(6, 5, 3), "size": (3, 3), "stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)}
    arguments |= {"padding_end": (1, 1), "counts_padding": False, "factors": np.ones(9, np.int32), "shift": 3}
    _core.average_pool_s8(**(arguments | {"out": bytes_(3, 3, 4), "channel": 1} | changes))


def copy(**changes: Any) -> None:
    arguments = {"x": zeros(6, 5, 3), "first": 1, "count": 2, "shift": -1} | CLIP | {"out": zeros(6, 5, 4)}
    _core.copy_channels_s16(**(arguments | {"channel": 1} | changes))


def copy8(**changes: Any) -> None:
    arguments = {"x": bytes_(6, 5, 3), "first": 1, "count": 2, "shift": -1} | CLIP | {"out": bytes_(6, 5, 4)}
    _core.copy_channels_s8(**(arguments | {"channel": 1} | changes))


def shuffle(**changes: Any) -> None:
    arguments = {"x": zeros(6, 5, 6), "groups": 2, "out": zeros(6, 5, 7), "channel": 1}
    _core.shuffle_channels_s16(**(arguments | changes))


def upsample(**changes: Any) -> None:
    _core.upsample_s16(**({"x": zeros(3, 5, 3), "out": zeros(6, 10, 4), "channel": 1} | changes))


def upsample8(**changes: Any) -> None:
    _core.upsample_s8(**({"x": bytes_(3, 5, 3), "out": bytes_(6, 10, 4), "channel": 1} | changes))


def many(**changes: Any) -> None:
    arguments = {"a": zeros(8), "b": zeros(3, 8), "out": np.zeros(3, np.uint64)}
    _core.squared_l2_many_s16(**(arguments | changes))


def warp(**changes: Any) -> None:
    arguments = {"image": grey(9, 9), "matrix": np.zeros((2, 3), np.int32), "out": grey(4, 4)}
    _core.warp_affine_u8(**(arguments | changes))


def resize(**changes: Any) -> None:
    arguments = {"image": grey(9, 9), "out": grey(4, 4)}
    _core.resize_u8(**(arguments | changes))


def one(**changes: Any) -> None:
    arguments = {"a": zeros(8), "b": zeros(8)}
    _core.squared_l2_s16(**(arguments | changes))


def zeros(*shape: int) -> Any:
    return np.zeros(shape, np.int16)


def bytes_(*shape: int) -> Any:
    return np.zeros(shape, np.int8)


def grey(*shape: int) -> Any:
    return np.zeros(shape, np.uint8)


def locked(array: Any) -> Any:
    array.flags.writeable = False
    return array


SHARED = zeros(6, 5, 8)
SHARED_GREY = grey(20, 20)


def part(start: int) -> Any:
    """90 of the shared values as a tensor [6,5,3]."""
    return SHARED.reshape(-1)[start : start + 90].reshape(6, 5, 3)


NO_BIAS = np.zeros(0, np.int32)

REFUSED: list[tuple[Callable[..., None], dict[str, Any], str]] = [
    (conv, {"x": np.zeros((6, 5, 3), np.int32)}, "x must hold int16"),
    (conv, {"x": np.zeros((6, 5, 3), ">i2")}, "x must be a numpy array of int16 in this machine's byte order"),
    (conv, {"x": [[[1]]]}, "x must be a numpy array"),
    (conv, {"x": zeros(6, 5)}, r"x must have 3 axes, not the shape \[6, 5\]"),
    (conv, {"x": zeros(6, 10, 3)[:, ::2]}, "x must be contiguous"),
    (conv, {"x": zeros(5, 6, 3).transpose(1, 0, 2)}, "x must be contiguous"),
    (conv, {"x": zeros(6, 5, 3)[::-1]}, "x must be contiguous"),
    (conv, {"x": zeros(0, 5, 3), "out": zeros(1, 5, 8)}, "out has 1 rows|sizes"),
    (conv, {"x": zeros(6, 5, 0), "weight": zeros(4, 3, 3, 0)}, "sizes"),
    (conv, {"x": zeros(32768, 5, 3), "out": zeros(32768, 5, 8)}, "sizes"),
    (conv, {"weight": zeros(4, 3, 3, 2)}, r"weight must have the shape \[4, 3, 3, 3\], not \[4, 3, 3, 2\]"),
    (conv, {"weight": zeros(4, 3, 3, 3), "groups": 2}, "groups 2 must divide the 3 channels of x and the 4 of weight"),
    (conv, {"groups": 0}, "groups 0 must divide"),
    (conv, {"weight": zeros(3, 3, 3, 3), "groups": 3}, r"weight must have the shape \[3, 3, 3, 1\]"),
    (conv, {"padding": (3, 1)}, "padding 3 must be less than the kernel's extent in rows, 3"),
    (conv, {"padding": (1, 5), "dilation": (1, 2)}, "padding 5 must be less than the kernel's extent in columns, 5"),
    (conv, {"dilation": (1, 0)}, "dilation must be 1 to 32,767"),
    (conv, {"low": 1, "high": 0}, "low 1 and high 0 must be a range within int16"),
    (conv, {"high": 32768}, "low 0 and high 32768 must be a range within int16"),
    (conv, {"weight": zeros(0, 3, 3, 3), "bias": np.zeros(0, np.int32), "norm": grey(0)}, "sizes"),
    (conv, {"bias": np.zeros(5, np.int32)}, r"bias must have the shape \[4\]"),
    (conv, {"bias": np.zeros(4, np.int64)}, "bias must hold int32"),
    (conv, {"bias": np.full(4, 32768, np.int32), "accumulation": "per_channel"}, "bias must fit 16 bits.*32768"),
    (conv, {"bias": np.full(4, -32769, np.int32), "accumulation": "per_channel"}, "bias must fit 16 bits.*-32769"),
    (conv, {"norm": grey(3)}, r"norm must have the shape \[4\]"),
    (conv, {"norm": np.array([0, 0, 0, 32], np.uint8)}, "norm must be 0 to 31, not 32"),
    (conv, {"stride": (0, 1)}, "stride"),
    (conv, {"stride": (2, 1)}, "out has 6 rows, whose last window begins at 9 of x, which has 6"),
    (conv, {"stride": (1, 2)}, "out has 5 columns, whose last window begins at 7 of x, which has 5"),
    (conv, {"padding": (-1, 0)}, "padding"),
    (conv, {"padding": (0, 40_000)}, "padding"),
    (conv, {"accumulation": "half"}, 'accumulation must be "full" or "per_channel", not "half"'),
    (conv, {"accumulator_bits": 48}, "accumulator_bits must be 32 or 64, not 48"),
    (conv, {"out": locked(zeros(6, 5, 8))}, "out must be a writable numpy array"),
    (conv, {"out": zeros(6, 5, 16)[..., ::2]}, "out must be contiguous"),
    (conv, {"channel": 5}, "out has 8 channels, too few for 4 of them from channel 5 on"),
    (conv, {"channel": -1}, "channel -1"),
    (conv, {"channel": 2**31 - 1}, "channel 2147483647"),
    (conv, {"x": SHARED.reshape(-1)[:90].reshape(6, 5, 3), "out": SHARED}, "out must not share memory with x"),
    (conv, {"weight": SHARED.reshape(-1)[:108].reshape(4, 3, 3, 3), "out": SHARED}, "share memory with weight"),
    (conv, {"bias": SHARED.reshape(-1)[:8].view(np.int32), "out": SHARED}, "share memory with bias"),
    (conv, {"norm": SHARED.reshape(-1)[-2:].view(np.uint8), "out": SHARED}, "share memory with norm"),
    (conv8, {"x": zeros(6, 5, 3)}, "x must hold int8"),
    (conv8, {"weight": zeros(4, 3, 3, 3)}, "weight must hold int8"),
    (conv8, {"weight": bytes_(4, 3, 3, 2)}, r"weight must have the shape \[4, 3, 3, 3\]"),
    (conv8, {"out": grey(6, 5, 8)}, "out must hold int8"),
    (conv8, {"out": zeros(8, 5, 8)}, "out has 8 rows, whose last window begins at 6"),
    (conv8, {"high": 128}, "high 128 must be a range within int8"),
    (conv8, {"norm": np.full(4, 32, np.uint8)}, "norm must be 0 to 31, not 32"),
    (conv8, {"x": SHARED.view(np.int8)[:, :, :3].copy(), "bias": SHARED.view(np.int32)[0, 0], "out": SHARED}, "bias"),
    (depthwise, {"weight": zeros(4, 3, 3)}, r"weight must have the shape \[3, 3, 3\], not \[4, 3, 3\]"),
    (depthwise, {"weight": zeros(3, 9, 8)}, "weight has a kernel of more than 64 values"),
    (depthwise, {"low": -32769}, "low -32769 and high 127 must be a range within int16"),
    (depthwise, {"accumulator_bits": 16}, "accumulator_bits must be 32 or 64"),
    (depthwise, {"bias": np.zeros(4, np.int32)}, r"bias must have the shape \[3\]"),
    (depthwise, {"norm": np.full(3, 32, np.uint8)}, "norm must be 0 to 31, not 32"),
    (depthwise, {"stride": (0, 1)}, "stride"),
    (depthwise, {"channel": 6}, "too few"),
    (
        depthwise,
        {"x": zeros(6, 5, 0), "weight": zeros(0, 3, 3), "bias": np.zeros(0, np.int32), "norm": grey(0)},
        "sizes",
    ),
    (
        depthwise,
        {"x": SHARED[..., :3].copy(), "weight": SHARED.reshape(-1)[:27].reshape(3, 3, 3), "out": SHARED},
        "weight",
    ),
    (depthwise8, {"x": zeros(6, 5, 3)}, "x must hold int8"),
    (depthwise8, {"weight": bytes_(4, 3, 3)}, r"weight must have the shape \[3, 3, 3\]"),
    (depthwise8, {"out": grey(6, 5, 8)}, "out must hold int8"),
    (add, {"other": zeros(6, 5, 4)}, r"other must have the shape \[6, 5, 3\]"),
    (add, {"out": zeros(5, 6, 4)}, r"out must have the shape \[6, 5, 4\]"),
    (add, {"channel": 2}, "too few"),
    (add, {"shift": 32}, "shift must be 0 to 31, not 32"),
    (add, {"other_shift": -1}, "other_shift must be 0 to 31, not -1"),
    (add, {"low": 10}, "low 10 and high 9 must be a range"),
    (add8, {"high": 128}, "high 128 must be a range within int8"),
    (add, {"norm": 32}, "norm must be 0 to 31, not 32"),
    (add, {"x": part(0), "out": part(3), "channel": 0}, "share memory with x"),
    (add, {"other": part(0), "out": part(3), "channel": 0}, "share memory with other"),
    (add, {"x": part(0), "out": SHARED}, "share memory with x"),
    (add, {"x": zeros(6, 0, 3), "other": zeros(6, 0, 3), "out": zeros(6, 0, 4)}, "sizes"),
    (add8, {"other": zeros(6, 5, 3)}, "other must hold int8"),
    (add8, {"out": zeros(6, 5, 4)}, "out must hold int8"),
    (average8, {"x": zeros(6, 5, 3)}, "x must hold int8"),
    (average8, {"out": np.zeros((1, 1, 4), np.int32)}, "out must hold int8"),
    (average8, {"shift": 62}, "shift"),
    (unit8, {"x": zeros(8)}, "x must hold int8"),
    (unit8, {"out": bytes_(8)}, "out must hold int16"),
    (unit8, {"frac_bits": 15}, "frac_bits must be 0 to 14"),
    (pool, {"x": grey(6, 5, 3)}, "x must hold int16"),
    (pool, {"size": (0, 1)}, "size must be 1"),
    (pool, {"stride": (1, 0)}, "stride"),
    (pool, {"size": (2, 2), "dilation": (1, 20), "padding": (0, 9)}, "sizes"),
    (pool, {"out": zeros(4, 2, 4)}, "out has 4 rows, whose last window begins at 6 of x, which has 6"),
    (pool, {"channel": 2}, "too few"),
    (pool, {"x": SHARED, "out": SHARED[:2].reshape(-1)[:64].reshape(2, 2, 16)}, "share memory with x"),
    (pool, {"x": zeros(6, 5, 0)}, "sizes"),
    (average, {"factor": -1}, "factor"),
    (average, {"shift": 62}, "shift"),
    (average, {"shift": -1}, "shift"),
    (average, {"out": zeros(1, 2, 4)}, r"out must have the shape \[1, 1, 4\]"),
    (average, {"channel": 2}, "too few"),
    (average, {"x": SHARED, "out": SHARED.reshape(-1)[-9:].reshape(1, 1, 9)}, "share memory with x"),
    (average, {"x": zeros(0, 5, 3)}, "sizes"),
    (copy, {"out": zeros(5, 6, 4)}, r"out must have the shape \[6, 5, 4\]"),
    (copy, {"channel": 3}, "too few"),
    (copy, {"first": 2}, "x has 3 channels, too few for 2 of them from channel 2 on"),
    (copy, {"first": -1}, "from channel -1 on"),
    (copy, {"count": 0}, "too few for 0"),
    (copy, {"shift": 32}, "shift must be -31 to 31, not 32"),
    (copy, {"high": 128, "out": bytes_(6, 5, 4)}, "high 128 must be a range within int8"),
    (copy, {"out": grey(6, 5, 4)}, "out must hold int8"),
    (copy8, {"x": zeros(6, 5, 3)}, "x must hold int8"),
    (shuffle, {"groups": 4}, "groups 4 must divide the 6 channels of x"),
    (shuffle, {"groups": 0}, "groups 0"),
    (shuffle, {"out": zeros(5, 5, 7)}, r"out must have the shape \[6, 5, 7\]"),
    (shuffle, {"channel": 2}, "too few"),
    (shuffle, {"x": SHARED, "out": SHARED, "channel": 0}, "share memory with x"),
    (upsample, {"x": bytes_(3, 5, 3)}, "x must hold int16"),
    (upsample, {"out": zeros(6, 9, 4)}, r"out must have the shape \[6, 10, 4\]"),
    (upsample, {"out": zeros(5, 10, 4)}, r"out must have the shape \[6, 10, 4\]"),
    (upsample, {"channel": 2}, "too few"),
    (upsample, {"x": SHARED[:3, :2].copy()[..., :0], "out": zeros(6, 4, 4)}, "sizes"),
    (upsample, {"x": SHARED[:1, :1], "out": SHARED[:2, :2].copy(), "channel": 1}, "too few"),
    (upsample8, {"out": zeros(6, 10, 4)}, "out must hold int8"),
    (upsample8, {"x": zeros(3, 5, 3)}, "x must hold int8"),
    (windowed_average, {"factors": np.ones(8, np.int32)}, r"factors must have the shape \[9\]"),
    (windowed_average, {"factors": np.full(9, -1, np.int32)}, "exactly"),
    (windowed_average, {"size": (0, 3)}, "size must be 1"),
    (windowed_average, {"size": (256, 256), "factors": np.ones(65_536, np.int32)}, "more than 65535 values"),
    (windowed_average, {"padding": (3, 1)}, "padding 3 must be less"),
    (windowed_average, {"padding_end": (-1, 0)}, "padding_end must be 0 to 32,767"),
    (windowed_average, {"shift": 62}, "shift must be 0 to 61"),
    (windowed_average, {"out": zeros(5, 3, 4)}, "out has 5 rows, whose last window begins at 7"),
    (windowed_average, {"channel": 2}, "too few"),
    (windowed_average8, {"out": grey(3, 3, 4)}, "out must hold int8"),
    (copy, {"x": SHARED, "out": SHARED, "channel": 0}, "share memory with x"),
    (copy, {"x": zeros(0, 5, 3), "out": zeros(0, 5, 4)}, "sizes"),
    (many, {"b": zeros(3, 7)}, r"b must have the shape \[3, 8\], not \[3, 7\]"),
    (many, {"out": np.zeros(4, np.uint64)}, r"out must have the shape \[3\]"),
    (many, {"out": np.zeros(3, np.int64)}, "out must hold uint64"),
    (many, {"b": SHARED.reshape(-1)[:24].reshape(3, 8), "out": SHARED.reshape(-1)[:12].view(np.uint64)}, "with b"),
    (many, {"a": SHARED.reshape(-1)[:8], "out": SHARED.reshape(-1)[4:16].view(np.uint64)}, "with a"),
    (one, {"b": zeros(7)}, r"b must have the shape \[8\], not \[7\]"),
    (one, {"a": zeros(2, 4)}, "a must have 1 axes"),
    (warp, {"matrix": np.zeros((3, 3), np.int32)}, r"matrix must have the shape \[2, 3\]"),
    (warp, {"matrix": np.zeros((2, 3))}, "matrix must hold int32"),
    (warp, {"image": grey(9, 9, 3)}, "image must have 2 axes"),
    (warp, {"image": grey(0, 9)}, "sizes"),
    (warp, {"out": grey(0, 9)}, "sizes"),
    (warp, {"out": locked(grey(4, 4))}, "writable"),
    (warp, {"image": SHARED_GREY, "out": SHARED_GREY[:4]}, "share memory with image"),
    (warp, {"matrix": SHARED_GREY.reshape(-1)[:24].view(np.int32).reshape(2, 3), "out": SHARED_GREY[:4]}, "matrix"),
    (resize, {"image": zeros(9, 9)}, "image must hold uint8"),
    (resize, {"image": grey(9, 18)[:, ::2]}, "image must be contiguous"),
    (resize, {"out": grey(4, 0)}, "sizes"),
    (resize, {"image": grey(1, 32768)}, "sizes"),
    (resize, {"image": SHARED_GREY, "out": SHARED_GREY[:4]}, "share memory with image"),
]


NARROW = [conv8, depthwise8, add8, average8, unit8, copy8, windowed_average8, upsample8]
KERNELS = [
    conv,
    depthwise,
    add,
    pool,
    average,
    windowed_average,
    copy,
    shuffle,
    upsample,
    many,
    one,
    warp,
    resize,
    *NARROW,
]


@pytest.mark.parametrize(("kernel", "changes", "sentence"), REFUSED)
def test_refused(kernel: Callable[..., None], changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        kernel(**changes)


@pytest.mark.parametrize("kernel", KERNELS)
def test_accepted_without_changes(kernel: Callable[..., None]) -> None:
    kernel()


def test_read_only_inputs_are_fine() -> None:
    conv(x=locked(zeros(6, 5, 3)), weight=locked(zeros(4, 3, 3, 3)))


def test_a_sum_may_lie_in_the_place_of_a_summand() -> None:
    x, other = np.full((6, 5, 3), 1, np.int16), np.full((6, 5, 3), 2, np.int16)
    add(x=x, other=other, out=x, channel=0)
    assert (x == 3).all()  # (1 + 2 * 2 + 1) >> 1
    add(x=x, other=other, out=other, channel=0)
    assert (other == 4).all()


def test_a_refusal_leaves_the_output_alone() -> None:
    out = np.full((6, 5, 8), 9, np.int16)
    with pytest.raises(ValueError, match="norm"):
        conv(out=out, norm=np.array([0, 0, 0, 99], np.uint8))
    assert (out == 9).all()

"""Layers of any geometry for tests, each with what it reads and the size of what it makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from arrays import filled
from peephole.fixedpoint.averages import average_factors, window_counts
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Conv2d,
    CopyChannels,
    DepthwiseConv2d,
    Layer,
    MaxPool,
    ShuffleChannels,
)
from peephole.fixedpoint.window import Window, window_fields

LARGEST_SIDE = 9


@dataclass(frozen=True)
class Case:
    """A layer, the arrays that it reads, and the shape and type of the tensor that it writes into."""

    layer: Layer
    inputs: list[Any]
    shape: tuple[int, int, int]
    dtype: Any


@dataclass
class _Drawn:
    """What the layers of a case share."""

    draw: st.DrawFn
    dtype: Any
    x: Any
    channel: int
    more: int

    def window(self, kernels: list[tuple[int, int]], meets: bool = False) -> tuple[Window, tuple[int, int]]:
        """A window over x and a size of its output. meets: no window may miss x."""
        draw = self.draw
        size = draw(st.sampled_from(kernels))
        stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(2)) for _ in range(2))
        extent = Window(size, dilation=dilation).extent
        padding = tuple(draw(st.integers(0, reach - 1)) for reach in extent)
        window = Window(size, stride, padding, dilation)
        if meets and any(window.steps_over(side, direction) for direction, side in enumerate(self.x.shape[:2])):
            window = Window(size, stride)
        most = window.beginning(*self.x.shape[:2])
        return window, (draw(st.integers(1, most[0])), draw(st.integers(1, most[1])))

    def clip(self, dtype: Any) -> dict[str, Any]:
        """ReLU, a floor, a ceiling, or none."""
        limits = np.iinfo(dtype)
        relu = self.draw(st.booleans())
        ceiling = self.draw(st.none() | st.integers(0, limits.max))
        floor = None if relu else self.draw(st.none() | st.integers(limits.min, 0))
        return {"relu": relu, "ceiling": ceiling, "floor": floor}

    def wider(self) -> Any:
        """The type of what a layer writes that can write 16 bits from 8."""
        return self.draw(st.sampled_from([self.dtype, np.int16]))

    def sums(self, weight: Any, rule: str) -> dict[str, Any]:
        """Bias, norm and formats of a convolution; both accumulators, unproved: kernels must agree where they wrap."""
        outputs = len(weight)
        bias = np.int16 if rule == "per_channel" else np.int32
        norm = self.draw(st.lists(st.integers(0, 31), min_size=outputs, max_size=outputs))
        return {
            "weight": weight,
            "bias": self.draw(filled((outputs,), bias)).astype(np.int32),
            "norm": np.array(norm, np.uint8),
            "weight_frac_bits": np.zeros(outputs, np.int8),
            "accumulator_bits": self.draw(st.sampled_from([32, 64])) if self.dtype == np.int16 else 32,
        }

    def case(self, layer: Layer, size: tuple[int, int], written: int, dtype: Any, *others: Any) -> Case:
        shape = (*size, self.channel + written + self.more)
        return Case(layer, [self.x, *others], shape, dtype)


def _names(drawn: _Drawn) -> dict[str, Any]:
    return {"name": "layer", "input": "x", "output": "y", "channel": drawn.channel}


def _conv2d(drawn: _Drawn) -> Case:
    draw, channels = drawn.draw, drawn.x.shape[2]
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    outputs = groups * draw(st.integers(1, 9))
    window, size = drawn.window([(1, 1), (3, 3), (2, 5), (1, 4)])
    weight = draw(filled((outputs, *window.size, channels // groups), drawn.dtype))
    rule = draw(st.sampled_from(["full", "per_channel"])) if drawn.dtype == np.int16 else "full"
    dtype = drawn.wider()
    fields = drawn.sums(weight, rule) | drawn.clip(dtype) | _moves(window)
    layer = Conv2d(**_names(drawn), **fields, groups=groups, accumulation=rule)
    return drawn.case(layer, size, outputs, dtype)


def _depthwise(drawn: _Drawn) -> Case:
    window, size = drawn.window([(1, 1), (3, 3), (2, 5), (8, 8)])
    weight = drawn.draw(filled((drawn.x.shape[2], *window.size), drawn.dtype))
    dtype = drawn.wider()
    fields = drawn.sums(weight, "full") | drawn.clip(dtype) | _moves(window)
    return drawn.case(DepthwiseConv2d(**_names(drawn), **fields), size, len(weight), dtype)


def _max_pool(drawn: _Drawn) -> Case:
    window, size = drawn.window([(1, 1), (2, 2), (3, 3), (2, 5)], meets=True)
    layer = MaxPool(**_names(drawn), **_pooled(window))
    return drawn.case(layer, size, drawn.x.shape[2], drawn.dtype)


def _average_pool(drawn: _Drawn) -> Case:
    draw = drawn.draw
    window, size = drawn.window([(1, 1), (2, 2), (3, 3), (2, 5)], meets=True)
    counts_padding, end = draw(st.booleans()), (draw(st.integers(0, 4)), draw(st.integers(0, 4)))
    counts = window_counts(window, drawn.x.shape[:2], size, end if counts_padding else None)
    factors, shift = average_factors(counts.ravel().tolist(), window.size[0] * window.size[1], draw(st.integers(0, 3)))
    options = {"counts_padding": counts_padding, "padding_bottom": end[0], "padding_right": end[1]}
    layer = AveragePool(**_names(drawn), **_pooled(window), factors=factors, shift=shift, **options)
    return drawn.case(layer, size, drawn.x.shape[2], drawn.wider())


def _add(drawn: _Drawn) -> Case:
    shift, other, norm = (drawn.draw(st.integers(0, 31)) for _ in range(3))
    layer = Add(**_names(drawn), other="z", shift=shift, other_shift=other, norm=norm, **drawn.clip(drawn.dtype))
    second = drawn.draw(filled(drawn.x.shape, drawn.dtype))
    return drawn.case(layer, drawn.x.shape[:2], drawn.x.shape[2], drawn.dtype, second)


def _copy(drawn: _Drawn) -> Case:
    draw, channels = drawn.draw, drawn.x.shape[2]
    first = draw(st.integers(0, channels - 1))
    count, dtype = draw(st.integers(1, channels - first)), draw(st.sampled_from([np.int8, np.int16]))
    shift = draw(st.integers(-31, 31) | st.just(0))
    clip = draw(st.just({}) | st.just(drawn.clip(dtype)))
    layer = CopyChannels(**_names(drawn), first=first, count=count, shift=shift, **clip)
    return drawn.case(layer, drawn.x.shape[:2], count, dtype)


def _shuffle(drawn: _Drawn) -> Case:
    channels = drawn.x.shape[2]
    groups = drawn.draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    layer = ShuffleChannels(**_names(drawn), groups=groups)
    return drawn.case(layer, drawn.x.shape[:2], channels, drawn.dtype)


def _moves(window: Window) -> dict[str, Any]:
    return window_fields(window.stride, window.padding, window.dilation)


def _pooled(window: Window) -> dict[str, Any]:
    return _moves(window) | {"size": window.size[0], "size_x": window.size[1]}


KINDS = {
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise,
    "max_pool": _max_pool,
    "average_pool": _average_pool,
    "add": _add,
    "copy_channels": _copy,
    "shuffle_channels": _shuffle,
}


@st.composite
def cases(draw: st.DrawFn, kind: str, dtypes: Sequence[Any] = (np.int16, np.int8)) -> Case:
    """A layer of this kind, of 16 or 8 bits."""
    dtype = draw(st.sampled_from(dtypes))
    channels = draw(st.one_of(st.integers(1, 12), st.sampled_from([16, 20, 48])))
    shape = (draw(st.integers(1, LARGEST_SIDE)), draw(st.integers(1, LARGEST_SIDE)), channels)
    x = draw(filled(shape, dtype))
    return KINDS[kind](_Drawn(draw, dtype, x, draw(st.integers(0, 3)), draw(st.integers(0, 3))))

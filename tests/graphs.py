"""Random integer programs of the shapes that the compiler meets: strides, paddings, dilations, groups, sums, slices."""

import dataclasses
from typing import Any

import numpy as np
from hypothesis import strategies as st

from peephole.fixedpoint.averages import average_factors, mean_factor, window_counts
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Clipped,
    Conv2d,
    CopyChannels,
    DepthwiseConv2d,
    GlobalAveragePool,
    L2Normalize,
    Layer,
    MaxPool,
    ShuffleChannels,
    Tensor,
    Upsample,
    add_shifts,
)
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.window import Window, window_fields


class Graph:
    """A program under construction; layers are drawn one by one and keep the values of their tensors lively.

    varied: with cells of every windowed layer side by side, both widths at once, and clips.
    """

    def __init__(self, seed: int, bits: int, side: int, channels: int = 1, varied: bool = False) -> None:
        self.rng = np.random.default_rng(seed)
        self.bits = bits
        self.varied = varied
        self.tensors = [Tensor("image", side, side + int(self.rng.integers(0, 3)), channels, 7, bits)]
        self.layers: list[Layer] = []

    def pick(self, *choices: int) -> int:
        """One of these."""
        return int(self.rng.choice(choices))

    def pick_of(self, *choices: Any) -> Any:
        """One of these, of any type."""
        return choices[self.pick(*range(len(choices)))]

    def window(self, source: Tensor) -> tuple[Window, tuple[int, int]]:
        """A window that fits the tensor, and the height and width that it makes of it."""
        while True:
            window = Window(
                (self.pick(1, 2, 3, 3), self.pick(1, 3)),
                (self.pick(1, 1, 2, 3), self.pick(1, 2)),
                (self.pick(0, 1, 2), self.pick(0, 1)),
                (self.pick(1, 1, 2), self.pick(1, 1, 2) if self.varied else 1),
            )
            sides = (source.height, source.width)
            least, most = window.fitting(*sides), window.beginning(*sides)
            fits = all(reach <= side for reach, side in zip(window.extent, sides, strict=True))
            if fits and all(p < e for p, e in zip(window.padding, window.extent, strict=True)):
                return window, (self.pick(least[0], most[0]), self.pick(least[1], most[1]))

    def new(self, name: str, height: int, width: int, channels: int) -> Tensor:
        """A tensor of its own."""
        self.tensors.append(Tensor(name, height, width, channels, 7, self.bits))
        return self.tensors[-1]

    def conv(self, source: Tensor, out: Tensor, channel: int, outputs: int, window: Window) -> None:
        """A convolution into a slice, whose values stay about as large as its input's."""
        groups = self.pick(*(g for g in (1, 2, 3) if source.channels % g == 0 and outputs % g == 0))
        shape = (outputs, *window.size, source.channels // groups)
        dtype = np.int8 if source.bits == 8 else np.int16
        weight = self.rng.integers(-60, 61, shape).astype(dtype)
        norm = np.full(outputs, 5 + int(np.log2(np.prod(shape[1:]))) // 2, np.uint8)
        self.layers.append(
            Conv2d(
                f"conv{len(self.layers)}",
                source.name,
                out.name,
                channel,
                relu=bool(self.pick(0, 1)),
                accumulation="full",
                accumulator_bits=64 if source.bits == 16 else 32,
                weight=weight,
                bias=self.rng.integers(-999, 1000, outputs).astype(np.int32),
                norm=norm,
                weight_frac_bits=norm.astype(np.int8),
                groups=groups,
                **window_fields(window.stride, window.padding, window.dilation),
            )
        )

    def block(self, source: Tensor, number: int) -> Tensor:
        """Some layers from one tensor to the next."""
        if self.varied and self.pick(0, 1):
            return self.pick_of(self.cell, self.width_changed)(source, number)
        kind = self.pick(0, 1, 2, 3, 4, 5, 6, 7)
        if kind == 0:
            window, sides = self.window(source)
            out = self.new(f"plain{number}", *sides, self.pick(2, 4, 6))
            self.conv(source, out, 0, out.channels, window)
            return out
        if kind == 1:  # a fire module: two windows side by side
            squeezed = self.new(f"squeeze{number}", source.height, source.width, 3)
            self.conv(source, squeezed, 0, 3, Window((1, 1)))
            out = self.new(f"fire{number}", source.height, source.width, 6)
            self.conv(squeezed, out, 0, 2, Window((1, 1)))
            self.conv(squeezed, out, 2, 4, Window((3, 3), padding=(1, 1)))
            return out
        if kind == 2:
            return self.residual(source, number)
        if kind == 3:
            return self.depthwise(source, number)
        if kind == 4 and source.channels > 1:
            return self.mixed(source, number)
        if kind == 5:
            return self.mean_pool(source, number)
        if kind == 7 and min(source.shape[:2]) > 1:
            return self.pyramid(source, number)
        window, sides = self.window(source)
        out = self.new(f"pool{number}", *sides, source.channels)
        moves = window_fields(window.stride, window.padding, window.dilation)
        if any(window.steps_over(side, axis) for axis, side in enumerate((source.height, source.width))):
            moves = window_fields(window.stride, (0, 0))
            sides = Window(window.size, window.stride).fitting(source.height, source.width)
            self.tensors[-1] = out = Tensor(out.name, *sides, source.channels, 7, self.bits)
        self.layers.append(
            MaxPool(f"pool{len(self.layers)}", source.name, out.name, 0, window.size[0], size_x=window.size[1], **moves)
        )
        return out

    def residual(self, source: Tensor, number: int) -> Tensor:
        """Two convolutions and the sum with what they read."""
        wide = self.new(f"wide{number}", source.height, source.width, 5)
        self.conv(source, wide, 0, 5, Window((3, 3), padding=(1, 1)))
        branch = self.new(f"branch{number}", *source.shape)
        self.conv(wide, branch, 0, source.channels, Window((self.pick(1, 3),) * 2, padding=(0, 0)))
        layer = self.layers[-1]
        assert isinstance(layer, Conv2d)
        if layer.kernel_size[0] == 3:
            self.layers[-1] = self._padded(layer)
        out = self.new(f"sum{number}", *source.shape)
        shifts = add_shifts(source.frac_bits, branch.frac_bits, out.frac_bits)
        pair = (source.name, branch.name) if self.pick(0, 1) else (branch.name, source.name)
        self.layers.append(Add(f"sum{number}", *pair, out.name, 0, bool(self.pick(0, 1)), *shifts))
        return out

    def _padded(self, layer: Conv2d) -> Conv2d:
        return dataclasses.replace(layer, padding=1, padding_left=None)

    def pyramid(self, source: Tensor, number: int) -> Tensor:
        """A map of half the size, made as large again, beside what it was made of."""
        height, width = source.height // 2, source.width // 2
        coarse = self.new(f"coarse{number}", height, width, 3)
        self.conv(source, coarse, 0, 3, Window((2, 2), (2, 2)))
        out = self.new(f"pyramid{number}", 2 * height, 2 * width, 3 + self.pick(2, 4))
        self.layers.append(Upsample(f"twice{number}", coarse.name, out.name, 0))
        self.conv(source, out, 3, out.channels - 3, Window((1 + source.height % 2, 1 + source.width % 2)))
        return out

    def mixed(self, source: Tensor, number: int) -> Tensor:
        """A split in two, one half shuffled with itself, the other rectified, and both side by side again."""
        half = max(1, source.channels // 2)
        left = self.new(f"left{number}", source.height, source.width, 2 * half)
        self.layers.append(CopyChannels(f"split{number}", source.name, left.name, 0, 0, half, 0))
        self.layers.append(CopyChannels(f"again{number}", source.name, left.name, half, 0, half, 0))
        out = self.new(f"mixed{number}", source.height, source.width, 2 * half + source.channels - half + 1)
        self.layers.append(ShuffleChannels(f"shuffle{number}", left.name, out.name, 0, 2))
        rest = source.channels - half + 1
        right = self.new(f"right{number}", source.height, source.width, rest)
        self.layers.append(CopyChannels(f"relu{number}", source.name, right.name, 0, half - 1, rest, 0, relu=True))
        self.conv(right, out, 2 * half, rest, Window((1, 1)))
        return out

    def mean_pool(self, source: Tensor, number: int) -> Tensor:
        """Means of 2x2 or 3x3 pixels."""
        window = Window((self.pick(2, 3),) * 2, (self.pick(1, 2),) * 2, (self.pick(0, 1),) * 2)
        if any(reach > side for reach, side in zip(window.extent, (source.height, source.width), strict=True)):
            return source
        out = self.new(f"means{number}", *window.outputs(source.height, source.width), source.channels)
        self.average(source, out, f"means{number}", 0, window)
        return out

    def average(self, source: Tensor, out: Tensor, name: str, channel: int, window: Window) -> None:
        """Means over windows into a slice."""
        counts = bool(self.pick(0, 1))
        taps = window_counts(window, source.shape[:2], out.shape[:2], window.padding if counts else None)
        factors, shift = average_factors(taps.ravel().tolist(), window.size[0] * window.size[1])
        options = {"shift": shift, "factors": factors, "counts_padding": counts}
        moves = window_fields(window.stride, window.padding, window.dilation)
        self.layers.append(AveragePool(name, source.name, out.name, channel, window.size[0], **options, **moves))

    def depthwise(self, source: Tensor, number: int) -> Tensor:
        """A depthwise convolution."""
        window, sides = self.window(source)
        out = self.new(f"depthwise{number}", *sides, source.channels)
        self.depthwise_conv(source, out, f"depthwise{len(self.layers)}", 0, window)
        return out

    def depthwise_conv(self, source: Tensor, out: Tensor, name: str, channel: int, window: Window) -> None:
        """A depthwise convolution into a slice."""
        dtype = np.int8 if source.bits == 8 else np.int16
        norm = np.full(source.channels, 6, np.uint8)
        self.layers.append(
            DepthwiseConv2d(
                name,
                source.name,
                out.name,
                channel,
                relu=False,
                accumulator_bits=64 if source.bits == 16 else 32,
                weight=self.rng.integers(-60, 61, (source.channels, *window.size)).astype(dtype),
                bias=self.rng.integers(-99, 99, source.channels).astype(np.int32),
                norm=norm,
                weight_frac_bits=norm.astype(np.int8),
                **window_fields(window.stride, window.padding, window.dilation),
            )
        )

    def cell(self, source: Tensor, number: int) -> Tensor:
        """Both pools, a depthwise and a plain convolution side by side in one tensor, not in their order; shuffled."""
        stride = (self.pick(1, 2), self.pick(1, 2, 3))
        near = Window((3, 3), stride, (1, 1))
        dilation = (self.pick(1, 2), self.pick(1, 2))
        wide = Window((3, 3), stride, dilation, dilation)
        inputs = source.height, source.width
        if min(inputs) < 5 or any(w.steps_over(side, axis) for w in (near, wide) for axis, side in enumerate(inputs)):
            return source
        channels, outputs = source.channels, self.pick(2, 4, 6)
        sides = self.pick_of(near.fitting, near.beginning)(*inputs)
        out = self.new(f"cell{number}", *sides, 3 * channels + outputs)
        window = self.pick_of(near, wide)
        moves = window_fields(window.stride, window.padding, window.dilation)
        self.layers.append(MaxPool(f"most{number}", source.name, out.name, channels, 3, **moves))
        self.average(source, out, f"average{number}", 2 * channels, self.pick_of(near, wide))
        self.depthwise_conv(source, out, f"each{number}", 0, self.pick_of(near, wide))
        self.conv(source, out, 3 * channels, outputs, self.pick_of(near, wide))
        mixed = self.new(f"shuffled{number}", *out.shape)
        groups = self.pick(*(g for g in (2, 3, out.channels) if out.channels % g == 0))
        self.layers.append(ShuffleChannels(f"shuffled{number}", out.name, mixed.name, 0, groups))
        return mixed

    def width_changed(self, source: Tensor, number: int) -> Tensor:
        """From 8 to 16 bits by every layer of a whole map that can, from 16 to 8 by a copy to fewer fraction bits."""
        if source.bits == 16:
            self.bits = 8
            self.tensors.append(Tensor(f"narrow{number}", *source.shape, self.pick(3, 5), 8))
            out = self.tensors[-1]
            shift = out.frac_bits - source.frac_bits
            copy = CopyChannels(f"narrow{number}", source.name, out.name, 0, 0, source.channels, shift)
            self.layers.append(copy)
            return self.as_usual(out, number)
        self.bits, channels = 16, source.channels
        out, around = self.new(f"wide{number}", *source.shape[:2], 3 * channels + 1), Window((3, 3), padding=(1, 1))
        self.average(source, out, f"mean{number}", channels, around)
        self.depthwise_conv(source, out, f"each{number}", 2 * channels, around)
        self.conv(source, out, 0, channels, around)
        shift = out.frac_bits - source.frac_bits
        self.layers.append(CopyChannels(f"last{number}", source.name, out.name, 3 * channels, channels - 1, 1, shift))
        return out

    def as_usual(self, source: Tensor, number: int) -> Tensor:
        """The values in the format that the other blocks expect."""
        out = self.new(f"usual{number}", *source.shape)
        shift = out.frac_bits - source.frac_bits
        self.layers.append(CopyChannels(f"usual{number}", source.name, out.name, 0, 0, source.channels, shift))
        return out

    def clipped(self) -> tuple[Layer, ...]:
        """The layers; of a varied graph some of those that can with a floor or a ceiling."""
        return tuple(self.clip(layer) if self.varied else layer for layer in self.layers)

    def clip(self, layer: Layer) -> Layer:
        """The layer, perhaps with a floor or a ceiling; 8 bits hold them."""
        if not isinstance(layer, Clipped) or self.pick(0, 1):
            return layer
        floor = None if layer.relu else self.pick_of(None, -90, 0)
        return dataclasses.replace(layer, floor=floor, ceiling=self.pick_of(None, 17, 100))

    def finish(self, source: Tensor, mirrored: bool) -> IntegerProgram:
        """A mean, a last convolution, and for a mirrored program a scaling to length one."""
        if self.varied and self.pick(0, 1):
            self.bits = 16
        factor, shift = mean_factor(source.height * source.width, 0)
        mean = self.new("mean", 1, 1, source.channels)
        self.layers.append(GlobalAveragePool("mean", source.name, "mean", 0, factor, shift))
        last = self.new("vector", 1, 1, 6)
        self.conv(mean, last, 0, 6, Window((1, 1)))
        if mirrored:
            self.tensors.append(Tensor("unit", 1, 1, 6, 12, 16))
            self.layers.append(L2Normalize("unit", "vector", "unit", 0, 12))
        start, *others = self.tensors
        return IntegerProgram("random", start, 128, tuple(others), self.clipped(), others[-1].name, mirrored=mirrored)


def random_network(
    seed: int, bits: int = 16, blocks: int = 4, side: int = 12, channels: int = 3, varied: bool = False
) -> IntegerProgram:
    """A program of so many blocks that takes a tensor and makes one of any shape."""
    graph = Graph(seed, bits, side, channels, varied)
    tensor = graph.tensors[0]
    for number in range(blocks):
        tensor = graph.block(tensor, number)
    window, sides = graph.window(tensor)
    last = graph.new("last", *sides, 4)
    graph.conv(tensor, last, 0, 4, window)
    start, *others = graph.tensors
    return IntegerProgram(
        "network", start, 0, tuple(others), graph.clipped(), "last", task="network", input_kind="tensor"
    )


def random_graph(
    seed: int, bits: int = 16, blocks: int = 4, side: int = 12, mirrored: bool = False, varied: bool = False
) -> IntegerProgram:
    """A program of so many blocks."""
    graph = Graph(seed, bits, side, varied=varied)
    tensor = graph.tensors[0]
    for number in range(blocks):
        tensor = graph.block(tensor, number)
    return graph.finish(tensor, mirrored)


def graphs() -> st.SearchStrategy[IntegerProgram]:
    """Random programs of 16 and 8 bits: of images, in one or two passes, and of tensors; some of both widths."""
    common = (st.integers(0, 2**32 - 1), st.sampled_from([16, 8]), st.integers(1, 5), st.integers(8, 14))
    images = st.builds(random_graph, *common, mirrored=st.booleans(), varied=st.booleans())
    return images | st.builds(random_network, *common, st.integers(1, 4), varied=st.booleans())

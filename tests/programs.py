"""Random integer programs and tiny float networks for tests."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from arrays import filled
from peephole.fixedpoint.averages import average_factors, mean_factor, window_counts
from peephole.fixedpoint.float_layers import (
    FloatAdd,
    FloatConv2d,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
)
from peephole.fixedpoint.float_network import FloatNetwork, FloatTensor
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Conv2d,
    Convolution,
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
from peephole.fixedpoint.proof import fits_32_bits, value_ranges
from peephole.fixedpoint.window import Window, window_fields

SIDE = 12


class Drawn:
    """A program under construction: draws layers, appends them, keeps their tensors."""

    def __init__(self, draw: st.DrawFn, offset: int, bits: int = 16) -> None:
        self.draw = draw
        self.offset = offset
        self.bits = bits
        self.tensors = [Tensor("image", SIDE, draw(st.integers(SIDE, SIDE + 3)), 1, draw(st.integers(0, 8)), bits)]
        self.layers: list[Layer] = []

    def tensor(self, name: str, height: int, width: int, channels: int, frac_bits: int, bits: int) -> Tensor:
        """The tensor of this name, a new one if there is none."""
        found = [tensor for tensor in self.tensors if tensor.name == name]
        if not found:
            found = [Tensor(name, height, width, channels, frac_bits, bits)]
            self.tensors += found
        return found[0]

    def width(self, source: Tensor, wide: bool) -> int:
        """Bits of what a layer writes that may write 16 bits from 8."""
        return 16 if source.bits == 16 or (wide and self.draw(st.booleans())) else 8

    def convolution(
        self, layer: type[Convolution], source: Tensor, out: Tensor, shape: tuple[int, ...], **fields: Any
    ) -> None:
        """A convolution with drawn weights, biases and formats; 64-bit sums where 32 bits are not proved."""
        draw = self.draw
        rule = draw(st.sampled_from(["full", "per_channel"])) if layer is Conv2d and source.bits == 16 else "full"
        low = max(0, source.frac_bits - out.frac_bits)
        norm = np.array([draw(st.integers(low, low + 16)) for _ in range(shape[0])], np.uint8)
        limit = np.int16 if rule == "per_channel" or source.bits == 8 else np.int32
        fields |= {
            "name": f"{out.name}.{fields['channel']}",
            "input": source.name,
            "output": out.name,
            "accumulator_bits": 32,
            "weight": draw(filled(shape, source.dtype)),
            "bias": draw(filled(shape[:1], limit)).astype(np.int32),
            "norm": norm,
            "weight_frac_bits": (norm.astype(int) + out.frac_bits - source.frac_bits).astype(np.int8),
        }
        fields |= {"accumulation": rule} if layer is Conv2d else {}
        bits = {tensor.name: tensor.bits for tensor in self.tensors}
        inputs = value_ranges("image", self.offset, self.layers, bits)[source.name]
        if rule == "full" and not fits_32_bits(layer(**fields), inputs):
            fields["accumulator_bits"] = 64
        self.layers.append(layer(**fields))

    def conv(self, source: Tensor, output: str, channel: int, total: int, kernel: int, relu: bool, wide: bool) -> None:
        outputs = total - channel if channel else self.draw(st.integers(1, total - 1)) if total > 1 else 1
        frac_bits, bits = self.draw(st.integers(0, 14)), self.width(source, wide)
        out = self.tensor(output, source.height, source.width, total, frac_bits, bits)
        shape = (outputs, kernel, kernel, source.channels)
        options = {"channel": channel, "stride": 1, "padding": kernel // 2, "relu": relu}
        self.convolution(Conv2d, source, out, shape, **options)

    def fill(self, source: Tensor, output: str, relu: bool, wide: bool = False) -> Tensor:
        """One or two convolutions side by side into one tensor."""
        total = self.draw(st.integers(1, 6))
        kernels = st.sampled_from([1, 3])
        self.conv(source, output, 0, total, self.draw(kernels), relu, wide)
        last = self.layers[-1]
        assert isinstance(last, Conv2d)
        if last.channels < total:
            self.conv(source, output, last.channels, total, self.draw(kernels), relu, wide)
        return self.tensors[-1]

    def depthwise(self, source: Tensor, name: str) -> Tensor:
        """A depthwise convolution, 3x3 or over the whole map."""
        whole = self.draw(st.booleans()) and source.height * source.width <= 64
        kernel = (source.height, source.width) if whole else (3, 3)
        stride, padding = (1, 0) if whole else (self.draw(st.integers(1, 2)), 1)
        height, width = (
            (side + 2 * padding - k) // stride + 1
            for side, k in zip((source.height, source.width), kernel, strict=True)
        )
        frac_bits, bits = self.draw(st.integers(0, 14)), self.width(source, wide=False)
        out = self.tensor(name, height, width, source.channels, frac_bits, bits)
        options = {"channel": 0, "stride": stride, "padding": padding, "relu": self.draw(st.booleans())}
        self.convolution(DepthwiseConv2d, source, out, (source.channels, *kernel), **options)
        return out

    def residual(self, source: Tensor, name: str) -> Tensor:
        """A convolution that keeps the shape, and its sum with what it read."""
        branch = self.tensor(f"{name}.branch", *source.shape, frac_bits=self.draw(st.integers(0, 14)), bits=source.bits)
        options = {"channel": 0, "stride": 1, "padding": 0, "relu": False}
        self.convolution(Conv2d, source, branch, (source.channels, 1, 1, source.channels), **options)
        out = self.tensor(name, *source.shape, frac_bits=self.draw(st.integers(0, 14)), bits=source.bits)
        shifts = add_shifts(source.frac_bits, branch.frac_bits, out.frac_bits)
        self.layers.append(Add(name, source.name, branch.name, name, 0, self.draw(st.booleans()), *shifts))
        return out

    def pooled(self, source: Tensor) -> tuple[dict[str, Any], tuple[int, int]]:
        """The window of a pool, perhaps padded, and a size of its output, the last incomplete windows perhaps too."""
        size, stride = self.draw(st.sampled_from([(2, 2), (3, 2), (3, 1)]))
        fields = {"size": size, "stride": stride, "padding": self.draw(st.integers(0, 1))}
        window = Window((size, size), (stride, stride), (fields["padding"],) * 2)
        whole = self.draw(st.booleans())
        sides = window.beginning if whole else window.fitting
        return fields, sides(source.height, source.width)

    def pool(self, source: Tensor, name: str) -> Tensor:
        fields, size = self.pooled(source)
        self.layers.append(MaxPool(name, source.name, name, 0, **fields))
        return self.tensor(name, *size, source.channels, source.frac_bits, source.bits)

    def average(self, source: Tensor, name: str) -> Tensor:
        """A windowed mean, to finer steps or not."""
        fields, size = self.pooled(source)
        window = Window((fields["size"],) * 2, (fields["stride"],) * 2, (fields["padding"],) * 2)
        counts_padding = self.draw(st.booleans())
        counts = window_counts(window, source.shape[:2], size, window.padding if counts_padding else None)
        finer = self.draw(st.integers(0, 3))
        factors, shift = average_factors(counts.ravel().tolist(), fields["size"] ** 2, finer)
        options = {"shift": shift, "factors": factors, "counts_padding": counts_padding}
        self.layers.append(AveragePool(name, source.name, name, 0, **fields, **options))
        return self.tensor(name, *size, source.channels, source.frac_bits + finer, self.width(source, wide=False))

    def grouped(self, source: Tensor, name: str) -> Tensor:
        """A grouped and dilated convolution with a ceiling."""
        draw = self.draw
        groups = draw(st.sampled_from([g for g in range(1, source.channels + 1) if source.channels % g == 0]))
        outputs = groups * draw(st.integers(1, 2))
        dilation, stride_x = draw(st.integers(1, 2)), draw(st.integers(1, 2))
        window = Window((3, 3), (1, stride_x), (dilation, 0), (dilation, 1))
        frac_bits, bits = draw(st.integers(0, 14)), self.width(source, wide=False)
        size = window.beginning(source.height, source.width)
        out = self.tensor(name, *size, outputs, frac_bits, bits)
        fields = window_fields(window.stride, window.padding, window.dilation)
        clip = {"relu": draw(st.booleans()), "ceiling": draw(st.none() | st.integers(0, 127))}
        shape = (outputs, 3, 3, source.channels // groups)
        self.convolution(Conv2d, source, out, shape, channel=0, groups=groups, **clip, **fields)
        return out

    def shuffled(self, source: Tensor, name: str) -> Tensor:
        """Its channels in another order, then all of them but some of the first twice, in another format."""
        draw = self.draw
        groups = draw(st.sampled_from([g for g in range(1, source.channels + 1) if source.channels % g == 0]))
        self.layers.append(ShuffleChannels(f"{name}.order", source.name, f"{name}.order", 0, groups))
        order = self.tensor(f"{name}.order", *source.shape, source.frac_bits, source.bits)
        count = draw(st.integers(1, source.channels))
        shape = (source.height, source.width, source.channels + count)
        out = self.tensor(name, *shape, draw(st.integers(0, 14)), draw(st.sampled_from([8, 16])))
        shift, relu = out.frac_bits - source.frac_bits, draw(st.booleans())
        parts = [(f"{name}.all", order, 0, 0, source.channels), (f"{name}.some", source, source.channels, 0, count)]
        for layer, read, channel, first, some in parts:
            self.layers.append(CopyChannels(layer, read.name, name, channel, first, some, shift, relu))
        return out

    def upsampled(self, source: Tensor, name: str) -> Tensor:
        """Every pixel four times, of a map that stays small."""
        self.layers.append(Upsample(name, source.name, name, 0))
        height, width, channels = source.shape
        return self.tensor(name, 2 * height, 2 * width, channels, source.frac_bits, source.bits)

    def mean(self, source: Tensor) -> Tensor:
        finer = self.draw(st.integers(0, 3))
        factor, shift = mean_factor(source.height * source.width, finer)
        self.layers.append(GlobalAveragePool("mean", source.name, "mean", 0, factor, shift))
        return self.tensor("mean", 1, 1, source.channels, source.frac_bits + finer, self.width(source, wide=True))

    def unit_length(self, source: Tensor) -> Tensor:
        bits = self.draw(st.integers(0, 14))
        self.layers.append(L2Normalize("unit", source.name, "unit", 0, bits))
        return self.tensor("unit", 1, 1, source.channels, bits, 16)


@st.composite
def programs(draw: st.DrawFn) -> IntegerProgram:
    """A random program of 16 or 8 bits.

    Convolutions in slices, perhaps residual, depthwise, pooled, grouped or shuffled, a mean, a last
    convolution, perhaps a scaling to length one.
    """
    bits = draw(st.sampled_from([16, 8]))
    offset = 128 if bits == 8 else draw(st.sampled_from([0, 128, 255]))
    drawn = Drawn(draw, offset, bits)
    tensor = drawn.tensors[0]
    for number in range(draw(st.integers(1, 3))):
        tensor = drawn.fill(tensor, f"conv{number}", draw(st.booleans()))
        if draw(st.booleans()):
            tensor = drawn.residual(tensor, f"sum{number}")
        if draw(st.booleans()):
            tensor = drawn.depthwise(tensor, f"depthwise{number}")
        if draw(st.booleans()) and min(tensor.height, tensor.width) >= 3:
            pool = draw(st.sampled_from([drawn.pool, drawn.average]))
            tensor = pool(tensor, f"pool{number}")
        other = draw(st.sampled_from([None, drawn.grouped, drawn.shuffled, drawn.upsampled]))
        if other is not None and min(tensor.height, tensor.width) >= 3:
            tensor = other(tensor, f"other{number}")
    tensor = drawn.fill(drawn.mean(tensor), "descriptor", relu=False, wide=True)
    if draw(st.booleans()):
        tensor = drawn.unit_length(tensor)
    start, *others = drawn.tensors
    return IntegerProgram("random", start, offset, tuple(others), tuple(drawn.layers), tensor.name)


def tiny_network(seed: int = 0, side: int = 17, descriptor: int = 5, unit_length: bool = False) -> FloatNetwork:
    """A float network in the shape of a small SqueezeNet: stem, pool, one fire, mean, descriptor."""
    rng = np.random.default_rng(seed)
    half = (side - 3) // 2 + 1
    pooled = (half - 3) // 2 + 1

    def conv(name: str, source: str, output: str, shape: tuple[int, ...], **options: Any) -> FloatConv2d:
        weight = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        settings = {"channel": 0, "stride": 1, "padding": 0, "relu": True} | options
        return FloatConv2d(name, source, output, weight=weight, bias=rng.normal(0, 0.1, shape[0]), **settings)

    tensors = (
        FloatTensor("conv1", half, half, 6),
        FloatTensor("pool", pooled, pooled, 6),
        FloatTensor("squeeze", pooled, pooled, 4),
        FloatTensor("fire", pooled, pooled, 12),
        FloatTensor("mean", 1, 1, 12),
        FloatTensor("descriptor", 1, 1, descriptor),
    )
    layers = (
        conv("conv1", "image", "conv1", (6, 3, 3, 1), stride=2),
        MaxPool("pool", "conv1", "pool", 0, 3, 2),
        conv("squeeze", "pool", "squeeze", (4, 1, 1, 6)),
        conv("expand1", "squeeze", "fire", (5, 1, 1, 4)),
        conv("expand3", "squeeze", "fire", (7, 3, 3, 4), channel=5, padding=1),
        FloatGlobalAveragePool("mean", "fire", "mean", 0),
        conv("descriptor", "mean", "descriptor", (descriptor, 1, 1, 12), relu=False),
    )
    image = FloatTensor("image", side, side, 1)
    if unit_length:
        tensors = (*tensors, FloatTensor("unit", 1, 1, descriptor))
        layers = (*layers, FloatL2Normalize("unit", "descriptor", "unit", 0))
    return FloatNetwork("tiny", image, 128.0, 128.0, tensors, layers, tensors[-1].name)


def residual_network(seed: int = 0, descriptor: int = 8) -> FloatNetwork:
    """A float network for 16x16 images: stem, a residual block, a second one that halves, depthwise to one pixel."""
    rng = np.random.default_rng(seed)

    def conv(name: str, source: str, shape: tuple[int, ...], relu: bool = True, **options: Any) -> Any:
        weight = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        settings = {"channel": 0, "stride": 1, "padding": shape[1] // 2, "relu": relu} | options
        layer = FloatConv2d if len(shape) == 4 else FloatDepthwiseConv2d
        return layer(name, source, name, weight=weight, bias=rng.normal(0, 0.1, shape[0]), **settings)

    layers = (
        conv("stem", "image", (6, 3, 3, 1), padding=0, stride=2),
        conv("a1", "stem", (6, 3, 3, 6)),
        conv("a2", "a1", (6, 3, 3, 6), relu=False),
        FloatAdd("a", "a2", "stem", "a", 0, True),
        conv("b1", "a", (10, 1, 1, 6)),
        conv("b2", "b1", (10, 3, 3), stride=2),
        conv("b3", "b2", (9, 1, 1, 10), relu=False),
        conv("b4", "a", (9, 1, 1, 6), relu=False, stride=2),
        FloatAdd("b", "b3", "b4", "b", 0, False),
        conv("whole", "b", (9, 4, 4), relu=False, padding=0),
        conv("descriptor", "whole", (descriptor, 1, 1, 9), relu=False),
        FloatL2Normalize("unit", "descriptor", "unit", 0),
    )
    sides = {"stem": 7, "a1": 7, "a2": 7, "a": 7, "b1": 7, "b2": 4, "b3": 4, "b4": 4, "b": 4}
    widths = {"a": 6, "b": 9, "unit": descriptor} | {
        layer.name: len(layer.weight) for layer in layers if isinstance(layer, FloatConv2d | FloatDepthwiseConv2d)
    }
    tensors = tuple(FloatTensor(layer.name, *(sides.get(layer.name, 1),) * 2, widths[layer.name]) for layer in layers)
    return FloatNetwork("residual", FloatTensor("image", 16, 16, 1), 128.0, 128.0, tensors, layers, "unit")


def smooth_images(count: int, side: int, seed: int = 0) -> Any:
    """Images with structure: a few random waves each, uint8 [N,side,side]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    images = []
    for _ in range(count):
        waves = sum(
            rng.uniform(10, 60) * np.sin(2 * np.pi * (rng.uniform(0, 4) * x + rng.uniform(0, 4) * y + rng.random()))
            for _ in range(4)
        )
        images.append(np.clip(128 + waves, 0, 255).astype(np.uint8))
    return np.stack(images)


def extreme_images(height: int, width: int) -> dict[str, Any]:
    """The images on which fixed-point arithmetic breaks first."""
    y, x = np.mgrid[:height, :width]
    return {
        "white": np.full((height, width), 255, np.uint8),
        "black": np.zeros((height, width), np.uint8),
        "noise": np.random.default_rng(7).integers(0, 256, (height, width), np.uint8),
        "checkerboard": ((x + y) % 2 * 255).astype(np.uint8),
    }

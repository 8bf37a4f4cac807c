"""Random integer programs and tiny float networks for tests."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from arrays import filled
from peephole.fixedpoint.float_network import (
    FloatConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatNetwork,
    FloatTensor,
)
from peephole.fixedpoint.layers import Conv2d, GlobalAveragePool, L2Normalize, Layer, MaxPool, Tensor
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.proof import fits_32_bits, value_ranges
from peephole.fixedpoint.quantize import mean_factor

SIDE = 12


class Drawn:
    """A program under construction: draws layers, appends them, keeps their tensors."""

    def __init__(self, draw: st.DrawFn, offset: int) -> None:
        self.draw = draw
        self.offset = offset
        self.tensors = [Tensor("image", SIDE, draw(st.integers(SIDE, SIDE + 3)), 1, draw(st.integers(0, 8)))]
        self.layers: list[Layer] = []

    def conv(self, source: Tensor, output: str, channel: int, total: int, kernel: int, relu: bool) -> None:
        draw = self.draw
        padding = kernel // 2
        outputs = total - channel if channel else draw(st.integers(1, total - 1)) if total > 1 else 1
        rule = draw(st.sampled_from(["full", "per_channel"]))
        out = next((t for t in self.tensors if t.name == output), None)
        if out is None:
            out = Tensor(output, source.height, source.width, total, draw(st.integers(0, 14)))
            self.tensors.append(out)
        low = max(0, source.frac_bits - out.frac_bits)
        norm = np.array([draw(st.integers(low, low + 16)) for _ in range(outputs)], np.uint8)
        bias = draw(filled((outputs,), np.int16 if rule == "per_channel" else np.int32)).astype(np.int32)
        conv: dict[str, Any] = {
            "name": f"{output}.{channel}",
            "input": source.name,
            "output": output,
            "channel": channel,
            "stride": 1,
            "padding": padding,
            "relu": relu,
            "accumulation": rule,
            "accumulator_bits": 32,
            "weight": draw(filled((outputs, kernel, kernel, source.channels), np.int16)),
            "bias": bias,
            "norm": norm,
            "weight_frac_bits": (norm.astype(int) + out.frac_bits - source.frac_bits).astype(np.int8),
        }
        ranges = value_ranges("image", self.offset, self.layers)
        if rule == "full" and not fits_32_bits(Conv2d(**conv), ranges[source.name]):
            conv["accumulator_bits"] = 64
        self.layers.append(Conv2d(**conv))

    def fill(self, source: Tensor, output: str, relu: bool) -> Tensor:
        """One or two convolutions side by side into one tensor."""
        total = self.draw(st.integers(1, 6))
        kernels = st.sampled_from([1, 3])
        self.conv(source, output, 0, total, self.draw(kernels), relu)
        last = self.layers[-1]
        assert isinstance(last, Conv2d)
        if last.channels < total:
            self.conv(source, output, last.channels, total, self.draw(kernels), relu)
        return self.tensors[-1]

    def pool(self, source: Tensor, name: str) -> Tensor:
        size, stride = self.draw(st.sampled_from([(2, 2), (3, 2), (3, 1)]))
        height, width = ((side - size) // stride + 1 for side in (source.height, source.width))
        self.layers.append(MaxPool(name, source.name, name, 0, size, stride))
        self.tensors.append(Tensor(name, height, width, source.channels, source.frac_bits))
        return self.tensors[-1]

    def mean(self, source: Tensor) -> Tensor:
        finer = self.draw(st.integers(0, 3))
        factor, shift = mean_factor(source.height * source.width, finer)
        self.layers.append(GlobalAveragePool("mean", source.name, "mean", 0, factor, shift))
        self.tensors.append(Tensor("mean", 1, 1, source.channels, source.frac_bits + finer))
        return self.tensors[-1]

    def unit_length(self, source: Tensor) -> Tensor:
        bits = self.draw(st.integers(0, 14))
        self.layers.append(L2Normalize("unit", source.name, "unit", 0, bits))
        self.tensors.append(Tensor("unit", 1, 1, source.channels, bits))
        return self.tensors[-1]


@st.composite
def programs(draw: st.DrawFn) -> IntegerProgram:
    """A random program: convolutions in slices, pools, a mean, a last convolution, perhaps a scaling to length one."""
    offset = draw(st.sampled_from([0, 128, 255]))
    drawn = Drawn(draw, offset)
    tensor = drawn.tensors[0]
    for number in range(draw(st.integers(1, 3))):
        tensor = drawn.fill(tensor, f"conv{number}", draw(st.booleans()))
        if draw(st.booleans()) and min(tensor.height, tensor.width) >= 3:
            tensor = drawn.pool(tensor, f"pool{number}")
    tensor = drawn.fill(drawn.mean(tensor), "descriptor", relu=False)
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

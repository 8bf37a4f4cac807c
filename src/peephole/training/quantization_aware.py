"""Quantization-aware training: a float network that computes what its integer program will compute.

Every convolution rounds its weights to the program's integers and every layer rounds and clips
what it writes, in the program's own formats and by its own rule (half up), so that what is trained
is what runs. Values stay floats: a float32 holds every integer up to 2**24, and a power-of-two scale
changes nothing, so that sums of 8-bit products are exact. Backwards a rounding counts as the identity
inside of its limits and as a constant outside (the straight-through estimator; Bengio et al., 2013;
Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", 2018).
"""

import dataclasses
import math
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, normalize

from peephole.fixedpoint.averages import mean_factor
from peephole.fixedpoint.float_layers import (
    FloatAdd,
    FloatConv2d,
    FloatConvolution,
    FloatDepthwiseConv2d,
    FloatGlobalAveragePool,
    FloatL2Normalize,
    FloatLayer,
)
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.formats import limits
from peephole.fixedpoint.layers import MaxPool, tensors_read
from peephole.fixedpoint.network_formats import NetworkFormats, TensorFormat
from peephole.fixedpoint.window import Pair, Windowed


class _Rounding(torch.autograd.Function):
    """clip(floor(x * scale + 0.5), low, high) / scale; the gradient passes where nothing was clipped."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, low: int, high: int) -> Tensor:
        integers = torch.floor((x * scale).add_(0.5))
        ctx.save_for_backward((integers >= low) & (integers <= high))
        return integers.clamp_(low, high).div_(scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (inside,) = ctx.saved_tensors
        return gradients[0] * inside, None, None, None


def round_through(x: Tensor, scale: Tensor, low: int, high: int) -> Tensor:
    """Round to multiples of 1 / scale, halves upwards, between low / scale and high / scale."""
    return cast(Tensor, _Rounding.apply(x, scale, low, high))  # type: ignore[no-untyped-call]  # torch's


class _Written(nn.Module):
    """What a layer writes: rounded and clipped to its tensor's format; with ReLU to nothing below zero."""

    scale: Tensor

    def __init__(self, form: TensorFormat, relu: bool) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor(2.0**form.frac_bits), persistent=False)
        low, self.high = limits(form.bits)
        self.low = 0 if relu else low

    def forward(self, x: Tensor) -> Tensor:
        return round_through(x, self.scale, self.low, self.high)


TRAINED = FloatConvolution | FloatAdd | MaxPool | FloatGlobalAveragePool | FloatL2Normalize
# What a layer of a network that is trained in its formats must leave as it is.
UNTRAINED: dict[str, Any] = dict.fromkeys(("stride_x", "padding_left", "dilation_x", "size_x", "ceiling", "floor"))
UNTRAINED |= {"dilation": 1, "groups": 1}


class _Convolution(nn.Module):
    """A convolution, plain or depthwise, with integer weights and a bias in its accumulator's format.

    `weight`, [O,I,KH,KW] or depthwise [C,1,KH,KW], is kept in shares of its channel's range, -1..1, and `bias` [O] in
    shares of the output's, so that one learning rate suits every channel of every layer.
    """

    weight_scale: Tensor
    weight_unit: Tensor
    bias_scale: Tensor
    bias_unit: Tensor

    def __init__(self, layer: FloatConvolution, formats: NetworkFormats) -> None:
        super().__init__()
        entered, left = formats.tensors[layer.input], formats.tensors[layer.output]
        self.stride, self.padding = layer.stride, layer.padding
        self.depthwise = isinstance(layer, FloatDepthwiseConv2d)
        self.groups = layer.channels if self.depthwise else 1
        self.low, self.high = limits(formats.bits)
        bits = torch.from_numpy(formats.weights[layer.name].astype(np.float64))
        scale = torch.exp2(bits)[:, None, None, None]
        self.register_buffer("weight_scale", scale.float(), persistent=False)
        self.register_buffer("weight_unit", (-self.low / scale).float(), persistent=False)
        self.register_buffer("bias_scale", torch.exp2(bits + entered.frac_bits).float(), persistent=False)
        self.register_buffer("bias_unit", torch.tensor(2.0 ** (left.bits - 1 - left.frac_bits)), persistent=False)
        weight = torch.from_numpy(layer.weight)
        weight = weight[:, None] if self.depthwise else weight.permute(0, 3, 1, 2)
        self.weight = nn.Parameter((weight / self.weight_unit).contiguous(memory_format=torch.channels_last))
        self.bias = nn.Parameter((torch.from_numpy(layer.bias) / self.bias_unit).to(weight.dtype))
        self.written = _Written(left, layer.relu)

    def rounded(self) -> tuple[Tensor, Tensor]:
        """Return weight and bias as the program will have them."""
        weight = round_through(self.weight * self.weight_unit, self.weight_scale, self.low, self.high)
        return weight, round_through(self.bias * self.bias_unit, self.bias_scale, *limits(32))

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.rounded()
        return cast(Tensor, self.written(conv2d(x, weight, bias, self.stride, self.padding, groups=self.groups)))

    def trained(self, layer: FloatConvolution) -> FloatConvolution:
        """Return the layer with the present weights, rounded."""
        weight, bias = (value.detach().cpu() for value in self.rounded())
        weight = weight[:, 0] if self.depthwise else weight.permute(0, 2, 3, 1)
        return dataclasses.replace(layer, weight=weight.float().contiguous().numpy(), bias=bias.double().numpy())


class _Add(nn.Module):
    def __init__(self, layer: FloatAdd, formats: NetworkFormats) -> None:
        super().__init__()
        self.written = _Written(formats.tensors[layer.output], layer.relu)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        return cast(Tensor, self.written(x + other))


class _GlobalAveragePool(nn.Module):
    """The mean by the program's factor and shift, in float64, which holds the product exactly."""

    def __init__(self, layer: FloatGlobalAveragePool, formats: NetworkFormats, count: int) -> None:
        super().__init__()
        finer = formats.tensors[layer.output].frac_bits - formats.tensors[layer.input].frac_bits
        factor, shift = mean_factor(count, finer)
        self.factor = factor * 2.0 ** -(shift + finer)
        self.written = _Written(formats.tensors[layer.output], relu=False)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.sum((2, 3), keepdim=True, dtype=torch.float64) * self.factor
        return cast(Tensor, self.written(mean)).to(x.dtype)


class _MaxPool(nn.Module):
    def __init__(self, layer: MaxPool) -> None:
        super().__init__()
        self.size, self.stride, self.padding = layer.size, layer.stride, layer.padding

    def forward(self, x: Tensor) -> Tensor:
        return max_pool2d(x, self.size, self.stride, self.padding)


class _L2Normalize(nn.Module):
    """The scaling to length one, in float64; the program's whole numbers can differ by one in the last place."""

    def __init__(self, layer: FloatL2Normalize, formats: NetworkFormats) -> None:
        super().__init__()
        self.written = _Written(formats.tensors[layer.output], relu=False)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.written(normalize(x.double()))).to(x.dtype)


class QuantizedNetwork(nn.Module):
    """The torch twin of the integer program that a float network becomes in given formats.

    Takes images [N,1,H,W] as (pixel - offset) / scale, of the network's own size, and returns descriptors [N,D].
    """

    def __init__(self, network: FloatNetwork) -> None:
        """Take a network with formats, as `fixedpoint.quantize.trainable` makes it."""
        super().__init__()
        formats = network.formats
        if formats is None:
            raise ValueError(f"network {network.name}: has no formats to train in; make it trainable first")
        self.network = network
        sizes = {tensor.name: (tensor.height, tensor.width) for tensor in (network.input, *network.tensors)}
        self.layers = nn.ModuleList(_module(layer, formats, sizes) for layer in network.layers)

    def tensors(self, images: Tensor) -> dict[str, Tensor]:
        """Return every tensor [N,C,H,W] by name."""
        made = {self.network.input.name: images}
        parts: dict[str, dict[int, Tensor]] = {}
        wanted = {tensor.name: tensor.channels for tensor in self.network.tensors}
        for layer, module in zip(self.network.layers, self.layers, strict=True):
            slices = parts.setdefault(layer.output, {})
            slices[layer.channel] = module(*(made[name] for name in tensors_read(layer)))
            if sum(part.shape[1] for part in slices.values()) == wanted[layer.output]:
                ordered = [slices[channel] for channel in sorted(slices)]
                made[layer.output] = torch.cat(ordered, 1) if len(ordered) > 1 else ordered[0]
        return made

    def forward(self, images: Tensor) -> Tensor:
        """Return the descriptors."""
        return self.tensors(images)[self.network.output].flatten(1)

    def float_network(self) -> FloatNetwork:
        """Return the network with its present weights, rounded; quantized, it becomes the program that this mimics."""
        layers = tuple(
            module.trained(layer) if isinstance(layer, FloatConvolution) else layer
            for layer, module in zip(self.network.layers, cast("list[Any]", self.layers), strict=True)
        )
        return dataclasses.replace(self.network, layers=layers)


def _module(layer: FloatLayer, formats: NetworkFormats, sizes: dict[str, Pair]) -> nn.Module:
    _check(layer, sizes)
    match layer:
        case FloatConv2d() | FloatDepthwiseConv2d():
            return _Convolution(layer, formats)
        case FloatAdd():
            return _Add(layer, formats)
        case MaxPool():
            return _MaxPool(layer)
        case FloatGlobalAveragePool():
            return _GlobalAveragePool(layer, formats, math.prod(sizes[layer.input]))
        case FloatL2Normalize():
            return _L2Normalize(layer, formats)
    raise _untrainable(layer, layer.kind)


def _check(layer: FloatLayer, sizes: dict[str, Pair]) -> None:
    """Raise `ValueError` for a layer that torch's own would compute otherwise."""
    later = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer) if field.name in UNTRAINED}
    if not isinstance(layer, TRAINED):
        raise _untrainable(layer, layer.kind)
    unlike = [f"{name} {value:g}" for name, value in later.items() if value != UNTRAINED[name]]
    if unlike:
        raise _untrainable(layer, " and ".join(unlike))
    if isinstance(layer, Windowed):
        even, made = layer.window.outputs(*sizes[layer.input]), sizes[layer.output]
        if even != made:
            raise _untrainable(
                layer, f"an output of {made[0]}x{made[1]}, where padding alike on all sides makes {even[0]}x{even[1]},"
            )


def _untrainable(layer: FloatLayer, what: str) -> ValueError:
    return ValueError(f"layer {layer.name}: {what} cannot be trained in its formats; quantize without training")

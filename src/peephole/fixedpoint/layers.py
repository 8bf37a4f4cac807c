"""Tensors and layers of an integer program.

Activations are int16 [H,W,C]. A layer reads one whole tensor and writes `channels` channels of
another from `channel` on, so that concatenation is two layers writing into one tensor.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Tensor:
    """An int16 activation [height,width,channels]; value = integer / 2**frac_bits."""

    name: str
    height: int
    width: int
    channels: int
    frac_bits: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return (self.height, self.width, self.channels)


@dataclass(frozen=True, eq=False)
class Conv2d:
    """Convolution with zero padding and an optional ReLU.

    weight: int16 [O,KH,KW,I], Q(weight_frac_bits[o]). norm: uint8 [O], F_in + F_w - F_out.
    bias: int32 [O], in the accumulator's format (F_in + F_w) for the `full` rule, in the output's
    format for `per_channel`.
    accumulation: `full` rounds once; `per_channel` rounds and clips after every input channel.
    accumulator_bits: 32 where the weights prove that the sum fits, else 64.
    """

    kind: ClassVar[str] = "conv2d"
    name: str
    input: str
    output: str
    channel: int
    stride: int
    padding: int
    relu: bool
    accumulation: str
    accumulator_bits: int
    weight: NDArray[np.int16]
    bias: NDArray[np.int32]
    norm: NDArray[np.uint8]
    weight_frac_bits: NDArray[np.int8]

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])


@dataclass(frozen=True)
class MaxPool:
    """Maximum over size x size windows, no padding, last incomplete windows dropped."""

    kind: ClassVar[str] = "max_pool"
    name: str
    input: str
    output: str
    channel: int
    size: int
    stride: int


@dataclass(frozen=True)
class GlobalAveragePool:
    """Mean over height and width: clip16((sum * factor + 2**(shift-1)) >> shift)."""

    kind: ClassVar[str] = "global_average_pool"
    name: str
    input: str
    output: str
    channel: int
    factor: int
    shift: int


@dataclass(frozen=True)
class L2Normalize:
    """A vector [1,1,C] scaled to length one, Q(frac_bits), which the output tensor has too."""

    kind: ClassVar[str] = "l2_normalize"
    name: str
    input: str
    output: str
    channel: int
    frac_bits: int


Layer = Conv2d | MaxPool | GlobalAveragePool | L2Normalize

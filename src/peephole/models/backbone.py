"""What all backbones share: options, convolutions with or without batch norm, and the end that makes the descriptor."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, normalize

Pooling = Literal["average", "depthwise"]


@dataclass(frozen=True)
class Options:
    """What every family can be asked for.

    descriptor: values of the descriptor. batch_norm: False puts a bias on every convolution instead.
    width: factor on the channels of every layer; each family says how it rounds.
    channels: of the image; 3 only to compare with published networks.
    pooling: "average" over the last map, or "depthwise": a learnt window a channel over the whole of it
    (Chen et al., MobileFaceNets, 2018, section 3.2), which ties the network to images of size x size.
    """

    descriptor: int
    batch_norm: bool = True
    width: float = 1.0
    channels: int = 1
    pooling: Pooling = "average"
    size: int = 128

    def __post_init__(self) -> None:
        if self.width <= 0:
            raise ValueError(f"width {self.width} of a network must be above 0")
        if self.pooling not in ("average", "depthwise"):
            raise ValueError(f"pooling {self.pooling!r} is not known; use average or depthwise")


def scaled(channels: int, width: float, multiple: int = 8) -> int:
    """Return channels x width rounded to a multiple, never by more than a tenth downwards.

    The rule of the published MobileNets, so that their widths mean here what they mean there.
    """
    wanted = channels * width
    rounded = max(multiple, int(wanted + multiple / 2) // multiple * multiple)
    return rounded + multiple if rounded < 0.9 * wanted else rounded


def conv2d(
    inputs: int,
    outputs: int,
    kernel: int,
    *,
    batch_norm: bool,
    relu: bool = True,
    stride: int = 1,
    padding: int | None = None,
    groups: int = 1,
) -> nn.Conv2d:
    """Make a convolution: padded to keep the size unless told, with a bias only where no batch norm follows.

    Without batch norm nothing else keeps the size of the activations from layer to layer, so the weights are then
    drawn as in He et al., 2015, and biases start at zero; relu: whether ReLU follows.
    """
    padding = kernel // 2 if padding is None else padding
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=not batch_norm)
    if conv.bias is not None:
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu" if relu else "linear")
        nn.init.zeros_(conv.bias)
    return conv


def norm(channels: int, batch_norm: bool) -> nn.Module:
    """Return batch norm, or nothing in its place."""
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()


class Convolution(nn.Module):
    """Convolution, batch norm where wanted, and ReLU where wanted: [N,I,H,W] -> [N,O,ceil(H/stride),ceil(W/stride)]."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        batch_norm: bool,
        relu: bool = True,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.conv = conv2d(inputs, outputs, kernel, batch_norm=batch_norm, relu=relu, stride=stride, groups=groups)
        self.bn = norm(outputs, batch_norm)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolved x."""
        x = self.bn(self.conv(x))
        return torch.relu(x) if self.relu else x


def depthwise(channels: int, *, batch_norm: bool, relu: bool, stride: int = 1) -> Convolution:
    """Make a 3x3 convolution of each channel by itself."""
    return Convolution(channels, channels, 3, batch_norm=batch_norm, relu=relu, stride=stride, groups=channels)


class Backbone(nn.Module):
    """Faces [N,C,H,W], values in -1..1, to descriptors [N,D], scaled to length one if `unit_length` is set.

    A family makes its layers, calls `end_with`, and defines `features`.
    """

    descriptor: nn.Conv2d
    window: nn.Module | None

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.unit_length = False

    def features(self, x: Tensor) -> Tensor:
        """Return the last map [N,K,h,w] of images [N,C,H,W]."""
        raise NotImplementedError

    def end_with(self, channels: int) -> None:
        """Make the layers after the last map, which has so many channels. Called once all other layers are made."""
        options = self.options
        self.window = self._whole_window(channels) if options.pooling == "depthwise" else None
        self.descriptor = nn.Conv2d(channels, options.descriptor, 1)

    def _whole_window(self, channels: int) -> nn.Module:
        side, batch_norm = self._map_side(), self.options.batch_norm
        window = conv2d(channels, channels, side, batch_norm=batch_norm, relu=False, padding=0, groups=channels)
        nn.init.constant_(window.weight, 1 / side**2)  # it starts as the average
        return nn.Sequential(window, norm(channels, batch_norm))

    @torch.no_grad()
    def _map_side(self) -> int:
        size = self.options.size
        training = self.training
        side = self.eval().features(torch.zeros(1, self.options.channels, size, size)).shape[-1]
        self.train(training)
        return int(side)

    def forward(self, x: Tensor) -> Tensor:
        """Return the descriptors. Raises `ValueError` for a size that a depthwise window does not cover."""
        size = self.options.size
        if self.window is not None and tuple(x.shape[2:]) != (size, size):
            height, width = x.shape[2:]
            raise ValueError(f"a network with depthwise pooling takes {size}x{size} images, not {height}x{width}")
        x = self.features(x)
        x = adaptive_avg_pool2d(x, 1) if self.window is None else self.window(x)
        x = self.descriptor(x).flatten(1)
        return normalize(x) if self.unit_length else x

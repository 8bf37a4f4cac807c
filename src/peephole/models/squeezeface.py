"""SqueezeFace: our own shape, SqueezeNet 1.1 cut to 1.5 MB of 16-bit weights and given a learnt pooling for faces.

What differs from SqueezeNet 1.1 (Iandola et al., 2016), and why:

* The last map is summed under a learnt window a channel (Chen et al., MobileFaceNets, 2018, section 3.2) in place of
  its mean: in a cut face the place of a feature says something.
* fire8 and fire9 have fewer 3x3 channels, which pays for the window and for the limit on weights.
* The stem has a bias and no batch norm, so that it can be taken over folded and left as it is: batch norm over its
  large map, forwards and backwards, was a fifth of the training time.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, normalize

from peephole.models.backbone import Backbone, Options, conv2d, norm, scaled

STEM = 64
# Channels of fire2 .. fire9: squeeze, expand 1x1, expand 3x3.
FIRES = (
    (16, 64, 64),
    (16, 64, 64),
    (32, 128, 128),
    (32, 128, 128),
    (48, 192, 192),
    (48, 192, 192),
    (64, 256, 200),
    (64, 256, 200),
)
POOL_BEFORE = frozenset({4, 6})
SIDE = 7  # of the last map of a 128x128 image


class ContiguousGradient(torch.autograd.Function):
    """Identity whose gradient is made contiguous, channels last.

    The gradient of a concatenation's part is a slice, on which batch norm runs backwards several times slower.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return x."""
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the gradient, copied where it is a slice."""
        return gradients[0].contiguous(memory_format=torch.channels_last)


def contiguous_gradient(x: Tensor) -> Tensor:
    """Return x; see `ContiguousGradient`."""
    same: Tensor = ContiguousGradient.apply(x)  # type: ignore[no-untyped-call]  # not typed in torch
    return same


class Fire(nn.Module):
    """Squeeze to few channels by 1x1, expand by 1x1 and 3x3 side by side: [N,C,H,W] -> [N,E1+E3,H,W]."""

    def __init__(self, channels: int, widths: tuple[int, int, int], batch_norm: bool) -> None:
        super().__init__()
        squeeze, one, three = widths
        self.squeeze = conv2d(channels, squeeze, 1, batch_norm=batch_norm)
        self.squeeze_bn = norm(squeeze, batch_norm)
        self.expand1x1 = conv2d(squeeze, one, 1, batch_norm=batch_norm)
        self.expand1x1_bn = norm(one, batch_norm)
        self.expand3x3 = conv2d(squeeze, three, 3, batch_norm=batch_norm)
        self.expand3x3_bn = norm(three, batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(cat(expand1x1, expand3x3)) of the squeezed input."""
        x = torch.relu(self.squeeze_bn(self.squeeze(x)))
        one = torch.relu(self.expand1x1_bn(self.expand1x1(x)))
        three = torch.relu(self.expand3x3_bn(self.expand3x3(x)))
        if self.training:
            one, three = contiguous_gradient(one), contiguous_gradient(three)
        return torch.cat((one, three), 1)


class SqueezeFace(Backbone):
    """Grey faces [N,1,H,W], values in -1..1, to descriptors [N,D].

    The window is learnt for 128x128; other squares, from 64 up, see it resized to their last map, so that one set of
    weights serves all sizes in training. 736,744 parameters with a descriptor of 128 values. `fit` ends with one size.
    """

    window: nn.Conv2d

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        channels = scaled(STEM, options.width, 4)
        self.conv1 = nn.Conv2d(options.channels, channels, 3, stride=2)
        self.fires = range(2, 2 + len(FIRES))
        for number, widths in zip(self.fires, FIRES, strict=True):
            squeeze, one, three = (scaled(width, options.width, 4) for width in widths)
            self.add_module(f"fire{number}", Fire(channels, (squeeze, one, three), options.batch_norm))
            channels = one + three
        self.window = nn.Conv2d(channels, channels, SIDE, groups=channels, bias=not options.batch_norm)
        nn.init.constant_(self.window.weight, 1 / SIDE**2)
        self.descriptor = nn.Conv2d(channels, options.descriptor, 1)

    def features(self, x: Tensor) -> Tensor:
        """Return the last fire's map."""
        x = max_pool2d(torch.relu(self.conv1(x)), 3, 2)
        for number in self.fires:
            if number in POOL_BEFORE:
                x = max_pool2d(x, 3, 2)
            x = self.get_submodule(f"fire{number}")(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Return the descriptors, scaled to length one if `unit_length` is set."""
        x = self.features(x)
        x = self.window(x) if x.shape[-1] == self.window.kernel_size[0] else self._resized_window(x)
        x = self.descriptor(x).flatten(1)
        return normalize(x) if self.unit_length else x

    def _resized_window(self, x: Tensor) -> Tensor:
        summed = (x * self._window_weight(x.shape[-1])[:, 0].to(x.dtype)).float().sum((2, 3), keepdim=True)
        return summed if self.window.bias is None else summed + self.window.bias[:, None, None]

    def _window_weight(self, side: int) -> Tensor:
        """Return the window's weights for a map of side x side, of the same sum: [C,1,side,side]."""
        own = self.window.kernel_size[0]
        resized = interpolate(self.window.weight, size=(side, side), mode="bilinear", align_corners=False)
        return resized * (own / side) ** 2

    @torch.no_grad()
    def fit(self, size: int) -> None:
        """Give the window the weights and the shape that size x size images see from now on."""
        self.options = replace(self.options, size=size)
        weight = self._window_weight(self._map_side())
        self.window.weight = nn.Parameter(weight.clone())
        self.window.kernel_size = (weight.shape[2], weight.shape[3])


def squeezeface(options: Options) -> SqueezeFace:
    """SqueezeFace as it ships."""
    return SqueezeFace(options)


def from_squeezenet1_1(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights of SqueezeFace made from those of SqueezeNet 1.1 with batch norm (a warm start).

    The stem's batch norm is folded into it; fire8 and fire9 keep the 3x3 channels that the next layer reads with the
    largest weights, each times the scale of its batch norm; the window starts as the mean.
    """
    made = dict(weights)
    scale = made.pop("bn1.weight") * torch.rsqrt(made.pop("bn1.running_var") + 1e-5)
    made["conv1.weight"] = made["conv1.weight"] * scale[:, None, None, None]
    made["conv1.bias"] = made.pop("bn1.bias") - made.pop("bn1.running_mean") * scale
    made.pop("bn1.num_batches_tracked", None)
    for number, reader in ((8, "fire9.squeeze.weight"), (9, "descriptor.weight")):
        one, three = FIRES[number - 2][1:]
        part = f"fire{number}.expand3x3"
        read = made[reader]
        importance = read[:, one:].flatten(2).norm(dim=(0, 2)) * made[f"{part}_bn.weight"].abs()
        kept = importance.topk(three).indices.sort().values
        made[f"{part}.weight"] = made[f"{part}.weight"][kept]
        for name in ("weight", "bias", "running_mean", "running_var"):
            made[f"{part}_bn.{name}"] = made[f"{part}_bn.{name}"][kept]
        made[reader] = torch.cat((read[:, :one], read[:, one:][:, kept]), 1)
    channels = made["descriptor.weight"].shape[1]
    made["window.weight"] = torch.full((channels, 1, SIDE, SIDE), 1 / SIDE**2)
    return made

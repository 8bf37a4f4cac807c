"""MobileNet V1 (Howard et al., 2017) and V2 (Sandler et al., 2018) for grey faces.

ReLU stands where the papers clip at six: an integer layer clips at its own format's end anyway.

Widths: channels are rounded to multiples of eight as in the authors' own code.
"""

from torch import Tensor, nn

from peephole.models.backbone import Backbone, Convolution, Options, depthwise, scaled

# Table 1 of V1, after the stem of 32: (channels, stride) of each depthwise and pointwise pair.
PAIRS_V1 = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
# Table 2 of V2, after the stem of 32: (expansion, channels, blocks, stride of the first).
STAGES_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
STEM, LAST_V2 = 32, 1280


class MobileNetV1(Backbone):
    """A stem, then thirteen times a 3x3 depthwise and a 1x1 convolution; the last map is a 32nd of the image."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        batch_norm, channels = options.batch_norm, scaled(STEM, options.width)
        self.stem = Convolution(options.channels, channels, 3, batch_norm=batch_norm, stride=2)
        layers: list[nn.Module] = []
        for width, stride in PAIRS_V1:
            layers.append(depthwise(channels, batch_norm=batch_norm, relu=True, stride=stride))
            layers.append(Convolution(channels, scaled(width, options.width), 1, batch_norm=batch_norm))
            channels = scaled(width, options.width)
        self.layers = nn.Sequential(*layers)
        self.end_with(channels)

    def features(self, x: Tensor) -> Tensor:
        """Return the last pair's map."""
        x = self.layers(self.stem(x))
        return x


class InvertedResidual(nn.Module):
    """Expand by 1x1, filter by 3x3 depthwise, project by a linear 1x1; added to the input where the shape is the same.

    Section 3.3 of V2; without expansion its convolution is left out.
    """

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int, batch_norm: bool) -> None:
        super().__init__()
        inner = expansion * inputs
        self.expand = Convolution(inputs, inner, 1, batch_norm=batch_norm) if expansion > 1 else nn.Identity()
        self.filter = depthwise(inner, batch_norm=batch_norm, relu=True, stride=stride)
        self.project = Convolution(inner, outputs, 1, batch_norm=batch_norm, relu=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's map."""
        y: Tensor = self.project(self.filter(self.expand(x)))
        return x + y if self.residual else y


class MobileNetV2(Backbone):
    """A stem, seventeen inverted residuals, and a 1x1 convolution; the last map is a 32nd of the image.

    Widths below one leave that last convolution at its 1,280 channels (section 6.1 of V2).
    """

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        batch_norm, channels = options.batch_norm, scaled(STEM, options.width)
        self.stem = Convolution(options.channels, channels, 3, batch_norm=batch_norm, stride=2)
        blocks: list[nn.Module] = []
        for expansion, width, count, first_stride in STAGES_V2:
            for stride in (first_stride, *(1,) * (count - 1)):
                outputs = scaled(width, options.width)
                blocks.append(InvertedResidual(channels, outputs, expansion, stride, batch_norm))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        last = scaled(LAST_V2, max(1.0, options.width))
        self.last = Convolution(channels, last, 1, batch_norm=batch_norm)
        self.end_with(last)

    def features(self, x: Tensor) -> Tensor:
        """Return the map of the last convolution."""
        x = self.last(self.blocks(self.stem(x)))
        return x


def mobilenet_v1(options: Options) -> MobileNetV1:
    """MobileNet V1, 1.0 MobileNet-224 of the paper at width 1."""
    return MobileNetV1(options)


def mobilenet_v2(options: Options) -> MobileNetV2:
    """MobileNet V2."""
    return MobileNetV2(options)

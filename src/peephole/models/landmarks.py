"""A small network that finds five points in a face: plain 3x3 convolutions, each with batch norm and ReLU.

The last layer is a convolution over the whole remaining map, which is a fully connected layer that
keeps where things are. The first has no padding, so that the input's offset folds exactly.
"""

import torch
from torch import Tensor, nn

SIDE = 64
"""Pixels of the side of the input."""

POINTS = 5


class LandmarkNet(nn.Module):
    """Grey faces [N,1,64,64], values in -1..1, to five points [N,10]: x, y of each in half sides of the input.

    (0, 0) is the middle of the picture, -1 its left or upper edge and 1 its right or lower one. 52,282
    parameters and 6.5 million multiplications.
    """

    def __init__(self, channels: tuple[int, int, int, int] = (16, 32, 48, 32)) -> None:
        super().__init__()
        first, second, third, last = channels
        self.conv1 = nn.Conv2d(1, first, 3, stride=2, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.conv2 = nn.Conv2d(first, first, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(first)
        self.conv3 = nn.Conv2d(first, second, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(second)
        self.conv4 = nn.Conv2d(second, second, 3, padding=1, bias=False)
        self.bn4 = nn.BatchNorm2d(second)
        self.conv5 = nn.Conv2d(second, third, 3, padding=1, bias=False)
        self.bn5 = nn.BatchNorm2d(third)
        self.conv6 = nn.Conv2d(third, last, 3, bias=False)
        self.bn6 = nn.BatchNorm2d(last)
        self.pool = nn.MaxPool2d(3, 2)
        self.points = nn.Conv2d(last, 2 * POINTS, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Return the points, in the order of `peephole.alignment.TEMPLATE`: x0, y0, x1, y1 ..."""
        x = torch.relu(self.bn1(self.conv1(x)))  # [N,16,31,31]
        x = torch.relu(self.bn2(self.conv2(x)))
        x = self.pool(x)  # [N,16,15,15]
        x = torch.relu(self.bn3(self.conv3(x)))
        x = torch.relu(self.bn4(self.conv4(x)))
        x = self.pool(x)  # [N,32,7,7]
        x = torch.relu(self.bn5(self.conv5(x)))
        x = torch.relu(self.bn6(self.conv6(x)))  # [N,32,5,5]
        points: Tensor = self.points(x)
        return points.flatten(1)

"""Small torch networks for tests of the importer: a function as a network, and what such functions are made of."""

from collections.abc import Callable

from torch import Tensor, nn

MAP = (6, 9, 8)  # channels, height, width
SERIES = (6, 12)  # channels, length


class Function(nn.Module):
    """A function as a network; parts: modules that it needs."""

    def __init__(self, function: Callable[..., Tensor], *parts: nn.Module) -> None:
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.parts)


def conv(outputs: int = 6, size: int = 3, inputs: int = 6) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size)


def rows_shuffled(x: Tensor, layer: nn.Module) -> Tensor:
    """Every third row, three times over."""
    n, c, h, w = x.shape
    return layer(x.view(n, c, 3, h // 3, w).transpose(2, 3).reshape(n, c, h, w))

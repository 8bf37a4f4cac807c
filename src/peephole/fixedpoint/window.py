"""How a kernel moves over its input: size, stride, dilation and padding of convolutions and pools."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

Pair = tuple[int, int]  # down the rows, along the columns


def extent_of(size: Pair, dilation: Pair) -> Pair:
    """Return the input rows and columns from the first to the last of so many taps."""
    (height, width), (down, along) = size, dilation
    return (height - 1) * down + 1, (width - 1) * along + 1


@dataclass(frozen=True)
class Window:
    """A kernel of `size` taps, `dilation` apart, moved by `stride`; each pair is (down the rows, along the columns).

    padding: how far the first window hangs out at (the top, the left), less than the kernel's extent.
    The height and width of the output are free: windows may hang out below and on the right too, as
    long as every one begins inside of the input.
    """

    size: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    @property
    def extent(self) -> Pair:
        """Input rows and columns from the first tap to the last."""
        return extent_of(self.size, self.dilation)

    def outputs(self, height: int, width: int) -> Pair:
        """Return the height and width of the output if the padding below and on the right is as above and on the left.

        The last windows that would hang out further are dropped. Neither is positive where no window fits.
        """
        sizes = zip((height, width), self.padding, self.extent, self.stride, strict=True)
        down, along = ((side + 2 * before - reach) // step + 1 for side, before, reach, step in sizes)
        return down, along

    def fitting(self, height: int, width: int) -> Pair:
        """Return the height and width of the output if no window hangs out below or on the right."""
        sizes = zip((height, width), self.padding, self.extent, self.stride, strict=True)
        down, along = (max(1, (side + before - reach) // step + 1) for side, before, reach, step in sizes)
        return down, along

    def beginning(self, height: int, width: int) -> Pair:
        """Return the height and width of the output if every window that begins inside of the input makes a pixel."""
        sizes = zip((height, width), self.padding, self.stride, strict=True)
        down, along = ((side - 1 + before) // step + 1 for side, before, step in sizes)
        return down, along

    def hangs_out(self, size: Pair, outputs: Pair) -> bool:
        """Tell whether any window sees beyond an input of this height and width."""
        return any(self.padding) or any(b > a for a, b in zip(self.fitting(*size), outputs, strict=True))

    def strip(self, first: int, count: int, height: int) -> tuple[int, int, int]:
        """Return what the output rows first .. first + count - 1 of an input of so many rows need.

        The rows start .. stop - 1 of the input, and how far the first window hangs out above them: start, stop, top.
        """
        begin = first * self.stride[0] - self.padding[0]
        end = begin + (count - 1) * self.stride[0] + self.extent[0]
        start = max(0, begin)
        return start, min(height, end), start - begin

    def steps_over(self, side: int, direction: int) -> bool:
        """Tell whether some window meets nothing of an input side; direction: 0 for its height, 1 for its width."""
        kernel, stride = self.size[direction], self.stride[direction]
        padding, dilation = self.padding[direction], self.dilation[direction]
        return any(
            not any(0 <= start + tap * dilation < side for tap in range(kernel)) for start in range(-padding, 0, stride)
        )


class Windowed:
    """A layer with a window. What it says once holds for both directions, unless `.._x` or `padding_left` differs."""

    stride: int
    padding: int
    dilation: int
    stride_x: int | None
    padding_left: int | None
    dilation_x: int | None

    @property
    def kernel_size(self) -> Pair:
        """Height and width of the kernel."""
        raise NotImplementedError

    @cached_property
    def window(self) -> Window:
        """How the kernel moves."""
        return Window(
            self.kernel_size,
            (self.stride, _other(self.stride_x, self.stride)),
            (self.padding, _other(self.padding_left, self.padding)),
            (self.dilation, _other(self.dilation_x, self.dilation)),
        )


def window_fields(stride: Pair, padding: Pair, dilation: Pair = (1, 1)) -> dict[str, Any]:
    """Return the fields of a layer that say so: those along the columns only where they differ."""
    pairs = {"stride": ("stride_x", stride), "padding": ("padding_left", padding), "dilation": ("dilation_x", dilation)}
    fields: dict[str, Any] = {}
    for name, (other, (down, along)) in pairs.items():
        fields |= {name: down, other: None if along == down else along}
    return fields


def _other(value: int | None, default: int) -> int:
    return default if value is None else value

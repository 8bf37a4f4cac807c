"""How the dimensions of a tensor, as a framework sees them, lie in a map of channels, height and width.

A reshape, a transposition or a flattening moves no value of ours: it only changes this view. What
reads the tensor next either understands the view (a linear layer over a flattened map) or has it
made real (channels in another order are a shuffle).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHANNELS, HEIGHT, WIDTH = AXES = "CHW"
FLAT = "*"  # the one axis of an input whose channels, height and width are not settled yet

Shape = tuple[int, int, int]  # channels, height, width


class UnsupportedError(ValueError):
    """What a network does and we do not, in a sentence that says what to do; its reader adds the module."""


@dataclass(frozen=True)
class Factor:
    """A digit of an index along an axis: it runs over `size` values, each `stride` along the axis."""

    axis: str
    size: int
    stride: int = 1


Dim = tuple[Factor, ...]  # the most significant digit first; a dimension of size one has none
View = tuple[Dim, ...]  # of the dimensions after the batch


def dim(axis: str, size: int) -> Dim:
    """Return the dimension that is a whole axis."""
    return (Factor(axis, size),) if size > 1 else ()


def view_of(shape: Shape) -> View:
    """Return the view [C,H,W]."""
    return tuple(dim(axis, size) for axis, size in zip(AXES, shape, strict=True))


def sizes(view: View) -> tuple[int, ...]:
    """Return the sizes of the dimensions."""
    return tuple(math.prod(factor.size for factor in dimension) for dimension in view)


def axes_of(dimensions: Iterable[Dim]) -> set[str]:
    """Return the axes that dimensions run along."""
    return {factor.axis for dimension in dimensions for factor in dimension}


def merged(factors: Iterable[Factor]) -> Dim:
    """Return the same dimension with neighbouring digits of one axis made one."""
    made: list[Factor] = []
    for factor in factors:
        last = made[-1] if made else None
        if last is not None and last.axis == factor.axis and last.stride == factor.size * factor.stride:
            made[-1] = Factor(factor.axis, last.size * factor.size, factor.stride)
        else:
            made.append(factor)
    return tuple(made)


def reshaped(view: View, wanted: Sequence[int]) -> View:
    """Return the view after a reshape to these sizes, in row-major order.

    Raises `UnsupportedError` where a dimension would be cut between its digits.
    """
    rest = [factor for dimension in view for factor in dimension]
    made: list[Dim] = []
    problem = UnsupportedError(
        f"{list(sizes(view))} cannot be seen as {list(wanted)}; keep the batch and whole channels"
    )
    for size in wanted:
        taken: list[Factor] = []
        while size > 1:
            if not rest:
                raise problem
            first = rest.pop(0)
            if size % first.size == 0:
                taken.append(first)
                size //= first.size
            elif first.size % size == 0:
                low = first.size // size
                taken.append(Factor(first.axis, size, first.stride * low))
                rest.insert(0, Factor(first.axis, low, first.stride))
                size = 1
            else:
                raise problem
        made.append(merged(taken))
    if rest:
        raise problem
    return tuple(made)


def in_digits(dimension: Dim, digits: Sequence[Factor]) -> Dim:
    """Return a dimension along the flat axis in terms of the axes that the flat axis was laid out in.

    digits: those axes, with the stride of each along the flat one.
    """
    made: list[Factor] = []
    for factor in dimension:
        if factor.axis != FLAT:
            made.append(factor)
            continue
        for digit in sorted(digits, key=lambda digit: -digit.stride):
            low = max(factor.stride, digit.stride)
            high = min(factor.stride * factor.size, digit.stride * digit.size)
            if high <= low:
                continue
            if high % low or low % digit.stride:
                raise UnsupportedError("the input is cut elsewhere than between its channels, rows and columns")
            made.append(Factor(digit.axis, high // low, low // digit.stride))
    return merged(made)


def flat_positions(dimension: Dim, shape: Shape) -> tuple[NDArray[np.intp], ...]:
    """Return channel, row and column of every index of a dimension: three arrays [size]; 0 along other axes."""
    count = math.prod(factor.size for factor in dimension)
    places = {axis: np.zeros(count, np.intp) for axis in AXES}
    index, above = np.arange(count), count
    for factor in dimension:
        above //= factor.size
        places[factor.axis] += index // above % factor.size * factor.stride
    return places[CHANNELS], places[HEIGHT], places[WIDTH]


@dataclass(frozen=True)
class Layout:
    """How a sample of this shape, as the network's user sees it, lies in a tensor [H,W,C] of a program."""

    shape: tuple[int, ...]
    view: View
    tensor: Shape  # channels, height, width

    def to_tensor(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Return samples [N,*shape] as tensors [N,H,W,C]."""
        count, (channels, height, width) = len(samples), self.tensor
        given, kept = self._orders()
        places = [1 + given.index(factor) for factor in kept]
        return (
            samples.reshape(count, *(f.size for f in given))
            .transpose(0, *places)
            .reshape(count, height, width, channels)
        )

    def from_tensor(self, tensors: NDArray[Any]) -> NDArray[Any]:
        """Return tensors [N,H,W,C] as samples [N,*shape]."""
        given, kept = self._orders()
        places = [1 + kept.index(factor) for factor in given]
        return (
            tensors.reshape(len(tensors), *(f.size for f in kept))
            .transpose(0, *places)
            .reshape(len(tensors), *self.shape)
        )

    def _orders(self) -> tuple[list[Factor], list[Factor]]:
        given = [factor for dimension in self.view for factor in dimension]
        return given, sorted(given, key=lambda factor: ("HWC".index(factor.axis), -factor.stride))

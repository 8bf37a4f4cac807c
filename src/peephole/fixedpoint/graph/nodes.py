"""The typed graph between front ends and float networks: maps [C,H,W] and what makes one of others.

A front end builds it (`builder`), passes simplify it (`passes`), and `lowering` lays it out as layers
and tensors. Weights are float64 and as layers have them, [O,KH,KW,I/groups].
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from peephole.fixedpoint.graph.views import Layout, Shape
from peephole.fixedpoint.window import Pair

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Origin:
    """Where a node stands in the network: the path of its module, and the framework's name of the node itself."""

    path: str
    label: str

    def named(self, suffix: str) -> "Origin":
        """Return the origin of something that was put in beside this."""
        return Origin(f"{self.path}.{suffix}" if self.path else "", f"{self.label}_{suffix}")


@dataclass(frozen=True)
class Bounds:
    """What values are clipped to; None: no bound."""

    low: float | None = None
    high: float | None = None

    def then(self, later: "Bounds") -> "Bounds":
        """Return the one clip that is this one and then another."""
        ends = [self.low, self.high]
        for place, end in enumerate(ends):
            if end is None:
                ends[place] = (later.low, later.high)[place]
                continue
            if later.low is not None:
                end = max(end, later.low)
            ends[place] = end if later.high is None else min(end, later.high)
        return Bounds(*ends)


@dataclass(frozen=True)
class Input:
    """What the network reads."""


@dataclass(frozen=True, eq=False)
class Convolution:
    """weight [O,KH,KW,I/groups], bias [O]. before, after: zeros above and on the left, below and on the right."""

    weight: Vector
    bias: Vector
    stride: Pair = (1, 1)
    before: Pair = (0, 0)
    after: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    clip: Bounds = Bounds()


@dataclass(frozen=True, eq=False)
class Affine:
    """Every channel as (x - centre) * factor + offset, each [C]: batch norm, and constants."""

    centre: Vector
    factor: Vector
    offset: Vector


@dataclass(frozen=True)
class Clip:
    """ReLU, ReLU6 and their like."""

    bounds: Bounds


@dataclass(frozen=True)
class Pad:
    """Rows and columns of one value around a map."""

    before: Pair
    after: Pair
    value: float = 0.0


@dataclass(frozen=True)
class MaxPool:
    """Maximum over windows; what hangs out is left out."""

    size: Pair
    stride: Pair
    before: Pair = (0, 0)
    dilation: Pair = (1, 1)


@dataclass(frozen=True)
class AveragePool:
    """Mean over windows, of the taps inside of the map and, if counts_padding, of the padding's zeros."""

    size: Pair
    stride: Pair
    before: Pair = (0, 0)
    after: Pair = (0, 0)
    counts_padding: bool = False


@dataclass(frozen=True)
class Mean:
    """Mean over height and width."""


@dataclass(frozen=True)
class Add:
    """Sum of two maps of one shape."""

    clip: Bounds = Bounds()


@dataclass(frozen=True)
class Concatenate:
    """Maps of one height and width side by side along the channels."""


@dataclass(frozen=True)
class Slice:
    """Channels first .. first + count - 1."""

    first: int
    count: int
    clip: Bounds = Bounds()


@dataclass(frozen=True)
class Shuffle:
    """Channel g * C/groups + k becomes channel k * groups + g."""

    groups: int


@dataclass(frozen=True)
class Upsample:
    """Every pixel four times: twice as high and twice as wide."""


@dataclass(frozen=True)
class Normalize:
    """A vector scaled to length one."""


Operator = (
    Input
    | Convolution
    | Affine
    | Clip
    | Pad
    | MaxPool
    | AveragePool
    | Mean
    | Add
    | Concatenate
    | Slice
    | Shuffle
    | Upsample
    | Normalize
)


@dataclass(eq=False)
class Node:
    """One operator at its place; passes change operator and inputs, never what the node computes."""

    operator: Operator
    inputs: list["Node"]
    shape: Shape
    origin: Origin


@dataclass(eq=False)
class Graph:
    """Nodes in an order in which they can run, the input first; no node is there that the output does not need."""

    nodes: list[Node]
    output: Node
    input_layout: Layout
    output_layout: Layout
    users: dict[Node, list[Node]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.settle()

    @property
    def input(self) -> Node:
        """What the network reads."""
        return self.nodes[0]

    def settle(self) -> None:
        """Forget what nothing needs any more and count anew who reads what."""
        needed: set[Node] = {self.nodes[0], self.output}
        for node in reversed(self.nodes):
            if node in needed:
                needed.update(node.inputs)
        self.nodes = [node for node in self.nodes if node in needed]
        self.users = {node: [] for node in self.nodes}
        for node in self.nodes:
            for source in node.inputs:
                self.users[source].append(node)

    def alone(self, node: Node) -> bool:
        """Tell whether exactly one node reads this one, once, and it is not the output."""
        return len(self.users[node]) == 1 and node is not self.output

    def bypass(self, node: Node, other: Node) -> None:
        """Let all that reads `node` read `other` instead."""
        for user in self.users[node]:
            user.inputs = [other if source is node else source for source in user.inputs]
        if self.output is node:
            self.output = other
        self.settle()

    def insert_before(self, place: Node, nodes: Iterable[Node]) -> None:
        """Put nodes in front of another in the order; it is left to the caller to let something read them."""
        at = self.nodes.index(place)
        self.nodes[at:at] = nodes

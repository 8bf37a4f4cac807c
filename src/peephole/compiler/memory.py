"""Buffers, the memories that they live in, and the rules that every plan keeps.

Time is counted in steps of a schedule, 0, 1, 2 ...; a lifetime names its first and its last step, both included.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

L1, MAIN, STORED = LEVELS = ("L1", "L2", "L3")
"""A core's scratchpad; where activations live; where weights are kept."""
ACTIVATIONS = "activations"


@dataclass(frozen=True)
class Buffer:
    """Some bytes of one memory from step `first_use` to step `last_use`.

    alias_of: the buffer whose memory this one is a view of, `alias_offset` bytes in: a slice, or a result in place.
    offset: bytes from the start of the memory; None where the planner is to choose. holds: what is in it, for tables
    and pictures.
    """

    name: str
    level: str
    bytes: int
    first_use: int
    last_use: int
    alias_of: str | None = None
    alias_offset: int = 0
    offset: int | None = None
    holds: str = ACTIVATIONS

    def __post_init__(self) -> None:
        """Check what can be told of one buffer. Raises `ValueError`."""
        if self.level not in LEVELS:
            raise ValueError(f"buffer {self.name}: level {self.level!r} must be one of {', '.join(LEVELS)}")
        if self.bytes < 1:
            raise ValueError(f"buffer {self.name}: has {self.bytes} bytes; a buffer needs at least one")
        if not 0 <= self.first_use <= self.last_use:
            raise ValueError(f"buffer {self.name}: lives from step {self.first_use} to {self.last_use}")
        if self.alias_offset < 0 or (self.alias_offset and self.alias_of is None):
            raise ValueError(f"buffer {self.name}: begins {self.alias_offset} bytes into another that it does not name")
        if self.offset is not None and self.offset < 0:
            raise ValueError(f"buffer {self.name}: lies at {self.offset}, before its memory begins")

    def meets(self, other: "Buffer") -> bool:
        """Tell whether both are in one memory at some step."""
        together = self.first_use <= other.last_use and other.first_use <= self.last_use
        return self.level == other.level and together


@dataclass(frozen=True)
class Memory:
    """Bytes that there are of each memory; None: without a limit."""

    l1: int | None = None
    l2: int | None = None
    l3: int | None = None

    def __post_init__(self) -> None:
        """Refuse sizes below one byte. Raises `ValueError`."""
        for level in LEVELS:
            size = self.of(level)
            if size is not None and size < 1:
                raise ValueError(f"level {level} has {size} bytes; a memory needs at least one")

    def of(self, level: str) -> int | None:
        """Return the bytes that there are of a level."""
        return {L1: self.l1, MAIN: self.l2, STORED: self.l3}[level]


@dataclass(frozen=True)
class LevelPlan:
    """How one memory is used.

    peak_bytes: up to where it is used, in whole words of the alignment. lower_bound_bytes: no plan can use less.
    optimal: proved, by reaching the bound or by a search that left nothing out. method: what found it.
    """

    level: str
    peak_bytes: int
    lower_bound_bytes: int
    capacity_bytes: int | None
    optimal: bool
    method: str

    @property
    def gap(self) -> float:
        """How far the peak lies above the bound, as a share of the bound."""
        return self.peak_bytes / self.lower_bound_bytes - 1


@dataclass(frozen=True)
class Placement:
    """A plan: buffers with their offsets, in the order in which they were given, and how every level is used.

    The lifetime of a buffer covers those of its views. The figures without a level are those of L2, where activations
    live, or of the only level that there is.
    """

    buffers: tuple[Buffer, ...]
    levels: tuple[LevelPlan, ...]
    alignment: int
    seconds: float

    @property
    def main(self) -> LevelPlan:
        """The level that the figures without one are of."""
        return next((plan for plan in self.levels if plan.level == MAIN), self.levels[0])

    @property
    def peak_bytes(self) -> int:
        """Up to where the main level is used."""
        return self.main.peak_bytes

    @property
    def lower_bound_bytes(self) -> int:
        """What no plan of the main level can go below."""
        return self.main.lower_bound_bytes

    @property
    def optimal(self) -> bool:
        """Whether every level's peak is proved to be the least."""
        return all(plan.optimal for plan in self.levels)

    @property
    def method(self) -> str:
        """What found the plan of the main level."""
        return self.main.method

    def offset(self, name: str) -> int:
        """Return where a buffer begins in its level."""
        found = next(buffer for buffer in self.buffers if buffer.name == name)
        assert found.offset is not None  # noqa: S101 - as every placed buffer's
        return found.offset

    def extent(self, holds: str, level: str = MAIN) -> int:
        """Return the bytes from the lowest to the highest that buffers of one kind ever take."""
        chosen = [b for b in self.buffers if b.holds == holds and b.level == level and b.offset is not None]
        if not chosen:
            return 0
        return max((b.offset or 0) + aligned(b.bytes, self.alignment) for b in chosen) - min(
            b.offset or 0 for b in chosen
        )


def aligned(count: int, alignment: int) -> int:
    """Round bytes up to whole words of the alignment."""
    return -(-count // alignment) * alignment


def owners(buffers: Iterable[Buffer]) -> dict[str, tuple[str, int]]:
    """Return for each buffer the one whose memory it lies in (itself, if it is no view) and how many bytes in.

    Raises `ValueError` for a name given twice, a view of nothing, in circles, of another level, or that leaves its
    owner.
    """
    table: dict[str, Buffer] = {}
    for buffer in buffers:
        if buffer.name in table:
            raise ValueError(f"there are two buffers named {buffer.name}")
        table[buffer.name] = buffer
    return {name: _owner(buffer, table) for name, buffer in table.items()}


def _owner(view: Buffer, table: Mapping[str, Buffer]) -> tuple[str, int]:
    buffer, offset, seen = view, 0, {view.name}
    while buffer.alias_of is not None:
        owner = table.get(buffer.alias_of)
        if owner is None:
            raise ValueError(f"buffer {buffer.name}: is a view of {buffer.alias_of}, which there is not")
        if owner.name in seen:
            raise ValueError(f"buffer {view.name}: is a view of itself, by way of {buffer.name}")
        if owner.level != buffer.level:
            raise ValueError(f"buffer {buffer.name} ({buffer.level}): is a view of {owner.name} in {owner.level}")
        over = buffer.alias_offset + buffer.bytes - owner.bytes
        if over > 0:
            raise ValueError(
                f"buffer {buffer.name}: bytes {buffer.alias_offset} to {buffer.alias_offset + buffer.bytes - 1} of "
                f"{owner.name} leave its {owner.bytes} bytes by {over}"
            )
        seen.add(owner.name)
        offset += buffer.alias_offset
        buffer = owner
    return buffer.name, offset


def spans(buffers: Sequence[Buffer]) -> dict[str, tuple[int, int]]:
    """Return the first and last step at which the memory of each owner is used, by itself or by a view."""
    found: dict[str, tuple[int, int]] = {}
    table = owners(buffers)
    for buffer in buffers:
        owner = table[buffer.name][0]
        first, last = found.get(owner, (buffer.first_use, buffer.last_use))
        found[owner] = min(first, buffer.first_use), max(last, buffer.last_use)
    return found


def check_placement(buffers: Sequence[Buffer], alignment: int = 4, memory: Memory | None = None) -> None:
    """Refuse a plan that would not work. O(n^2), and on purpose without anything that the planner uses.

    Raises `ValueError` naming both buffers and the bytes where two that are alive at one step share a byte, and for a
    buffer without an offset, at one that is not a multiple of `alignment`, or beyond its memory, and for a view that
    leaves its owner or lies elsewhere.
    """
    table, lifetimes = owners(buffers), spans(buffers)
    placed = {buffer.name: _offset(buffer) for buffer in buffers}
    whole = [buffer for buffer in buffers if buffer.alias_of is None]
    for buffer in buffers:
        owner, inside = table[buffer.name]
        if placed[buffer.name] != placed[owner] + inside:
            raise ValueError(
                f"buffer {buffer.name}: lies at {placed[buffer.name]}, but is {inside} bytes into {owner}, "
                f"which lies at {placed[owner]}"
            )
    for buffer in whole:
        start, end = placed[buffer.name], placed[buffer.name] + buffer.bytes
        size = memory.of(buffer.level) if memory else None
        if start % alignment:
            raise ValueError(f"buffer {buffer.name}: lies at {start}, which is not a multiple of {alignment} bytes")
        if size is not None and end > size:
            raise ValueError(
                f"buffer {buffer.name}: ends at {end}, {end - size} bytes beyond the {size} of {buffer.level}"
            )
    for number, one in enumerate(whole):
        for other in whole[:number]:
            (first, last), (opened, closed) = lifetimes[one.name], lifetimes[other.name]
            if one.level != other.level or first > closed or opened > last:
                continue
            low = max(placed[one.name], placed[other.name])
            high = min(placed[one.name] + one.bytes, placed[other.name] + other.bytes)
            if low < high:
                raise ValueError(
                    f"buffers {other.name} and {one.name} share bytes {low} to {high - 1} of {one.level} "
                    f"from step {max(first, opened)} to {min(last, closed)}"
                )


def _offset(buffer: Buffer) -> int:
    if buffer.offset is None:
        raise ValueError(f"buffer {buffer.name}: has no offset")
    return buffer.offset

"""Weights on their way from L3: one stream in the order of the steps, through a ring of chunks in L2.

A chunk is asked for as soon as the ring has room for it, whatever runs then: weights come ahead of their layers.
What a mirrored program runs for each pass comes twice, and begins anew at a whole chunk; steps that run for both passes
at once come once, behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from peephole.compiler.cost import Target
from peephole.compiler.memory import aligned

CHUNK_BYTES = 16 * 1024
ALIGNMENT = 4
MOST_SLOTS = 16  # chunks of the ring: PH_FETCHES of csrc/ports/gap8/machine.h


@dataclass(frozen=True)
class StoredWeights:
    """Where all weights lie in L3: of each layer the first byte and how many. repeated: chunks that come twice."""

    places: Mapping[str, tuple[int, int]]
    bytes: int
    repeated: int

    @property
    def chunks(self) -> int:
        """Chunks of a whole run."""
        return -(-self.bytes // CHUNK_BYTES) + self.repeated

    def chunks_of(self, names: Sequence[str]) -> int:
        """Return how many chunks hold weights of these layers, which lie one after the other."""
        begin = min(self.places[name][0] for name in names)
        end = max(sum(self.places[name]) for name in names)
        return -(-end // CHUNK_BYTES) - begin // CHUNK_BYTES


def lay_out(steps: Sequence[Mapping[str, int]], repeated: int) -> StoredWeights:
    """Return where the weights of steps lie; steps: bytes by layer, of which the first `repeated` come twice."""
    places: dict[str, tuple[int, int]] = {}
    end = 0
    for number, step in enumerate(steps):
        if number == repeated > 0:
            end = aligned(end, CHUNK_BYTES)
        for name, size in step.items():
            places[name] = end, size
            end = aligned(end + size, ALIGNMENT)
    again = max((sum(places[name]) for step in steps[:repeated] for name in step), default=0)
    return StoredWeights(places, end, -(-again // CHUNK_BYTES))


@dataclass
class Arrivals:
    """When chunks arrive in a ring of so many slots. Times are cycles since the run began."""

    target: Target
    stored: StoredWeights
    slots: int
    base: int = 0
    _arrived: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Ask for the first chunks."""
        self._ask(self.slots, 0)

    def end_pass(self, now: int) -> None:
        """What comes for each pass is over for this one."""
        again = self.stored.repeated * CHUNK_BYTES
        self.release(again, now)
        self.base = again

    def wait(self, end: int, now: int) -> int:
        """Return when all before this place of L3 is there, not before now."""
        chunks = -(-(self.base + end) // CHUNK_BYTES)
        return max(now, self._arrived[chunks - 1]) if chunks else now

    def release(self, end: int, now: int) -> None:
        """Nothing before this place of L3 is needed any more: others are asked for."""
        self._ask((self.base + end) // CHUNK_BYTES + self.slots, now)

    def _ask(self, chunks: int, now: int) -> None:
        each = self.target.stored(CHUNK_BYTES)
        for _ in range(min(chunks, self.stored.chunks) - len(self._arrived)):
            self._arrived.append(max([now, *self._arrived[-1:]]) + each)

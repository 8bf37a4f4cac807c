"""What a program costs on a microcontroller with a scratchpad: cycles of compute, and of transfers between memories.

A prediction, not a measurement. Of GAP8 these are measured on a cycle-approximate simulator: the inner loop of a
convolution of 16 bits, the whole of one convolution, transfers by DMA and from the HyperRAM. Every other constant is a
count of the instructions of a loop as it would be written. What is not in it: conflicts of banks beyond those in the
measured loops, waiting for the one bus when both transfers run, and instruction cache misses.
"""

from dataclasses import dataclass
from math import ceil

from peephole.compiler.streaming import Operation
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Conv2d,
    DepthwiseConv2d,
    GlobalAveragePool,
    L2Normalize,
    MaxPool,
)

BLOCK_CHANNELS, BLOCK_PIXELS = 4, 2  # what the inner loop of a convolution makes at once, in registers


@dataclass(frozen=True)
class Target:
    """A machine. The defaults are GAP8 at 1.2 V: cluster 175 MHz, fabric controller 250 MHz.

    Cycles are of the cluster; of one core where that is said, and then `cores` work side by side.

    clock_hz: of the cluster. reserved_l1_bytes: stacks of the cores and what the system keeps; kernels take no scratch.
    fork_cycles: to start all cores on a tile, 28 to 63 measured.

    macs_per_cycle_16, macs_per_cycle_8: of all cores, in the inner loop of a convolution that makes 4 channels of 2
    pixels at once; 16 bits measured with data in L1, 8 bits the best that was published (PULP-NN, Garofalo et al.,
    2019), its outputs included. output_cycles: of one core, to start the loop for an output value, copy its window,
    round, clip and store: what is left of a measured convolution (3x3, 14x14x32 to 32 channels, 295,900 cycles) when
    its loop, 9 instructions for 8 products of a core, is taken off, slowed down as the inner loop above is.
    wide_mac_cycles: of one core, for a sum in 64 bits or one that is clipped after every channel: a loop of plain C, 10
    measured, and 4 for the carry. depthwise_mac_cycles: of one core, for two loads and a multiply-accumulate, as
    measured in a loop unrolled four times.

    Counts of instructions for one core, not measured: max_tap_cycles for as many values as a word holds,
    mean_tap_cycles a value; add_cycles, copy_cycles, move_cycles (an image entering, channels shuffled) an output
    value; length_cycles a value of a vector scaled to length one, which one core does alone.

    dma_setup_cycles, dma_bytes_per_cycle: between L2 and L1; 64 bytes take 90 cycles, 32 KiB 4,184, 64 rows of 256
    bytes 2,074. Each row of a transfer takes whole words of so many bytes. l3_setup_seconds, l3_bytes_per_second: from
    L3 to L2. 256 bytes take 8 us; 188 MB/s were measured, which is optimistic: 100 MB/s are taken.
    """

    name: str = "GAP8"
    clock_hz: int = 175_000_000
    cores: int = 8
    reserved_l1_bytes: int = 4864
    fork_cycles: int = 63
    macs_per_cycle_16: float = 8.7
    macs_per_cycle_8: float = 15.5
    output_cycles: float = 37
    wide_mac_cycles: float = 14
    depthwise_mac_cycles: float = 4.93
    max_tap_cycles: float = 3
    mean_tap_cycles: float = 3
    add_cycles: float = 10
    copy_cycles: float = 6
    move_cycles: float = 3
    length_cycles: float = 100
    dma_setup_cycles: int = 88
    dma_bytes_per_cycle: int = 8
    l3_setup_seconds: float = 6.6e-6
    l3_bytes_per_second: float = 100e6

    def milliseconds(self, cycles: int) -> float:
        """Return the time of so many cycles of the cluster."""
        return 1000 * cycles / self.clock_hz

    def stored(self, size: int, requests: int = 1) -> int:
        """Return the cycles of the cluster that reading bytes of L3 into L2 takes, in so many requests."""
        if size == 0:
            return 0
        return ceil(self.clock_hz * (requests * self.l3_setup_seconds + size / self.l3_bytes_per_second))

    def plain(self, size: int) -> int:
        """Return the cycles that bytes in a row take between L2 and L1."""
        return self.dma_setup_cycles + -(-size // self.dma_bytes_per_cycle) if size else 0

    def block(self, block: tuple[int, int, int], tensor: tuple[int, int], width: int) -> int:
        """Return the cycles that part of a tensor takes between L2 and L1.

        block: [h,w,c] of a tensor [H,W,C] with tensor = (W, C); width: bytes of a value. Whole rows are one transfer of
        bytes in a row, whole pixels one of rows, and whole rows of some channels too; else every row is one.
        """
        (height, columns, channels), (all_columns, all_channels) = block, tensor
        if channels == all_channels:
            rows, long = (1, height * columns) if columns == all_columns else (height, columns)
            return self._rows(1, rows, long * channels * width)
        whole = columns == all_columns or 1 in (height, columns)
        return self._rows(1 if whole else height, height * columns, channels * width)

    def _rows(self, commands: int, rows: int, size: int) -> int:
        return commands * self.dma_setup_cycles + rows * -(-size // self.dma_bytes_per_cycle)


@dataclass(frozen=True)
class Piece:
    """What one call of a kernel makes: an output [rows,columns,channels] from an input of so many bits a value.

    inputs: channels of the input that an output value sees; of the mean of everything, pixels.
    """

    rows: int
    columns: int
    channels: int
    inputs: int
    bits: int

    @property
    def values(self) -> int:
        """How many output values."""
        return self.rows * self.columns * self.channels


def compute_cycles(target: Target, layer: Operation, piece: Piece) -> int:
    """Return the cycles of all cores for one call of a layer's kernel, with everything in L1."""
    if isinstance(layer, L2Normalize):
        return target.fork_cycles + ceil(piece.values * target.length_cycles)
    return target.fork_cycles + ceil(_core_cycles(target, layer, piece) / target.cores)


def _core_cycles(target: Target, layer: Operation, piece: Piece) -> float:
    """Return the cycles of all cores together."""
    lanes = 32 // piece.bits
    match layer:
        case Conv2d() if layer.accumulator_bits == 64 or layer.accumulation == "per_channel":
            taps = layer.kernel_size[0] * layer.kernel_size[1] * piece.inputs
            return piece.values * (taps * target.wide_mac_cycles + target.output_cycles)
        case Conv2d():
            return _convolution(target, layer.kernel_size, piece) + piece.values * target.output_cycles
        case DepthwiseConv2d():
            taps = layer.kernel_size[0] * layer.kernel_size[1]
            each = target.depthwise_mac_cycles if layer.accumulator_bits == 32 else target.wide_mac_cycles
            return piece.values * (taps * each + target.output_cycles)
        case MaxPool():
            taps = layer.kernel_size[0] * layer.kernel_size[1]
            words = piece.rows * piece.columns * -(-piece.channels // lanes)
            return words * (taps + 1) * target.max_tap_cycles
        case AveragePool():
            taps = layer.kernel_size[0] * layer.kernel_size[1]
            return piece.values * (taps * target.mean_tap_cycles + target.output_cycles)
        case GlobalAveragePool():
            return piece.values * (piece.inputs * target.mean_tap_cycles + target.output_cycles)
        case Add():
            return piece.values * target.add_cycles
        case _:
            each = target.copy_cycles if layer.kind == "copy_channels" else target.move_cycles
            return piece.values * each


def _convolution(target: Target, kernel: tuple[int, int], piece: Piece) -> float:
    """Return the core cycles of the inner loops: blocks of 4 channels of 2 pixels of a row, shared out to the cores.

    A step takes one word of every pixel and channel, of two values or four, and a row of the window whole steps. What
    is left over of channels, pixels, cores or words costs as much as if it were there.
    """
    lanes = 32 // piece.bits
    macs_per_cycle = target.macs_per_cycle_16 if piece.bits == 16 else target.macs_per_cycle_8
    step_cycles = target.cores * BLOCK_CHANNELS * BLOCK_PIXELS * lanes / macs_per_cycle
    blocks = piece.rows * -(-piece.columns // BLOCK_PIXELS) * -(-piece.channels // BLOCK_CHANNELS)
    busiest = -(-blocks // target.cores)
    steps = kernel[0] * -(-kernel[1] * piece.inputs // lanes)
    return busiest * target.cores * steps * step_cycles

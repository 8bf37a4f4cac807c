"""What a program costs on a microcontroller with a scratchpad: cycles of compute, and of transfers between memories.

A prediction, not a measurement. Of GAP8 these are measured on a cycle-approximate simulator: the inner loop of a
convolution of 16 bits, transfers by DMA and from the HyperRAM. What the kernels that cores share take is counted: their
machine code runs on a model of a core, which knows the stalls of its pipeline, and each load and store waits for banks
of L1 as those of the measured loop did; `tests/firmware/test_gap8_cycles.py` holds the constants to these counts. The
other kernels are plain C, whose constants are counts of the instructions of a loop as it would be written. What is not
in it: waiting for the one bus when both transfers run, and instruction cache misses.
"""

from dataclasses import dataclass
from math import ceil

from peephole.compiler.streaming import Operation
from peephole.fixedpoint.layers import (
    Add,
    AveragePool,
    Conv2d,
    CopyChannels,
    DepthwiseConv2d,
    GlobalAveragePool,
    L2Normalize,
    MaxPool,
    ShuffleChannels,
)

GROUP_OUTPUTS, GROUP_PIXELS = 4, 3  # what a convolution makes at once, in registers
WORD_BITS = 32


@dataclass(frozen=True)
class Target:
    """A machine. The defaults are GAP8 at 1.2 V: cluster 175 MHz, fabric controller 250 MHz.

    Cycles are of the cluster; of one core where that is said, and then `cores` work side by side.

    clock_hz: of the cluster. fork_cycles: to start all cores on a tile, 28 to 63 measured. core_stack_bytes: of L1,
    what each core takes for its part of a tile; first_stack_bytes: the first one beside that, for what walks the tiles;
    system_bytes: what the system keeps. Stacks are measured by gcc 12.2 -O3; kernels take no other scratch.

    access_wait_cycles: what a load or a store waits for banks of L1: a loop of 14 instructions, 6 of them loads, for
    16 products ran at 8.7 multiply-accumulates a cycle on 8 cores, which is 14.7 cycles a turn; so 0.7 of 6.

    Of one core, counted (module's text). Convolutions make 4 outputs of 1, 2 or 3 pixels of a line at once; triples of
    constants are for so many. word_instructions, word_loads: of the inner loop, for a word of each pixel and output,
    with 2 values or 4. rest_begin_cycles, rest_cycles: for what fills no word of a row of the window, and for each
    value of it. row_cycles: to begin a
    row of the window. group_cycles: to begin the pixels' sums, to round, clip and write them. line_cycles: to find
    where the windows of a line lie. block_cycles: to change to the next 4 outputs. call_cycles: to begin a part of a
    tile. alone_cycles: to make one output alone in place of four. pool_pixel_cycles, pool_word_cycles: of the
    largest of up to 9 taps, for a pixel, and for a word of its channels. depthwise_*: of a depthwise convolution, for
    a value, a row of its window, a tap; of the last, sums of 32 and of 64 bits.

    Of one core, plain C, not counted: loop_mac_cycles: for a multiply-accumulate of a convolution that no fast
    kernel knows, 10 measured; wide_mac_cycles: the same with a carry, in 64 bits, or clipped after every channel.
    value_cycles: to begin, round and write a value of those, and of a mean; tap_cycles: for a tap of a pool that cores
    do not share, of as many values as a word holds; mean_tap_cycles a value. add_cycles, copy_cycles, move_cycles (an
    image entering, channels shuffled) an output value; length_cycles a value of a vector scaled to length one, which
    one core does alone.

    dma_setup_cycles, dma_bytes_per_cycle: between L2 and L1; 64 bytes take 90 cycles, 32 KiB 4,184, 64 rows of 256
    bytes 2,074. Each row of a transfer takes whole words of so many bytes. l3_setup_seconds, l3_bytes_per_second: from
    L3 to L2. 256 bytes take 8 us; 188 MB/s were measured, which is optimistic: 100 MB/s are taken.
    """

    name: str = "GAP8"
    clock_hz: int = 175_000_000
    cores: int = 8
    core_stack_bytes: int = 1536
    first_stack_bytes: int = 1536
    system_bytes: int = 256
    fork_cycles: int = 63
    access_wait_cycles: float = (8 * 16 / 8.7 - 14) / 6
    word_instructions: tuple[int, int, int] = (9, 14, 19)
    word_loads: tuple[int, int, int] = (5, 6, 7)
    rest_begin_cycles: tuple[float, float, float] = (6, 7, 8)
    rest_cycles: tuple[float, float, float] = (13, 19, 24)
    row_cycles: tuple[float, float, float] = (16, 17, 19)
    group_cycles: tuple[float, float, float] = (66, 111, 106)
    line_cycles: float = 145
    block_cycles: float = 130
    call_cycles: float = 370
    alone_cycles: float = 20
    pool_pixel_cycles: float = 270
    pool_word_cycles: float = 19.1
    depthwise_value_cycles: float = 37
    depthwise_row_cycles: float = 22.4
    depthwise_tap_cycles: tuple[float, float] = (5.4, 12.5)
    loop_mac_cycles: float = 10
    wide_mac_cycles: float = 14
    value_cycles: float = 37
    tap_cycles: float = 6
    mean_tap_cycles: float = 3
    add_cycles: float = 10
    copy_cycles: float = 6
    move_cycles: float = 3
    length_cycles: float = 100
    dma_setup_cycles: int = 88
    dma_bytes_per_cycle: int = 8
    l3_setup_seconds: float = 6.6e-6
    l3_bytes_per_second: float = 100e6

    @property
    def reserved_l1_bytes(self) -> int:
        """Bytes of L1 for stacks and the system."""
        return self.cores * self.core_stack_bytes + self.first_stack_bytes + self.system_bytes

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

    def line(self, pixels: int, rows: int, values: int, lanes: int) -> float:
        """Return the cycles of one core for 4 outputs of so many pixels of a line, beside finding it.

        rows, values: of a window, and of one of its rows; lanes: values of a word.
        """
        triples, left = divmod(pixels, GROUP_PIXELS)
        words, rest = divmod(values, lanes)
        cycles = 0.0
        for groups, size in ((triples, GROUP_PIXELS), (1, left)):
            if groups and size:
                word = self.word_instructions[size - 1] + self.access_wait_cycles * self.word_loads[size - 1]
                row = self.row_cycles[size - 1] + words * word
                if rest:
                    row += self.rest_begin_cycles[size - 1] + rest * self.rest_cycles[size - 1]
                cycles += groups * (self.group_cycles[size - 1] + rows * row)
        return cycles


@dataclass(frozen=True)
class Piece:
    """What one call of a kernel makes: an output [rows,columns,channels] from an input of so many bits a value.

    inputs: channels of the input that an output value sees; of the mean of everything, pixels. edge_rows, edge_columns:
    of the output, whose windows hang out of the input.
    """

    rows: int
    columns: int
    channels: int
    inputs: int
    bits: int
    edge_rows: int = 0
    edge_columns: int = 0

    @property
    def pixels(self) -> int:
        """Of the output."""
        return self.rows * self.columns

    @property
    def values(self) -> int:
        """How many output values."""
        return self.pixels * self.channels


def is_narrow(layer: Conv2d) -> bool:
    """Return whether the sums of a convolution have 32 bits and are rounded once, as the kernels with Xpulp's need."""
    return (layer.accumulator_bits, layer.accumulation) == (32, "full")


def compute_cycles(target: Target, layer: Operation, piece: Piece) -> int:
    """Return the cycles of all cores for one call of a layer's kernel, with everything in L1: of the busiest core."""
    return target.fork_cycles + ceil(_busiest(target, layer, piece))


def least_cycles(target: Target, layer: Operation, piece: Piece) -> int:
    """Return what all calls that together make this piece never go below, however it is cut; without their forks."""
    return ceil(_busiest(target, layer, piece)) // 2


def _busiest(target: Target, layer: Operation, piece: Piece) -> float:
    """Return the cycles of the busiest core."""
    of_values = -(-piece.values // target.cores)
    match layer:
        case Conv2d() if is_narrow(layer) and _is_quick(layer):
            return _convolution(target, layer, piece)
        case DepthwiseConv2d() if piece.bits == WORD_BITS // 2:
            tap = target.depthwise_tap_cycles[layer.accumulator_bits > WORD_BITS]
            rows, columns = layer.kernel_size
            each = target.depthwise_value_cycles + rows * (target.depthwise_row_cycles + columns * tap)
            return target.call_cycles + of_values * each
        case MaxPool() if piece.bits == WORD_BITS // 2:
            words = -(-of_values // 2)
            pixels = max(2, -(-piece.pixels // target.cores))  # of which a core has channels
            rounds = 1 + max(0, -(-(layer.kernel_size[0] * layer.kernel_size[1] - 9) // 8))
            return target.call_cycles + rounds * (pixels * target.pool_pixel_cycles + words * target.pool_word_cycles)
        case Conv2d() | DepthwiseConv2d() | MaxPool() | AveragePool():
            return _windowed(target, layer, piece)
        case GlobalAveragePool():
            return piece.values * (piece.inputs * target.mean_tap_cycles + target.value_cycles)
        case L2Normalize():
            return piece.values * target.length_cycles
        case Add() | CopyChannels() | ShuffleChannels():
            each = {"add": target.add_cycles, "copy_channels": target.copy_cycles}.get(layer.kind, target.move_cycles)
            return -(-piece.pixels // target.cores) * piece.channels * each
        case _:
            return -(-piece.rows // target.cores) * piece.columns * piece.channels * target.move_cycles


def _is_quick(layer: Conv2d) -> bool:
    """Return whether the taps of a row of the window lie side by side."""
    return layer.kernel_size[1] == 1 or (layer.groups == 1 and layer.window.dilation[1] == 1)


def _windowed(target: Target, layer: Conv2d | DepthwiseConv2d | MaxPool | AveragePool, piece: Piece) -> float:
    """Return the cycles of the busiest core for a kernel of plain C: of the values of some rows, or as said."""
    taps = layer.kernel_size[0] * layer.kernel_size[1]
    values = -(-piece.rows // target.cores) * piece.columns * piece.channels
    match layer:
        case Conv2d() if is_narrow(layer):
            shared = -(-piece.values // target.cores)
            return shared * (taps * piece.inputs * target.loop_mac_cycles + target.value_cycles)
        case Conv2d():
            if piece.rows < target.cores:
                values = piece.pixels * -(-piece.channels // target.cores)
            return values * (taps * piece.inputs * target.wide_mac_cycles + target.value_cycles)
        case DepthwiseConv2d():
            return values * (taps * target.loop_mac_cycles + target.value_cycles)
        case MaxPool():
            return values * piece.bits / WORD_BITS * (taps + 1) * target.tap_cycles
        case _:
            return values * (taps * target.mean_tap_cycles + target.value_cycles)


def _convolution(target: Target, layer: Conv2d, piece: Piece) -> float:
    """Return the cycles of the busiest core. The pixels of all blocks fall to the cores in equal numbers."""
    lanes = WORD_BITS // piece.bits
    groups = max(1, piece.channels * layer.groups // layer.channels)
    fours, ones = divmod(piece.channels // groups, GROUP_OUTPUTS)
    block = alone = 0.0  # cycles of all pixels of a block of four outputs, or of one
    for count, pixels, rows, values in _lines(layer, piece):
        block += count * (target.line_cycles + target.line(pixels, rows, values, lanes))
        single = target.line(1, rows, values, lanes) + target.alone_cycles
        alone += count * (target.line_cycles + pixels * single)
    blocks = groups * (fours + ones)
    a_pixel = (fours * block + ones * alone) / (fours + ones) / piece.pixels
    share = -(-blocks * piece.pixels // target.cores)
    cut = share % piece.pixels != 0 and blocks * piece.pixels > share  # most parts begin and end within a block
    begun = share / piece.pixels + cut * (1 + target.line_cycles / target.block_cycles)
    return target.call_cycles + begun * target.block_cycles + share * a_pixel


def _lines(layer: Conv2d, piece: Piece) -> list[tuple[int, int, int, int]]:
    """Return lines of pixels whose windows lie alike: how many, pixels, rows of a window, and values of such a row."""
    height, width = layer.kernel_size
    if layer.kernel_size == (1, 1) and layer.window.stride == (1, 1):
        return [(1, piece.pixels, 1, piece.inputs)]
    edge_rows, edge_columns = min(piece.edge_rows, piece.rows), min(piece.edge_columns, piece.columns)
    rows, columns = piece.rows - edge_rows, piece.columns - edge_columns
    full, less = width * piece.inputs, max(1, width - 1) * piece.inputs
    short = max(1, height - 1)
    lines = [
        (rows, columns, height, full),
        (edge_rows, columns, short, full),
        (edge_columns, rows, height, less),
        (edge_rows * edge_columns, 1, short, less),
    ]
    return [line for line in lines if line[0] > 0 and line[1] > 0]

"""The kernels that GAP8's cores share, built for the host and for the model of a core, and run on a layer's arrays."""

import ctypes
import re
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from layer_strategies import Case
from peephole.compiler.emit.sources import source_folder
from peephole.fixedpoint.layers import Conv2d, DepthwiseConv2d, MaxPool, clip_limits
from peephole.fixedpoint.window import Window
from xpulp_model import Core

RISCV = "riscv64-unknown-elf-"
PARTS = ("conv2d_part_s16", "conv2d_part_s8", "conv2d_part_s8_s16", "max_pool_part_s16", "depthwise_part_s16")
MEMORY_BYTES = 1 << 20
# A loop of 14 instructions, 6 of them loads, for 16 products a core makes 8.7 of 8 cores a cycle: so each load waits.
BANKS = (8 * 16 / 8.7 - 14) / 6
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")
FREESTANDING = """
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes) {
    char *a = to;
    const char *b = from;
    while (bytes--) {
        *a++ = *b++;
    }
    return to;
}
"""


def sources() -> list[Path]:
    return [source_folder() / "ports" / "gap8" / f"{part}.c" for part in PARTS]


def include() -> tuple[str, str]:
    return f"-I{source_folder()}", f"-I{source_folder() / 'include'}"


def run(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def words_of(case: Case) -> list[int]:
    """The layer as its C struct, ph_conv2d, ph_depthwise_conv2d or ph_max_pool: all of it 32-bit integers."""
    layer, x = case.layer, case.inputs[0]
    assert isinstance(layer, Conv2d | DepthwiseConv2d | MaxPool)
    window: Window = layer.window
    moves = [*window.size, *window.stride, *window.dilation, *window.padding]
    bits = 8 * np.dtype(case.dtype).itemsize
    if isinstance(layer, MaxPool):
        return [*x.shape, *case.shape, layer.channel, *moves]
    if isinstance(layer, DepthwiseConv2d):
        return [*x.shape, *case.shape, layer.channel, *moves, *clip_limits(layer, bits), layer.accumulator_bits]
    rule = 0 if layer.accumulation == "full" else 1
    sums = [*clip_limits(layer, bits), rule, layer.accumulator_bits]
    return [*x.shape, *case.shape, layer.channel, layer.channels, layer.groups, *moves, *sums]


def arrays_of(case: Case) -> tuple[str, list[NDArray[Any]]]:
    """The function, and what it reads beside the layer."""
    layer, x = case.layer, case.inputs[0]
    if isinstance(layer, Conv2d):
        types = dict.fromkeys(f"s{8 * np.dtype(of).itemsize}" for of in (x.dtype, case.dtype))
        return f"ph_conv2d_part_{'_'.join(types)}", [x, layer.weight, layer.bias, layer.norm]
    if isinstance(layer, DepthwiseConv2d):
        return "ph_depthwise_part_s16", [x, layer.weight, layer.bias, layer.norm]
    return "ph_max_pool_part_s16", [x]


class _Share(ctypes.Structure):
    _fields_ = (("core", ctypes.c_int32), ("cores", ctypes.c_int32))


class OnHost:
    """The portable C, as a library of this machine."""

    def __init__(self, folder: Path) -> None:
        made = folder / "parts.so"
        run("gcc", *STRICT, "-O1", "-fwrapv", "-shared", "-fPIC", *include(), "-o", made, *sources())
        self.library = ctypes.CDLL(str(made))

    def run(self, case: Case, out: NDArray[Any], cores: int, order: Iterable[int] | None = None) -> None:
        """All parts, one after the other."""
        name, arrays = arrays_of(case)
        words = (ctypes.c_int32 * 64)(*words_of(case))
        pointers = [ctypes.c_void_p(np.ascontiguousarray(array).ctypes.data) for array in (*arrays, out)]
        for core in order if order is not None else range(cores):
            getattr(self.library, name)(words, *pointers, _Share(core, cores))


@dataclass
class Counted:
    """Instructions and cycles of the busiest core, and of all of them.

    Cycles are the core's (`xpulp_model`), and for every load or store what the measured loop waited for banks of L1.
    """

    busiest: int = 0
    all: int = 0
    busiest_cycles: float = 0
    all_cycles: float = 0


class OnModel:
    """The same functions with Xpulp's instructions, on the model of a core."""

    def __init__(self, folder: Path, *flags: str) -> None:
        (folder / "freestanding.c").write_text(FREESTANDING)
        elf, binary = folder / "parts.elf", folder / "parts.bin"
        machine = ("-march=rv32im", "-mabi=ilp32")
        made = ("-ffreestanding", "--specs=picolibc.specs", "-fno-tree-loop-distribute-patterns", "-O3", *flags)
        objects = []
        for source in (*sources(), folder / "freestanding.c"):
            objects.append(folder / f"{source.stem}.o")
            command = (*STRICT, "-DPH_ARCH_XPULP", *machine, *made, *include(), "-c", source, "-o", objects[-1])
            run(RISCV + "gcc", *command)
        link = ("-nostdlib", "-Wl,-Ttext=0", "-Wl,-e,0", "-o", elf)
        run(RISCV + "gcc", *machine, *link, *objects, "-lgcc")
        run(RISCV + "objcopy", "-O", "binary", elf, binary)
        table = run(RISCV + "nm", elf)
        self.functions = {name: int(at, 16) for at, name in re.findall(r"([0-9a-f]+) T (\w+)", table)}
        self.program = binary.read_bytes()

    def run(self, case: Case, out: NDArray[Any], cores: int) -> Counted:
        """All parts, one after the other, in one memory."""
        name, arrays = arrays_of(case)
        memory = bytearray(MEMORY_BYTES)
        memory[: len(self.program)] = self.program
        layer_at = (len(self.program) + 63) & ~15
        words = words_of(case)
        memory[layer_at : layer_at + 4 * len(words)] = struct.pack(f"<{len(words)}i", *words)
        at, places = layer_at + 256, []
        for array in (*arrays, out):
            data = np.ascontiguousarray(array).tobytes()
            memory[at : at + len(data)] = data
            places.append(at)
            at = (at + len(data) + 7) & ~3
        counted = Counted()
        for core in range(cores):
            model = Core(memory)
            self._call(model, name, layer_at, places, core, cores)
            counted.all += model.retired
            counted.busiest = max(counted.busiest, model.retired)
            cycles = model.cycles + BANKS * model.accesses
            counted.all_cycles += cycles
            counted.busiest_cycles = max(counted.busiest_cycles, cycles)
        made = np.frombuffer(memory, out.dtype, out.size, places[-1])
        out[...] = made.reshape(out.shape)
        return counted

    def _call(self, model: Core, name: str, layer_at: int, places: list[int], core: int, cores: int) -> None:
        arguments = [layer_at, *places, core, cores]
        model.call(self.functions[name], *arguments)

"""A program in tiles for GAP8: the tiler's sizes as tables, and C that walks them (csrc/ports/gap8/tiles.h).

Weights lie in L3, each layer's as biases, shifts and weights. L2 has the activations and a ring of chunks of weights
(`weight_stream`); of steps that both passes run together the activations of both. L1 has what stays of a step at its
beginning and the tiles of one layer behind that.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peephole.compiler.cost import is_narrow
from peephole.compiler.emit.layers import EmittedLayer
from peephole.compiler.emit.names import identifiers
from peephole.compiler.emit.project import (
    CSRC,
    Project,
    ProjectBuilder,
    names_of_layer,
    names_of_program,
    names_of_tensor,
    render,
)
from peephole.compiler.emit.sources import INCLUDED, needed_files, source_folder
from peephole.compiler.emit.steps import EmittedStep
from peephole.compiler.memory import Memory, aligned
from peephole.compiler.planner import place
from peephole.compiler.schedule import Passes
from peephole.compiler.streaming import Enter, Operation
from peephole.compiler.tiled_schedule import FIRST, SECOND, LayerTiles, TiledSchedule, l2_buffers, tile
from peephole.compiler.tiler import IN_L1, IN_L2, STAGED, Tiling, cut
from peephole.compiler.tiles import channels_read, columns_read, rows_read
from peephole.compiler.weight_stream import ALIGNMENT, chunks_of_run
from peephole.fixedpoint.interpreter import Kernels
from peephole.fixedpoint.layers import AveragePool, Conv2d, Convolution, CopyChannels, Tensor, tensors_read
from peephole.fixedpoint.program import IntegerProgram
from peephole.fixedpoint.window import Windowed

TARGET = "gap8"
L1_BYTES = 64 * 1024
PORT = "ports/gap8"
PORT_SOURCES = ("tiles", "weights", "tile_parts", "gap8")
STUB = ("pmsis", "bsp/ram/hyperram", "bsp/flash/hyperflash", "bsp/fs/readfs")  # headers in place of the SDK's
AT = {IN_L1: "PH_IN_L1", IN_L2: "PH_IN_L2", STAGED: "PH_STAGED"}
MOST_STRIDE = (1 << 16) - 1  # bytes from a run to the next, of a copy between L2 and L1


@dataclass(frozen=True)
class Stored:
    """A layer's weights as they lie in L3 and, where they stay there, in L1: offsets and bytes (ph_stored)."""

    l3: int
    bytes: int
    norm: int
    weight: int
    each: int
    at: str
    l1: int

    def __str__(self) -> str:
        """Return the initializer."""
        numbers = (self.l3, self.bytes, self.norm, self.weight, self.each)
        return f"{{{', '.join(map(str, numbers))}, {AT[self.at]}, {self.l1}}}"


@dataclass(frozen=True)
class EmittedTiles:
    """A layer's ph_tiled as the templates see it; tilings: an initializer each."""

    id: str
    layer: str
    number: int
    part: str
    source: Tensor
    out: Tensor
    channel: int
    channels: int
    windowed: bool
    groups: int
    first_read: int
    apart: int
    tilings: tuple[str, ...]
    stored: Stored | None


@dataclass(frozen=True)
class Part:
    """The function that computes a core's part of a tile.

    function: the kernel that it calls, or shared: the one that all cores call together.
    """

    name: str
    kind: str
    function: str
    shared: str
    read_bytes: int
    written_bytes: int

    @property
    def read_type(self) -> str:
        """The C type that it reads."""
        return f"int{8 * self.read_bytes}_t"


def build_tiled_project(
    program: IntegerProgram,
    values: NDArray[Any],
    kernels: Kernels,
    capacity: int | None = None,
    passes: Passes | None = None,
    l1_bytes: int = L1_BYTES,
) -> Project:
    """Return a program's C in tiles for GAP8 (`project.build_project`); capacity: of L2, weights at hand included.

    Where it is small fewer weights come ahead.
    Raises `ValueError` with one sentence, also where a layer has no tile that fits L1, or rows too long to copy.
    """
    return _TiledBuilder(program, capacity, passes or Passes(), l1_bytes).project(values, kernels)


class _TiledBuilder(ProjectBuilder):
    """One program on its way to C in tiles."""

    def __init__(self, program: IntegerProgram, capacity: int | None, passes: Passes, l1_bytes: int) -> None:
        super().__init__(program, TARGET, None, passes)
        self.tiles: TiledSchedule = tile(self.schedule, l1_bytes, l2_bytes=capacity)
        self.machine = self.tiles.target
        self.l1_bytes = l1_bytes - self.machine.reserved_l1_bytes
        del self._offsets
        buffers = l2_buffers(self.schedule, self.tiles)
        self.placement = place(buffers, Memory(l2=capacity), steps=self.schedule.step_names)
        used = {*names_of_program(self.id), *(f"step_{number}" for number in range(len(self.schedule.steps)))}
        used |= {"image", "enter_tilings", "enter_tiles"}
        names = [name for name in self.schedule.tensors if name in self._offsets or name == self.given]
        self.tensor_ids = identifiers(names, names_of_tensor, used)
        self.layer_ids = identifiers([layer.name for layer in self.program.layers], _made_of_tiled_layer, used)
        for tensor in self.schedule.tensors.values():
            if tensor.width * tensor.channels * tensor.bits // 8 > MOST_STRIDE:
                raise ValueError(f"tensor {tensor.name}: a row has more than {MOST_STRIDE:,} bytes, too many for GAP8")

    @cached_property
    def stays(self) -> list[int]:
        """Bytes of weights that stay in L1, step by step."""
        return [sum(layer.stays for layer in step.layers) for step in self.tiles.steps]

    @cached_property
    def stored(self) -> dict[str, Stored]:
        """Where the weights of each layer lie."""
        made: dict[str, Stored] = {}
        places = self.tiles.places
        for step, tiled in zip(self.schedule.steps, self.tiles.steps, strict=True):
            l1 = 0
            for layer in tiled.layers:
                if not isinstance(layer.layer, Convolution):
                    continue
                at = IN_L1 if layer.stays else IN_L2 if step.segment.looped else STAGED
                blob = _blob(layer.layer)
                bias, norm = layer.layer.bias.nbytes, aligned(layer.layer.norm.nbytes, ALIGNMENT)
                each = layer.layer.weight.nbytes // layer.layer.channels
                made[layer.layer.name] = Stored(places[layer.layer.name][0], len(blob), bias, bias + norm, each, at, l1)
                l1 += layer.stays
        return made

    @cached_property
    def weights(self) -> tuple[bytes, list[dict[str, Any]]]:
        """The weights as they lie in L3, in the order of the steps."""
        places = self.tiles.places
        data = bytearray(max((begin + size for begin, size in places.values()), default=0))
        for layer in self.program.layers:
            if isinstance(layer, Convolution):
                begin, size = places[layer.name]
                data[begin : begin + size] = _blob(layer)
        return bytes(data), []

    def _tiled(self, layer: LayerTiles, stays: int, emitted: EmittedLayer | None) -> EmittedTiles:
        operation = layer.layer
        name = emitted.id if emitted else "enter"
        tensors = self.schedule.tensors
        source, out = tensors[tensors_read(operation)[0]], tensors[operation.output]
        weights = self.stored[operation.name].at if operation.name in self.stored else STAGED
        return EmittedTiles(
            id=name,
            layer=f"{name}_mean" if isinstance(operation, AveragePool) else f"{name}_layer",
            number=emitted.number if emitted else -1,
            part=_part_of(emitted).name if emitted else "enter",
            source=source,
            out=out,
            channel=operation.channel,
            channels=layer.usual.work.channels,
            windowed=isinstance(operation, Windowed),
            groups=operation.groups if isinstance(operation, Conv2d) else 0,
            first_read=operation.first if isinstance(operation, CopyChannels) else 0,
            apart=self._apart if layer.usual.work.maps > 1 else 0,
            tilings=tuple(dict.fromkeys(_tiling(tiling, stays, weights) for tiling, _ in layer.calls)),
            stored=self.stored.get(operation.name),
        )

    @property
    def _apart(self) -> int:
        """From the second pass's tensors to the first one's, in steps that both run together."""
        return self._offsets[FIRST] - self._offsets[SECOND] if self.tiles.tail_bytes else 0

    def project(self, values: NDArray[Any], kernels: Kernels) -> Project:
        """Return all files."""
        context = self._context(values, kernels) | self._tiled_context()
        parts = self._parts()
        functions = [part.function for part in parts if part.kind != "enter" and not part.shared]
        if self.program.mirrored:
            functions.append(f"add_s{self.schedule.tensors[self.program.layers[-1].input].bits}")
        headers = ["peephole/strip.h", *(f"peephole/{h}.h" for h in context["headers"])]
        copied = needed_files(functions, headers) | _port_files(part.shared for part in parts if part.shared)
        context["sources"] = [f"{self.id}.c", *(f"{CSRC}/{path}" for path in sorted(copied) if path.endswith(".c"))]
        texts = {
            f"{self.id}.h": render("gap8/header.h.jinja", context),
            f"{self.id}.c": render("gap8/program.c.jinja", context),
            "self_test.c": render("gap8/self_test.c.jinja", context),
            "Makefile": render("gap8/Makefile.jinja", context),
        }
        texts |= {f"{CSRC}/{path}": text for path, text in copied.items()}
        files = {path: text.encode() for path, text in texts.items()}
        files[f"{self.id}_weights.bin"] = self.weights[0]
        return self.with_manifest(files)

    def _tiled_context(self) -> dict[str, Any]:
        emitted = {layer.layer.name: layer for layer in self.layers}
        tiled, brought, entering = {}, [], None
        for number, step in enumerate(self.tiles.steps):
            brought.append([emitted[layer.layer.name].id for layer in step.layers if layer.stays])
            for layer in step.layers:
                made = self._tiled(layer, self.stays[number], emitted.get(layer.layer.name))
                if isinstance(layer.layer, Enter):
                    entering = made
                else:
                    tiled[layer.layer.name] = made
        return {
            "tiled": tiled,
            "entering": entering,
            "brought": brought,
            "once": self.tiles.once,
            "chunks": self._chunks(),
            "apart": self._apart,
            "tail": (self._offsets.get(SECOND, 0), self.tiles.tail_bytes),
            "stays": self.stays,
            "steps": [self._step(number, step) for number, step in enumerate(self.steps)],
            "parts": self._parts(),
            "l1_bytes": self.l1_bytes,
            "stack_bytes": self.machine.core_stack_bytes,
            "first_stack_bytes": self.machine.core_stack_bytes + self.machine.first_stack_bytes,
            "predicted": self.tiles.cost.cycles,
            "cycles": self._cycles(),
        }

    def _chunks(self) -> list[str]:
        """Initializers of ph_chunk."""
        tiles = self.tiles
        return [
            f"{c.begin}, {c.size}, {self._offsets[c.buffer] + c.offset}, {c.step}, {c.early}, {c.after}"
            for c in chunks_of_run(tiles.ranges, tiles.looped, tiles.run, tiles.ahead)
        ]

    def _cycles(self) -> dict[str, int]:
        """Predicted cycles by layer, of all passes."""
        return {
            layer.layer.name: self.tiles.cost_of(number, layer).cycles
            for number, step in enumerate(self.tiles.steps)
            for layer in step.layers
        }

    def _parts(self) -> list[Part]:
        parts = {part.name: part for part in map(_part_of, self.layers)}
        if self.program.input.name in self._entered:
            parts["enter"] = Part("enter", "enter", "enter", "", 1, self.program.input.bits // 8)
        return list(parts.values())

    @cached_property
    def _entered(self) -> set[str]:
        layers = (layer for step in self.schedule.steps for layer in step.segment.layers)
        return {layer.output for layer in layers if isinstance(layer, Enter)}

    def _step(self, number: int, step: EmittedStep) -> EmittedStep:
        layers = self.schedule.steps[number].segment.layers
        return replace(step, calls=tuple(self._call(layer) for layer in layers), weighted=True)

    def _call(self, layer: Operation) -> str:
        output = self.tensor_ids[layer.output]
        if isinstance(layer, Enter):
            return f"TRY(ph_tiles_run(&enter_tiles, &image, NULL, &{output}, weights, mirrored))"
        strips = ", ".join(f"&{self.tensor_ids[name]}" for name in (*tensors_read(layer), layer.output))
        return f"TRY(run_{self.layer_ids[layer.name]}({strips}, weights))"


def _made_of_tiled_layer(name: str) -> tuple[str, ...]:
    return (*names_of_layer(name), f"{name}_tiles", f"{name}_tilings", f"{name}_mean", f"part_{name}")


def _blob(layer: Convolution) -> bytes:
    """Biases, shifts in whole words, weights."""
    norm = np.ascontiguousarray(layer.norm, "u1").tobytes()
    weight = np.ascontiguousarray(layer.weight, f"<i{layer.weight.itemsize}").tobytes()
    return np.ascontiguousarray(layer.bias, "<i4").tobytes() + norm + bytes(-len(norm) % ALIGNMENT) + weight


def _tiling(tiling: Tiling, stays: int, weights: str) -> str:
    """Return the initializer of a ph_tiling: tiles begin behind what stays."""
    work, size, room = tiling.work, tiling.size, tiling.room
    made = cut(work, size, weights)
    reads = (
        {rows_read(work, span)[0] for span in made.rows},
        {columns_read(work, span)[0] for span in made.columns},
        {channels_read(work, span) for span in made.channels},
    )
    inputs, at = _halves(stays, room.inputs, twice=prod(map(len, reads)) * work.maps > 1)
    weight, at = _halves(at, room.weights, twice=len(made.channels) > 1)
    output, at = _halves(at, room.outputs, twice=made.count > 1)
    source_bytes = (inputs[1] - inputs[0] or room.inputs) // work.sources
    numbers = (work.output.height, work.source.height, work.padding_top, size.rows, size.columns, size.channels)
    first = "true" if size.channels_first else "false"
    places = ", ".join(f"{{{a}, {b}}}" for a, b in (inputs, weight, output))
    return f"{', '.join(map(str, numbers))}, {first}, {places}, {source_bytes}, {at}"


def _halves(at: int, size: int, twice: bool) -> tuple[tuple[int, int], int]:
    """Return the two places of what takes so many bytes, or one place twice, and where these bytes end."""
    return (at, at + size // 2 if twice else at), at + size


def _part_of(layer: EmittedLayer) -> Part:
    """The kernels that cores share are of 16 bits, and of convolutions whose sums have 32 bits and are rounded once."""
    suffix = layer.function.removeprefix(layer.kind)
    shared = {"max_pool_s16": "max_pool_part_s16", "depthwise_conv2d_s16": "depthwise_part_s16"}.get(layer.function, "")
    if isinstance(layer.layer, Conv2d) and is_narrow(layer.layer):
        shared = f"conv2d_part{suffix}"
    name = f"{layer.function}_wide" if isinstance(layer.layer, Conv2d) and not shared else layer.function
    return Part(name, layer.kind, layer.function, shared, layer.source.bits // 8, layer.out.bits // 8)


def _port_files(shared: Iterable[str]) -> dict[str, str]:
    """The files of csrc that walk the tiles, with these kernels: path below csrc -> text."""
    files: dict[str, str] = {}
    waiting = [f"{PORT}/{name}.c" for name in (*PORT_SOURCES, *shared)] + [f"{PORT}/stub/{name}.h" for name in STUB]
    while waiting:
        path = waiting.pop()
        if path not in files:
            text = files[path] = (source_folder() / path).read_text(encoding="utf-8")
            included = [name for name in INCLUDED.findall(text) if not name.startswith(("bsp/", "pmsis"))]
            waiting += [f"include/{name}" if name.startswith("peephole/") else name for name in included]
    return files
